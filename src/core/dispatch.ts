/**
 * The dispatcher's own row, one per town: it grants slots, and the breaker that stops it.
 *
 * D1 The breaker opens after `breakerCount` charged or failed starts within `breakerWindowMs`,
 *    names the commonest cause, lets one probe through, and closes on its success.
 */
import type { AttemptId, EscalationId } from './ids.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export type DispatchStatus = 'granting' | 'broken' | 'probing';

export const dispatchMoves: Readonly<Record<DispatchStatus, readonly DispatchStatus[]>> = {
  granting: ['broken'],
  broken: ['probing', 'granting'],
  probing: ['broken', 'granting'],
};

export interface Dispatch {
  readonly id: 'dispatch';
  readonly status: DispatchStatus;
  readonly openedAt: Instant | null;
  /** Failures before this no longer count. */
  readonly resetAt: Instant;
  /** The attempt granted as a probe. */
  readonly probe: AttemptId | null;
  readonly resetAsked: boolean;
  readonly escalation: EscalationId | null;
  readonly waits: readonly Wait[];
  readonly updatedAt: Instant;
  readonly parked: string | null;
}
