/**
 * An escalation: a question or failure that needs a person. One per cause, never a stream of them.
 *
 * E1 Its choices do what they say. E2 Acknowledged means quiet. E3 Resolved is terminal.
 */
import type { EscalationId } from './ids.ts';
import type { Failure } from './failure.ts';
import type { Question } from './attempt.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export type EscalationStatus = 'open' | 'acknowledged' | 'resolved';

export const escalationMoves: Readonly<Record<EscalationStatus, readonly EscalationStatus[]>> = {
  open: ['acknowledged', 'resolved'],
  acknowledged: ['resolved'],
  resolved: [],
};

export interface Escalation {
  readonly id: EscalationId;
  readonly status: EscalationStatus;
  readonly severity: 'question' | 'warning' | 'failure';
  /** What it is about: a bead, a merge request, a rig, or `town`. */
  readonly subject: string;
  /** Equal causes share it: a second one of the same key joins the first. */
  readonly dedupeKey: string;
  readonly failure: Failure | null;
  readonly question: Question | null;
  readonly answer: string | null;
  readonly resolveAsked: boolean;
  readonly ackAsked: boolean;
  readonly remindedAt: Instant | null;
  readonly reminders: number;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly resolvedAt: Instant | null;
  readonly parked: string | null;
}
