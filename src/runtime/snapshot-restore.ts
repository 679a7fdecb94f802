/**
 * Brings a snapshot back into a workspace that no agent has had yet: files, then index, HEAD and
 * what was in progress, as plain files.
 *
 * N1 The runner's git may be used on the new git directory only before the state is written: from
 *    then on its index and refs are the agent's bytes.
 * N2 Only regular files below the names in `STATE` are written; configuration and hooks never are.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beadOfAttempt, commitOf, attemptId, type BeadId, type Commit } from '../core/ids.ts';
import type { Git, GitOptions } from './git.ts';
import { joinZ, splitZ } from './git.ts';
import { snapshotRef, STATE } from './snapshot.ts';
import type { Store } from './store.ts';

const RESTORE_MS = 5 * 60_000;

export interface Snapshot {
  readonly attempt: string;
  readonly number: number;
  readonly commit: Commit;
  readonly branch: string;
}

/** The snapshot of the bead's last attempt that has one. */
export async function latestSnapshot(store: Store, bead: BeadId): Promise<Snapshot | null> {
  const found = await attemptRefs(store, snapshotRef(''), bead);
  const last = found.at(-1);
  if (last === undefined) return null;
  const text = await store.must(['cat-file', 'blob', `${last.commit}:meta.json`]);
  const meta: unknown = JSON.parse(text);
  const branch =
    typeof meta === 'object' && meta !== null && 'branch' in meta ? String(meta.branch) : '';
  return { ...last, branch };
}

/** Refs named for attempts at one bead, by number. */
export async function attemptRefs(
  store: Store,
  folder: string,
  bead: BeadId,
): Promise<readonly { attempt: string; number: number; commit: Commit }[]> {
  const refs = await store.lines(['for-each-ref', '--format=%(objectname) %(refname)', folder]);
  return refs
    .map((line) => {
      const attempt = line.slice(line.lastIndexOf('/') + 1);
      const number = Number(attempt.slice(attempt.lastIndexOf('.') + 1));
      return { attempt, number, commit: commitOf(line.slice(0, line.indexOf(' '))) };
    })
    .filter(({ attempt }) => beadOfAttempt(attemptId(attempt)) === bead)
    .sort((a, b) => a.number - b.number);
}

/** Into a new workspace whose objects, refs and configuration are in place. N1 */
export async function restoreSnapshot(
  git: Git,
  store: Store,
  directory: string,
  snapshot: Snapshot,
): Promise<void> {
  const gitDir = join(directory, '.git');
  const at: GitOptions = { gitDir, workTree: directory, cwd: directory, timeoutMs: RESTORE_MS };
  const held = 'refs/gastown/restored';
  await takeRef(git, store, gitDir, snapshotRef(snapshot.attempt), held);
  await git.must(['read-tree', '--reset', '-u', `${held}:tree`], at);
  const listed = await git.run(['ls-tree', '-r', '-z', `${held}:state`], at);
  const names = splitZ(listed.bytes).filter(isState).map(nameOf);
  const stateIndex = join(gitDir, 'restored.index');
  const state: GitOptions = { ...at, workTree: gitDir, cwd: gitDir, indexFile: stateIndex };
  await git.must(['read-tree', `${held}:state`], state);
  await git.must(['checkout-index', '-f', '-q', '-z', '--stdin'], {
    ...state,
    input: joinZ(names.filter((name) => name !== 'HEAD' && name !== 'index')),
  });
  await git.must(['update-ref', '-d', held], at);
  // N1: the last two, in one go; nothing of ours reads this git directory afterwards.
  await git.must(['checkout-index', '-f', '-q', '-z', '--stdin'], {
    ...state,
    input: joinZ(names.filter((name) => name === 'HEAD' || name === 'index')),
  });
  await rm(stateIndex, { force: true });
}

/** Copies what a ref of the store holds into a git directory no agent has had yet. */
export async function takeRef(
  git: Git,
  store: Store,
  gitDir: string,
  from: string,
  to: string,
): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--update-head-ok'];
  await git.must(['fetch', ...quiet, '--', store.gitDir, `+${from}:${to}`], {
    gitDir,
    timeoutMs: RESTORE_MS,
  });
}

/** N2 */
function isState(entry: string): boolean {
  const name = nameOf(entry);
  const known = STATE.some((path) => name === path || name.startsWith(`${path}/`));
  return /^100(644|755) /.test(entry) && (known || /^sharedindex\.[0-9a-f]+$/.test(name));
}

function nameOf(entry: string): string {
  return entry.slice(entry.indexOf('\t') + 1);
}
