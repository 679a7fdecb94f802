/**
 * All forges behind one port: the adapter is picked by the project's provider, and budgets, which
 * belong to a login, are shared by all of them.
 *
 * F1 A provider without an adapter is an answer, not a throw: the town asks what rows name.
 */
import type {
  Dequeued,
  Feedback,
  ForgeWrite,
  MergeAnswer,
  OpenSpec,
  Opened,
} from '../core/forge-answers.ts';
import type { PRStatusError, PRStatusOutcome } from '../core/pr-status.ts';
import type { ForgeProvider, PullRequestRef } from '../core/pull-request.ts';
import { err, type Result } from '../core/result.ts';
import type { Budget, ForgeContext, ForgePort, Probe } from '../ports/forge.ts';
import type { Clock, Timers } from '../ports/host.ts';
import type { CredentialSources } from './credentials.ts';
import { giteaForge } from './gitea/adapter.ts';
import { GitHubForge } from './github/adapter.ts';
import { gitlabForge } from './gitlab/adapter.ts';
import { placeOf, type ForgeDoor } from './http.ts';
import type { RateBudgets } from './rate-budget.ts';

/** What every adapter is made with. */
export interface ForgesDeps {
  readonly door: ForgeDoor;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  /** For the distance between writes; the door has its own for deadlines. */
  readonly timers: Timers;
  /** The rig's own sources; asked before every verb, so that a new token counts at once. */
  readonly sources: (context: ForgeContext) => Promise<CredentialSources>;
  /** Told of a pull request that was seen in passing and is not what it was. Only a hint. */
  readonly changed?: (ref: PullRequestRef) => void;
}

export type Adapters = Readonly<Partial<Record<ForgeProvider, ForgePort>>>;

export class Forges implements ForgePort {
  readonly #adapters: Adapters;

  constructor(deps: ForgesDeps, adapters: (deps: ForgesDeps) => Adapters = allAdapters) {
    this.#adapters = adapters(deps);
  }

  async checkPRStatuses(
    context: ForgeContext,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    const adapter = this.#for(context);
    if (adapter !== undefined) return await adapter.checkPRStatuses(context, targets);
    return targets.map(() => ({ ok: false, error: unserved(context) }));
  }

  async probe(context: ForgeContext): Promise<Result<Probe, PRStatusError>> {
    return (await this.#for(context)?.probe(context)) ?? err(unserved(context));
  }

  async feedback(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Feedback, PRStatusError>> {
    return (await this.#for(context)?.feedback(context, target)) ?? err(unserved(context));
  }

  async open(context: ForgeContext, spec: OpenSpec): Promise<Result<Opened, PRStatusError>> {
    return (await this.#for(context)?.open(context, spec)) ?? err(unserved(context));
  }

  async merge(
    context: ForgeContext,
    target: PullRequestRef,
    how: Parameters<ForgePort['merge']>[2],
  ): Promise<Result<MergeAnswer, PRStatusError>> {
    return (await this.#for(context)?.merge(context, target, how)) ?? err(unserved(context));
  }

  async dequeue(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Dequeued, PRStatusError>> {
    return (await this.#for(context)?.dequeue(context, target)) ?? err(unserved(context));
  }

  async write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>> {
    return (await this.#for(context)?.write(context, target, what)) ?? err(unserved(context));
  }

  async budgets(context: ForgeContext): Promise<readonly Budget[]> {
    return (await this.#for(context)?.budgets(context)) ?? [];
  }

  #for({ project }: ForgeContext): ForgePort | undefined {
    return this.#adapters[project.provider];
  }
}

function allAdapters(deps: ForgesDeps): Adapters {
  return {
    github: new GitHubForge(deps),
    gitlab: gitlabForge(deps),
    gitea: giteaForge(deps),
  };
}

/** F1 */
function unserved({ project }: ForgeContext): PRStatusError {
  return {
    kind: 'unrecognized_url',
    ...placeOf(project),
    url: `${project.origin}/${project.path}`,
  };
}
