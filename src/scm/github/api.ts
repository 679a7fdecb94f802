/**
 * GitHub's REST and GraphQL through the one door: budgets asked before, learned from after, and
 * every refusal already a `PRStatusError`.
 *
 * A1 An address is built here from the project's own parts, never taken from an answer.
 * A2 HTTP 200 with GraphQL errors is no success unless data came with them.
 */
import type { PRStatusError } from '../../core/pr-status.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Clock } from '../../ports/host.ts';
import { z } from 'zod';
import { placeOf, request, type ForgeDoor, type ForgeRequest, type ForgeResponse } from '../http.ts';
import type { CredentialLease } from '../lease.ts';
import { readLimits } from '../limit-headers.ts';
import { graphqlOutcome, outcomeOf, type Asked } from '../outcome.ts';
import type { CallKind, RateBudgets } from '../rate-budget.ts';

export interface ApiDeps {
  readonly door: ForgeDoor;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
}

export interface Call {
  readonly project: ForgeProject;
  readonly lease: CredentialLease;
  readonly kind: CallKind;
  /** Of our own making, moments ago: a 404 may pass. */
  readonly justCreated?: boolean;
}

const graphqlBody = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        type: z.string().optional(),
        message: z.string().optional(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
      }),
    )
    .optional(),
});

export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  /** Errors by the first name of their path: one bad target does not poison the others. */
  readonly errors: Readonly<Record<string, PRStatusError>>;
}

export class GitHubApi {
  readonly #deps: ApiDeps;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
  }

  get now() {
    return this.#deps.clock.now();
  }

  /** `path` begins with `/`; it is joined to the project's API. A1 */
  async rest(
    call: Call,
    method: ForgeRequest['method'],
    path: string,
    more: Partial<ForgeRequest> = {},
  ): Promise<Result<ForgeResponse, PRStatusError>> {
    const denied = this.#denied(call, 'rest', 1);
    if (denied !== null) return err(denied);
    const answer = await request(this.#deps.door, {
      to: call.project,
      lease: call.lease,
      method,
      url: `${call.project.apiBase}${path}`,
      mediaType: 'application/vnd.github+json',
      ...more,
    });
    if (answer.is === 'error') return err(this.#noted(call, 'rest', answer.error));
    this.#learn(call, 'rest', answer);
    const error = outcomeOf(answer, this.#asked(call));
    return error === null ? ok(answer) : err(this.#noted(call, 'rest', error));
  }

  /** As `rest`, but a refusal's body is wanted too: 405, 409 and 422 say which. */
  async attempt(
    call: Call,
    method: ForgeRequest['method'],
    path: string,
    body: unknown,
  ): Promise<Result<ForgeResponse, PRStatusError>> {
    const denied = this.#denied(call, 'rest', 1);
    if (denied !== null) return err(denied);
    const url = `${call.project.apiBase}${path}`;
    const { project: to, lease } = call;
    const mediaType = 'application/vnd.github+json';
    const answer = await request(this.#deps.door, { to, lease, method, url, mediaType, body });
    if (answer.is === 'error') return err(answer.error);
    this.#learn(call, 'rest', answer);
    if ([403, 404, 405, 409, 422].includes(answer.status)) return ok(answer);
    const error = outcomeOf(answer, this.#asked(call));
    return error === null ? ok(answer) : err(this.#noted(call, 'rest', error));
  }

  async graphql(
    call: Call,
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Result<GraphqlAnswer, PRStatusError>> {
    const denied = this.#denied(call, 'graphql', 1);
    if (denied !== null) return err(denied);
    const answer = await request(this.#deps.door, {
      to: call.project,
      lease: call.lease,
      method: 'POST',
      url: graphqlUrl(call.project.apiBase),
      body: { query, variables },
    });
    if (answer.is === 'error') return err(this.#noted(call, 'graphql', answer.error));
    this.#learn(call, 'graphql', answer);
    const refused = outcomeOf(answer, this.#asked(call));
    if (refused !== null) return err(this.#noted(call, 'graphql', refused));
    return this.#understood(call, answer);
  }

  /** A2 */
  #understood(call: Call, answer: ForgeResponse): Result<GraphqlAnswer, PRStatusError> {
    const parsed = graphqlBody.safeParse(answer.json);
    const asked = this.#asked(call);
    if (!parsed.success) return err(graphqlOutcome({ message: 'no data' }, answer, asked));
    const { data, errors = [] } = parsed.data;
    const [first] = errors;
    if (data === null || data === undefined) {
      return err(this.#noted(call, 'graphql', graphqlOutcome(first ?? {}, answer, asked)));
    }
    const byName = errors.map((error) => {
      const name = String(error.path?.[0] ?? '');
      return [name, graphqlOutcome(error, answer, asked)] as const;
    });
    return ok({ data, errors: Object.fromEntries(byName) });
  }

  #asked(call: Call): Asked {
    return {
      to: call.project,
      tokenSource: call.lease.source,
      now: this.now,
      justCreated: call.justCreated ?? false,
    };
  }

  #key(call: Call, resource: 'rest' | 'graphql') {
    return { origin: call.project.origin, identity: call.lease.identity, resource };
  }

  /** A budget that is used up is a wait, told as the forge would have told it. */
  #denied(call: Call, resource: 'rest' | 'graphql', cost: number): PRStatusError | null {
    const { budgets } = this.#deps;
    const key = this.#key(call, resource);
    const allowed = budgets.allow(key, call.kind, cost, this.now);
    if (allowed.ok || allowed.because === 'spacing') return null;
    const known = budgets.budgets(key, this.now).find((one) => one.resource === resource);
    return {
      kind: 'throttled',
      ...placeOf(call.project),
      scope: 'primary',
      retryAt: allowed.until,
      budget: { limit: known?.limit ?? null, remaining: known?.remaining ?? null },
    };
  }

  #learn(call: Call, resource: 'rest' | 'graphql', answer: ForgeResponse): void {
    const seen = readLimits(answer.headers, answer.date, this.now);
    this.#deps.budgets.learn(this.#key(call, resource), seen, this.now);
  }

  #noted(call: Call, resource: 'rest' | 'graphql', error: PRStatusError): PRStatusError {
    if (error.kind === 'throttled') {
      const key = this.#key(call, resource);
      this.#deps.budgets.throttled(key, error.scope, error.retryAt, this.now);
    }
    return error;
  }
}

/** An Enterprise Server has GraphQL beside its REST, not below it. */
function graphqlUrl(apiBase: string): string {
  return apiBase.endsWith('/v3') ? apiBase.replace(/\/v3$/, '/graphql') : `${apiBase}/graphql`;
}

/** `owner` and `name` of a project, each safe in a path. */
export function partsOf(project: ForgeProject): { owner: string; name: string } {
  const [owner = '', name = ''] = project.path.split('/');
  return { owner, name };
}

export function repoPath(project: ForgeProject): string {
  const { owner, name } = partsOf(project);
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}
