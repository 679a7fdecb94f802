/**
 * A merge request: the change of one bead on its way into a target branch.
 *
 * M1 One live merge request per bead. M2 `merged` carries its proof and never changes.
 * M3 One per (rig, target) holds the landing slot; it is taken in order of the number.
 * M4 A new head sets the stage back to `queued`; nothing judged about the old one counts.
 */
import type { Proof } from './bead.ts';
import type { Dequeued, Feedback, MergeAnswer, Opened, Replied } from './forge-answers.ts';
import type {
  AttemptId,
  BeadId,
  CallId,
  Commit,
  EscalationId,
  ForgeAccountId,
  JobId,
  MergeRequestId,
  RigId,
} from './ids.ts';
import type { Failure } from './failure.ts';
import type { Candidate, GateReport, Landed, MergeMethod } from './job.ts';
import type { PRStatusError, PRStatusErrorKind } from './pr-status.ts';
import type { PullRequestSnapshot } from './pull-request.ts';
import { noStrikes, type Strikes } from './strikes.ts';
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
  gating: ['queued', 'approved', 'changes_requested', 'merged', 'abandoned'],
  changes_requested: ['queued', 'merged', 'abandoned'],
  approved: ['queued', 'gating', 'landing', 'changes_requested', 'merged', 'abandoned'],
  landing: ['queued', 'approved', 'merged', 'changes_requested', 'abandoned'],
  merged: [],
  abandoned: [],
};

/** It ended, one way or the other: nothing moves it any more. */
export function isOver({ stage }: Pick<MergeRequest, 'stage'>): boolean {
  return stage === 'merged' || stage === 'abandoned';
}

/** A request that has no pull request. */
export const noPull: PullColumns = {
  pr: 'none',
  account: null,
  prProject: null,
  prNumber: null,
  prNodeId: null,
  prUrl: null,
  published: null,
  publishedAt: null,
  replaced: null,
  snapshot: null,
  strikes: noStrikes,
  unobservable: null,
  readAt: null,
  forgeCall: null,
  forgeReport: null,
  green: null,
  feedbackSeen: null,
  answers: [],
  mergeTries: 0,
  mergeAsked: null,
  dequeued: null,
  adopted: false,
  repairs: true,
};

/** A person's word on one head; a new head asks again. */
export interface Decision {
  readonly head: Commit;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
  readonly at: Instant;
}

/** The forge's side of a merge request. */
export type PullState = 'none' | 'opening' | 'open' | 'merged' | 'closed';

/** Nobody can claim to see the pull request any more. The work is what it was. P5 */
export interface Unobservable {
  readonly failureReason: 'pr_poll_failed';
  readonly failureKind: PRStatusErrorKind;
  readonly error: PRStatusError;
  readonly since: Instant;
}

/** What was shown to an agent as feedback, and whether those who wrote it have had an answer. */
export interface ThreadAnswer {
  /** The forge's id of the thread; of a review that is only a body, `review` and its hash. */
  readonly thread: string;
  /** Hidden in our reply: how it is known when an answer was lost. */
  readonly marker: string;
  /** Comments in it when it was shown, and our own reply: one more is news. */
  readonly comments: number;
  readonly done: boolean;
  /** Replies that the forge refused. */
  readonly tries: number;
}

/** A call to the forge that is under way for this request: opening, merging, dequeuing. */
export interface ForgeFootprint {
  readonly op: 'open' | 'merge' | 'feedback' | 'reply' | 'reopen' | 'close' | 'dequeue';
  readonly callId: CallId;
  readonly deadline: Instant;
  /** Of feedback: what the snapshot showed when it was asked for. */
  readonly glance?: string;
}

/** The forge was asked to merge this head, and no read has shown since what became of it. */
export interface MergeAsked {
  readonly head: Commit;
  /** A read that began before this may not know yet. */
  readonly until: Instant;
}

/** What the forge answered, until the decision has read it. */
export type ForgeReport =
  | { readonly op: 'open'; readonly answer: Opened }
  | { readonly op: 'merge'; readonly answer: MergeAnswer }
  | { readonly op: 'feedback'; readonly answer: Feedback }
  | { readonly op: 'reply'; readonly answer: Replied }
  | { readonly op: 'reopen' | 'close'; readonly answer: null }
  | { readonly op: 'dequeue'; readonly answer: Dequeued }
  | { readonly op: ForgeFootprint['op']; readonly error: PRStatusError };

export interface PullColumns {
  readonly pr: PullState;
  readonly account: ForgeAccountId | null;
  /** The project's path and the number in it: unique with the account's origin. */
  readonly prProject: string | null;
  readonly prNumber: number | null;
  readonly prNodeId: string | null;
  readonly prUrl: string | null;
  /** The head the branch has on the remote by our own push. */
  readonly published: Commit | null;
  readonly publishedAt: Instant | null;
  /** What our last push replaced: a forge may show it for a moment longer. */
  readonly replaced: Commit | null;
  readonly snapshot: PullRequestSnapshot | null;
  readonly strikes: Strikes;
  readonly unobservable: Unobservable | null;
  /** When it is due to be read; null: it is not read. */
  readonly readAt: Instant | null;
  readonly forgeCall: ForgeFootprint | null;
  readonly forgeReport: ForgeReport | null;
  /** Since when exactly this head has been green. */
  readonly green: { readonly head: Commit; readonly since: Instant } | null;
  /** Head, first glance and fingerprint of the feedback that was read last. */
  readonly feedbackSeen: string | null;
  /** The threads of the last round in the order they were shown, then those of earlier ones. */
  readonly answers: readonly ThreadAnswer[];
  readonly mergeTries: number;
  /** By our own call it may be merged, or wait to be; null: nothing we asked for stands. */
  readonly mergeAsked: MergeAsked | null;
  /** The head at which the forge last said that nothing merges it by itself. */
  readonly dequeued: Commit | null;
  /** Opened by somebody else and taken on. */
  readonly adopted: boolean;
  /** Work of ours may be pushed to its branch; of an adopted one, where that was agreed to. */
  readonly repairs: boolean;
}

export interface MergeRequest extends PullColumns {
  readonly id: MergeRequestId;
  readonly number: number;
  readonly bead: BeadId;
  readonly rig: RigId;
  readonly target: string;
  readonly branch: string;
  readonly strategy: 'direct' | 'pr';
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
