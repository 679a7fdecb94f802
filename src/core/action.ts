/**
 * Actions: what a decision or a recorded fact wants done. `town/apply.ts` is the only place that
 * carries them out; `call` leaves for a runner only after the commit.
 *
 * X1 An entity's decision updates that entity only, and inserts or touches others. The one
 *    exception is a grant: the dispatcher writes the attempt's name on the bead it grants.
 * X2 Every update says why, in one word the journal keeps.
 */
import type { Attempt, Question } from './attempt.ts';
import type { Bead } from './bead.ts';
import type { Dispatch } from './dispatch.ts';
import type { Escalation } from './escalation.ts';
import type { Failure } from './failure.ts';
import type { ForgeAccount } from './forge-account.ts';
import type { OpenSpec, ThreadReply } from './forge-answers.ts';
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
import type { Job, JobSpec, MergeMethod } from './job.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { MergeRequest } from './merge-request.ts';
import type { ForgeProject, PullRequestRef } from './pull-request.ts';
import type { Wake } from './neighbours.ts';
import type { Rig } from './rig.ts';
import type { Runner } from './runner.ts';
import type { Town } from './town.ts';
import type { Wait } from './wait.ts';

/** Every kind of row that has an id, a journal and (but for `town`) a decision. */
export interface Rows {
  readonly town: Town;
  readonly bead: Bead;
  readonly attempt: Attempt;
  readonly job: Job;
  readonly merge_request: MergeRequest;
  readonly rig: Rig;
  readonly escalation: Escalation;
  readonly runner: Runner;
  readonly dispatch: Dispatch;
  readonly forge_account: ForgeAccount;
}

export type EntityKind = keyof Rows;

/** A name on the agenda. */
export interface EntityName {
  readonly kind: EntityKind;
  readonly id: string;
}

export type Update = {
  [K in EntityKind]: {
    readonly do: 'update';
    readonly entity: K;
    readonly id: string;
    /** Columns to set; a status among them is checked against the entity's moves. */
    readonly set: Partial<Rows[K]>;
    /** One word for the journal: `granted`, `gate_failed`. X2 */
    readonly why: string;
  };
}[EntityKind];

export type Insert = {
  [K in EntityKind]: {
    readonly do: 'insert';
    readonly entity: K;
    readonly row: Rows[K];
    readonly why: string;
  };
}[EntityKind];

/** An outward call to a runner. Idempotent by its call id. */
export type Call =
  | {
      readonly op: 'start_attempt';
      readonly callId: CallId;
      readonly runner: RunnerId;
      readonly attempt: AttemptId;
      readonly spec: LaunchSpec;
    }
  | {
      readonly op: 'stop_attempt';
      readonly callId: CallId;
      readonly runner: RunnerId;
      readonly attempt: AttemptId;
      readonly reason: StopReason;
    }
  | {
      readonly op: 'start_job';
      readonly callId: CallId;
      readonly runner: RunnerId;
      readonly job: JobId;
      readonly spec: JobSpec;
    }
  | {
      readonly op: 'cancel_job';
      readonly callId: CallId;
      readonly runner: RunnerId;
      readonly job: JobId;
    }
  /** Ask a runner what it holds; answered by a `runner_connected` fact of the same life. */
  | { readonly op: 'list'; readonly callId: CallId; readonly runner: RunnerId };

/** Whose credential: always by a rig's id, so that no call can forget the rig's own. */
interface ForgeSubject {
  readonly callId: CallId;
  readonly rig: RigId;
  readonly project: ForgeProject;
}

/** An outward call to a forge. Repeatable: reading changes nothing, writing looks first. */
export type ForgeCall =
  | {
      readonly op: 'read_pulls';
      readonly callId: CallId;
      readonly account: ForgeAccountId;
      readonly targets: readonly {
        readonly mergeRequest: MergeRequestId;
        readonly rig: RigId;
        readonly ref: PullRequestRef;
      }[];
    }
  | (ForgeSubject & {
      readonly op: 'open_pull';
      readonly mergeRequest: MergeRequestId;
      readonly spec: OpenSpec;
    })
  | (ForgeSubject & {
      readonly op: 'merge_pull';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
      readonly expectedHead: Commit;
      readonly method: MergeMethod;
      readonly title: string;
      readonly message: string;
    })
  | (ForgeSubject & {
      readonly op: 'read_feedback';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
    })
  | (ForgeSubject & {
      readonly op: 'reopen_pull';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
    })
  /** Out of its queue, and nothing armed: what waits there is not merged by itself. */
  | (ForgeSubject & {
      readonly op: 'dequeue_pull';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
    })
  /** Says why, once by its marker, and closes it. */
  | (ForgeSubject & {
      readonly op: 'close_pull';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
      readonly marker: string;
      readonly body: string;
    })
  /** Each is said once, by its marker, and its thread resolved if nobody wrote there since. */
  | (ForgeSubject & {
      readonly op: 'reply_threads';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
      readonly replies: readonly ThreadReply[];
    })
  | (ForgeSubject & {
      readonly op: 'delete_branch';
      readonly mergeRequest: MergeRequestId;
      readonly ref: PullRequestRef;
      readonly branch: string;
      readonly head: Commit;
    });

export type StopReason = 'submitted' | 'asked' | 'person' | 'quiet' | 'budget' | 'paused';

export type Action =
  | Update
  | Insert
  | { readonly do: 'touch'; readonly name: EntityName }
  | { readonly do: 'call'; readonly call: Call | ForgeCall }
  /** Touches everyone a change concerns, such as all beads of a rig whose budget is used up. */
  | { readonly do: 'wake'; readonly wake: Wake }
  | { readonly do: 'call'; readonly call: Call }
  /** Raise one, or join the open one of the same key. */
  | {
      readonly do: 'escalate';
      readonly dedupeKey: string;
      /** Remember it on the deciding entity, which waits for it. */
      readonly bind: boolean;
      readonly severity: Escalation['severity'];
      readonly subject: string;
      readonly failure: Failure | null;
      readonly question: Question | null;
    }
  /** Something that happened, for those who follow along: `pr.poll_failed`. Journaled once. */
  | {
      readonly do: 'event';
      readonly name: 'pr.poll_failed' | 'pr.poll_resumed';
      readonly about: EntityName;
      readonly data: Readonly<Record<string, string | number | null>>;
    }
  /** The cause is gone: resolve the open escalation of this key, if there is one. */
  | { readonly do: 'resolve'; readonly dedupeKey: string; readonly why: string };

/** What one decision answers. Without actions the waits are its rest. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
  /** Who is parked when carrying it out throws, if not the decider: the bead of a grant. */
  readonly blame?: EntityName;
}

/** The next unused numbers, so that a pure decision can name what it makes. */
export interface NextNumbers {
  readonly job: number;
  readonly mergeRequest: number;
  readonly escalation: number;
}
