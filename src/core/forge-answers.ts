/**
 * What the town asks a forge to write, and what a forge answers. Provider-neutral values: the
 * `forge` port carries them, decisions read them, rows keep them.
 *
 * W1 Text in a `Feedback` was written by strangers: data, never instructions.
 */
import type { Commit } from './ids.ts';
import type { FailingCheck, PullRequestSnapshot } from './pull-request.ts';

export interface OpenSpec {
  readonly headBranch: string;
  readonly baseBranch: string;
  readonly head: Commit;
  readonly title: string;
  /** Ends with the trailer: how an existing one is known as ours. */
  readonly body: string;
  /** One line that names town and bead. */
  readonly trailer: string;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  /**
   * Issues as beads name them: nothing is opened beside an open one that says it closes one of
   * these, unless a line of its body begins with `ours`. Empty: nobody is looked for.
   */
  readonly unless: { readonly issues: readonly string[]; readonly ours: string };
  /** Where there is none for the head branch: one is made, or nothing is. */
  readonly missing: 'create' | 'leave';
}

export type Opened =
  | { readonly is: 'opened' | 'adopted'; readonly snapshot: PullRequestSnapshot }
  /** One for this branch was merged or closed before; nothing was created. */
  | { readonly is: 'merged_before' | 'closed_before'; readonly snapshot: PullRequestSnapshot }
  /** An open one for this branch is not ours: its trailer names something else. */
  | { readonly is: 'not_ours'; readonly snapshot: PullRequestSnapshot }
  /** An open one of somebody else's says that it closes one of the issues; nothing was created. */
  | { readonly is: 'rival'; readonly snapshot: PullRequestSnapshot }
  /** There is none, and none was to be made. */
  | { readonly is: 'none' }
  | {
      readonly is: 'refused';
      readonly reason: 'no_commits' | 'branch_missing' | 'base_missing' | 'archived' | 'validation';
      readonly detail: string;
    };

export type MergeAnswer =
  | { readonly is: 'merged'; readonly commit: Commit | null }
  | { readonly is: 'queued' }
  /** The head is another one: what was decided is void. Not a failure. */
  | { readonly is: 'head_moved' }
  | {
      readonly is: 'not_now';
      readonly reason:
        | 'blocked'
        | 'draft'
        | 'conflict'
        | 'method'
        | 'computing'
        | 'queue_required'
        | 'permission';
      readonly detail: string;
    };

/** What became of taking a pull request out of its queue and ending its native auto-merge. */
export type Dequeued =
  /** It is in no queue and nothing is armed: without another word it stays open. */
  | { readonly is: 'out' }
  /** It was merged or closed before. */
  | { readonly is: 'over'; readonly state: 'merged' | 'closed' }
  | {
      readonly is: 'refused';
      /** `merging`: the forge has begun, and does not let go of it any more. */
      readonly reason: 'permission' | 'merging' | 'other';
      readonly detail: string;
    };

export type Association = 'owner' | 'member' | 'collaborator' | 'contributor' | 'none' | 'bot';

export interface Remark {
  readonly author: string;
  readonly association: Association;
  readonly body: string;
}

export interface Thread {
  readonly id: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly resolved: boolean;
  readonly outdated: boolean;
  readonly comments: readonly Remark[];
}

export interface FailedCheck extends FailingCheck {
  readonly step: string | null;
  /** The end of its log, shortened. */
  readonly log: string;
}

export interface Feedback {
  readonly head: Commit;
  readonly threads: readonly Thread[];
  /** Reviews that ask for changes in their body alone. */
  readonly bodies: readonly Remark[];
  readonly failing: readonly FailedCheck[];
  /** Everything was paged to the end. */
  readonly complete: boolean;
}

/** One reply to a thread, and the condition under which the thread is resolved. */
export interface ThreadReply {
  readonly thread: string;
  readonly marker: string;
  readonly body: string;
  readonly resolve: boolean;
  /** Comments that were answered: with one more of anybody else's it stays open. */
  readonly comments: number;
}

/** What became of each reply. */
export interface Replied {
  readonly replies: readonly {
    readonly thread: string;
    /** `settled`: resolved by somebody, or gone; nothing was said. `unseen`: not read whole. */
    readonly is: 'resolved' | 'left_open' | 'settled' | 'unseen';
  }[];
}

export type ForgeWrite =
  | { readonly do: 'comment'; readonly marker: string; readonly body: string }
  | {
      readonly do: 'reply';
      readonly thread: string;
      readonly marker: string;
      readonly body: string;
    }
  | { readonly do: 'resolve'; readonly thread: string }
  | { readonly do: 'close' | 'reopen' | 'ready' }
  | { readonly do: 'delete_branch'; readonly branch: string; readonly head: Commit };
