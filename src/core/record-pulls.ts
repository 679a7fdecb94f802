/**
 * Facts about pull requests, recorded: what a read saw or why it saw nothing, what the forge
 * answered to a call, and hints that something may have changed. Pure.
 *
 * P1 A success clears every counter at once, here and nowhere else; a failure counts one strike.
 * P2 A hint only makes a read due: forged, repeated, reordered or lost it harms nothing.
 * P3 A read speaks of the moment it began. One that was given up says nothing any more, and what
 *    became due while it was under way stays due. Nor does one of the pull request that another one
 *    has taken the place of meanwhile.
 */
import type { Action } from './action.ts';
import { nextBeat, nextReadAt, temperatureOf } from './cadence.ts';
import type { Fact } from './fact.ts';
import { incidentAfter, incidentKey, type ForgeAccount } from './forge-account.ts';
import { limits } from './limits.ts';
import { isOver, type MergeRequest } from './merge-request.ts';
import { update } from './plan.ts';
import { mergesByItself } from './pull-request.ts';
import type { PRStatusError, PRStatusOutcome } from './pr-status.ts';
import { afterFailure, afterSuccess, isLongThrottled, retryAt } from './strikes.ts';
import { after, type Instant } from './time.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { readonly kind: K }>;

export function pullsRead(
  fact: Of<'pulls_read'>,
  account: ForgeAccount | null,
  requests: readonly MergeRequest[],
  now: Instant,
): readonly Action[] {
  const read = account?.read ?? null;
  if (account === null || read?.callId !== fact.callId) return []; // P3
  const recorded = requests
    .filter((request) => request.account === account.id)
    .flatMap((request) => {
      const found = fact.outcomes.find(({ mergeRequest }) => mergeRequest === request.id);
      return found === undefined ? [] : oneRead(request, found.outcome, read.startedAt, now);
    });
  const outcomes = fact.outcomes.map(({ outcome }) => outcome);
  const after = { read: null, ...incidentAfter(account, outcomes, now) };
  return [update('forge_account', account.id, after, 'read_done'), ...recorded];
}

function oneRead(
  request: MergeRequest,
  outcome: PRStatusOutcome,
  startedAt: Instant,
  now: Instant,
): readonly Action[] {
  if (isOver(request) || (request.pr !== 'open' && request.pr !== 'closed')) {
    // Nobody needs to know any more: what is not watched must not stay due.
    const unwatched = update('merge_request', request.id, { readAt: null }, 'unwatched');
    return request.readAt === null ? [] : [unwatched];
  }
  return outcome.ok
    ? success(request, outcome.result, startedAt, now)
    : failure(request, outcome.error, now);
}

/** P1 */
function success(
  request: MergeRequest,
  snapshot: NonNullable<MergeRequest['snapshot']>,
  startedAt: Instant,
  now: Instant,
): readonly Action[] {
  if (snapshot.ref.number !== request.prNumber) return []; // P3
  const seenAt = request.snapshot?.observedAt ?? null;
  // A snapshot from the future is no newer one: the clock went back, and what is read now is true.
  if (seenAt !== null && seenAt > startedAt && seenAt <= now) return []; // P3
  const pushed = request.publishedAt !== null && now - request.publishedAt < 10 * 60_000;
  const temperature = temperatureOf(snapshot, pushed || request.stage === 'landing', now);
  const over = snapshot.state === 'merged';
  const columns = {
    snapshot,
    strikes: afterSuccess(),
    unobservable: null,
    mergeAsked: stillAsked(request, snapshot, startedAt),
    readAt: over ? null : (dueSince(request, startedAt) ?? nextReadAt(temperature, request, now)),
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

/** A read that began after the call was over shows what came of it. */
function stillAsked(
  { mergeAsked }: MergeRequest,
  snapshot: NonNullable<MergeRequest['snapshot']>,
  startedAt: Instant,
): MergeRequest['mergeAsked'] {
  if (mergeAsked === null || startedAt < mergeAsked.until) return mergeAsked;
  const isWaiting = snapshot.queue.is === 'unknown' || mergesByItself(snapshot);
  return snapshot.state === 'open' && isWaiting ? mergeAsked : null;
}

/** What it was made due for while it was read; null: nothing was. P3 */
function dueSince({ readAt }: MergeRequest, startedAt: Instant): Instant | null {
  return readAt !== null && readAt > startedAt ? readAt : null;
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
  account: ForgeAccount | null,
  requests: readonly MergeRequest[],
  now: Instant,
): readonly Action[] {
  return requests.flatMap((request) => {
    const at = hintedFor(fact, request, now);
    const isNew = at !== null && isNews(request, account, at, now);
    return isNew ? [update('merge_request', request.id, { readAt: at }, 'hinted')] : [];
  });
}

/** What is not known to be about it in particular can wait for company. null: it is not meant. */
function hintedFor(fact: Of<'pull_hinted'>, request: MergeRequest, now: Instant): Instant | null {
  const { prNumber, published, target } = request;
  const { numbers, heads, bases, soon } = fact;
  if (published !== null && heads.includes(published)) return now;
  if (prNumber !== null && numbers.includes(prNumber)) return now;
  const isMeant = bases.includes(target) || (prNumber !== null && soon.includes(prNumber));
  return isMeant ? nextBeat(request, now) : null;
}

/** What is due anyway keeps its place in line, unless the read of it is under way. P3 */
function isNews(
  { id, readAt, account: own }: MergeRequest,
  account: ForgeAccount | null,
  at: Instant,
  now: Instant,
): boolean {
  if (readAt === null || readAt > now) return readAt !== null && readAt > at;
  const read = account?.id === own ? (account?.read ?? null) : null;
  return read !== null && read.targets.includes(id) && readAt <= read.startedAt;
}
