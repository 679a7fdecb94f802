/**
 * The `forge` port: what the town asks of a code host. Seven verbs, the same for every provider.
 *
 * F1 Answers, never throws: a network exception is an outcome. F2 Each request has a deadline
 *    (connect 5 s, total 15 s, body 5 MB) that lies before the caller's.
 * F3 Every write can be repeated: `open` adopts what exists for the head branch, comments look
 *    for their marker first, `merge` sends the head it was decided for.
 * F4 A credential goes to its own origin only, and never across a redirect.
 */
import type { Commit } from '../core/ids.ts';
import type { FailingCheck, ForgeProject, PullRequestRef } from '../core/pull-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../core/pr-status.ts';
import type { PullRequestSnapshot } from '../core/pull-request.ts';
import type { Result } from '../core/result.ts';

/** Whose credential: always built from a rig's id, so no call site can forget the rig's own. */
export interface ForgeContext {
  readonly rig: string;
  readonly project: ForgeProject;
}

export interface Budget {
  readonly resource: 'graphql' | 'rest';
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetAt: number | null;
}

export interface OpenSpec {
  readonly headBranch: string;
  readonly baseBranch: string;
  readonly head: Commit;
  readonly title: string;
  /** Ends with the trailer that names town and bead: how an existing one is known as ours. */
  readonly body: string;
  readonly trailer: string;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
}

export type Opened =
  | { readonly is: 'opened' | 'adopted'; readonly snapshot: PullRequestSnapshot }
  /** One for this branch was merged or closed before; nothing was created. */
  | { readonly is: 'merged_before' | 'closed_before'; readonly snapshot: PullRequestSnapshot }
  /** An open one for this branch is not ours: its trailer names something else. */
  | { readonly is: 'not_ours'; readonly snapshot: PullRequestSnapshot }
  | { readonly is: 'refused'; readonly reason: 'no_commits' | 'branch_missing' | 'base_missing' | 'archived' | 'validation'; readonly detail: string };

export type MergeAnswer =
  | { readonly is: 'merged'; readonly commit: Commit | null }
  | { readonly is: 'queued' }
  /** The head is another one: what was decided is void. Not a failure. */
  | { readonly is: 'head_moved' }
  | { readonly is: 'not_now'; readonly reason: 'blocked' | 'draft' | 'conflict' | 'method' | 'computing' | 'queue_required' | 'permission'; readonly detail: string };

export interface Thread {
  readonly id: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly author: string;
  readonly association: 'owner' | 'member' | 'collaborator' | 'contributor' | 'none' | 'bot';
  readonly resolved: boolean;
  readonly outdated: boolean;
  readonly comments: readonly { readonly author: string; readonly body: string; readonly at: number }[];
}

export interface Feedback {
  readonly head: Commit;
  readonly threads: readonly Thread[];
  /** Reviews that ask for changes in their body alone. */
  readonly bodies: readonly { readonly author: string; readonly body: string; readonly association: Thread['association'] }[];
  readonly failing: readonly (FailingCheck & { readonly step: string | null; readonly log: string })[];
  /** Everything was paged to the end. */
  readonly complete: boolean;
}

export interface Probe {
  readonly login: string | null;
  readonly canRead: boolean;
  readonly canPush: boolean | null;
  readonly canOpen: boolean | null;
  readonly canReadChecks: boolean | null;
  readonly canMerge: boolean | null;
  readonly missing: readonly string[];
  readonly archived: boolean;
  readonly defaultBranch: string | null;
  readonly mergeMethods: readonly ('merge' | 'squash' | 'rebase')[];
  readonly mergeQueue: boolean | null;
  /** The repository was renamed or moved: its present path. */
  readonly movedTo: string | null;
}

export interface ForgePort {
  /** One outcome per target, in order; one bad target never poisons the others. */
  checkPRStatuses(
    context: ForgeContext,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]>;
  probe(context: ForgeContext): Promise<Result<Probe, PRStatusError>>;
  feedback(context: ForgeContext, target: PullRequestRef): Promise<Result<Feedback, PRStatusError>>;
  open(context: ForgeContext, spec: OpenSpec): Promise<Result<Opened, PRStatusError>>;
  merge(
    context: ForgeContext,
    target: PullRequestRef,
    how: { readonly expectedHead: Commit; readonly method: 'merge' | 'squash' | 'rebase'; readonly title: string; readonly message: string },
  ): Promise<Result<MergeAnswer, PRStatusError>>;
  /** Say, answer or resolve; each looks for its marker first. */
  write(context: ForgeContext, target: PullRequestRef, what: ForgeWrite): Promise<Result<void, PRStatusError>>;
  budgets(context: ForgeContext): readonly Budget[];
}

export type ForgeWrite =
  | { readonly do: 'comment'; readonly marker: string; readonly body: string }
  | { readonly do: 'reply'; readonly thread: string; readonly marker: string; readonly body: string }
  | { readonly do: 'resolve'; readonly thread: string }
  | { readonly do: 'close' | 'reopen' | 'ready' }
  | { readonly do: 'delete_branch'; readonly branch: string; readonly head: Commit };
