/**
 * The dispatcher's own row, one per town: what grants slots, and the breaker that stops it.
 *
 * D1 The breaker opens after `breakerCount` charged or failed starts within `breakerWindowMs`,
 *    names the commonest cause, lets one probe through, and closes on its success.
 */
import type { EscalationId } from './ids.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export interface BreakerEvent {
  readonly at: Instant;
  readonly cause: string;
}

export interface Dispatch {
  readonly id: 'dispatch';
  readonly status: 'granting' | 'broken' | 'probing';
  readonly recent: readonly BreakerEvent[];
  readonly openedAt: Instant | null;
  /** The attempt granted as a probe. */
  readonly probe: string | null;
  readonly resetAsked: boolean;
  readonly escalation: EscalationId | null;
  readonly waits: readonly Wait[];
  readonly updatedAt: Instant;
  readonly parked: string | null;
}
