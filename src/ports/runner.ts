/**
 * The `runner` port: what the town asks of a machine that runs agents and jobs.
 *
 * R1 Accept, then report: every call is answered within `limits.callAckMs`; what comes of it
 *    arrives as facts. No call spans a model's turn or a git command.
 * R2 A repeat with the same call id attaches to what runs, or tells the stored result again.
 * R3 A higher attempt number for a bead supersedes a lower one; a lower one is refused.
 * R4 `read` changes nothing that the town knows of and may take as long as git does.
 */
import type { StopReason } from '../core/action.ts';
import type { Failure } from '../core/failure.ts';
import type { Fact } from '../core/fact.ts';
import type { AttemptId, CallId, Commit, JobId } from '../core/ids.ts';
import type { JobSpec } from '../core/job.ts';
import type { LaunchSpec, RigRef } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';

export type Refusal =
  /** The runner is draining or shutting down; ask again later or elsewhere. */
  | { readonly kind: 'draining' }
  /** A later attempt at the same bead is known. R3 */
  | { readonly kind: 'superseded'; readonly by: AttemptId }
  /** The call did not arrive. */
  | { readonly kind: 'unreachable'; readonly output: string };

export interface RunnerPort {
  startAttempt(call: CallId, spec: LaunchSpec): Promise<Result<void, Refusal>>;
  /** Saves, asks the agent to stop, kills the tree after `limits.stopGraceMs`. */
  stopAttempt(call: CallId, attempt: AttemptId, reason: StopReason): Promise<Result<void, Refusal>>;
  startJob(call: CallId, job: JobId, spec: JobSpec): Promise<Result<void, Refusal>>;
  cancelJob(call: CallId, job: JobId): Promise<Result<void, Refusal>>;
  /** Answers with a `runner_connected` fact that lists what it holds. */
  list(call: CallId): Promise<Result<void, Refusal>>;
  read(request: ReadRequest): Promise<Result<ReadAnswer, Failure>>;
}

export type ReadRequest =
  /** The change of a bead: its submission, or with `head: null` its workspace as it is. */
  | {
      readonly kind: 'diff';
      readonly rig: RigRef;
      readonly bead: string;
      readonly base: Commit;
      readonly head: Commit | null;
    }
  /** Put the bead's branch into a new directory of the person's: a clone of its own. */
  | {
      readonly kind: 'checkout';
      readonly rig: RigRef;
      readonly bead: string;
      readonly branch: string;
      readonly head: Commit;
      readonly directory: string;
      /** Only see whether it could be put there. */
      readonly dryRun: boolean;
    };

export type ReadAnswer =
  | { readonly kind: 'diff'; readonly text: string; readonly truncated: boolean }
  | { readonly kind: 'checkout'; readonly directory: string; readonly branch: string };

/**
 * How a runner tells the town. Resolves once the fact is committed. `work_submitted` and
 * `attempt_asked` may be refused (`attempt_over`): the agent is told, nothing moved.
 */
export type TellTown = (fact: Fact) => Promise<Result<void, Failure>>;
