/**
 * The `push` job: puts exactly the candidate on the target, and proves that it is there.
 *
 * L1 It fetches first and asks whether the candidate is in the target: a push whose result was
 *    lost is told as landed, and nothing is pushed twice.
 * L2 The push carries a lease on the tip the candidate was built on, and is a fast-forward.
 * L3 `landed` is said only after a fetch that follows the push, from `merge-base --is-ancestor`;
 *    what the push itself answered proves nothing.
 * L4 The person's checkout is moved only when they allowed it, and only when it is clean.
 */
import { assert } from '../core/assert.ts';
import type { Failure } from '../core/failure.ts';
import type { Candidate, JobResult, JobSpec } from '../core/job.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { targetCheckedOut, type CheckedOut } from './checked-out.ts';
import { caught, pushAnswer } from './git-errors.ts';
import type { Git } from './git.ts';
import type { Mirrors } from './mirror.ts';
import type { Store, Stores } from './store.ts';

export type PushSpec = Extract<JobSpec, { readonly kind: 'push' }>;
type Answer = Extract<JobResult, { readonly kind: 'push' }>['answer'];

export interface LandingDeps {
  readonly git: Git;
  readonly mirrors: Mirrors;
  readonly stores: Stores;
}

export async function pushCandidate(deps: LandingDeps, spec: PushSpec): Promise<JobResult> {
  const answer = await caught('job', 'push', async () => await land(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'push', answer: answer.value };
}

async function land(deps: LandingDeps, spec: PushSpec): Promise<Result<Answer, Failure>> {
  const { rig, candidate } = spec;
  const store = await deps.stores.open(rig.rig);
  const before = await look(deps, store, spec);
  if (!before.ok) return before;
  if (before.value !== null) return ok(before.value);
  const { commit, targetTip } = candidate;
  if (!(await store.has(commit))) {
    return ok({ is: 'moved', targetTip }); // the store was lost: building again makes it again
  }
  assert(await store.isAncestor(targetTip, commit), 'a candidate descends from its target tip');
  const checkout = await targetCheckedOut(deps.git, rig.remote, rig.target);
  const blocked = checkout === null ? null : blockedBy(checkout, spec);
  if (blocked !== null) return ok({ is: 'refused', failure: blocked });
  const pushed = await store.run(pushArgs(rig, candidate, checkout !== null), {
    network: true,
    timeoutMs: limits.pushMs,
  });
  const after = await look(deps, store, spec); // L3
  if (!after.ok) return after;
  if (after.value !== null) return ok(after.value);
  const answer = pushAnswer(rig.remote, `refs/heads/${rig.target}`, pushed);
  if (answer.is === 'refused') return ok({ is: 'refused', failure: answer.failure });
  if (answer.is === 'failed' && !pushed.ok) return err(answer.failure);
  const output = pushed.stderr;
  const step = 'the target did not move after the push';
  return err({ kind: 'job_failed', helps: 'later', job: 'push', step, output });
}

/** L1: null while the target stands where the candidate was built on. */
async function look(
  deps: LandingDeps,
  store: Store,
  spec: PushSpec,
): Promise<Result<Answer | null, Failure>> {
  const fetched = await deps.mirrors.fetchTarget(spec.rig);
  if (!fetched.ok) return fetched;
  const { targetTip } = fetched.value;
  const { commit } = spec.candidate;
  if (await store.isAncestor(commit, targetTip)) return ok({ is: 'landed', commit, targetTip });
  if (targetTip !== spec.candidate.targetTip) return ok({ is: 'moved', targetTip });
  return ok(null);
}

function pushArgs(rig: RigRef, candidate: Candidate, isCheckedOut: boolean): readonly string[] {
  const ref = `refs/heads/${rig.target}`;
  const update = 'git -c receive.denyCurrentBranch=updateInstead receive-pack';
  const args = ['push', '--porcelain', '--no-follow-tags', '--recurse-submodules=no'];
  const lease = `--force-with-lease=${ref}:${candidate.targetTip}`; // L2
  const receive = isCheckedOut ? [`--receive-pack=${update}`] : [];
  return [...args, lease, ...receive, '--', rig.remote, `${candidate.commit}:${ref}`];
}

/** L4 */
function blockedBy(checkout: CheckedOut, spec: PushSpec): Failure | null {
  const { path, dirty } = checkout;
  if (!spec.updateCheckout) {
    return { kind: 'target_checked_out', helps: 'person', path, target: spec.rig.target };
  }
  if (dirty.length === 0) return null;
  return { kind: 'checkout_dirty', helps: 'person', path, files: dirty.slice(0, 100) };
}
