/**
 * What is done about each thing that keeps a pull request from being merged: repaired in git,
 * sent back as a round, or waited for with its name. Pure.
 *
 * L8 One round per fingerprint of (head, unresolved items); never on merged or closed.
 * L9 Conflicts and branches that are behind are repaired in git, the same on every forge.
 */
import type { Plan } from '../action.ts';
import { assert } from '../assert.ts';
import { failureOf, fingerprintOf, glanceOf, owedFor } from '../feedback.ts';
import type { Feedback } from '../forge-answers.ts';
import { resultOf } from '../job.ts';
import { limits } from '../limits.ts';
import type { Blocker } from '../merge-gate.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { jobFailed } from './landing-build.ts';
import { landingRig } from './landing-slot.ts';
import { headOf, pausedUntil, readFeedback, startJob } from './pull-calls.ts';

export function blocked(view: MergeRequestView, blockers: readonly Blocker[]): Plan {
  const { mergeRequest, settings } = view;
  if (mergeRequest.green !== null) return act(set(mergeRequest, { green: null }, 'not_green'));
  const by = new Set(blockers.map((blocker) => blocker.by));
  const inGit = by.has('conflict') || by.has('behind');
  const { repairs } = mergeRequest;
  if (inGit && repairs && settings.autoResolveMergeConflicts) return catchUp(view);
  const toAnswer = by.has('checks_failed') || by.has('threads') || by.has('changes_requested');
  const waits = blockers.map((blocker) => waitFor(mergeRequest, blocker));
  const mayAnswer = repairs && settings.autoResolvePrFeedback;
  if (!toAnswer || !mayAnswer || isAnswered(view)) return rest(...waits);
  const pause = pausedUntil(view);
  if (pause === null) return readFeedback(view, glanced(mergeRequest));
  return rest(...waits, wait('backoff', [], { because: 'feedback' }, pause));
}

/** L9. Merge the target into the branch; a conflict goes to the bead. */
function catchUp(view: MergeRequestView): Plan {
  const { mergeRequest, job, bead, settings } = view;
  const { head } = mergeRequest;
  assert(head !== null, `${mergeRequest.id} has no head to catch up`);
  if (job === null || job.spec.kind !== 'update' || job.spec.head !== head) {
    return startJob(view, {
      kind: 'update',
      rig: landingRig(view),
      branch: mergeRequest.branch,
      bead: bead.id,
      head,
      author: settings['git.author'],
      signoff: settings['git.signoff'],
    });
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'update' }));
  const result = resultOf(job, 'update');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  switch (answer.is) {
    case 'updated': {
      // Gates run again on it, then it is published over what stands there.
      const { published, publishedAt, ...fresh } = headOf(answer.head, view);
      assert(published === answer.head && publishedAt !== undefined, 'a fresh head');
      return act(set(mergeRequest, fresh, 'caught_up'));
    }
    case 'current':
      // The forge has not seen it yet; it will say so at the next read.
      return rest(wait('poll', [mergeRequest.account], { because: 'behind' }));
    case 'conflict':
      return act(
        set(
          mergeRequest,
          { stage: 'changes_requested', failures: [answer.failure], job: null },
          'conflict',
        ),
      );
  }
}

/** L8 */
export function roundOf(view: MergeRequestView, feedback: Feedback): Plan {
  const { mergeRequest, now } = view;
  const heard = { forgeCall: null, forgeReport: null };
  if (!feedback.complete || feedback.head !== mergeRequest.head) {
    const notBefore = after(now, limits.pollWarmMs);
    return act(set(mergeRequest, { ...heard, readAt: now, notBefore }, 'feedback_unclear'));
  }
  const failure = failureOf(mergeRequest, feedback);
  const nothing = failure.checks.length === 0 && failure.threads.length === 0;
  const glance = mergeRequest.forgeCall?.glance ?? glanced(mergeRequest);
  const feedbackSeen = `${glance} ${fingerprintOf(mergeRequest, feedback)}`;
  const isKnown = sameItems(mergeRequest.feedbackSeen, feedbackSeen);
  if (nothing || isKnown) {
    return act(set(mergeRequest, { ...heard, feedbackSeen }, 'feedback_known'));
  }
  const columns = {
    ...heard,
    stage: 'changes_requested' as const,
    feedbackSeen,
    answers: owedFor(view.town, mergeRequest, feedback),
    failures: [failure],
    job: null,
  };
  return act(set(mergeRequest, columns, 'feedback'));
}

/** Nothing is seen that was not there when the feedback was read last. */
function isAnswered({ mergeRequest }: MergeRequestView): boolean {
  const { feedbackSeen } = mergeRequest;
  return feedbackSeen !== null && feedbackSeen.startsWith(glanced(mergeRequest));
}

function glanced({ id, snapshot }: MergeRequest): string {
  assert(snapshot !== null, `${id} has feedback and was never seen`);
  return glanceOf(snapshot);
}

/** Head, glance, fingerprint: the same head and items, whatever the glance. L8 */
function sameItems(one: string | null, other: string): boolean {
  const [head, , items] = other.split(' ');
  const [headBefore, , itemsBefore] = one?.split(' ') ?? [];
  return head === headBefore && items === itemsBefore;
}

function waitFor(request: MergeRequest, blocker: Blocker) {
  const on = [request.id];
  switch (blocker.by) {
    case 'checks_failed':
    case 'checks_pending':
      return wait('checks', on, { because: blocker.by });
    case 'checks_settling':
      return wait('checks', on, { because: blocker.by }, blocker.until);
    case 'changes_requested':
    case 'approval_required':
    case 'threads':
      return wait('review', on, { because: blocker.by });
    case 'retargeted':
      return wait('human', on, { because: blocker.by, base: blocker.base });
    case 'draft':
    case 'conflict':
    case 'behind':
    case 'forge':
    case 'head':
      return wait('human', on, { because: blocker.by });
    case 'state':
    case 'computing':
      return wait('poll', on, { because: blocker.by });
    case 'unknown':
      return wait('poll', on, { because: `unknown_${blocker.group}`, why: blocker.why });
  }
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
