/** The trash: a rename now, removal when its time has come. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import { instant } from '../core/time.ts';
import { runnerPaths } from './paths.ts';
import { Trash } from './trash.ts';

test('what is put there can be found until it expires, and is gone afterwards', async () => {
  const home = mkdtempSync(join(tmpdir(), 'gastown-trash-'));
  try {
    let now = 1_000_000;
    const clock = { now: () => instant(now), monotonicMs: () => now };
    let next = 0;
    const random = { below: () => 0, token: () => `t${(next += 1)}` };
    const trash = new Trash({ paths: runnerPaths(home), clock, random });
    for (const name of ['web-1', 'web-1']) {
      mkdirSync(join(home, name));
      expect(await trash.put(join(home, name))).not.toBeNull();
    }
    expect(await trash.put(join(home, 'web-1'))).toBeNull();
    expect(await trash.sweep()).toBe(0);
    now += limits.trashMs;
    expect(await trash.sweep()).toBe(2);
    expect(existsSync(join(home, 'web-1'))).toBe(false);
  } finally {
    rmSync(home, { recursive: true });
  }
});
