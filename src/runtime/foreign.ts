/**
 * Which commits of a branch are another bead's: the guard that keeps one bead's work out of
 * another's change.
 *
 * P3 A commit is another bead's when a recorded submission of that bead holds it and the target
 *    does not, or when it is a copy of such a commit: same patch, same author, same author date.
 *    The same patch made independently by two agents is nobody's theft, and lands or conflicts.
 */
import { attemptId, beadOfAttempt, type BeadId, type Commit } from '../core/ids.ts';
import type { Store } from './store.ts';

export interface Foreign {
  readonly commits: readonly string[];
  readonly of: string;
}

const SUBMISSIONS = 'refs/gastown/submit/';
const LOG_BYTES_MAX = 64 * 1024 * 1024;

export async function foreignCommits(
  store: Store,
  bead: BeadId,
  commits: readonly Commit[],
  target: Commit,
): Promise<Foreign | null> {
  const others = await submissionsOfOthers(store, bead, target);
  if (others.size === 0) return null;
  const own = new Set<string>(commits);
  for (const [other, refs] of others) {
    const theirs = await store.lines(['rev-list', ...refs, `^${target}`]);
    const shared = theirs.filter((commit) => own.has(commit));
    if (shared.length > 0) return { commits: shared, of: other };
  }
  const ours = await marks(store, commits);
  if (ours.size === 0) return null;
  for (const [other, refs] of others) {
    const theirs = await store.lines(['rev-list', '--no-merges', ...refs, `^${target}`]);
    const copied = new Set((await marks(store, theirs)).keys());
    const shared = [...ours].filter(([mark]) => copied.has(mark)).map(([, commit]) => commit);
    if (shared.length > 0) return { commits: shared, of: other };
  }
  return null;
}

/** Refs by bead, without those whose head is in the target. */
async function submissionsOfOthers(
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
  const others = new Map<string, string[]>();
  for (const ref of refs) {
    const owner = beadOfAttempt(attemptId(ref.slice(SUBMISSIONS.length)));
    if (owner !== bead) others.set(owner, [...(others.get(owner) ?? []), ref]);
  }
  return others;
}

/** Patch and authorship → commit. Merges have no patch of their own. */
async function marks(
  store: Store,
  commits: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (commits.length === 0) return new Map();
  const input = commits.map((commit) => `${commit}\n`).join('');
  const walk = ['--stdin', '--no-walk', '--no-merges'];
  const patches = await store.run(['log', ...walk, '-p', '--no-ext-diff', '--no-textconv'], {
    input,
    outputBytesMax: LOG_BYTES_MAX,
  });
  if (patches.truncated) return new Map(); // too large to compare; ids were compared already
  const ids = await store.run(['patch-id', '--stable'], { input: patches.bytes });
  const authors = await store.lines(['log', ...walk, '--format=%H %an <%ae> %at'], { input });
  const byCommit = new Map(
    authors.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
  return new Map(
    ids.out.split('\n').flatMap((line) => {
      const [patch = '', commit = ''] = line.split(' ');
      const author = byCommit.get(commit);
      return author === undefined ? [] : [[`${patch} ${author}`, commit] as const];
    }),
  );
}
