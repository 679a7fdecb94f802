/**
 * A forge account: one origin and the credential that is used there. It owns what is shared by
 * all pull requests behind it: which are read next, and the incident when none can be.
 *
 * O1 One read is in flight at a time; it takes up to 25 due pull requests.
 * O2 An incident begins with a read that failed whole for the account's own reason, and ends with
 *    the first success behind it. While it stands, one unobservable pull request is read in each
 *    interval, in turn, for all of them; the others are read as ever. A person is told once per
 *    account and kind of failure (`incidentKey`).
 */
import {
  forgeAccountId,
  type CallId,
  type ForgeAccountId,
  type MergeRequestId,
  type RigId,
} from './ids.ts';
import type { MergeRequest } from './merge-request.ts';
import type { PRStatusError, PRStatusOutcome } from './pr-status.ts';
import type { Rig } from './rig.ts';
import { bucketOf } from './strikes.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export type ForgeAccountStatus = 'clear' | 'incident';

export const forgeAccountMoves: Readonly<
  Record<ForgeAccountStatus, readonly ForgeAccountStatus[]>
> = {
  clear: ['incident'],
  incident: ['clear'],
};

export interface ForgeAccount {
  readonly id: ForgeAccountId;
  readonly status: ForgeAccountStatus;
  readonly origin: string;
  /** A rig whose context resolves this account's credential. */
  readonly rig: RigId;
  /** The read under way. O1 */
  readonly read: {
    readonly callId: CallId;
    readonly startedAt: Instant;
    readonly deadline: Instant;
    readonly targets: readonly MergeRequestId[];
  } | null;
  /** Reads so far; numbers the calls. */
  readonly reads: number;
  /** Since when nobody behind it is seen, by what was read last. O2 */
  readonly incidentSince: Instant | null;
  /** When the incident is probed next; null: at the next chance. */
  readonly probeAt: Instant | null;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly parked: string | null;
}

/** The account behind a rig: the origin's, or with a credential of its own the rig's. */
export function accountIdOf(rig: Rig): ForgeAccountId {
  const origin = rig.forge?.origin ?? 'none';
  return forgeAccountId(rig.ownCredential ? `${origin}#${rig.id}` : origin);
}

/** Is the account one at this origin, whoever's credential it goes by? */
export function isAccountAt(account: ForgeAccountId | null, origin: string): boolean {
  return account === origin || account?.startsWith(`${origin}#`) === true;
}

/** O2. What a read says about the account; nothing where it was throttled, or too early. */
export function incidentAfter(
  { incidentSince }: ForgeAccount,
  outcomes: readonly PRStatusOutcome[],
  now: Instant,
): Partial<ForgeAccount> {
  if (outcomes.some(({ ok }) => ok)) return { incidentSince: null };
  const isWhole = outcomes.every(
    (outcome) => !outcome.ok && bucketOf(outcome.error) !== null && !isItsOwn(outcome.error),
  );
  return isWhole && outcomes.length > 0 ? { incidentSince: incidentSince ?? now } : {};
}

/** O2. When an unobservable one that is due at `readAt` is really read, at the earliest. */
export function probeOf({ status, probeAt }: ForgeAccount, readAt: Instant): Instant {
  return status === 'incident' && probeAt !== null && probeAt > readAt ? probeAt : readAt;
}

/** Forty pull requests behind one bad token are one incident; a missing one is its own. */
export function incidentKey(request: MergeRequest, error: PRStatusError): string {
  const { id, account } = request;
  return isItsOwn(error) ? `${id}:poll` : `forge:${account ?? error.host}:${error.kind}`;
}

/** A reason that lies in one pull request and not in the account. */
function isItsOwn(error: PRStatusError): boolean {
  if (error.kind === 'unrecognized_url') return true;
  return error.kind === 'http_error' && ['not_found_or_hidden', 'gone'].includes(error.reason);
}
