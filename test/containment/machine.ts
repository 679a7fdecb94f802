/**
 * A real machine for tests of what runs contained: real processes, temporary directories, one
 * isolation level at a time. A test that needs bubblewrap is skipped by name where there is none.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { IsolationLevel } from '../../src/core/launch-spec.ts';
import { instant } from '../../src/core/time.ts';
import type { Random, Timers } from '../../src/ports/host.ts';
import { probeIsolation } from '../../src/runtime/isolation-probe.ts';
import type { Machine, Place } from '../../src/runtime/machine.ts';
import { processTable } from '../../src/runtime/process-table.ts';

export const timers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

export const random: Random = {
  below: (bound) => Math.floor(Math.random() * bound),
  token: (chars) => Array.from({ length: chars }, () => random.below(36).toString(36)).join(''),
};

const found = await probeIsolation({
  timers,
  platform: process.platform,
  path: process.env['PATH'] ?? '',
});

/** The levels this machine has, for `test.each`; and why `strong` is not among them. */
export const levels: readonly IsolationLevel[] =
  found.level === 'strong' ? ['process', 'strong'] : ['process'];
export const noStrong = found.note;

export function temporaryDirectory(name = 'gt'): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `${name}-`)));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** `home` is the person's: hidden, and its parent holds everything else. */
export function machineAt(level: IsolationLevel, root: string): Machine {
  const home = join(root, 'person');
  mkdirSync(home, { recursive: true });
  return {
    level,
    isolationNote: noStrong,
    env: { PATH: process.env['PATH'], HOME: home, GITHUB_TOKEN: 'forge-secret' },
    hidden: [home],
    records: join(root, 'records'),
    townId: 'local',
    tree: { timers, table: processTable(process.platform) },
    clock: { now: () => instant(Date.now()), monotonicMs: () => performance.now() },
    random,
  };
}

export function placeIn(root: string): Place {
  const place = {
    directory: join(root, 'checkout'),
    home: join(root, 'own-home'),
    tmp: join(root, 'tmp'),
  };
  for (const path of Object.values(place)) mkdirSync(path, { recursive: true });
  return { ...place, readable: [], writable: [] };
}

/** Waits for what has no event of its own; throws when it does not come. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
