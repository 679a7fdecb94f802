/**
 * Facts about pull requests, recorded: what a read saw or why it saw nothing, what the forge
 * answered to a call, and hints that something may have changed. Pure.
 *
 * P1 A success clears every counter at once, here and nowhere else; a failure counts one strike.
 * P2 A hint only makes a read due: forged, repeated, reordered or lost it harms nothing.
 */
import type { Action } from './action.ts';
import { nextReadAt, temperatureOf } from './cadence.ts';
import type { Fact } from './fact.ts';
import { incidentKey } from './forge-account.ts';
import { limits } from './limits.ts';
import type { MergeRequest } from './merge-request.ts';
import { update } from './plan.ts';
import type { PRStatusError, PRStatusOutcome } from './pr-status.ts';
import { afterFailure, afterSuccess, isLongThrottled, retryAt } from './strikes.ts';
import { after, type Instant } from './time.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { readonly kind: K }>;

export function pullsRead(
  fact: Of<'pulls_read'>,
  requests: readonly MergeRequest[],
  now: Instant,
): readonly Action[] {
  const read = requests.flatMap((request) => {
    const found = fact.outcomes.find(({ mergeRequest }) => mergeRequest === request.id);
    return found === undefined ? [] : oneRead(request, found.outcome, now);
  });
  return [update('forge_account', fact.account, { read: null }, 'read_done'), ...read];
}

function oneRead(request: MergeRequest, outcome: PRStatusOutcome, now: Instant): readonly Action[] {
  const isOver = request.stage === 'merged' || request.stage === 'abandoned';
  if (isOver || (request.pr !== 'open' && request.pr !== 'closed')) {
    // Nobody needs to know any more: what is not watched must not stay due.
    const unwatched = update('merge_request', request.id, { readAt: null }, 'unwatched');
    return request.readAt === null ? [] : [unwatched];
  }
  return outcome.ok ? success(request, outcome.result, now) : failure(request, outcome.error, now);
}

/** P1 */
function success(
  request: MergeRequest,
  snapshot: NonNullable<MergeRequest['snapshot']>,
  now: Instant,
): readonly Action[] {
  const seenAt = request.snapshot?.observedAt ?? null;
  // A snapshot from the future is no newer one: the clock went back, and what is read now is true.
  if (seenAt !== null && seenAt > snapshot.observedAt && seenAt <= now) return [];
  const pushed = request.publishedAt !== null && now - request.publishedAt < 10 * 60_000;
  const temperature = temperatureOf(snapshot, pushed || request.stage === 'landing', now);
  const over = snapshot.state === 'merged';
  const columns = {
    snapshot,
    strikes: afterSuccess(),
    unobservable: null,
    readAt: over ? null : nextReadAt(temperature, request.number, now),
    ...(request.unobservable === null ? {} : { failures: othersOf(request) }),
  };
  const seen: readonly Action[] = [
    update('merge_request', request.id, columns, 'read'),
    ...(request.strikes.throttledSince === null
      ? []
      : [{ do: 'resolve' as const, dedupeKey: throttledKey(request), why: 'read_again' }]),
  ];
  if (request.unobservable === null) return seen;
  const { error, failureKind } = request.unobservable;
  return [
    ...seen,
    { do: 'resolve', dedupeKey: incidentKey(request, error), why: 'readable_again' },
    {
      do: 'event',
      name: 'pr.poll_resumed',
      about: { kind: 'merge_request', id: request.id },
      data: { beadId: request.bead, rigId: request.rig, failureKind },
    },
  ];
}

/** What a round is about stays. */
function othersOf({ failures }: MergeRequest): MergeRequest['failures'] {
  return failures.filter(({ kind }) => kind !== 'pr_poll_failed');
}

function failure(request: MergeRequest, error: PRStatusError, now: Instant): readonly Action[] {
  const strikes = afterFailure(request.strikes, error, now);
  const next =
    request.unobservable === null ? retryAt(strikes, now) : after(now, limits.unobservableProbeMs);
  return [
    update('merge_request', request.id, { strikes, readAt: next }, `unread_${error.kind}`),
    ...(isLongThrottled(strikes, now) ? [longThrottled(request, error)] : []),
  ];
}

/** Hours of waiting are an incident of the account, never a verdict on the pull request. K3 */
function longThrottled(request: MergeRequest, error: PRStatusError): Action {
  return {
    do: 'escalate',
    dedupeKey: throttledKey(request),
    bind: false,
    severity: 'warning',
    subject: `rig:${request.rig}`,
    failure: {
      kind: 'pr_poll_failed',
      helps: 'later',
      url: request.prUrl ?? '',
      error,
      by: 'transient',
    },
    question: null,
  };
}

function throttledKey(request: MergeRequest): string {
  return `forge:${request.account ?? ''}:throttled`;
}

export function forgeAnswered(
  fact: Of<'forge_answered'>,
  request: MergeRequest | null,
): readonly Action[] {
  if (request === null || request.forgeCall?.callId !== fact.callId) return [];
  return [update('merge_request', request.id, { forgeReport: fact.report }, 'forge_answered')];
}

/** P2 */
export function hinted(
  fact: Of<'pull_hinted'>,
  requests: readonly MergeRequest[],
  now: Instant,
): readonly Action[] {
  return requests
    .filter(
      (request) =>
        (request.prNumber !== null && fact.numbers.includes(request.prNumber)) ||
        (request.published !== null && fact.heads.includes(request.published)) ||
        fact.bases.includes(request.target),
    )
    .filter(({ readAt }) => readAt !== null && readAt > now)
    .map((request) => update('merge_request', request.id, { readAt: now }, 'hinted'));
}
