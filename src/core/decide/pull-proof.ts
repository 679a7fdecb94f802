/**
 * A merged pull request: git's word before anything is believed. Pure.
 *
 * L6 The commit the forge made, or the head itself, must be in the freshly fetched target.
 * L7 Merged is merged, also at an older head; a person is told what was left out.
 * L20 Merged into another branch is not: a person is told once, and may give the bead up. It is
 *    looked for in the target, for that branch may be merged there.
 */
import type { Action, Plan } from '../action.ts';
import { assert } from '../assert.ts';
import type { Failure } from '../failure.ts';
import { callId } from '../ids.ts';
import { resultOf } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { jobFailed } from './landing-build.ts';
import { landingRig } from './landing-slot.ts';
import { startJob } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';
import { questionsOver } from './request-over.ts';

export function proving(view: MergeRequestView): Plan {
  const { mergeRequest, job, now } = view;
  const { snapshot, head } = mergeRequest;
  assert(snapshot !== null, `${mergeRequest.id} is merged and was never seen`);
  if (mergeRequest.notBefore !== null && mergeRequest.notBefore > now) {
    const { id, notBefore } = mergeRequest;
    const detail = { because: 'elsewhere', base: snapshot.baseBranch };
    return rest(
      isElsewhere(mergeRequest)
        ? wait('human', [id], detail, notBefore)
        : wait('backoff', [], { because: 'proof' }, notBefore),
    );
  }
  const commits = [snapshot.mergeCommit, head].filter((commit) => commit !== null);
  if (job === null || job.kind !== 'prove') {
    return startJob(view, { kind: 'prove', rig: landingRig(view), commits });
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'prove' }));
  const result = resultOf(job, 'prove');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  if (answer.is === 'not_there') {
    if (isElsewhere(mergeRequest)) return elsewhere(view, snapshot);
    // A replica may lag behind what the forge says: ask again, for as long as it takes.
    const notBefore = after(now, limits.pollWarmMs);
    return act(set(mergeRequest, { job: null, notBefore }, 'not_in_target_yet'));
  }
  const proof = {
    by: answer.commit === head ? ('head' as const) : ('forge' as const),
    commit: answer.commit,
    target: mergeRequest.target,
    targetTip: answer.targetTip,
    at: now,
  };
  const done = { stage: 'merged' as const, proof, mergedAt: now, job: null, readAt: null };
  return act(
    set(mergeRequest, { ...done, failures: [] }, 'merged'),
    ...(proof.by === 'head' ? [] : leftOut(view, snapshot)),
    ...tidied(view),
    ...questionsOver(view),
  );
}

/** L20. Merged, and not into the branch that it was for. */
export function isElsewhere({ snapshot, target }: MergeRequest): boolean {
  return snapshot?.state === 'merged' && snapshot.baseBranch !== target;
}

/** L20 */
function elsewhere(view: MergeRequestView, { ref, mergedBy, baseBranch }: PullRequestSnapshot) {
  const { mergeRequest, now } = view;
  const { id, target, failures } = mergeRequest;
  const failure: Failure = {
    kind: 'pr_merged_elsewhere',
    helps: 'person',
    url: ref.url,
    by: mergedBy,
    base: baseBranch,
    target,
  };
  const columns = { job: null, notBefore: after(now, limits.pollCoolMs), failures: [failure] };
  const later = set(mergeRequest, columns, 'merged_elsewhere');
  if (failures.some(({ kind }) => kind === failure.kind)) return act(later);
  return act(...questionsOver(view), later, {
    do: 'escalate',
    dedupeKey: `${id}:elsewhere`,
    bind: true,
    severity: 'failure',
    subject: id,
    failure,
    question: null,
  });
}

/** L7. What was never published, or replaced what was merged, cannot have been in it. */
function leftOut(
  { mergeRequest }: MergeRequestView,
  merged: PullRequestSnapshot,
): readonly Action[] {
  const { id, head, published, replaced, bead } = mergeRequest;
  const isOlder = merged.head === replaced || (head !== published && merged.head !== head);
  if (head === null || !isOlder) return [];
  const { url } = merged.ref;
  const failure: Failure = {
    kind: 'pr_merged_without',
    helps: 'person',
    url,
    by: merged.mergedBy,
    merged: merged.head,
    head,
  };
  const about = { dedupeKey: `${id}:without`, bind: false, subject: bead } as const;
  return [{ do: 'escalate', ...about, severity: 'warning', failure, question: null }];
}

/** Its own branch goes once its change is proved; only at the head we know, and only ours. */
function tidied(view: MergeRequestView): readonly Action[] {
  const { mergeRequest, rig, settings } = view;
  const { published, branch, adopted } = mergeRequest;
  const ref = pullRefOf(mergeRequest, rig);
  if (!settings.deleteBranchAfterMerge || published === null || ref === null || adopted) return [];
  const id = callId(`${mergeRequest.id}:delete_branch`);
  const subject = { callId: id, rig: rig.id, project: ref.project, mergeRequest: mergeRequest.id };
  return [{ do: 'call', call: { op: 'delete_branch', ...subject, ref, branch, head: published } }];
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
