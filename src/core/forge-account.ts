/**
 * A forge account: one origin and the credential that is used there. It owns what is shared by
 * all pull requests behind it: which are read next, and the incident when none can be.
 *
 * O1 One read is in flight at a time; it takes up to 25 due pull requests. O2 One incident per
 *    account and cause, however many pull requests stand behind it; one probe per incident.
 */
import {
  forgeAccountId,
  type CallId,
  type EscalationId,
  type ForgeAccountId,
  type MergeRequestId,
  type RigId,
} from './ids.ts';
import type { MergeRequest } from './merge-request.ts';
import type { PRStatusError } from './pr-status.ts';
import type { Rig } from './rig.ts';
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
  /** Why nobody behind it can be seen. O2 */
  readonly incident: { readonly error: PRStatusError; readonly since: Instant } | null;
  /** When the incident is probed next. */
  readonly probeAt: Instant | null;
  readonly escalation: EscalationId | null;
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

/** Forty pull requests behind one bad token are one incident; a missing one is its own. */
export function incidentKey(
  request: MergeRequest,
  error: NonNullable<MergeRequest['strikes']['lastError']>,
): string {
  const own =
    error.kind === 'unrecognized_url' ||
    (error.kind === 'http_error' && ['not_found_or_hidden', 'gone'].includes(error.reason));
  return own ? `${request.id}:poll` : `forge:${request.account ?? error.host}:${error.kind}`;
}
