/**
 * Which commits of a branch are another bead's: the guard that keeps one bead's work out of
 * another's change.
 *
 * P3 A commit is another bead's when a recorded submission of that bead holds it and the target
 *    does not, or when it is a copy of such a commit: same patch, same author, same author date.
 *    The same patch made independently by two agents is nobody's theft, and lands or conflicts.
 * P4 What strangers pushed to that bead's branch is theirs, not the bead's: a person may bring one
 *    repair to many branches.
 */
import { attemptId, beadOfAttempt, commitOf, type BeadId, type Commit } from '../core/ids.ts';
import { strangersOf, SUBMISSIONS } from './branch-records.ts';
import type { Store } from './store.ts';

export interface Foreign {
  readonly commits: readonly string[];
  readonly of: string;
}

const LOG_BYTES_MAX = 64 * 1024 * 1024;

export async function foreignCommits(
  store: Store,
  bead: BeadId,
  commits: readonly Commit[],
  target: Commit,
): Promise<Foreign | null> {
  const others = await workOfOthers(store, bead, target);
  if (others.size === 0) return null;
  const own = new Set<string>(commits);
  for (const [of, theirs] of others) {
    const shared = theirs.filter((commit) => own.has(commit));
    if (shared.length > 0) return { commits: shared, of };
  }
  const ours = await marks(store, commits);
  if (ours.size === 0) return null;
  for (const [of, theirs] of others) {
    const copied = new Set((await marks(store, theirs)).keys());
    const shared = [...ours].filter(([mark]) => copied.has(mark)).map(([, commit]) => commit);
    if (shared.length > 0) return { commits: shared, of };
  }
  return null;
}

/** Other beads' commits that the target lacks. P4 */
async function workOfOthers(
  store: Store,
  bead: BeadId,
  target: Commit,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const refs = await store.lines([
    'for-each-ref',
    '--format=%(refname)',
    `--no-merged=${target}`,
    SUBMISSIONS,
  ]);
  const refsOf = new Map<BeadId, string[]>();
  for (const ref of refs) {
    const owner = beadOfAttempt(attemptId(ref.slice(SUBMISSIONS.length)));
    if (owner !== bead) refsOf.set(owner, [...(refsOf.get(owner) ?? []), ref]);
  }
  const others = new Map<string, readonly string[]>();
  for (const [owner, theirs] of refsOf) {
    const strangers = await strangersOf(store, owner);
    const all = await store.lines(['rev-list', ...theirs, `^${target}`]);
    const work = all.filter((commit) => !strangers.has(commit));
    others.set(owner, work);
  }
  return others;
}

/** Patch and authorship → commit. Merges have no patch of their own. */
async function marks(
  store: Store,
  commits: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // Too large to compare: ids were compared already.
  const patches = (await patchIds(store, commits)) ?? new Map<Commit, string>();
  if (patches.size === 0) return new Map();
  const input = listed(commits);
  const authors = await store.lines(['log', ...WALK, '--format=%H %an <%ae> %at'], { input });
  const byCommit = new Map(
    authors.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
  return new Map(
    [...patches].flatMap(([commit, patch]) => {
      const author = byCommit.get(commit);
      return author === undefined ? [] : [[`${patch} ${author}`, commit] as const];
    }),
  );
}

/** Commit → patch; without merges and empty commits. null: too much to compare. */
export async function patchIds(
  store: Store,
  commits: readonly string[],
): Promise<ReadonlyMap<Commit, string> | null> {
  if (commits.length === 0) return new Map();
  const patches = await store.run(['log', ...WALK, '-p', '--no-ext-diff', '--no-textconv'], {
    input: listed(commits),
    outputBytesMax: LOG_BYTES_MAX,
  });
  if (patches.truncated || !patches.ok) return null;
  const text = await store.must(['patch-id', '--stable'], { input: patches.bytes });
  const lines = text === '' ? [] : text.split('\n');
  return new Map(
    lines.map((line) => {
      const [patch = '', commit = ''] = line.split(' ');
      return [commitOf(commit), patch] as const;
    }),
  );
}

const WALK = ['--stdin', '--no-walk', '--no-merges'];

function listed(commits: readonly string[]): string {
  return commits.map((commit) => `${commit}\n`).join('');
}
