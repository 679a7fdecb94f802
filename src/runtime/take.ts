/**
 * The `take` job: brings what somebody else pushed to the bead's branch into the store, so that
 * gates, reviews and the next attempt stand on it.
 *
 * K1 Taken is the head the forge showed, and only while the remote's branch stands there. The
 *    branch of a fork is in another repository: what counts is the ref (`from`) under which the
 *    remote itself shows its head.
 * K2 It must contain what we published. A branch rewritten to the same patches is accepted too,
 *    as a forge's own rebase makes it: every patch of ours is in it or in the target, and what
 *    else is gone are merges that brought in the target and nothing more. Any other rewriting is
 *    a person's to judge; nothing of it is overwritten.
 * K3 Another bead's commits are refused and mark the branch, as when publishing.
 * K4 Recorded before it is told; taking the same head again changes nothing.
 */
import type { Failure } from '../core/failure.ts';
import { beadId, commitOf, type BeadId, type Commit } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { guardBranch, unknownCommits } from './branch-guard.ts';
import {
  recordPublished,
  recordTaken,
  refsOfBead,
  strangersAt,
  strangersOf,
} from './branch-records.ts';
import { patchIds } from './foreign.ts';
import { caught, remoteFailure } from './git-errors.ts';
import { mergeCommits, readCommit } from './merge-tree.ts';
import type { BranchDeps } from './publish.ts';
import type { Store } from './store.ts';

export type TakeSpec = Extract<JobSpec, { readonly kind: 'take' }>;
type Answer = Extract<JobResult, { readonly kind: 'take' }>['answer'];

export async function takeBranch(deps: BranchDeps, spec: TakeSpec): Promise<JobResult> {
  const answer = await caught('job', 'take', async () => await take(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'take', answer: answer.value };
}

async function take(deps: BranchDeps, spec: TakeSpec): Promise<Result<Answer, Failure>> {
  const { rig, branch, head, published } = spec;
  const fetched = await deps.mirrors.fetchTarget(rig);
  if (!fetched.ok) return fetched;
  const { targetTip, branches } = fetched.value;
  const store = await deps.stores.open(rig.rig);
  const shown = await shownHead(store, spec, branches);
  if (!shown.ok) return shown;
  if (shown.value !== head) {
    const output = `${spec.from ?? branch} stands at ${shown.value ?? 'nothing'}, not at ${head}`;
    const step = 'find the head';
    return err({ kind: 'job_failed', helps: 'later', job: 'take', step, output }); // K1
  }
  const bead = beadId(spec.bead);
  const guarded = await guardBranch(store, { branch, bead, head, targetTip });
  if (guarded.is === 'contaminated') return ok({ is: 'refused', failure: guarded.failure });
  const grown = await store.isAncestor(published, head);
  if (!grown && !(await isSameWork(store, { published, head, targetTip }))) {
    const failure: Failure = { kind: 'branch_taken', helps: 'person', branch, remoteHead: head };
    return ok({ is: 'refused', failure });
  }
  const theirs =
    (await strangersAt(store, bead, head)) ?? (await strangersIn(store, { bead, head, targetTip }));
  await recordTaken(store, bead, head, theirs);
  await recordPublished(store, branch, head);
  return ok({ is: 'taken', head, strangers: await authorsOf(store, theirs) });
}

/** K1. null: the remote shows none. A fork's comes into the store; a branch is in the mirror. */
async function shownHead(
  store: Store,
  { rig, branch, from }: TakeSpec,
  branches: ReadonlyMap<string, Commit>,
): Promise<Result<Commit | null, Failure>> {
  if (from === undefined) return ok(branches.get(branch) ?? null);
  const network = { network: true, timeoutMs: limits.fetchMs };
  const listed = await store.run(['ls-remote', '--', rig.remote, from], network);
  if (!listed.ok) return err(remoteFailure(rig.remote, listed));
  if (listed.out === '') return ok(null);
  const own = `refs/gastown/fork/${from.slice('refs/'.length)}`;
  const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
  const only = ['--no-recurse-submodules', '--', rig.remote, `+${from}:${own}`];
  const fetched = await store.run(['fetch', ...quietly, ...only], network);
  if (!fetched.ok) return err(remoteFailure(rig.remote, fetched));
  return ok(await store.commit(own));
}

interface Rewriting {
  readonly published: Commit;
  readonly head: Commit;
  readonly targetTip: Commit;
}

/** K2, for a head that does not descend from what we published. */
async function isSameWork(store: Store, at: Rewriting): Promise<boolean> {
  const { published, head, targetTip } = at;
  if (!(await store.has(published))) return false;
  const range = ['rev-list', published, `^${head}`, `^${targetTip}`];
  for (const merge of await store.lines([...range, '--merges'])) {
    if (!(await bringsNothingMore(store, commitOf(merge)))) return false;
  }
  const gone = await patchIds(store, await store.lines([...range, '--no-merges']));
  if (gone === null) return false;
  const missing = new Set(gone.values());
  const news = [
    ['rev-list', '--no-merges', head, `^${published}`, `^${targetTip}`],
    ['rev-list', '--no-merges', targetTip, `^${published}`],
  ];
  for (const args of news) {
    if (missing.size === 0) return true;
    const found = await patchIds(store, await store.lines(args));
    for (const patch of found?.values() ?? []) missing.delete(patch);
  }
  return missing.size === 0;
}

/** Git makes the same merge of the two: nobody's hand is in it. */
async function bringsNothingMore(store: Store, merge: Commit): Promise<boolean> {
  const { parents, tree } = await readCommit(store, merge);
  const [ours, theirs, ...more] = parents;
  if (ours === undefined || theirs === undefined || more.length > 0) return false;
  const merged = await mergeCommits(store, ours, theirs);
  return merged.is === 'clean' && merged.tree === tree;
}

/** Commits of the head that are neither the bead's, nor the system's, nor copies of its work. */
async function strangersIn(
  store: Store,
  at: { readonly bead: BeadId; readonly head: Commit; readonly targetTip: Commit },
): Promise<readonly Commit[]> {
  const unknown = await unknownCommits(store, at);
  if (unknown.length === 0) return [];
  const { bead, targetTip } = at;
  const known = await strangersOf(store, bead);
  const refs = await refsOfBead(store, bead);
  const range = ['rev-list', '--no-merges', ...refs, `^${targetTip}`];
  const own = refs.length === 0 ? [] : await store.lines(range);
  const ownWork = await patchIds(
    store,
    own.filter((commit) => !known.has(commit)),
  );
  const patches = new Set(ownWork?.values() ?? []);
  const found = (await patchIds(store, unknown)) ?? new Map<Commit, string>();
  return unknown.filter((commit) => !patches.has(found.get(commit) ?? ''));
}

async function authorsOf(store: Store, commits: readonly Commit[]): Promise<readonly string[]> {
  if (commits.length === 0) return [];
  const input = commits.map((commit) => `${commit}\n`).join('');
  const names = await store.lines(['log', '--stdin', '--no-walk', '--format=%an'], { input });
  return [...new Set(names)];
}
