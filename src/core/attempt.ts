/**
 * An attempt: one numbered try at a bead by one agent, with a lease.
 *
 * A1 One live attempt per bead. A2 An ended attempt never changes.
 * A3 `ended` comes only from the runner's word that the process tree is gone, or when the runner
 *    has been lost for longer than linkGrace + stopGrace.
 */
import type { AttemptId, BeadId, CallId, Commit, RigId, RunnerId } from './ids.ts';
import type { Failure } from './failure.ts';
import type { IsolationLevel, LaunchSpec } from './launch-spec.ts';
import type { Instant } from './time.ts';
import type { Touched } from './touched.ts';
import type { Wait } from './wait.ts';

export type AttemptStatus = 'starting' | 'running' | 'stopping' | 'ended';

/** How far a start has come. */
export type AttemptPhase =
  | 'granted'
  | 'workspace_ready'
  | 'spawned'
  | 'session_ready'
  | 'turn_started';

export const attemptMoves: Readonly<Record<AttemptStatus, readonly AttemptStatus[]>> = {
  starting: ['running', 'stopping', 'ended'],
  running: ['stopping', 'ended'],
  stopping: ['ended'],
  ended: [],
};

export type Outcome =
  | 'submitted'
  | 'asked'
  | 'cancelled'
  | 'evicted'
  | 'crashed'
  | 'idle_without_done'
  | 'timed_out'
  | 'start_failed'
  | 'over_budget';

/** What each outcome costs. One table; the bead's decision reads it and nothing else does. */
export const outcomes: Readonly<
  Record<Outcome, { readonly charged: boolean; readonly backoff: boolean }>
> = {
  submitted: { charged: false, backoff: false },
  asked: { charged: false, backoff: false },
  cancelled: { charged: false, backoff: false },
  evicted: { charged: false, backoff: false },
  crashed: { charged: true, backoff: true },
  idle_without_done: { charged: true, backoff: true },
  timed_out: { charged: true, backoff: true },
  start_failed: { charged: false, backoff: true },
  over_budget: { charged: false, backoff: false },
};

/** Absolute totals, never deltas. `usd` is null where nobody reported a price. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number | null;
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, usd: null };

/** A question of the agent for a person. Untrusted text. */
export interface Question {
  readonly text: string;
  readonly choices: readonly string[];
}

/** Set when the runner's word arrives; the attempt's decision turns it into `ended`. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly failure: Failure | null;
  /** What was saved of its unsubmitted work, or null when there was none. */
  readonly saved: Commit | null;
  readonly at: Instant;
}

export interface Attempt {
  readonly id: AttemptId;
  readonly bead: BeadId;
  readonly rig: RigId;
  readonly number: number;
  readonly status: AttemptStatus;
  readonly phase: AttemptPhase;
  /** A pool name for people, such as `toast`; never an identity. */
  readonly name: string;
  readonly runner: RunnerId;
  /** The runner's life that holds it; null until the runner took it. */
  readonly incarnation: string | null;
  readonly spec: LaunchSpec;
  readonly specHash: string;

  /** Footprints: of the start, and of the stop once it was decided. */
  readonly startCall: CallId;
  readonly stopCall: CallId | null;
  /** The running call is repeated when this passes without a word from the runner. */
  readonly callDeadline: Instant | null;
  /** When the runner answered the start: from here on its words decide. */
  readonly acceptedAt: Instant | null;
  readonly leaseUntil: Instant;
  /** A backstop behind the runner's own deadlines for a start or a stop. */
  readonly phaseDeadline: Instant | null;

  readonly isolation: IsolationLevel | null;
  readonly model: string | null;
  readonly base: Commit | null;
  readonly submitted: {
    readonly head: Commit;
    readonly summary: string;
    /** null: its runner's word made no sense. */
    readonly touched: Touched | null;
  } | null;
  readonly question: Question | null;
  readonly stopReason: 'submitted' | 'asked' | 'person' | 'quiet' | 'budget' | 'paused' | null;
  readonly end: AttemptEnd | null;
  readonly outcome: Outcome | null;
  readonly failure: Failure | null;
  readonly usage: Usage;
  readonly lastActivityAt: Instant;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly endedAt: Instant | null;
  readonly updatedAt: Instant;
  readonly parked: string | null;
}
