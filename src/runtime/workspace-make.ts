/**
 * Makes a workspace in a place no agent has seen: repository, refs, configuration, files, saved
 * state. Nothing of the person's configuration gets into it, and no credential.
 *
 * W1 Only here does the runner's git use a git directory that will be an agent's.
 * W2 Exactly three refs: the target, the base, the bead's branch.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit } from '../core/ids.ts';
import type { Author, LaunchSpec } from '../core/launch-spec.ts';
import type { Git, GitOptions } from './git.ts';
import { refusingHook } from './mirror.ts';
import { writeRepository } from './new-repository.ts';
import type { RunnerPaths } from './paths.ts';
import { restoreSnapshot, takeRef, type Snapshot } from './snapshot-restore.ts';
import type { Store } from './store.ts';
import { fillSubmodules } from './submodules.ts';

const MAKE_MS = 10 * 60_000;

/** Where the branch starts: the snapshot if there is one, else the submission, else the base. */
export interface Start {
  readonly head: Commit | null;
  /** The ref of the store that holds `head`. */
  readonly headRef: string | null;
  readonly snapshot: Snapshot | null;
}

export interface MakeDeps {
  readonly git: Git;
  readonly paths: RunnerPaths;
  readonly author: Author;
}

export interface MakeRequest {
  readonly spec: LaunchSpec;
  readonly store: Store;
  readonly directory: string;
  readonly base: Commit;
  readonly tip: Commit;
  readonly start: Start;
}

export async function makeWorkspace(deps: MakeDeps, request: MakeRequest): Promise<void> {
  const { git, paths } = deps;
  const { spec, directory, store, start } = request;
  const gitDir = join(directory, '.git');
  const mirror = paths.mirror(spec.rig.rig);
  const at: GitOptions = { gitDir, workTree: directory, cwd: directory, timeoutMs: MAKE_MS };
  await mkdir(directory, { recursive: true });
  await writeRepository({
    gitDir,
    branch: spec.branch,
    objectNameLength: request.base.length,
    borrowFrom: mirror,
    settings: settingsOf(spec.author ?? deps.author, spec.rig.target, mirror),
  });
  await writeHooks(gitDir, spec.signoff);
  await setRefs(git, at, request);
  if (start.snapshot === null) {
    await git.must(['read-tree', '--reset', '-u', `refs/heads/${spec.branch}`], at);
  } else {
    await restoreSnapshot(git, store, directory, start.snapshot);
  }
  await fillSubmodules({ git, paths, rig: spec.rig, store, base: request.base, directory });
}

function settingsOf(
  author: Author,
  target: string,
  mirror: string,
): readonly (readonly [string, string, string])[] {
  const tracking = `refs/remotes/origin/${target}`;
  return [
    ['user', 'name', author.name],
    ['user', 'email', author.email],
    ['commit', 'gpgSign', 'false'],
    ['gc', 'auto', '0'],
    // `git fetch` brings what the mirror has, without a network or a credential.
    ['remote "origin"', 'url', mirror],
    ['remote "origin"', 'fetch', `+${tracking}:${tracking}`],
  ];
}

async function writeHooks(gitDir: string, signoff: boolean): Promise<void> {
  await mkdir(join(gitDir, 'hooks'), { recursive: true });
  await writeHook(join(gitDir, 'hooks', 'pre-push'), refusingHook);
  if (signoff) await writeHook(join(gitDir, 'hooks', 'commit-msg'), signoffHook);
}

async function writeHook(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

const signoffHook = `#!/bin/sh
who="$(git config user.name) <$(git config user.email)>"
git interpret-trailers --in-place --if-exists addIfDifferent \\
  --trailer "Signed-off-by: $who" "$1"
`;

/** W2 */
async function setRefs(git: Git, at: GitOptions, request: MakeRequest): Promise<void> {
  const { spec, store, base, tip, start, directory } = request;
  const branch = `refs/heads/${spec.branch}`;
  const refs = [
    [`refs/remotes/origin/${spec.rig.target}`, tip],
    ['refs/gastown/base', base],
    ...(start.headRef === null ? [[branch, base]] : []),
  ];
  const input = refs.map((ref) => `update ${ref.join(' ')}\n`).join('');
  await git.must(['update-ref', '--stdin'], { ...at, input });
  if (start.headRef !== null)
    await takeRef(git, store, join(directory, '.git'), start.headRef, branch);
}
