/**
 * What is said to those whose threads a round was about, once its next submission is on the
 * branch: one reply each, and the thread resolved. Pure.
 *
 * L10 Said after the publish and before the merge gate, in batches, each repeatable by markers.
 * L11 What was just resolved is not known to be so until the pull request was read again.
 * L12 A reply that the forge refuses for good is left out: it never keeps a change from landing.
 */
import type { Plan } from '../action.ts';
import { assert } from '../assert.ts';
import { repliesOf } from '../feedback.ts';
import type { Replied } from '../forge-answers.ts';
import { limits } from '../limits.ts';
import type { MergeRequest, ThreadAnswer } from '../merge-request.ts';
import { act, backoffUntil, update } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import { bucketOf } from '../strikes.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { forgeCall, projectOf } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';

/** null: nothing is owed to anybody. L10 */
export function replying(view: MergeRequestView): Plan | null {
  const { mergeRequest, bead, rig } = view;
  const summary = bead.submission?.summary ?? '';
  const replies = repliesOf(mergeRequest, summary, limits.repliesPerCall);
  if (replies.length === 0) return null;
  const ref = pullRefOf(mergeRequest, rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to reply on`);
  const number = mergeRequest.answers.reduce(
    (sum, { done, tries }) => sum + tries + (done ? 1 : 0),
    0,
  );
  return forgeCall(
    view,
    'reply',
    (id) => ({
      op: 'reply_threads',
      callId: id,
      rig: rig.id,
      project: projectOf(view),
      mergeRequest: mergeRequest.id,
      ref,
      replies,
    }),
    { number },
  );
}

const heard = { forgeCall: null, forgeReport: null };

/** L11 */
export function replied(view: MergeRequestView, { replies }: Replied): Plan {
  const { mergeRequest, now } = view;
  const found = new Map(replies.map(({ thread, is }) => [thread, is]));
  const answers = mergeRequest.answers.map((answer): ThreadAnswer => {
    const is = answer.done ? undefined : found.get(answer.thread);
    if (is === undefined) return answer;
    if (is === 'unseen') return oneMoreTry(answer);
    const ours = is === 'settled' ? 0 : 1;
    return { ...answer, comments: answer.comments + ours, done: true };
  });
  const { snapshot } = mergeRequest;
  const threads = { is: 'unknown' as const, why: 'replied' };
  const unsure = snapshot === null ? null : { ...snapshot, threads };
  const isAll = replies.every(({ is }) => is !== 'unseen');
  const notBefore = isAll ? null : after(now, limits.pollWarmMs);
  const columns = { ...heard, answers, snapshot: unsure, readAt: now, notBefore };
  return act(set(mergeRequest, columns, 'replied'));
}

/** L12. An outage is no refusal: it is tried for as long as the pull request can be read. */
export function couldNotReply(view: MergeRequestView, error: PRStatusError): Plan {
  const { mergeRequest, now } = view;
  const bucket = bucketOf(error);
  if (error.kind === 'throttled') {
    const { retryAt } = error;
    const notBefore = retryAt > now ? retryAt : after(now, limits.forgeThrottleMs);
    return act(set(mergeRequest, { ...heard, notBefore }, error.kind));
  }
  const owed = mergeRequest.answers.filter(({ done }) => !done).slice(0, limits.repliesPerCall);
  const tried = new Set(bucket === 'transient' || bucket === null ? [] : owed);
  const answers = mergeRequest.answers.map((answer) =>
    tried.has(answer) ? oneMoreTry(answer) : answer,
  );
  const tries = owed[0]?.tries ?? 0;
  const notBefore = backoffUntil(now, tries + 1, limits.mergeRetryMs);
  return act(set(mergeRequest, { ...heard, answers, notBefore }, `reply_${error.kind}`));
}

function oneMoreTry(answer: ThreadAnswer): ThreadAnswer {
  const tries = answer.tries + 1;
  return { ...answer, tries, done: tries >= limits.replyTriesMax };
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
