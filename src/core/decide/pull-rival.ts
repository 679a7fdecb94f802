/**
 * Somebody else's open pull request says that it closes an issue that a bead is about: before a
 * second one is opened beside it, a person says what happens. Pure.
 *
 * V1 Asked of the forge by the call that opens, and of nothing before: slinging needs no network.
 * V2 `open` opens ours all the same, `again` looks once more and asks again while it is open,
 *    `drop` closes the bead (the command does that), an address takes that one on in its place.
 * V3 A person who let a duplicate go, or said `open`, is not asked about it.
 */
import type { Plan } from '../action.ts';
import type { Failure } from '../failure.ts';
import type { OpenSpec } from '../forge-answers.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import { pullTrailer } from '../pull-words.ts';
import type { MergeRequestView } from '../view.ts';

/** V3. What nothing is opened beside. */
export function unlessOf(view: MergeRequestView): OpenSpec['unless'] {
  const { bead, town } = view;
  const isWanted = bead.duplicate !== null || isLetOpen(view);
  const trailer = pullTrailer(town, bead);
  return {
    issues: isWanted ? [] : bead.issues,
    ours: trailer.slice(0, trailer.length - bead.id.length),
  };
}

/** V2 */
export function rivalFound(view: MergeRequestView, { ref }: PullRequestSnapshot): Plan {
  const { mergeRequest, bead } = view;
  const { url } = ref;
  const failure: Failure = { kind: 'pr_rival', helps: 'person', url, issues: bead.issues };
  const back = { forgeCall: null, forgeReport: null, pr: 'none' as const, failures: [failure] };
  return act(update('merge_request', mergeRequest.id, back, 'rival_found'), {
    do: 'escalate',
    dedupeKey: keyOf(mergeRequest),
    bind: true,
    severity: 'question',
    subject: mergeRequest.id,
    failure,
    question: {
      text: 'Somebody else has a pull request open for the same issue. What happens now?',
      choices: ['open', 'again', 'drop'],
    },
  });
}

/** V2. What its opening waits for; null: it may go on. */
export function rivalAsked(view: MergeRequestView): Plan | null {
  const { mergeRequest, escalation } = view;
  if (escalation?.dedupeKey !== keyOf(mergeRequest) || isLetOpen(view)) return null;
  if (escalation.status !== 'resolved') return rest(wait('human', [escalation.id]));
  return act(update('merge_request', mergeRequest.id, rivalOver(view), 'look_again'));
}

/** What is left of the question once it is answered and ours is open, or it is looked for again. */
export function rivalOver({ mergeRequest, escalation }: MergeRequestView): Partial<MergeRequest> {
  return escalation?.dedupeKey === keyOf(mergeRequest) ? { escalation: null, failures: [] } : {};
}

function isLetOpen({ mergeRequest, escalation }: MergeRequestView): boolean {
  const isAbout = escalation?.dedupeKey === keyOf(mergeRequest);
  return isAbout && escalation.status === 'resolved' && escalation.answer === 'open';
}

function keyOf({ id }: MergeRequest): string {
  return `${id}:rival`;
}
