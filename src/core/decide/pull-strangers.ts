/**
 * `strangerCommits: ask`: somebody else pushed to our branch, and a person says whether their
 * commits are taken in. Pure.
 *
 * Q1 An answer is about one head: another push asks again, and the first question is over.
 * Q2 `accept` takes them in; `drop` gives the bead up and leaves branch and pull request alone.
 */
import type { Action, Plan } from '../action.ts';
import { assert } from '../assert.ts';
import type { Commit } from '../ids.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import { oneLine } from '../quote.ts';
import type { MergeRequestView } from '../view.ts';

/** null: they may be taken in. */
export function askAboutStrangers(view: MergeRequestView, shown: Commit): Plan | null {
  const { mergeRequest, escalation } = view;
  const key = keyOf(mergeRequest, shown);
  if (mergeRequest.escalation === null) return raise(mergeRequest, key, shown);
  assert(escalation !== null, `${mergeRequest.id} waits for an escalation that is gone`);
  if (escalation.dedupeKey !== key && isAboutStrangers(view)) return over(view, 'pushed_again');
  if (escalation.status !== 'resolved') {
    return rest(wait('human', [escalation.id], { because: 'stranger_commits' }));
  }
  if (escalation.dedupeKey === key && escalation.answer === 'accept') return null;
  return act(update('merge_request', mergeRequest.id, { escalation: null }, 'answered'));
}

/**
 * The branch shows what we know again: nobody has to be asked. null: nobody was, or the answer is
 * there. Git may have found them before the forge shows them: only a read since then says so.
 */
export function strangersGone(view: MergeRequestView): Plan | null {
  const { mergeRequest, escalation } = view;
  if (escalation === null || !isAboutStrangers(view)) return null;
  const isAnswered = escalation.status === 'resolved';
  if (isAnswered && escalation.answer === 'accept') return null;
  const { snapshot } = mergeRequest;
  const isSeenSince = snapshot !== null && snapshot.observedAt >= escalation.createdAt;
  // What git said of the branch then says nothing of it now: it is asked again.
  if (isSeenSince || isAnswered) return over(view, 'strangers_gone', { job: null });
  return rest(wait('human', [escalation.id], { because: 'stranger_commits' }));
}

/** What ends the question when their commits were taken in, by its answer or by the setting. */
export function questionOver(view: MergeRequestView): readonly Action[] {
  return isAboutStrangers(view) ? over(view, 'taken').actions : [];
}

function over(
  { mergeRequest, escalation }: MergeRequestView,
  why: string,
  more: Partial<MergeRequest> = {},
): Plan {
  return act(
    { do: 'resolve', dedupeKey: escalation?.dedupeKey ?? '', why },
    update('merge_request', mergeRequest.id, { escalation: null, ...more }, why),
  );
}

function isAboutStrangers({ mergeRequest, escalation }: MergeRequestView): boolean {
  const isBound = mergeRequest.escalation !== null && mergeRequest.escalation === escalation?.id;
  return isBound && escalation.dedupeKey.startsWith(`${mergeRequest.id}:strangers:`);
}

function keyOf({ id }: MergeRequest, shown: Commit): string {
  return `${id}:strangers:${shown.slice(0, 12)}`;
}

function raise({ id, branch }: MergeRequest, dedupeKey: string, shown: Commit): Plan {
  const text =
    `Somebody else pushed to ${oneLine(branch, 200)}; it is at ${shown.slice(0, 12)} now. ` +
    'accept: their commits are taken in and judged. drop: the bead is closed without landing.';
  return act({
    do: 'escalate',
    dedupeKey,
    bind: true,
    severity: 'question',
    subject: id,
    failure: null,
    question: { text, choices: ['accept', 'drop'] },
  });
}
