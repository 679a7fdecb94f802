/**
 * A job: one numbered piece of git or gate work a runner does for the town, with a lease.
 *
 * J1 A job is repeated with the same call id until it has a result; the runner attaches a repeat
 *    to the running job or answers with the stored result.
 * J2 Every job is safe to run twice: `push` first asks whether its commit is already there.
 * J3 A done job never changes.
 */
import { assert } from './assert.ts';
import type { CallId, Commit, JobId, RigId, RunnerId } from './ids.ts';
import type { Failure } from './failure.ts';
import type { Author, Gate, Isolation, RigRef, SetupStep } from './launch-spec.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

export type JobStatus = 'queued' | 'running' | 'done';

export const jobMoves: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ['running', 'done'],
  running: ['done', 'queued'],
  done: [],
};

export type MergeMethod = 'merge' | 'squash' | 'rebase';

/** A change that landed, by what the target was before and after it, whatever the method. */
export interface Landed {
  readonly before: Commit;
  readonly after: Commit;
}

export interface Candidate {
  readonly commit: Commit;
  readonly targetTip: Commit;
  readonly head: Commit;
  readonly method: MergeMethod;
}

/** What the runner is asked to do. Each is complete: the runner asks nothing back. */
export type JobSpec =
  /** Fetch the rig and examine it: reachable, target, push right, prefix free, what it needs. */
  | {
      readonly kind: 'fetch';
      readonly rig: RigRef;
      readonly branchPrefix: string;
      /** Land in the person's own checkout by fast-forward when its target is checked out. */
      readonly updateCheckout: boolean;
      /** Make the target branch from this one when it does not exist yet; null: do not. */
      readonly createTargetFrom: string | null;
    }
  /**
   * Make the commit that would land. Fetches first. With `stored`, answers `landed` if that
   * candidate is already in the target, and reuses it if the target has not moved.
   */
  | {
      readonly kind: 'build';
      readonly rig: RigRef;
      /** null when the change undoes `reverts`. */
      readonly head: Commit | null;
      readonly reverts: Landed | null;
      /** The attempt whose submission ref holds `head`. */
      readonly submittedBy: string | null;
      readonly method: MergeMethod;
      readonly message: string;
      readonly author: Author | null;
      readonly signoff: boolean;
      readonly stored: Candidate | null;
    }
  /** Run one gate on exactly one commit, in a checkout of its own, after setup. */
  | {
      readonly kind: 'gate';
      readonly rig: RigRef;
      readonly commit: Commit;
      readonly gate: Gate;
      readonly setup: readonly SetupStep[];
      readonly isolation: Isolation;
      readonly env: Readonly<Record<string, string>>;
    }
  /** Put a head on the bead's branch on the remote. Never forced: a published branch only grows. */
  | {
      readonly kind: 'publish';
      readonly rig: RigRef;
      readonly branch: string;
      readonly bead: string;
      readonly head: Commit;
      /** What we published last; null the first time. */
      readonly expectedRemoteHead: Commit | null;
    }
  /** Merge the target into a head, so that a branch that is behind catches up. */
  | {
      readonly kind: 'update';
      readonly rig: RigRef;
      readonly branch: string;
      readonly bead: string;
      readonly head: Commit;
      readonly author: Author | null;
      readonly signoff: boolean;
    }
  /** Bring what somebody else pushed to the branch into the store, and say whose it is. */
  | {
      readonly kind: 'take';
      readonly rig: RigRef;
      readonly branch: string;
      readonly bead: string;
      readonly head: Commit;
      /** What we published: the new head must contain it. */
      readonly published: Commit;
      /**
       * Where the remote shows a head whose branch lives in a fork: `refs/pull/12/head`. Fetched
       * and compared in place of `branch`, which is only a name then.
       */
      readonly from?: string;
    }
  /** Fetch the target and ask git whether one of these commits is in it. */
  | {
      readonly kind: 'prove';
      readonly rig: RigRef;
      readonly commits: readonly Commit[];
    }
  /** Push the candidate with a lease on the target tip, then fetch and prove it. */
  | {
      readonly kind: 'push';
      readonly rig: RigRef;
      readonly candidate: Candidate;
      readonly updateCheckout: boolean;
    };

export type JobKind = JobSpec['kind'];

export type GateResult = 'passed' | 'failed' | 'could_not_run' | 'ran_nothing' | 'timed_out';

export interface GateReport {
  readonly gate: string;
  readonly command: string;
  readonly commit: Commit;
  readonly result: GateResult;
  /** Passed only after failing first. */
  readonly flaky: boolean;
  readonly exitCode: number | null;
  readonly output: string;
  readonly durationMs: number;
  /** Why it could not run or ran nothing: `exit 127`, `npm: missing script`, … */
  readonly note: string | null;
}

/** What a look at the repository found. Shown by `rig add` and `rig doctor`. */
export interface RigReport {
  readonly remote: string;
  readonly targetTip: Commit | null;
  readonly defaultBranch: string | null;
  readonly setup: readonly SetupStep[];
  readonly gates: readonly Gate[];
  /** Files the detection read, for the person's eyes. */
  readonly detectedFrom: readonly string[];
  /** The repository's own, for pull requests. */
  readonly pullTemplate: string | null;
  /** Checks in order, each with its outcome; the first failure is the rig's. */
  readonly checks: readonly RigCheck[];
}

export interface RigCheck {
  readonly name: 'reachable' | 'target' | 'push' | 'prefix' | 'checkout';
  readonly passed: boolean;
  readonly failure: Failure | null;
}

export type JobResult =
  | { readonly kind: 'fetch'; readonly report: RigReport }
  | {
      readonly kind: 'build';
      readonly answer:
        | {
            readonly is: 'built';
            readonly candidate: Candidate;
            readonly reused: boolean;
            /** The target moved since `stored` in a path of this change; true without `stored`. */
            readonly overlap: boolean;
          }
        /** The stored candidate, or the head itself, is already in the target. */
        | {
            readonly is: 'landed';
            readonly by: 'candidate' | 'head';
            readonly commit: Commit;
            readonly targetTip: Commit;
          }
        | { readonly is: 'conflict'; readonly failure: Failure; readonly targetTip: Commit }
        /** Merging it would change nothing. */
        | { readonly is: 'empty'; readonly targetTip: Commit };
    }
  | { readonly kind: 'gate'; readonly report: GateReport; readonly setup: Failure | null }
  | {
      readonly kind: 'push';
      readonly answer:
        | { readonly is: 'landed'; readonly commit: Commit; readonly targetTip: Commit }
        | { readonly is: 'moved'; readonly targetTip: Commit }
        | { readonly is: 'refused'; readonly failure: Failure };
    }
  | {
      readonly kind: 'publish';
      readonly answer:
        | { readonly is: 'published'; readonly head: Commit }
        /** Somebody else pushed: the branch holds what we never saw. */
        | { readonly is: 'moved'; readonly remoteHead: Commit }
        /** The first publish found a branch of that name that we did not make. */
        | { readonly is: 'taken'; readonly remoteHead: Commit }
        /** What we published is not on the remote any more: somebody deleted the branch. */
        | { readonly is: 'gone' }
        | { readonly is: 'refused'; readonly failure: Failure };
    }
  | {
      readonly kind: 'update';
      readonly answer:
        | { readonly is: 'updated'; readonly head: Commit; readonly targetTip: Commit }
        | { readonly is: 'current'; readonly targetTip: Commit }
        | { readonly is: 'conflict'; readonly failure: Failure; readonly targetTip: Commit };
    }
  | {
      readonly kind: 'take';
      readonly answer:
        | { readonly is: 'taken'; readonly head: Commit; readonly strangers: readonly string[] }
        /** The branch was rewritten, or carries another bead's commits. */
        | { readonly is: 'refused'; readonly failure: Failure };
    }
  | {
      readonly kind: 'prove';
      readonly answer:
        | { readonly is: 'landed'; readonly commit: Commit; readonly targetTip: Commit }
        | { readonly is: 'not_there'; readonly targetTip: Commit };
    }
  /** The job could not be done for a reason of the machine, the network or the rig. */
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface Job {
  readonly id: JobId;
  readonly kind: JobKind;
  readonly rig: RigId;
  /** The merge request or rig it is done for. */
  readonly subject: string;
  readonly status: JobStatus;
  readonly spec: JobSpec;
  readonly runner: RunnerId;
  readonly callId: CallId;
  readonly callDeadline: Instant | null;
  /** When the runner took it; null again when that life of the runner is over. */
  readonly acceptedAt: Instant | null;
  readonly deadline: Instant | null;
  readonly tries: number;
  readonly notBefore: Instant | null;
  /** What the runner reported; the decision turns it into `done` or another try. */
  readonly report: JobResult | null;
  readonly result: JobResult | null;
  readonly cancelAsked: boolean;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly updatedAt: Instant;
  readonly parked: string | null;
}

type ResultOf<K extends JobResult['kind']> = Extract<JobResult, { readonly kind: K | 'failed' }>;

/** What a done job came to: the answer to what it was asked, or why there is none. */
export function resultOf<K extends JobResult['kind']>(job: Job, kind: K): ResultOf<K> {
  const { result } = job;
  assert(result !== null, `${job.id} is done without a result`);
  assert(isOf(result, kind), `${job.id} answered as a ${result.kind}`);
  return result;
}

function isOf<K extends JobResult['kind']>(result: JobResult, kind: K): result is ResultOf<K> {
  return result.kind === kind || result.kind === 'failed';
}
