/**
 * What the agent half of the runner needs of the other halves, each as small as its use. The host
 * passes the real ones (`local-runner.ts`); tests pass ones that fail as they should.
 *
 * N1 Expected failures come back as values. N2 Everything that may take long takes a signal and
 *    comes back soon after it aborts.
 */
import type { Readable, Writable } from 'node:stream';
import type { Failure } from '../core/failure.ts';
import type { Commit } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { AgentProfile, Isolation, IsolationLevel, LaunchSpec } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import type { ReadAnswer, ReadRequest } from '../ports/runner.ts';

/** A bead's working copy, locked to one attempt until it is released. */
export interface Workspace {
  readonly directory: string;
  readonly base: Commit;
  /** Directories besides `directory` that an agent may write to, and read from. */
  readonly writable: readonly string[];
  readonly readable: readonly string[];
}

export interface Workspaces {
  /** Fetches, makes or takes up the bead's workspace, restores the newest saved state. */
  prepare(spec: LaunchSpec, signal: AbortSignal): Promise<Result<Workspace, Failure>>;
  /** Saves what is there; null when there is nothing but what is committed and submitted. */
  snapshot(spec: LaunchSpec): Promise<Result<Commit | null, Failure>>;
  /** Copies the branch out under guard. A refusal says what the agent can do. */
  collect(spec: LaunchSpec): Promise<Result<{ head: Commit; base: Commit }, Failure>>;
  /** Gives up the lock. */
  release(spec: LaunchSpec): Promise<void>;
}

export interface SetupRequest {
  readonly spec: LaunchSpec;
  readonly workspace: Workspace;
  readonly marker: string;
  readonly signal: AbortSignal;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A process and everything it starts. */
export interface ContainedProcess {
  readonly pid: number;
  readonly level: IsolationLevel;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The first process's end; what it started may go on. */
  readonly exited: Promise<Exit>;
  /** Asks the first process and its group to stop. */
  terminate(): void;
  /** Resolves when the whole tree is gone, also what left the process group. */
  killTree(): Promise<void>;
}

export interface SpawnRequest {
  readonly spec: LaunchSpec;
  readonly workspace: Workspace;
  readonly profile: AgentProfile;
  /** Resolved: an absolute path. */
  readonly command: string;
  readonly isolation: Isolation;
  readonly marker: string;
  /** Directories the agent's own program lives in. */
  readonly readable: readonly string[];
}

export interface Containment {
  /** The level it would start at, or why it cannot. */
  spawn(request: SpawnRequest): Promise<Result<ContainedProcess, Failure>>;
  /**
   * Kills every process that carries a marker starting with `prefix`, and the process of
   * `pid` if its start time still matches. Resolves when they are gone.
   */
  sweep(markerPrefix: string): Promise<void>;
}

export interface Jobs {
  /** Runs to its result. `marker` is in every process of it. */
  run(spec: JobSpec, marker: string, signal: AbortSignal): Promise<JobResult>;
}

export interface RunnerNeeds {
  readonly workspaces: Workspaces;
  readonly setup: (request: SetupRequest) => Promise<Result<void, Failure>>;
  readonly containment: Containment;
  readonly jobs: Jobs;
  readonly read: (request: ReadRequest) => Promise<Result<ReadAnswer, Failure>>;
  /** The absolute path of a command on this machine, or null. */
  readonly findCommand: (command: string) => Promise<string | null>;
}
