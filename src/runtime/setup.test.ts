/** Setup steps, their cache, and who may fill it. Real runs are counted in a file. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  machineAt,
  placeIn,
  random,
  temporaryDirectory,
  timers,
} from '../../test/containment/machine.ts';
import type { Failure } from '../core/failure.ts';
import type { SetupStep } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import { runProcess } from './run-process.ts';
import { SetupCache } from './setup-cache.ts';
import { prepareDirectory } from './setup.ts';
import type { Prepared, SetupRequest } from './setup.ts';

class World {
  readonly root = temporaryDirectory();
  readonly log = join(this.root, 'log');
  readonly #machine = machineAt('process', this.root);
  readonly #cache = new SetupCache({
    directory: join(this.root, 'cache'),
    run: (spec) => runProcess(spec, timers),
    clock: this.#machine.clock,
    random,
    platform: process.platform,
  });

  /** A new directory with a lockfile, as a checkout would be. */
  checkout(name: string, lock = 'v1'): string {
    const root = join(this.root, name);
    mkdirSync(join(root, 'checkout/packages/a'), { recursive: true });
    writeFileSync(join(root, 'checkout/lock'), lock);
    return root;
  }

  prepare(
    root: string,
    steps: readonly SetupStep[],
    over: Partial<SetupRequest> = {},
  ): Promise<Result<Prepared, Failure>> {
    return prepareDirectory(
      {
        rig: 'web',
        place: placeIn(root),
        steps,
        env: {},
        network: 'open',
        trusted: true,
        scope: null,
        statePath: null,
        ...over,
      },
      { machine: this.#machine, cache: this.#cache },
    );
  }

  /** Installs something everywhere an installation leaves things, and notes that it ran. */
  step(over: Partial<SetupStep> = {}): SetupStep {
    const command = `echo ran >> '${this.log}'
      mkdir -p deps/bin packages/a/deps "$HOME/go/pkg" && cp lock deps/version
      echo tool > deps/tool && chmod +x deps/tool && ln -s ../tool deps/bin/tool
      echo a > packages/a/deps/f && echo m > "$HOME/go/pkg/mod"`;
    return { name: 'install', command, timeoutMs: 20_000, cacheKeyFiles: ['lock'], ...over };
  }

  get runs(): number {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').trim().split('\n').length : 0;
  }
}

function by(result: Result<Prepared, Failure>): readonly string[] {
  return result.ok ? result.value.steps.map((step) => step.by) : [result.error.kind];
}

describe('a setup step', () => {
  test('runs once for one key, and the next directory has all it left', async () => {
    const world = new World();
    expect(by(await world.prepare(world.checkout('one'), [world.step()]))).toEqual(['ran']);
    const two = world.checkout('two');
    const result = await world.prepare(two, [world.step()]);
    expect(by(result)).toEqual(['cache']);
    expect(world.runs).toBe(1);
    expect(readFileSync(join(two, 'checkout/deps/bin/tool'), 'utf8')).toBe('tool\n');
    expect(readFileSync(join(two, 'checkout/packages/a/deps/f'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(two, 'own-home/go/pkg/mod'), 'utf8')).toBe('m\n');
    expect(result.ok && [...result.value.produced].sort()).toEqual(['deps', 'packages/a/deps']);
  });

  test('runs again when a key file, its command or the step before it changed', async () => {
    const world = new World();
    const before = world.step({ name: 'first', command: 'echo 1 > first' });
    const other = world.step({ name: 'first', command: 'echo 2 > first' });
    await world.prepare(world.checkout('one'), [before, world.step()]);
    await world.prepare(world.checkout('two', 'v2'), [before, world.step()]);
    expect(world.runs).toBe(2);
    expect(readFileSync(join(world.root, 'two/checkout/deps/version'), 'utf8')).toBe('v2');
    await world.prepare(world.checkout('three'), [other, world.step()]);
    expect(world.runs).toBe(3);
    await world.prepare(world.checkout('four'), [before, world.step()]);
    expect(world.runs).toBe(3);
  });

  test('gives copies: what a directory writes does not reach the next one', async () => {
    const world = new World();
    await world.prepare(world.checkout('one'), [world.step()]);
    const two = world.checkout('two');
    await world.prepare(two, [world.step()]);
    for (const name of ['one', 'two']) {
      writeFileSync(join(world.root, name, 'checkout/deps/tool'), 'planted');
    }
    const three = world.checkout('three');
    await world.prepare(three, [world.step()]);
    expect(readFileSync(join(three, 'checkout/deps/tool'), 'utf8')).toBe('tool\n');
  });

  test('in a directory with an agent’s work fills its own scope only', async () => {
    const world = new World();
    const planted = world.step();
    const untrusted = { trusted: false, scope: 'commit-1' };
    expect(by(await world.prepare(world.checkout('one'), [planted], untrusted))).toEqual(['ran']);
    expect(by(await world.prepare(world.checkout('two'), [planted], untrusted))).toEqual(['cache']);
    const other = { trusted: false, scope: 'commit-2' };
    expect(by(await world.prepare(world.checkout('three'), [planted], other))).toEqual(['ran']);
    expect(by(await world.prepare(world.checkout('four'), [planted]))).toEqual(['ran']);
    const nobody = { trusted: false, scope: null };
    expect(by(await world.prepare(world.checkout('five'), [planted], nobody))).toEqual(['cache']);
  });

  test('without key files runs in every new directory', async () => {
    const world = new World();
    const step = world.step({ cacheKeyFiles: [] });
    await world.prepare(world.checkout('one'), [step]);
    await world.prepare(world.checkout('two'), [step]);
    expect(world.runs).toBe(2);
  });

  test('is kept in a directory that remembers it, until what it left is gone', async () => {
    const world = new World();
    const root = world.checkout('one');
    const steps = [world.step({ cacheKeyFiles: [] })];
    const remembers = { statePath: join(world.root, 'state.json'), trusted: false };
    expect(by(await world.prepare(root, steps, remembers))).toEqual(['ran']);
    expect(by(await world.prepare(root, steps, remembers))).toEqual(['kept']);
    expect(world.runs).toBe(1);
    writeFileSync(remembers.statePath, 'half a fi');
    expect(by(await world.prepare(root, steps, remembers))).toEqual(['ran']);
  });

  test.each<[string, string]>([
    ['names its own place in a file', 'mkdir env && echo "home=$PWD" > env/cfg'],
    ['links to its own place', 'mkdir env && ln -s "$PWD/lock" env/link'],
    ['changes what was there', 'mkdir env && echo more >> lock2'],
    ['removes what was there', 'mkdir env && rm lock2'],
  ])('that %s is not shared', async (_, command) => {
    const world = new World();
    const step = world.step({ command: `echo ran >> '${world.log}'; ${command}` });
    for (const name of ['one', 'two']) {
      const root = world.checkout(name);
      writeFileSync(join(root, 'checkout/lock2'), 'x');
      expect(by(await world.prepare(root, [step]))).toEqual(['ran']);
    }
    expect(world.runs).toBe(2);
  });

  test('is not copied through a link that a change planted', async () => {
    const world = new World();
    await world.prepare(world.checkout('one'), [world.step()]);
    const outside = join(world.root, 'outside');
    mkdirSync(outside);
    const root = join(world.root, 'two');
    mkdirSync(join(root, 'checkout/packages'), { recursive: true });
    writeFileSync(join(root, 'checkout/lock'), 'v1');
    symlinkSync(outside, join(root, 'checkout/packages/a'));
    const untrusted = { trusted: false };
    expect(by(await world.prepare(root, [world.step()], untrusted))).toEqual(['ran']);
    expect(world.runs).toBe(2);
  });

  test('whose cache is broken runs again', async () => {
    const world = new World();
    await world.prepare(world.checkout('one'), [world.step()]);
    const rig = join(world.root, 'cache/web');
    for (const entry of readdirSync(rig)) writeFileSync(join(rig, entry, 'manifest.json'), '{');
    expect(by(await world.prepare(world.checkout('two'), [world.step()]))).toEqual(['ran']);
  });

  test('may leave read-only directories', async () => {
    const world = new World();
    const step = world.step({ command: 'mkdir ro && echo x > ro/f && chmod 555 ro' });
    await world.prepare(world.checkout('one'), [step]);
    const two = world.checkout('two');
    expect(by(await world.prepare(two, [step]))).toEqual(['cache']);
    expect(readFileSync(join(two, 'checkout/ro/f'), 'utf8')).toBe('x\n');
    for (const name of ['one', 'two']) chmodSync(join(world.root, name, 'checkout/ro'), 0o755);
  });

  test('that fails is the rig’s failure with all its evidence, and ends the setup', async () => {
    const world = new World();
    const fails = world.step({ name: 'bad', command: 'echo why >&2; exit 3' });
    const result = await world.prepare(world.checkout('one'), [fails, world.step()]);
    expect(result).toEqual({
      ok: false,
      error: {
        kind: 'setup_failed',
        helps: 'person',
        name: 'bad',
        command: 'echo why >&2; exit 3',
        exitCode: 3,
        signal: null,
        timedOut: false,
        output: 'why\n',
      },
    });
    expect(world.runs).toBe(0);
  });

  test('that takes too long is stopped and says so', async () => {
    const world = new World();
    const slow = world.step({ command: 'sleep 600', timeoutMs: 200 });
    const result = await world.prepare(world.checkout('one'), [slow]);
    expect(result).toMatchObject({ ok: false, error: { timedOut: true } });
  });
});
