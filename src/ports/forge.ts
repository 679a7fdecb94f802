/**
 * The `forge` port: what the town asks of a code host. Eight verbs, the same for every provider.
 *
 * F1 Answers, never throws: a network exception is an outcome. F2 Each request has a deadline
 *    (connect 5 s, total 15 s, body 5 MB) that lies before the caller's.
 * F3 Every write can be repeated: `open` adopts what exists for the head branch, comments look
 *    for their marker first, `merge` sends the head it was decided for.
 * F4 A credential goes to its own origin only, and never across a redirect.
 */
import type { Commit } from '../core/ids.ts';
import type {
  Dequeued,
  Feedback,
  ForgeWrite,
  MergeAnswer,
  OpenSpec,
  Opened,
} from '../core/forge-answers.ts';
import type { ForgeProject, PullRequestRef } from '../core/pull-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../core/pr-status.ts';
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
    how: {
      readonly expectedHead: Commit;
      readonly method: 'merge' | 'squash' | 'rebase';
      readonly title: string;
      readonly message: string;
    },
  ): Promise<Result<MergeAnswer, PRStatusError>>;
  /** Takes back a merge that waits: out of the forge's queue, native auto-merge ended. */
  dequeue(context: ForgeContext, target: PullRequestRef): Promise<Result<Dequeued, PRStatusError>>;
  /** Say, answer or resolve; each looks for its marker first. */
  write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>>;
  budgets(context: ForgeContext): Promise<readonly Budget[]>;
}
