/**
 * A small world for the runner's agent half: a temporary home, plain git workspaces, real agent
 * processes started by the real containment, and every fact that was told.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Fact } from '../../src/core/fact.ts';
import type { Failure } from '../../src/core/failure.ts';
import { attemptId, beadId, callId, commitOf, rigId, runnerId } from '../../src/core/ids.ts';
import type { AgentProfile, LaunchSpec } from '../../src/core/launch-spec.ts';
import { err, ok, type Result } from '../../src/core/result.ts';
import { instant } from '../../src/core/time.ts';
import { touchedBy } from '../../src/core/touched.ts';
import type { Timers } from '../../src/ports/host.ts';
import { childEnv } from '../../src/runtime/child-env.ts';
import { findCommand } from '../../src/runtime/containment.ts';
import type { RunnerNeeds, Workspaces } from '../../src/runtime/needs.ts';
import { processTable } from '../../src/runtime/process-table.ts';
import { killRecorded } from '../../src/runtime/process-tree.ts';
import { LocalRunner } from '../../src/runtime/runner.ts';
import { spawnContained } from '../../src/runtime/sandbox.ts';

const exec = promisify(execFile);

export interface WorldOptions {
  /** Real milliseconds for a delay that was asked for. */
  readonly delayMs?: (ms: number) => number;
  /** How much faster than the wall the monotonic clock runs. */
  readonly clockSpeed?: number;
  readonly tell?: (fact: Fact) => Result<void, Failure>;
  readonly needs?: Partial<RunnerNeeds>;
  readonly home?: string;
  readonly path?: string;
}

export interface World {
  readonly home: string;
  readonly runner: LocalRunner;
  readonly facts: Fact[];
  readonly git: (bead: string, ...args: string[]) => Promise<string>;
  /** The bead's repository with these files in its base commit. */
  makeRepository(bead: string, files: Readonly<Record<string, string>>): Promise<void>;
  /** The first fact that matches, now or later; fails after `limitMs`. */
  until<K extends Fact['kind']>(
    kind: K,
    matches?: (fact: Extract<Fact, { kind: K }>) => boolean,
    limitMs?: number,
  ): Promise<Extract<Fact, { kind: K }>>;
  phases(): string[];
  transcript(): string;
  close(): Promise<void>;
}

/** Git that reads nobody's configuration. */
export const gitEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Author',
  GIT_AUTHOR_EMAIL: 'author@example.invalid',
  GIT_COMMITTER_NAME: 'Author',
  GIT_COMMITTER_EMAIL: 'author@example.invalid',
};

export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'runner world ')));
  const facts: Fact[] = [];
  const watchers = new Set<() => void>();
  const timers: Timers = {
    after: (ms, run) => {
      const timer = setTimeout(run, options.delayMs?.(ms) ?? ms);
      return () => clearTimeout(timer);
    },
  };
  const speed = options.clockSpeed ?? 1;
  const clock = {
    now: () => instant(Date.now()),
    monotonicMs: () => performance.now() * speed,
  };
  const table = processTable(process.platform);
  const tree = { table, timers };
  const records = join(home, 'processes');
  const path = options.path ?? process.env['PATH'] ?? '';

  const needs: RunnerNeeds = {
    workspaces: plainWorkspaces(home),
    setup: async () => ok(undefined),
    job: async () => {
      throw new Error('this world has no jobs');
    },
    read: async () => err({ kind: 'workspace_failed', helps: 'no', step: 'read', output: '' }),
    tidy: async () => undefined,
    findCommand: (command) => findCommand(command, path),
    containment: {
      spawn: async ({ spec, workspace, profile, command }) => {
        const marker = randomBytes(16).toString('hex');
        const env = childEnv({
          base: { PATH: [join(process.execPath, '..'), path].join(delimiter) },
          home: join(home, 'agent-home'),
          tmp: tmpdir(),
          labels: { role: 'polecat', agentId: spec.attempt, townId: 'test' },
          extra: { ...profile.env, ...spec.env },
          marker,
          modelKeys: true,
        });
        const child = spawnContained(
          {
            level: 'process',
            command,
            args: profile.args,
            cwd: workspace.directory,
            env: { ...env, ...gitEnv },
            writable: [],
            readable: [],
            hidden: [],
            network: 'open',
            marker,
            recordPath: join(records, `${marker}.json`),
          },
          tree,
        );
        return ok({ child, level: 'process' });
      },
      killLeftovers: () => killRecorded(records, tree),
    },
    ...options.needs,
  };
  await mkdir(join(home, 'agent-home'), { recursive: true });

  const runner = new LocalRunner({
    home,
    id: runnerId('local'),
    incarnation: randomBytes(6).toString('hex'),
    inventory: {
      capacity: 4,
      isolation: 'process',
      isolationNote: null,
      agents: ['scripted'],
      known: [],
    },
    cores: 2,
    node: process.execPath,
    needs,
    clock,
    timers,
    random: {
      below: (bound) => Math.floor(Math.random() * bound),
      token: (chars) => randomBytes(chars).toString('hex').slice(0, chars),
    },
    log: { info: () => undefined, error: () => undefined },
    tell: async (fact) => {
      facts.push(fact);
      const answer = options.tell?.(fact) ?? ok(undefined);
      watchers.forEach((look) => look());
      return answer;
    },
  });

  const until: World['until'] = (kind, matches = () => true, limitMs = 8000) =>
    new Promise((resolve, reject) => {
      const isIt = (fact: Fact): fact is Extract<Fact, { kind: typeof kind }> => fact.kind === kind;
      const look = (): void => {
        const found = facts.filter(isIt).find(matches);
        if (found === undefined) return;
        clearTimeout(limit);
        watchers.delete(look);
        resolve(found);
      };
      const limit = setTimeout(() => {
        watchers.delete(look);
        const seen = JSON.stringify(facts, null, 1).slice(-6000);
        reject(new Error(`no ${kind} in ${limitMs} ms; told so far: ${seen}`));
      }, limitMs);
      watchers.add(look);
      look();
    });

  return {
    home,
    runner,
    facts,
    git: (bead, ...args) => git(join(home, 'workspaces', bead), ...args),
    makeRepository: async (bead, files) => {
      const directory = join(home, 'workspaces', bead);
      await mkdir(directory, { recursive: true });
      await git(directory, 'init', '-q', '-b', launchSpec({ prompt: '' }).branch);
      for (const [name, text] of Object.entries(files))
        await writeFile(join(directory, name), text);
      await git(directory, 'add', '.');
      await git(directory, 'commit', '-q', '-m', 'base');
      await git(directory, 'tag', 'base');
    },
    until,
    phases: () => facts.flatMap((fact) => (fact.kind === 'attempt_phase' ? [fact.phase] : [])),
    transcript: () =>
      facts
        .flatMap((fact) => (fact.kind === 'transcript' ? fact.entries : []))
        .map((entry) => ('title' in entry ? `${entry.title} ${entry.text}` : entry.text))
        .join('\n'),
    close: async () => {
      await runner.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function launchSpec(changes: Partial<LaunchSpec> & { prompt: string }): LaunchSpec {
  const number = changes.number ?? 1;
  return {
    rig: { rig: rigId('web'), tag: 'abcd', remote: '/none', lends: null, target: 'main' },
    bead: beadId('web-1'),
    attempt: attemptId(`${changes.bead ?? 'web-1'}.${number}`),
    number,
    title: 'Say hello',
    round: 0,
    branch: 'gt/abcd/web-1/say-hello',
    base: null,
    head: null,
    agent: 'scripted',
    profile: null,
    model: null,
    scope: [],
    setup: [],
    isolation: { require: null, network: 'open' },
    author: null,
    signoff: false,
    env: {},
    tokensMax: null,
    usdMax: null,
    ...changes,
  };
}

export const call = callId('call-1');

/** The prompt of a bead whose body is this script. */
export function script(...steps: (object | string)[]): string {
  const lines = steps.map((step) => (typeof step === 'string' ? step : JSON.stringify(step)));
  return ['Please do this.', '```gastown-script', ...lines, '```', 'Thank you.'].join('\n');
}

/** A profile that runs a small program instead of an agent. */
export function programProfile(source: string): AgentProfile {
  const args = ['-e', source];
  return { name: 'program', command: process.execPath, args, env: {}, loginFiles: [] };
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', ...gitEnv };
  const { stdout } = await exec('git', args, { cwd, env });
  return stdout.trim();
}

/** One plain repository per bead; just enough of the real rules to see them obeyed. */
export function plainWorkspaces(home: string): Workspaces {
  const place = (spec: LaunchSpec): string => join(home, 'workspaces', spec.bead);
  const head = async (spec: LaunchSpec, name: string): ReturnType<typeof git> =>
    git(place(spec), 'rev-parse', name);
  return {
    prepare: async (spec) => {
      const directory = place(spec);
      if (!existsSync(directory)) {
        await mkdir(directory, { recursive: true });
        await git(directory, 'init', '-q', '-b', spec.branch);
        await git(directory, 'commit', '-q', '--allow-empty', '-m', 'base');
        await git(directory, 'tag', 'base');
      }
      const base = commitOf(await head(spec, 'base'));
      return ok({ directory, base, writable: [], readable: [] });
    },
    snapshot: async (spec) => {
      const stashed = await git(place(spec), 'stash', 'create');
      return ok(stashed === '' ? null : commitOf(stashed));
    },
    collect: async (spec) => {
      const status = await git(place(spec), 'status', '--porcelain');
      if (status !== '') {
        const files = status.split('\n').map((line) => line.slice(3));
        return err({ kind: 'submission_dirty', helps: 'no', files });
      }
      const tip = commitOf(await head(spec, 'HEAD'));
      const base = commitOf(await head(spec, 'base'));
      if (tip === base) return err({ kind: 'submission_empty', helps: 'no', base, head: tip });
      const names = await git(place(spec), 'diff', '--name-only', 'base', 'HEAD');
      return ok({ head: tip, base, touched: touchedBy(spec.scope, names.split('\n')) });
    },
    release: async () => undefined,
  };
}
