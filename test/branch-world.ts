/**
 * The jobs on a pull request's branch, asked over the small world of real git, and the strangers
 * and forges that touch the branch on the remote.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Commit } from '../src/core/ids.ts';
import { commitOf } from '../src/core/ids.ts';
import type { JobResult } from '../src/core/job.ts';
import { catchUp } from '../src/runtime/catch-up.ts';
import { proveLanded } from '../src/runtime/prove.ts';
import { publishBranch, type BranchDeps } from '../src/runtime/publish.ts';
import { takeBranch } from '../src/runtime/take.ts';
import { commitFiles, git, type Runner, type World } from './git-world.ts';

type Answered = Exclude<JobResult, { kind: 'failed' | 'fetch' | 'gate' }>;

/** The answer of a job that must have one. */
export function answerOf<K extends Answered['kind']>(
  kind: K,
  result: JobResult,
): Extract<Answered, { kind: K }>['answer'];
export function answerOf(kind: string, result: JobResult): unknown {
  if (result.kind === kind && 'answer' in result) return result.answer;
  throw new Error(JSON.stringify(result));
}

export const branchOf = (world: World, bead: string): string =>
  `gt/${world.rig.tag}/${bead}/a-task`;

export async function publish(
  deps: BranchDeps,
  world: World,
  bead: string,
  head: Commit,
  expectedRemoteHead: Commit | null,
) {
  const { rig } = world;
  const branch = branchOf(world, bead);
  const spec = { kind: 'publish', rig, branch, bead, head, expectedRemoteHead } as const;
  return answerOf('publish', await publishBranch(deps, spec));
}

export async function take(
  deps: BranchDeps,
  world: World,
  bead: string,
  head: Commit,
  published: Commit,
) {
  const { rig } = world;
  const branch = branchOf(world, bead);
  const spec = { kind: 'take', rig, branch, bead, head, published } as const;
  return answerOf('take', await takeBranch(deps, spec));
}

export async function update(runner: Runner, world: World, bead: string, head: Commit) {
  const { rig } = world;
  const branch = branchOf(world, bead);
  const by = { author: null, signoff: false };
  const spec = { kind: 'update', rig, branch, bead, head, ...by } as const;
  return answerOf('update', await catchUp(runner, spec));
}

export async function prove(deps: BranchDeps, world: World, ...commits: readonly Commit[]) {
  return answerOf('prove', await proveLanded(deps, { kind: 'prove', rig: world.rig, commits }));
}

export function remoteHead(world: World, branch: string): Commit {
  return commitOf(git(world.remote, 'rev-parse', `refs/heads/${branch}`));
}

/** Somebody's own clone with a branch of the remote checked out. */
export function cloneOf(world: World, branch: string): string {
  const directory = mkdtempSync(join(world.root, 'clone-'));
  git(world.root, 'clone', '-q', '-b', branch, world.remote, directory);
  return directory;
}

/** Somebody commits on top of a branch and pushes it. */
export function pushOnTop(
  world: World,
  branch: string,
  files: Readonly<Record<string, string>>,
  author = 'Bob',
): Commit {
  const clone = cloneOf(world, branch);
  git(clone, 'config', 'user.name', author);
  commitFiles(clone, files, `work of ${author}`);
  git(clone, 'commit', '-q', '--amend', '--no-edit', `--author=${author} <b@example.com>`);
  git(clone, 'push', '-q', 'origin', `HEAD:${branch}`);
  return remoteHead(world, branch);
}
