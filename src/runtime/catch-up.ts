/**
 * The `update` job: merges the target into a branch that is behind, in the store. Nothing is
 * pushed; the new head goes through the gates and is published like any other.
 *
 * U1 The same head and target give the same commit: dates come from the commits.
 * U2 The new head descends from the old one, and is recorded as the system's before it is told.
 * U3 No work tree, and no git directory an agent can write.
 */
import type { Failure } from '../core/failure.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { Author } from '../core/launch-spec.ts';
import { err, ok, type Result } from '../core/result.ts';
import { systemRef } from './branch-records.ts';
import { signedOff } from './candidate.ts';
import { caught } from './git-errors.ts';
import { commitTree, laterDate, mergeCommits } from './merge-tree.ts';
import type { BranchDeps } from './publish.ts';

export type UpdateSpec = Extract<JobSpec, { readonly kind: 'update' }>;
type Answer = Extract<JobResult, { readonly kind: 'update' }>['answer'];

export interface CatchUpDeps extends BranchDeps {
  /** Whose name the system's commits carry when the spec says none. */
  readonly author: Author;
}

export async function catchUp(deps: CatchUpDeps, spec: UpdateSpec): Promise<JobResult> {
  const answer = await caught('job', 'update', async () => await update(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'update', answer: answer.value };
}

async function update(deps: CatchUpDeps, spec: UpdateSpec): Promise<Result<Answer, Failure>> {
  const { rig, head, branch, bead } = spec;
  const fetched = await deps.mirrors.fetchTarget(rig);
  if (!fetched.ok) return fetched;
  const { targetTip } = fetched.value;
  const store = await deps.stores.open(rig.rig);
  if (!(await store.has(head))) {
    const output = `${head} is not in this runner's store`;
    const step = 'find the head';
    return err({ kind: 'job_failed', helps: 'person', job: 'update', step, output });
  }
  // A head that is in the target has nothing to catch up with.
  const current = await store.isAncestor(targetTip, head);
  if (current || (await store.isAncestor(head, targetTip))) return ok({ is: 'current', targetTip });
  const merged = await mergeCommits(store, head, targetTip);
  if (merged.is === 'conflict') {
    const { files } = merged;
    const failure: Failure = { kind: 'conflict', helps: 'no', target: rig.target, files };
    return ok({ is: 'conflict', failure, targetTip });
  }
  const who = spec.author ?? deps.author;
  const message = `Merge ${rig.target} into ${branch}`;
  const signature = { ...who, date: await laterDate(store, head, targetTip) };
  const made = await commitTree(store, {
    tree: merged.tree,
    parents: [head, targetTip],
    message: spec.signoff ? signedOff(message, who) : message,
    author: signature,
    committer: signature,
  });
  await store.setRef(systemRef(bead, made), made); // U2
  return ok({ is: 'updated', head: made, targetTip });
}
