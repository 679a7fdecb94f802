/**
 * Rebases a branch onto the target tip, commit by commit, in the store.
 *
 * Y1 Author, message and author date stay; commits that change nothing any more are dropped; a
 *    branch that already stands on the tip stays as it is.
 * Y2 A branch that merged the target and resolved conflicts there cannot always be replayed in a
 *    row. Then its merged result becomes one commit: never a conflict that was resolved already.
 */
import { commitOf, type Commit } from '../core/ids.ts';
import type { Author } from '../core/launch-spec.ts';
import { applyChange, commitTree, emptyTree, readCommit, treeOf } from './merge-tree.ts';
import type { Merged } from './merge-tree.ts';
import type { Store } from './store.ts';

export interface Replay {
  readonly head: Commit;
  readonly tip: Commit;
  /** Of `tip` and `head`. */
  readonly merged: Merged;
  readonly committer: Author;
  /** Of the one commit, where it comes to that. Y2 */
  readonly message: string;
}

export type Replayed =
  | { readonly is: 'made'; readonly commit: Commit }
  | { readonly is: 'conflict'; readonly files: readonly string[] }
  | { readonly is: 'empty' };

export async function replay(store: Store, request: Replay): Promise<Replayed> {
  const { head, tip, merged } = request;
  const merges = await store.lines(['rev-list', '--merges', '--max-count=1', head, `^${tip}`]);
  const replayed = await replayRow(store, request);
  if (merges.length === 0 || merged.is === 'conflict') return replayed;
  const tree = replayed.is === 'made' ? await treeOf(store, replayed.commit) : null;
  if (tree === merged.tree) return replayed;
  return await asOne(store, request, merged.tree); // Y2
}

/** Y1 */
async function replayRow(store: Store, request: Replay): Promise<Replayed> {
  const { head, tip, committer } = request;
  const range = ['rev-list', '--reverse', '--topo-order', '--no-merges', head, `^${tip}`];
  let current = tip;
  for (const commit of (await store.lines(range)).map(commitOf)) {
    const info = await readCommit(store, commit);
    const parent = info.parents[0];
    if (parent === current) {
      current = commit;
      continue;
    }
    const base = parent === undefined ? await emptyTree(store) : await treeOf(store, parent);
    const ours = await treeOf(store, current);
    const applied = await applyChange(store, { base, ours, theirs: info.tree });
    if (applied.is === 'conflict') return applied;
    if (applied.tree === ours) continue;
    current = await commitTree(store, {
      tree: applied.tree,
      parents: [current],
      message: info.message,
      author: info.author,
      committer: { ...committer, date: info.committer.date },
    });
  }
  if (current === tip) return { is: 'empty' };
  const unchanged = (await treeOf(store, current)) === (await treeOf(store, tip));
  return unchanged ? { is: 'empty' } : { is: 'made', commit: current };
}

async function asOne(store: Store, request: Replay, tree: string): Promise<Replayed> {
  const { head, tip, committer, message } = request;
  if (tree === (await treeOf(store, tip))) return { is: 'empty' };
  const { author, committer: last } = await readCommit(store, head);
  const commit = await commitTree(store, {
    tree,
    parents: [tip],
    message,
    author,
    committer: { ...committer, date: last.date },
  });
  return { is: 'made', commit };
}
