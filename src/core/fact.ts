/**
 * Facts: what the outside tells the town. A fact records columns (`record.ts`) and never moves
 * anything; the next decision reads what it left.
 *
 * C1 Values are absolute, never deltas, so a repeat or a late one does no harm.
 * C2 Each names its attempt, job or runner; a fence stops only what would move a bead.
 *    Usage, saved work and transcript of an ended attempt still count.
 */
import type { AttemptEnd, AttemptPhase, Question, Usage } from './attempt.ts';
import type {
  AttemptId,
  CallId,
  Commit,
  ForgeAccountId,
  JobId,
  MergeRequestId,
  RigId,
  RunnerId,
} from './ids.ts';
import type { JobResult } from './job.ts';
import type { IsolationLevel } from './launch-spec.ts';
import type { ForgeReport } from './merge-request.ts';
import type { PRStatusOutcome } from './pr-status.ts';
import type { Inventory } from './runner.ts';
import type { Touched } from './touched.ts';

export type Fact =
  /** A runner's life begins, or its link is back. Lists what it really holds. */
  | {
      readonly kind: 'runner_connected';
      readonly runner: RunnerId;
      readonly incarnation: string;
      readonly inventory: Inventory;
      readonly attempts: readonly AttemptId[];
      readonly jobs: readonly JobId[];
      /** The `list` call it answers; null when a life begins or its link is back. */
      readonly answers: CallId | null;
    }
  | {
      readonly kind: 'runner_heartbeat';
      readonly runner: RunnerId;
      readonly incarnation: string;
    }
  /** Told by `perform`: what the runner answered to a call, or that it could not be reached. */
  | {
      readonly kind: 'call_answered';
      readonly op: 'start_attempt' | 'stop_attempt' | 'start_job' | 'cancel_job' | 'list';
      readonly callId: CallId;
      /** The attempt, job or runner it was about. */
      readonly subject: string;
      readonly answer: 'accepted' | 'draining' | 'superseded' | 'unreachable';
    }
  | {
      readonly kind: 'attempt_phase';
      readonly attempt: AttemptId;
      readonly incarnation: string;
      readonly phase: AttemptPhase;
      /** Set with `workspace_ready`. */
      readonly base: Commit | null;
      /** Set with `spawned`. */
      readonly isolation: IsolationLevel | null;
      /** Set with `session_ready`: the model the agent says it uses, where it says so. */
      readonly model: string | null;
    }
  /** Absolute usage so far, and that something happened. Coalesced by the runner. */
  | { readonly kind: 'attempt_activity'; readonly attempt: AttemptId; readonly usage: Usage }
  /** The runner holds a guarded copy of the submission. Answered: accepted or fenced. */
  | {
      readonly kind: 'work_submitted';
      readonly attempt: AttemptId;
      readonly head: Commit;
      readonly base: Commit;
      readonly summary: string;
      readonly touched: Touched;
    }
  | {
      readonly kind: 'attempt_asked';
      readonly attempt: AttemptId;
      readonly question: Question;
    }
  /** The process tree is gone. */
  | {
      readonly kind: 'attempt_ended';
      readonly attempt: AttemptId;
      readonly end: Omit<AttemptEnd, 'at'>;
      readonly usage: Usage;
    }
  | {
      readonly kind: 'job_done';
      readonly job: JobId;
      readonly callId: CallId;
      readonly result: JobResult;
    }
  /** One outcome per target of a read, in the order they were asked. */
  | {
      readonly kind: 'pulls_read';
      readonly account: ForgeAccountId;
      readonly callId: CallId;
      readonly outcomes: readonly {
        readonly mergeRequest: MergeRequestId;
        readonly outcome: PRStatusOutcome;
      }[];
    }
  /** What the forge answered to opening, merging or reading feedback. */
  | {
      readonly kind: 'forge_answered';
      readonly mergeRequest: MergeRequestId;
      readonly callId: CallId;
      readonly report: ForgeReport;
    }
  /** A webhook, or anybody else, says that these may have changed. Only a hint. */
  | {
      readonly kind: 'pull_hinted';
      readonly rig: RigId;
      readonly numbers: readonly number[];
      readonly heads: readonly Commit[];
      /** All that go into one of these: they are read with what else is due then. */
      readonly bases: readonly string[];
      /** Seen in passing to have changed: the same. */
      readonly soon: readonly number[];
    }
  /** One numbered piece of an attempt's transcript; stored once per (attempt, seq). */
  | {
      readonly kind: 'transcript';
      readonly attempt: AttemptId;
      readonly seq: number;
      readonly entries: readonly TranscriptEntry[];
    };

/** Coalesced by the runner: consecutive pieces of one message are one entry. */
export type TranscriptEntry =
  | { readonly kind: 'prompt' | 'message' | 'thought'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'tool';
      readonly at: number;
      readonly id: string;
      readonly title: string;
      readonly status: 'pending' | 'running' | 'completed' | 'failed';
      /** Output or a diff, shortened. */
      readonly text: string;
    }
  | { readonly kind: 'plan'; readonly at: number; readonly text: string }
  | { readonly kind: 'stderr'; readonly at: number; readonly text: string }
  | { readonly kind: 'note'; readonly at: number; readonly text: string };
