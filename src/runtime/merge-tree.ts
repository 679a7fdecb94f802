/**
 * Merges and commits made in the store, without a work tree: what a candidate is built from.
 *
 * G1 The same inputs give the same commit id: dates come from the commits, never from a clock, so
 *    a build that is repeated after a crash finds the candidate it made before.
 */
import { commitOf, type Commit } from '../core/ids.ts';
import type { Author } from '../core/launch-spec.ts';
import { GitFailed, shown, splitZ } from './git.ts';
import type { Store } from './store.ts';

export type Merged =
  | { readonly is: 'clean'; readonly tree: string }
  | { readonly is: 'conflict'; readonly files: readonly string[] };

/** Two commits against their own merge base. */
export async function mergeCommits(store: Store, ours: Commit, theirs: Commit): Promise<Merged> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages'];
  const outcome = await store.run([...args, ours, theirs], { outputBytesMax: 1 << 26 });
  const [tree = '', ...files] = splitZ(outcome.bytes);
  if (outcome.exitCode === 0) return { is: 'clean', tree };
  if (outcome.exitCode === 1 && /^[0-9a-f]{40,64}$/.test(tree)) {
    return { is: 'conflict', files: [...new Set(files)].map(shown) };
  }
  throw new GitFailed('merge-tree', outcome);
}

/**
 * The change from `base` to `theirs` on top of `ours`; all three are trees. Through commits made
 * for the purpose, because older git takes no merge base of the caller's.
 */
export async function applyChange(
  store: Store,
  trees: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<Merged> {
  const at = { name: 'Gastown', email: 'gastown@localhost', date: '0 +0000' };
  const make = async (tree: string, parents: readonly Commit[]): Promise<Commit> =>
    await commitTree(store, { tree, parents, message: 'merge base', author: at, committer: at });
  const base = await make(trees.base, []);
  const ours = await make(trees.ours, [base]);
  const theirs = await make(trees.theirs, [base]);
  return await mergeCommits(store, ours, theirs);
}

/** Who and when; `date` as git's raw format has it: `1700000000 +0100`. */
export interface Signature extends Author {
  readonly date: string;
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly Commit[];
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
}

export async function commitTree(store: Store, commit: NewCommit): Promise<Commit> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  const made = await store.must(['commit-tree', commit.tree, ...parents], {
    input: commit.message.endsWith('\n') ? commit.message : `${commit.message}\n`,
    env: {
      GIT_AUTHOR_NAME: nameOf(commit.author),
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: `@${commit.author.date}`,
      GIT_COMMITTER_NAME: nameOf(commit.committer),
      GIT_COMMITTER_EMAIL: commit.committer.email,
      GIT_COMMITTER_DATE: `@${commit.committer.date}`,
    },
  });
  return commitOf(made);
}

export interface CommitInfo {
  readonly tree: string;
  readonly parents: readonly Commit[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

export async function readCommit(store: Store, commit: Commit): Promise<CommitInfo> {
  const format = ['%T', '%P', '%an', '%ae', '%ad', '%cn', '%ce', '%cd', '%B'].join('%x00');
  const text = await store.must(['show', '-s', `--format=${format}`, '--date=raw', commit]);
  const [tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', ...body] =
    text.split('\0');
  return {
    tree,
    parents: parents === '' ? [] : parents.split(' ').map(commitOf),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: body.join('\0').trimEnd(),
  };
}

/** The later of two commits' dates: what is made of them is never older than they are. G1 */
export async function laterDate(store: Store, a: Commit, b: Commit): Promise<string> {
  const dates = [(await readCommit(store, a)).committer.date];
  dates.push((await readCommit(store, b)).committer.date);
  return dates.sort((x, y) => Number(y.split(' ')[0]) - Number(x.split(' ')[0]))[0] ?? '0 +0000';
}

export async function treeOf(store: Store, commit: Commit): Promise<string> {
  return await store.must(['rev-parse', `${commit}^{tree}`]);
}

export async function emptyTree(store: Store): Promise<string> {
  return await store.must(['mktree'], { input: '' });
}

/** Git refuses a commit without a name. */
function nameOf(signature: Signature): string {
  return signature.name.trim() === '' ? signature.email : signature.name;
}
