/**
 * The `forge` port on GitHub: github.com, Enterprise Server and data-residency hosts alike; only
 * the API's base differs. Each verb resolves the rig's own credential first.
 */
import type {
  Dequeued,
  Feedback,
  ForgeWrite,
  MergeAnswer,
  OpenSpec,
  Opened,
} from '../../core/forge-answers.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Budget, ForgeContext, ForgePort, Probe } from '../../ports/forge.ts';
import { unlessYoung } from '../absent.ts';
import { resolveCredential, withCredential, type CredentialSources } from '../credentials.ts';
import { GitHubApi, type ApiDeps, type Call } from './api.ts';
import { dequeuePull } from './dequeue.ts';
import { readFeedback } from './feedback.ts';
import type { Changed } from './glances.ts';
import { mergePull, type MergeHow } from './merge.ts';
import { openPull } from './open.ts';
import { OpenedLately } from './opened-lately.ts';
import { probe } from './probe.ts';
import { PullReader } from './read.ts';
import { Together } from './together.ts';
import { writePull } from './write.ts';

export interface GitHubDeps extends ApiDeps {
  readonly sources: (context: ForgeContext) => Promise<CredentialSources>;
  /** Told of a pull request that was seen in passing and is not what it was. Only a hint. */
  readonly changed?: Changed;
}

export class GitHubForge implements ForgePort {
  readonly #deps: GitHubDeps;
  readonly #api: GitHubApi;
  readonly #reader: PullReader;
  readonly #together: Together;
  readonly #opened = new OpenedLately();

  constructor(deps: GitHubDeps) {
    this.#deps = deps;
    this.#api = new GitHubApi(deps);
    this.#reader = new PullReader(this.#api, deps.changed);
    this.#together = new Together((call, targets) => this.#reader.read(call, targets));
  }

  async checkPRStatuses(
    context: ForgeContext,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    if (targets.length === 0) return [];
    const way = this.#together.setOut();
    const read = await this.#with(context, async (call) =>
      allOrError(await way.read(call, this.#opened.dated(targets))),
    ).finally(way.leave);
    if (read.ok) return read.value;
    return targets.map(() => ({ ok: false, error: read.error }));
  }

  async probe(context: ForgeContext): Promise<Result<Probe, PRStatusError>> {
    const { rules } = this.#reader;
    return await this.#with(context, (call) => probe({ api: this.#api, rules }, call));
  }

  async feedback(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Feedback, PRStatusError>> {
    return await this.#on(context, target, (call) => readFeedback(this.#api, call, target));
  }

  async open(context: ForgeContext, spec: OpenSpec): Promise<Result<Opened, PRStatusError>> {
    const opened = await this.#with(context, (call) => openPull(this.#api, call, spec));
    if (opened.ok && opened.value.is === 'opened') {
      this.#opened.add(opened.value.snapshot.ref, this.#api.now);
    }
    return opened;
  }

  async merge(
    context: ForgeContext,
    target: PullRequestRef,
    how: MergeHow,
  ): Promise<Result<MergeAnswer, PRStatusError>> {
    const parts = { api: this.#api, rules: this.#reader.rules };
    return await this.#on(context, target, (call) => mergePull(parts, call, target, how));
  }

  async dequeue(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Dequeued, PRStatusError>> {
    return await this.#on(context, target, (call) => dequeuePull(this.#api, call, target));
  }

  async write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>> {
    return await this.#on(context, target, (call) => writePull(this.#api, call, target, what));
  }

  async budgets(context: ForgeContext): Promise<readonly Budget[]> {
    const now = this.#deps.clock.now();
    const found = await resolveCredential(context, await this.#deps.sources(context), now);
    if (!found.ok) return [];
    const { origin } = context.project;
    return this.#deps.budgets.budgets({ origin, identity: found.token.identity }, now);
  }

  /** As `#with`, for one pull request that may be very young. */
  async #on<T>(
    context: ForgeContext,
    target: PullRequestRef,
    body: (call: Call) => Promise<Result<T, PRStatusError>>,
  ): Promise<Result<T, PRStatusError>> {
    const { project } = target;
    const answer = await this.#with(context, (call) => body({ ...call, project }));
    const [dated = target] = this.#opened.dated([target]);
    return answer.ok ? answer : err(unlessYoung(dated, answer.error, this.#api.now));
  }

  async #with<T>(
    context: ForgeContext,
    body: (call: Call) => Promise<Result<T, PRStatusError>>,
  ): Promise<Result<T, PRStatusError>> {
    const sources = await this.#deps.sources(context);
    const now = () => this.#deps.clock.now();
    return await withCredential(context, sources, now, (lease) =>
      body({ project: context.project, lease, kind: 'read' }),
    );
  }
}

/** One refusal for the whole batch is the credential's: a new one may be tried once. */
function allOrError(
  outcomes: readonly PRStatusOutcome[],
): Result<readonly PRStatusOutcome[], PRStatusError> {
  const [first] = outcomes;
  const isRefused =
    first?.ok === false &&
    first.error.kind === 'http_error' &&
    first.error.reason === 'unauthenticated';
  return isRefused ? { ok: false, error: first.error } : ok(outcomes);
}
