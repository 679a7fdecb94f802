/** Agents as children of a real machine: what they get, what they may keep, who cleans up. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  levels,
  machineAt,
  noStrong,
  random,
  temporaryDirectory,
  timers,
  until,
} from '../../test/containment/machine.ts';
import { attemptId, beadId, commitOf, rigId } from '../core/ids.ts';
import type { AgentProfile, IsolationLevel, LaunchSpec, SetupStep } from '../core/launch-spec.ts';
import { findCommand, MachineContainment } from './containment.ts';
import type { Workspace } from './needs.ts';
import { runProcess } from './run-process.ts';
import { SetupCache } from './setup-cache.ts';

const cancel = new AbortController().signal;

class World {
  readonly root = temporaryDirectory();
  readonly containment: MachineContainment;
  readonly workspace: Workspace;

  constructor(level: IsolationLevel) {
    const machine = machineAt(level, this.root);
    this.containment = new MachineContainment({
      machine: { ...machine, env: { ...machine.env, ANTHROPIC_API_KEY: 'model-key' } },
      cache: new SetupCache({
        directory: join(this.root, 'cache'),
        run: (spec) => runProcess(spec, timers),
        clock: machine.clock,
        random,
        platform: process.platform,
      }),
      homes: join(this.root, 'homes'),
      personHome: join(this.root, 'person'),
      product: join(this.root, 'product'),
    });
    mkdirSync(join(this.root, 'product'));
    this.workspace = this.newWorkspace('w1');
  }

  newWorkspace(name: string): Workspace {
    const directory = join(this.root, name);
    mkdirSync(directory);
    execFileSync('git', ['init', '-q', directory], { env: gitEnv() });
    writeFileSync(join(directory, 'lock'), 'v1');
    return { directory, base: commitOf('b'.repeat(40)), writable: [], readable: [] };
  }

  /** Runs an agent that is this script, to its end; answers what it printed. */
  async run(script: string, over: Partial<AgentProfile> = {}, spec = specOf({})): Promise<string> {
    const profile = {
      name: 'a',
      command: 'sh',
      args: ['-c', script],
      env: {},
      loginFiles: [],
      ...over,
    };
    const { workspace } = this;
    const spawned = await this.containment.spawn({ spec, workspace, profile, command: '/bin/sh' });
    if (!spawned.ok) throw new Error(JSON.stringify(spawned.error));
    const { child } = spawned.value;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const closed = new Promise((resolve) => child.stdout.once('close', resolve));
    await child.ended;
    await closed;
    return said;
  }
}

function gitEnv(): NodeJS.ProcessEnv {
  const PATH = process.env['PATH'];
  return { PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
}

function specOf(over: Partial<LaunchSpec>): LaunchSpec {
  return {
    rig: { rig: rigId('web'), tag: 'abcd', remote: '/r', lends: null, target: 'main' },
    bead: beadId('web-1'),
    attempt: attemptId('web-1.1'),
    number: 1,
    title: 'x',
    round: 0,
    branch: 'gt/abcd/web-1/x',
    base: null,
    head: null,
    agent: 'a',
    profile: null,
    model: null,
    prompt: 'p',
    scope: [],
    setup: [],
    isolation: { require: null, network: 'open' },
    author: null,
    signoff: false,
    env: {},
    tokensMax: null,
    usdMax: null,
    ...over,
  };
}

function step(log: string): SetupStep {
  const command = `mkdir -p 'my deps' && cp lock 'my deps/v'; echo ran >> '${log}'`;
  return { name: 'install', command, timeoutMs: 20_000, cacheKeyFiles: ['lock'] };
}

describe.each(levels)('an agent at level %s', (level) => {
  test('gets labels, its model key, its profile and settings, and no forge token', async () => {
    const world = new World(level);
    const spec = specOf({ env: { FLAG: 'on' } });
    const env = (await world.run('env', { env: { MODE: 'all' } }, spec)).split('\n');
    expect(env).toEqual(
      expect.arrayContaining([
        'GASTOWN_AGENT_ROLE=polecat',
        'GASTOWN_AGENT_ID=web-1.1',
        'GASTOWN_TOWN_ID=local',
        'ANTHROPIC_API_KEY=model-key',
        'MODE=all',
        'FLAG=on',
        `HOME=${world.root}/homes/web-1/home`,
      ]),
    );
    expect(env.join('\n')).not.toContain('forge-secret');
  });

  test('finds in its home what the attempt before it left there', async () => {
    const world = new World(level);
    await world.run('echo session > "$HOME/session"');
    const second = specOf({ attempt: attemptId('web-1.2'), number: 2 });
    expect(await world.run('cat "$HOME/session"', {}, second)).toBe('session\n');
    const other = specOf({ bead: beadId('web-2'), attempt: attemptId('web-2.1') });
    expect(await world.run('ls -A "$HOME"', {}, other)).toBe('');
    const isKept = (bead: string): boolean => bead === 'web-2';
    expect(await world.containment.forgetIdle(0, isKept)).toEqual([]);
    expect(await world.containment.forgetIdle(Date.now() + 1000, isKept)).toEqual(['web-1']);
    expect(readdirSync(join(world.root, 'homes'))).toEqual(['web-2']);
  });

  test('renews its login in the place where the person has it', async () => {
    const world = new World(level);
    const file = join(world.root, 'person/.agent/auth.json');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'old\n');
    const script = 'cat "$HOME/.agent/auth.json"; echo new > "$HOME/.agent/auth.json"';
    expect(await world.run(script, { loginFiles: ['.agent/auth.json'] })).toBe('old\n');
    expect(readFileSync(file, 'utf8')).toBe('new\n');
    expect(lstatSync(file).isFile()).toBe(true);
  });

  test('left by an earlier life of the runner is ended', async () => {
    const world = new World(level);
    const running = world.run('setsid sleep 600 & sleep 600');
    await until(() => existsSync(join(world.root, 'records')));
    await until(() => readdirSync(join(world.root, 'records')).length === 1);
    expect(await world.containment.killLeftovers()).toEqual([]);
    await running;
  });

  test('has its workspace set up, and git does not show what setup left', async () => {
    const world = new World(level);
    const spec = specOf({ setup: [step('/dev/null')] });
    const done = await world.containment.setup(spec, world.workspace, cancel);
    expect(done).toEqual({ ok: true, value: undefined });
    const { directory } = world.workspace;
    expect(readFileSync(join(directory, 'my deps/v'), 'utf8')).toBe('v1');
    const status = execFileSync('git', ['-C', directory, 'status', '--porcelain'], {
      env: gitEnv(),
    });
    expect(String(status)).toBe('?? lock\n');
  });
});

describe('an agent', () => {
  const needs = noStrong === null ? '' : `: ${noStrong}`;
  test.skipIf(noStrong !== null)(`may not write a configuration (bubblewrap${needs})`, async () => {
    const world = new World('strong');
    const file = join(world.root, 'person/.agent/config.toml');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'old\n');
    await world.run('echo evil > "$HOME/.agent/config.toml"', {
      loginFiles: ['.agent/config.toml'],
    });
    expect(readFileSync(file, 'utf8')).toBe('old\n');
  });

  test('that must be isolated is refused where it cannot be, before its setup', async () => {
    const world = new World('process');
    const spec = specOf({ isolation: { require: 'strong', network: 'open' } });
    const refused = { ok: false, error: { kind: 'isolation_unavailable' } };
    expect(await world.containment.setup(spec, world.workspace, cancel)).toMatchObject(refused);
    const profile = { name: 'a', command: 'sh', args: [], env: {}, loginFiles: [] };
    const request = { spec, workspace: world.workspace, profile, command: '/bin/sh' };
    expect(await world.containment.spawn(request)).toMatchObject(refused);
    expect(existsSync(join(world.root, 'homes'))).toBe(false);
  });

  test('cannot put anything into the dependencies of other beads', async () => {
    const world = new World('process');
    const log = join(world.root, 'log');
    await world.run('true'); // From here on the workspace is an agent's.
    const setup = [step(log)];
    await world.containment.setup(specOf({ setup }), world.workspace, cancel);
    const second = specOf({ setup, bead: beadId('web-2'), attempt: attemptId('web-2.1') });
    await world.containment.setup(second, world.newWorkspace('w2'), cancel);
    expect(readFileSync(log, 'utf8')).toBe('ran\nran\n');
    const third = specOf({ setup, bead: beadId('web-3'), attempt: attemptId('web-3.1') });
    await world.containment.setup(third, world.newWorkspace('w3'), cancel);
    expect(readFileSync(log, 'utf8')).toBe('ran\nran\n');
    expect(readFileSync(join(world.root, 'w3/my deps/v'), 'utf8')).toBe('v1');
  });
});

describe('a command', () => {
  test('is found on the path, or by its absolute name, if it can be run', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'agent');
    writeFileSync(file, '#!/bin/sh\n');
    expect(await findCommand('agent', directory)).toBeNull();
    chmodSync(file, 0o755);
    expect(await findCommand('agent', `relative:${directory}`)).toBe(file);
    expect(await findCommand(file, '')).toBe(file);
    expect(await findCommand('other', directory)).toBeNull();
  });
});
