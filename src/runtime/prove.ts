/**
 * The `prove` job: asks git, after a fetch, whether a commit is in the target.
 *
 * V1 What a forge says about a merge proves nothing; that the commit is an ancestor of the
 *    target's tip does.
 * V2 The first of the commits that is there is the proof; one this runner never saw is not there.
 */
import type { Failure } from '../core/failure.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import { ok, type Result } from '../core/result.ts';
import { caught } from './git-errors.ts';
import type { BranchDeps } from './publish.ts';

export type ProveSpec = Extract<JobSpec, { readonly kind: 'prove' }>;
type Answer = Extract<JobResult, { readonly kind: 'prove' }>['answer'];

export async function proveLanded(deps: BranchDeps, spec: ProveSpec): Promise<JobResult> {
  const answer = await caught('job', 'prove', async () => await prove(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'prove', answer: answer.value };
}

async function prove(deps: BranchDeps, spec: ProveSpec): Promise<Result<Answer, Failure>> {
  const fetched = await deps.mirrors.fetchTarget(spec.rig);
  if (!fetched.ok) return fetched;
  const { targetTip } = fetched.value;
  const store = await deps.stores.open(spec.rig.rig);
  for (const commit of spec.commits) {
    if (await store.isAncestor(commit, targetTip)) return ok({ is: 'landed', commit, targetTip });
  }
  return ok({ is: 'not_there', targetTip });
}
