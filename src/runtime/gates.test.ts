/** Gates as real commands on real checkouts, and what they can find out about the machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  levels,
  machineAt,
  random,
  temporaryDirectory,
  timers,
} from '../../test/containment/machine.ts';
import { commitOf, rigId } from '../core/ids.ts';
import type { JobResult } from '../core/job.ts';
import type { Gate, IsolationLevel, SetupStep } from '../core/launch-spec.ts';
import { ok } from '../core/result.ts';
import { runGate } from './gates.ts';
import type { GateDeps, GateSpec } from './gates.ts';
import { runProcess } from './run-process.ts';
import { SetupCache } from './setup-cache.ts';

type Files = Readonly<Record<string, string>>;

interface Options {
  readonly files?: Files;
  readonly setup?: readonly SetupStep[];
  readonly gate?: Partial<Gate>;
  readonly env?: Files;
  readonly require?: 'strong';
  readonly cancel?: AbortSignal;
}

class World {
  readonly root = temporaryDirectory();
  readonly level: IsolationLevel;
  /** Outlives checkouts: what gates and setup count in, by level process only. */
  readonly counter = join(this.root, 'counter');
  readonly #cache: SetupCache;

  constructor(level: IsolationLevel) {
    this.level = level;
    this.#cache = new SetupCache({
      directory: join(this.root, 'cache'),
      run: (spec) => runProcess(spec, timers),
      clock: machineAt(level, this.root).clock,
      random,
      platform: process.platform,
    });
    writeFileSync(this.counter, '');
  }

  run(command: string, options: Options = {}): Promise<JobResult> {
    const deps: GateDeps = {
      machine: machineAt(this.level, this.root),
      cache: this.#cache,
      jobs: join(this.root, 'jobs'),
      checkout: (_rig, commit, directory) => {
        for (const [path, text] of Object.entries({ commit, ...options.files })) {
          mkdirSync(join(directory, path, '..'), { recursive: true });
          writeFileSync(join(directory, path), text);
        }
        return Promise.resolve(ok(undefined));
      },
      isInTarget: () => Promise.resolve(false),
      readable: () => [],
      discard: (directory) => {
        rmSync(directory, { recursive: true, force: true });
        return Promise.resolve();
      },
      ...(options.cancel === undefined ? {} : { cancel: options.cancel }),
    };
    return runGate(specOf(command, options), deps);
  }

  get count(): number {
    return readFileSync(this.counter, 'utf8').length;
  }
}

function specOf(command: string, options: Options): GateSpec {
  return {
    kind: 'gate',
    rig: { rig: rigId('web'), tag: 'abcd', remote: '/r', lends: null, target: 'main' },
    commit: commitOf('a'.repeat(40)),
    gate: { name: 'test', command, timeoutMs: 20_000, required: true, retries: 0, ...options.gate },
    setup: options.setup ?? [],
    isolation: { require: options.require ?? null, network: 'open' },
    env: options.env ?? {},
  };
}

function reportOf(result: JobResult): Extract<JobResult, { kind: 'gate' }>['report'] {
  if (result.kind !== 'gate') throw new Error(`not a gate: ${JSON.stringify(result)}`);
  return result.report;
}

describe.each(levels)('at level %s, a gate', (level) => {
  test('runs on exactly its commit, with its variables, and nothing of it stays', async () => {
    const world = new World(level);
    const command = 'cat commit; echo " $FLAG $CI"; touch left "$HOME/left"';
    const result = await world.run(command, { env: { FLAG: 'on' } });
    expect(reportOf(result)).toMatchObject({
      gate: 'test',
      command,
      commit: 'a'.repeat(40),
      result: 'passed',
      flaky: false,
      exitCode: 0,
      output: `${'a'.repeat(40)} on true\n`,
      note: null,
    });
    expect(readdirSync(join(world.root, 'jobs'))).toEqual([]);
  });

  test.each<[string, string, Partial<Gate>]>([
    ['failed', 'echo no; exit 1', {}],
    ['could_not_run', 'no-such-tool-anywhere --version', {}],
    ['could_not_run', 'kill -9 $$', {}],
    ['ran_nothing', 'echo "No test files found"', {}],
    ['timed_out', 'echo started; sleep 600', { timeoutMs: 300 }],
  ])('is told apart: %s by %j', async (expected, command, gate) => {
    const report = reportOf(await new World(level).run(command, { gate }));
    expect(report.result).toBe(expected);
    expect(report.result === 'timed_out' ? report.output : 'started\n').toBe('started\n');
  });

  test('finds what setup left in its checkout and in its home, made once', async () => {
    const world = new World(level);
    const setup: SetupStep = {
      name: 'install',
      command: 'mkdir deps && od -An -N8 -tx8 /dev/urandom > deps/v && cp deps/v ~/v',
      timeoutMs: 20_000,
      cacheKeyFiles: ['lock'],
    };
    const run = async (lock: string): Promise<string> =>
      reportOf(await world.run('cat deps/v ~/v', { setup: [setup], files: { lock } })).output;
    const first = await run('v1');
    expect(first).toMatch(/^ [0-9a-f]{16}\n [0-9a-f]{16}\n$/);
    expect(await run('v1')).toBe(first);
    expect(await run('v2')).not.toBe(first);
  });

  test('has no secret in its environment', async () => {
    const { output } = reportOf(await new World(level).run('env'));
    expect(output).toContain('GASTOWN_AGENT_ROLE=gate\n');
    expect(output).not.toMatch(/secret|TOKEN|SSH_AUTH_SOCK|GASTOWN_HOME/);
  });

  test('that looks for keys finds what its level promises', async () => {
    const world = new World(level);
    const person = join(world.root, 'person');
    for (const path of ['.gastown/token', '.ssh/id_ed25519', '.config/gh/hosts.yml']) {
      mkdirSync(join(person, path, '..'), { recursive: true });
      writeFileSync(join(person, path), `key-of-${path}\n`);
    }
    const command = `cd '${person}'; cat .gastown/token .ssh/id_ed25519 .config/gh/hosts.yml
      cat "$HOME/.ssh/id_ed25519" "$HOME/.config/gh/hosts.yml"
      grep -azq 'VITEST' /proc/$PPID/environ && echo parent-environment; true`;
    const { output } = reportOf(await world.run(command));
    const seen = output.split('\n').filter((line) => /^(?:key-of|parent-environment)/.test(line));
    // At `process` a gate has the person's rights: by its path it can read any file of theirs and
    // the environment of the runner. That is what the level's name stands for, and doctor says it.
    const reachable =
      process.platform === 'linux'
        ? [
            'key-of-.gastown/token',
            'key-of-.ssh/id_ed25519',
            'key-of-.config/gh/hosts.yml',
            'parent-environment',
          ]
        : ['key-of-.gastown/token', 'key-of-.ssh/id_ed25519', 'key-of-.config/gh/hosts.yml'];
    expect(seen).toEqual(level === 'strong' ? [] : reachable);
  });
});

describe('a gate', () => {
  test('that passes only on a second run is flaky, each run on a checkout of its own', async () => {
    const world = new World('process');
    const command = `test ! -e left && touch left && printf x >> '${world.counter}'
      test "$(cat '${world.counter}')" = xx`;
    const report = reportOf(await world.run(command, { gate: { retries: 2 } }));
    expect(report).toMatchObject({ result: 'passed', flaky: true });
    expect(world.count).toBe(2);
  });

  test('that fails every time has failed, after as many runs as it may have', async () => {
    const world = new World('process');
    const command = `printf x >> '${world.counter}'; exit 1`;
    const report = reportOf(await world.run(command, { gate: { retries: 2 } }));
    expect(report).toMatchObject({ result: 'failed', flaky: false });
    expect(world.count).toBe(3);
  });

  test('that cannot run is not run again', async () => {
    const world = new World('process');
    const command = `printf x >> '${world.counter}'; no-such-tool-anywhere`;
    await world.run(command, { gate: { retries: 2 } });
    expect(world.count).toBe(1);
  });

  test('finds what setup left, and the setup is not run again for the same key files', async () => {
    const world = new World('process');
    const setup: SetupStep = {
      name: 'install',
      command: `printf x >> '${world.counter}'; mkdir deps && cp lock deps/v && echo h > ~/h`,
      timeoutMs: 20_000,
      cacheKeyFiles: ['lock'],
    };
    const run = (lock: string): Promise<JobResult> =>
      world.run('cat deps/v ~/h; rm deps/v', { setup: [setup], files: { lock } });
    expect(reportOf(await run('v1\n')).output).toBe('v1\nh\n');
    expect(reportOf(await run('v1\n')).output).toBe('v1\nh\n');
    expect(world.count).toBe(1);
    expect(reportOf(await run('v2\n')).output).toBe('v2\nh\n');
    expect(world.count).toBe(2);
  });

  test('whose setup fails has no verdict', async () => {
    const setup = { name: 's', command: 'exit 4', timeoutMs: 20_000, cacheKeyFiles: [] };
    const world = new World('process');
    const result = await world.run(`printf x >> '${world.counter}'`, { setup: [setup] });
    expect(result).toMatchObject({
      kind: 'gate',
      report: { result: 'could_not_run', note: 'its setup failed' },
      setup: { kind: 'setup_failed', name: 's', exitCode: 4 },
    });
    expect(world.count).toBe(0);
  });

  test('that must be isolated does not run where it cannot be', async () => {
    const world = new World('process');
    const result = await world.run(`printf x >> '${world.counter}'`, { require: 'strong' });
    expect(result).toMatchObject({
      kind: 'failed',
      failure: { kind: 'isolation_unavailable', required: 'strong', available: 'process' },
    });
    expect(world.count).toBe(0);
  });

  test('that is cancelled has no verdict and leaves nothing', async () => {
    const abort = new AbortController();
    const world = new World('process');
    const running = world.run('sleep 600', { cancel: abort.signal });
    abort.abort();
    expect(await running).toMatchObject({ kind: 'failed', failure: { helps: 'later' } });
    expect(existsSync(join(world.root, 'jobs'))).toBe(true);
    expect(readdirSync(join(world.root, 'jobs'))).toEqual([]);
  });
});
