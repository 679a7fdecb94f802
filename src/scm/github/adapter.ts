/**
 * The `forge` port on GitHub: github.com, Enterprise Server and data-residency hosts alike; only
 * the API's base differs. Each verb resolves the rig's own credential first.
 */
import { z } from 'zod';
import type { Feedback, ForgeWrite, MergeAnswer, OpenSpec, Opened } from '../../core/forge-answers.ts';
import { limits } from '../../core/limits.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Budget, ForgeContext, ForgePort, Probe } from '../../ports/forge.ts';
import { resolveCredential, withCredential, type CredentialSources } from '../credentials.ts';
import { GitHubApi, repoPath, type ApiDeps, type Call } from './api.ts';
import { readFeedback } from './feedback.ts';
import { mergePull, type MergeHow } from './merge.ts';
import { openPull } from './open.ts';
import { readPulls } from './read.ts';
import { writePull } from './write.ts';

export interface GitHubDeps extends ApiDeps {
  readonly sources: (context: ForgeContext) => Promise<CredentialSources>;
}

export class GitHubForge implements ForgePort {
  readonly #deps: GitHubDeps;
  readonly #api: GitHubApi;

  constructor(deps: GitHubDeps) {
    this.#deps = deps;
    this.#api = new GitHubApi(deps);
  }

  async checkPRStatuses(
    context: ForgeContext,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    const outcomes: PRStatusOutcome[] = [];
    for (let start = 0; start < targets.length; start += limits.pullsPerRead) {
      const batch = targets.slice(start, start + limits.pullsPerRead);
      const read = await this.#with(context, async (call) =>
        allOrError(await readPulls(this.#api, call, batch)),
      );
      outcomes.push(
        ...(read.ok ? read.value : batch.map(() => ({ ok: false as const, error: read.error }))),
      );
    }
    return outcomes;
  }

  async probe(context: ForgeContext): Promise<Result<Probe, PRStatusError>> {
    return await this.#with(context, (call) => probe(this.#api, call));
  }

  async feedback(
    context: ForgeContext,
    target: PullRequestRef,
  ): Promise<Result<Feedback, PRStatusError>> {
    return await this.#with(context, (call) => readFeedback(this.#api, call, target));
  }

  async open(context: ForgeContext, spec: OpenSpec): Promise<Result<Opened, PRStatusError>> {
    return await this.#with(context, (call) => openPull(this.#api, call, spec));
  }

  async merge(
    context: ForgeContext,
    target: PullRequestRef,
    how: MergeHow,
  ): Promise<Result<MergeAnswer, PRStatusError>> {
    return await this.#with(context, (call) => mergePull(this.#api, call, target, how));
  }

  async write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Promise<Result<void, PRStatusError>> {
    return await this.#with(context, (call) => writePull(this.#api, call, target, what));
  }

  async budgets(context: ForgeContext): Promise<readonly Budget[]> {
    const now = this.#deps.clock.now();
    const found = await resolveCredential(context, await this.#deps.sources(context), now);
    if (!found.ok) return [];
    const { origin } = context.project;
    return this.#deps.budgets.budgets({ origin, identity: found.token.identity }, now);
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

/** One refusal for the whole batch is the credential's: it may be tried once more with a new one. */
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

const repositoryBody = z.object({
  full_name: z.string(),
  archived: z.boolean().optional(),
  default_branch: z.string().optional(),
  permissions: z
    .object({ push: z.boolean().optional(), pull: z.boolean().optional() })
    .optional(),
  allow_merge_commit: z.boolean().optional(),
  allow_squash_merge: z.boolean().optional(),
  allow_rebase_merge: z.boolean().optional(),
});
const userBody = z.object({ login: z.string() });

async function probe(api: GitHubApi, call: Call): Promise<Result<Probe, PRStatusError>> {
  const read = await api.rest(call, 'GET', repoPath(call.project));
  if (!read.ok) return read;
  const found = repositoryBody.safeParse(read.value.json);
  const repo = found.success ? found.data : { full_name: call.project.path };
  const user = await api.rest(call, 'GET', '/user');
  const branch = encodeURIComponent(repo.default_branch ?? 'HEAD');
  const checks = await api.rest(
    call,
    'GET',
    `${repoPath(call.project)}/commits/${branch}/check-runs?per_page=1`,
  );
  const canPush = repo.permissions?.push ?? null;
  const missing =
    !checks.ok && checks.error.kind === 'http_error' ? (checks.error.missingPermissions ?? []) : [];
  return ok({
    login: user.ok ? (userBody.safeParse(user.value.json).data?.login ?? null) : null,
    canRead: true,
    canPush,
    canOpen: canPush,
    canReadChecks: checks.ok ? true : checks.error.kind === 'http_error' ? false : null,
    canMerge: canPush,
    missing,
    archived: repo.archived ?? false,
    defaultBranch: repo.default_branch ?? null,
    mergeMethods: methodsOf(repo),
    mergeQueue: null,
    movedTo: repo.full_name.toLowerCase() === call.project.path.toLowerCase() ? null : repo.full_name,
  });
}

function methodsOf(repo: Partial<z.infer<typeof repositoryBody>>): Probe['mergeMethods'] {
  const allowed: ('merge' | 'squash' | 'rebase')[] = [];
  if (repo.allow_merge_commit !== false) allowed.push('merge');
  if (repo.allow_squash_merge !== false) allowed.push('squash');
  if (repo.allow_rebase_merge !== false) allowed.push('rebase');
  return allowed;
}
