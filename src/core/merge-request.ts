/**
 * A merge request: the change of one bead on its way into a target branch.
 *
 * M1 One live merge request per bead. M2 `merged` carries its proof and never changes.
 * M3 One per (rig, target) holds the landing slot; it is taken in order of the number.
 * M4 A new head sets the stage back to `queued`; nothing judged about the old one counts.
 */
import type { Proof } from './bead.ts';
import type {
  AttemptId,
  BeadId,
  Commit,
  EscalationId,
  JobId,
  MergeRequestId,
  RigId,
} from './ids.ts';
import type { Failure } from './failure.ts';
import type { Candidate, GateReport, Landed, MergeMethod } from './job.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export type Stage =
  | 'queued'
  | 'gating'
  | 'changes_requested'
  | 'approved'
  | 'landing'
  | 'merged'
  | 'abandoned';

export const stageMoves: Readonly<Record<Stage, readonly Stage[]>> = {
  queued: ['gating', 'changes_requested', 'merged', 'abandoned'],
  gating: ['queued', 'approved', 'changes_requested', 'abandoned'],
  changes_requested: ['queued', 'abandoned'],
  approved: ['queued', 'landing', 'changes_requested', 'abandoned'],
  landing: ['queued', 'merged', 'changes_requested', 'abandoned'],
  merged: [],
  abandoned: [],
};

/** A person's word on one head; a new head asks again. */
export interface Decision {
  readonly head: Commit;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
  readonly at: Instant;
}

export interface MergeRequest {
  readonly id: MergeRequestId;
  readonly number: number;
  readonly bead: BeadId;
  readonly rig: RigId;
  readonly target: string;
  readonly branch: string;
  readonly stage: Stage;
  /** The submission being judged. null only when the system makes the change (`reverts`). */
  readonly head: Commit | null;
  readonly submittedBy: AttemptId | null;
  readonly reverts: Landed | null;
  readonly method: MergeMethod;
  readonly candidate: Candidate | null;
  /** Reports on exactly the candidate. */
  readonly gates: readonly GateReport[];
  /** Gates that also fail on the target tip they were tried on. */
  readonly red: { readonly gate: string; readonly tip: Commit } | null;
  /** The same gate on the target, while it runs. */
  readonly targetJob: JobId | null;
  readonly job: JobId | null;
  /** Holds the landing slot of its target. M3 */
  readonly slot: boolean;
  /** Stands in line for the slot. M3 */
  readonly wantsSlot: boolean;
  readonly lostRaces: number;
  readonly decision: Decision | null;
  readonly proof: Proof | null;
  /** Why changes were requested, or why a person is needed. */
  readonly failures: readonly Failure[];
  readonly escalation: EscalationId | null;
  /** Nothing is tried before this: a job failed for a reason that may pass. */
  readonly notBefore: Instant | null;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly mergedAt: Instant | null;
  readonly parked: string | null;
}
