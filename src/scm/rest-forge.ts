/**
 * The `forge` port around the verbs of one REST forge: each call resolves the rig's own credential
 * first, and a very young pull request that is not found is not there yet.
 *
 * F1 A credential that is refused for a whole batch is that credential's failure, so that an
 *    app's token is made anew and tried once more.
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
import type { PullRequestRef } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { Budget, ForgeContext, ForgePort, Probe } from '../ports/forge.ts';
import { unlessYoung } from './absent.ts';
import { resolveCredential, withCredential, type CredentialSources } from './credentials.ts';
import type { RestCall, RestDeps } from './rest-api.ts';

export type MergeHow = Parameters<ForgePort['merge']>[2];

/** One forge's own ways; `call.project` is the target's. */
export interface RestVerbs {
  read(call: RestCall, targets: readonly PullRequestRef[]): Promise<readonly PRStatusOutcome[]>;
  probe(call: RestCall): Promise<Result<Probe, PRStatusError>>;
  feedback(call: RestCall, target: PullRequestRef): Promise<Result<Feedback, PRStatusError>>;
  open(call: RestCall, spec: OpenSpec): Promise<Result<Opened, PRStatusError>>;
  merge(
    call: RestCall,
    target: PullRequestRef,
    how: MergeHow,
  ): Promise<Result<MergeAnswer, PRStatusError>>;
  dequeue(call: RestCall, target: PullRequestRef): Promise<Result<Dequeued, PRStatusError>>;
  write(
    call: RestCall,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>>;
}

export interface RestForgeDeps extends RestDeps {
  readonly sources: (context: ForgeContext) => Promise<CredentialSources>;
}

export class RestForge implements ForgePort {
  readonly #deps: RestForgeDeps;
  readonly #verbs: RestVerbs;

  constructor(deps: RestForgeDeps, verbs: RestVerbs) {
    this.#deps = deps;
    this.#verbs = verbs;
  }

  async checkPRStatuses(
    context: ForgeContext,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    if (targets.length === 0) return [];
    const read = await this.#with(context, async (call) => {
      const outcomes = await this.#verbs.read(call, targets);
      const [first] = outcomes;
      return first !== undefined && isRefused(first) ? err(first.error) : ok(outcomes); // F1
    });
    if (!read.ok) return targets.map(() => ({ ok: false, error: read.error }));
    return read.value.map((outcome, index) => {
      const target = targets[index];
      if (outcome.ok || target === undefined) return outcome;
      return { ok: false, error: unlessYoung(target, outcome.error, this.#now()) };
    });
  }

  async probe(context: ForgeContext): Promise<Result<Probe, PRStatusError>> {
    return await this.#with(context, (call) => this.#verbs.probe(call));
  }

  async feedback(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Feedback, PRStatusError>> {
    return await this.#on(context, target, (call) => this.#verbs.feedback(call, target));
  }

  async open(context: ForgeContext, spec: OpenSpec): Promise<Result<Opened, PRStatusError>> {
    return await this.#with(context, (call) => this.#verbs.open(call, spec));
  }

  async merge(
    context: ForgeContext,
    target: PullRequestRef,
    how: MergeHow,
  ): Promise<Result<MergeAnswer, PRStatusError>> {
    return await this.#on(context, target, (call) => this.#verbs.merge(call, target, how));
  }

  async dequeue(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Dequeued, PRStatusError>> {
    return await this.#on(context, target, (call) => this.#verbs.dequeue(call, target));
  }

  async write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>> {
    return await this.#on(context, target, (call) => this.#verbs.write(call, target, what));
  }

  async budgets(context: ForgeContext): Promise<readonly Budget[]> {
    const now = this.#now();
    const found = await resolveCredential(context, await this.#deps.sources(context), now);
    if (!found.ok) return [];
    const { origin } = context.project;
    const all = this.#deps.budgets.budgets({ origin, identity: found.token.identity }, now);
    return all.filter(({ resource }) => resource === 'rest');
  }

  async #on<T>(
    context: ForgeContext,
    target: PullRequestRef,
    body: (call: RestCall) => Promise<Result<T, PRStatusError>>,
  ): Promise<Result<T, PRStatusError>> {
    const { project } = target;
    const answer = await this.#with(context, (call) => body({ ...call, project }));
    return answer.ok ? answer : err(unlessYoung(target, answer.error, this.#now()));
  }

  async #with<T>(
    context: ForgeContext,
    body: (call: RestCall) => Promise<Result<T, PRStatusError>>,
  ): Promise<Result<T, PRStatusError>> {
    const sources = await this.#deps.sources(context);
    return await withCredential(
      context,
      sources,
      () => this.#now(),
      (lease) => body({ project: context.project, lease, kind: 'read' }),
    );
  }

  #now(): Instant {
    return this.#deps.clock.now();
  }
}

function isRefused(
  outcome: PRStatusOutcome,
): outcome is Extract<PRStatusOutcome, { readonly ok: false }> {
  if (outcome.ok || outcome.error.kind !== 'http_error') return false;
  return outcome.error.reason === 'unauthenticated';
}
