/**
 * A small world of real git for tests: a remote on disk, a runner's git rooms over it, and an
 * agent that commits in a workspace. Everything lies in one temporary folder that is removed.
 * The contained git runs plainly, marked by an environment variable, so that a planted command
 * can be seen to have run with the runner's rights or not at all.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { attemptIdOf, beadId, commitOf, rigId, type Commit } from '../src/core/ids.ts';
import type { Candidate, MergeMethod } from '../src/core/job.ts';
import type { LaunchSpec, RigRef } from '../src/core/launch-spec.ts';
import { instant } from '../src/core/time.ts';
import type { Clock, Random, Timers } from '../src/ports/host.ts';
import type { BuildSpec } from '../src/runtime/candidate.ts';
import { ContainedGit, Git } from '../src/runtime/git.ts';
import { Mirrors } from '../src/runtime/mirror.ts';
import { runnerPaths } from '../src/runtime/paths.ts';
import { Reading } from '../src/runtime/read.ts';
import { runProcess, type RunContained, type RunProcess } from '../src/runtime/run-process.ts';
import { Snapshots } from '../src/runtime/snapshot.ts';
import { Stores } from '../src/runtime/store.ts';
import { Submissions } from '../src/runtime/submission.ts';
import { Trash } from '../src/runtime/trash.ts';
import { GitWorkspaces } from '../src/runtime/workspace.ts';

export const timers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const plainEnv: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C',
};

const identity: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

/** Git as a person or an agent runs it. Throws with its words when it fails. */
export function git(cwd: string, ...args: readonly string[]): string {
  const text = execFileSync('git', [...args], {
    cwd,
    env: { ...plainEnv, ...identity, CONTAINED: 'agent' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  return text.replace(/\n$/, '');
}

export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

export function commitFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
  message = 'work',
): Commit {
  write(directory, files);
  git(directory, 'add', '-A');
  git(directory, 'commit', '-q', '-m', message);
  return commitOf(git(directory, 'rev-parse', 'HEAD'));
}

export const never = new AbortController().signal;

/** One life of a runner over a home that outlives it. */
export function runnerOver(
  home: string,
  incarnation: string,
  sandbox?: RunContained,
  person: Readonly<Record<string, string>> = {},
) {
  const paths = runnerPaths(home);
  const run: RunProcess = (spec) => runProcess(spec, timers);
  const clock: Clock = { now: () => instant(Date.now()), monotonicMs: () => performance.now() };
  const random: Random = {
    below: (bound) => Math.floor(Math.random() * bound),
    token: (chars) => Math.random().toString(36).slice(2).padEnd(chars, '0').slice(0, chars),
  };
  const plainly: RunContained = ({ readable: _readable, writable: _writable, ...spec }) =>
    run({ ...spec, env: { ...spec.env, CONTAINED: '1' } });
  const own = new Git({ run, env: { ...plainEnv, HOME: home, ...person } });
  const contained = new ContainedGit({
    contained: sandbox ?? plainly,
    path: plainEnv['PATH'] ?? '',
  });
  const author = { name: 'Town', email: 'town@example.com' };
  const mirrors = new Mirrors({ git: own, paths, clock });
  const stores = new Stores(own, paths);
  const trash = new Trash({ paths, clock, random });
  const snapshots = new Snapshots({ contained, paths, stores, clock });
  const submissions = new Submissions({ contained, paths, stores, snapshots });
  const workspaces = new GitWorkspaces({
    git: own,
    contained,
    paths,
    mirrors,
    stores,
    snapshots,
    submissions,
    trash,
    incarnation,
    author,
  });
  const reading = new Reading({ git: own, paths, mirrors, stores, snapshots });
  return {
    paths,
    git: own,
    contained,
    mirrors,
    stores,
    trash,
    snapshots,
    workspaces,
    reading,
    author,
  };
}

export type Runner = ReturnType<typeof runnerOver>;

/** A temporary folder with a bare remote that has one commit on `main`, and a home. */
export function makeWorld(files: Readonly<Record<string, string>> = { 'a.txt': 'one\n' }) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'gastown-git-')));
  const remote = join(root, 'remote.git');
  const seed = join(root, 'seed');
  const home = join(root, 'home');
  mkdirSync(home);
  git(root, 'init', '-q', '--bare', '-b', 'main', remote);
  git(root, 'init', '-q', '-b', 'main', seed);
  const first = commitFiles(seed, files, 'first');
  git(seed, 'push', '-q', remote, 'main');
  const rig: RigRef = { rig: rigId('web'), tag: 'ab12', remote, lends: null, target: 'main' };
  return { root, remote, seed, home, first, rig, remove: () => rmSync(root, { recursive: true }) };
}

export type World = ReturnType<typeof makeWorld>;

export function launch(rig: RigRef, bead: string, number = 1, more: Partial<LaunchSpec> = {}) {
  const id = beadId(bead);
  const spec: LaunchSpec = {
    rig,
    bead: id,
    attempt: attemptIdOf(id, number),
    number,
    title: 'A task',
    round: 0,
    branch: `gt/${rig.tag}/${bead}/a-task`,
    base: null,
    head: null,
    agent: 'scripted',
    profile: null,
    model: null,
    prompt: '',
    scope: [],
    setup: [],
    signoff: false,
    env: {},
    isolation: {
      require: null,
      network: 'open',
    },
    author: {
      name: 'Agent',
      email: 'agent@example.com',
    },
    tokensMax: null,
    usdMax: null,
    ...more,
  };
  return spec;
}

export function buildSpec(
  rig: RigRef,
  head: Commit | null,
  method: MergeMethod,
  stored: Candidate | null = null,
  more: Partial<BuildSpec> = {},
): BuildSpec {
  return {
    kind: 'build',
    rig,
    head,
    reverts: null,
    submittedBy: null,
    method,
    stored,
    message: 'Land the task',
    author: null,
    signoff: false,
    ...more,
  };
}

/** The value of a result that must be one. */
export function value<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (result.ok) return result.value;
  throw new Error(`unexpected failure: ${JSON.stringify(result.error)}`);
}

/** An attempt that edits, commits and submits; answers the accepted head. */
export async function submitted(
  runner: Runner,
  spec: LaunchSpec,
  files: Readonly<Record<string, string>>,
): Promise<Commit> {
  const workspace = value(await runner.workspaces.prepare(spec, never));
  commitFiles(workspace.directory, files, `change of ${spec.bead}`);
  const collected = value(await runner.workspaces.collect(spec));
  await runner.workspaces.release(spec);
  return collected.head;
}
