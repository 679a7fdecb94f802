/**
 * What the agent half of the runner needs of the other halves, each as small as its use. A host
 * passes the real ones (`local-runner.ts`); a test passes one that fails as it should.
 *
 * N1 Expected failures come back as values. N2 What may take long takes a signal and comes back
 *    soon after it aborts.
 */
import type { Failure } from '../core/failure.ts';
import type { CallId, Commit } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { AgentProfile, IsolationLevel, LaunchSpec } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import type { Touched } from '../core/touched.ts';
import type { ReadAnswer, ReadRequest } from '../ports/runner.ts';
import type { ContainedChild } from './sandbox.ts';

/** A bead's working copy, locked to one attempt until it is released. */
export interface Workspace {
  readonly directory: string;
  readonly base: Commit;
  /** What an agent may write to and read besides `directory`. */
  readonly writable: readonly string[];
  readonly readable: readonly string[];
}

export interface Submission {
  readonly head: Commit;
  readonly base: Commit;
  /** Against the merge base with the target. */
  readonly touched: Touched;
}

export interface Workspaces {
  /** Fetches, makes or takes up the bead's workspace, restores the newest saved state. */
  prepare(spec: LaunchSpec, signal: AbortSignal): Promise<Result<Workspace, Failure>>;
  /** Saves what is there; null when there is nothing to save. */
  snapshot(spec: LaunchSpec): Promise<Result<Commit | null, Failure>>;
  /** Copies the branch out under guard. A refusal is the agent's to act on. */
  collect(spec: LaunchSpec): Promise<Result<Submission, Failure>>;
  /** Gives up the lock. Safe when it is not held. */
  release(spec: LaunchSpec): Promise<void>;
}

export interface SpawnRequest {
  readonly spec: LaunchSpec;
  readonly workspace: Workspace;
  readonly profile: AgentProfile;
  /** Found: an absolute path. */
  readonly command: string;
}

export interface Spawned {
  readonly child: ContainedChild;
  readonly level: IsolationLevel;
}

export interface Containment {
  /** Starts the agent; refuses when the level the launch requires is not to be had. */
  spawn(request: SpawnRequest): Promise<Result<Spawned, Failure>>;
  /**
   * Kills what an earlier life of this runner left running, of agents and of jobs. Answers what
   * could not be killed.
   */
  killLeftovers(): Promise<readonly string[]>;
}

export type RunSetup = (
  spec: LaunchSpec,
  workspace: Workspace,
  signal: AbortSignal,
) => Promise<Result<void, Failure>>;

/** Runs a job to its result; what the repository or the network does comes back in it. */
export type RunJob = (call: CallId, spec: JobSpec, signal: AbortSignal) => Promise<JobResult>;

export interface RunnerNeeds {
  readonly workspaces: Workspaces;
  readonly setup: RunSetup;
  readonly containment: Containment;
  readonly job: RunJob;
  readonly read: (request: ReadRequest) => Promise<Result<ReadAnswer, Failure>>;
  /**
   * Puts away what nobody has used for long: workspaces after they were saved, homes of beads long
   * over, what has expired in the trash. Called only while nothing runs. Never rejects.
   */
  readonly tidy: () => Promise<void>;
  /** The absolute path of a command on this machine, or null. */
  readonly findCommand: (command: string) => Promise<string | null>;
}
