/**
 * Opens a pull request, once: what exists for the head branch is found first, and one that was
 * opened and whose answer was lost is adopted.
 *
 * N1 Ours is told by the trailer, never by the login: we and the user are often one.
 */
import { z } from 'zod';
import type { Opened, OpenSpec } from '../../core/forge-answers.ts';
import { commitOf } from '../../core/ids.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Instant } from '../../core/time.ts';
import type { ForgeResponse } from '../http.ts';
import { invalidResponse } from '../http.ts';
import { partsOf, repoPath, type Call, type GitHubApi } from './api.ts';
import { dateOf } from './snapshot.ts';

const login = z.object({ login: z.string() }).nullish();

const restPull = z.object({
  number: z.number(),
  node_id: z.string(),
  html_url: z.string(),
  state: z.string(),
  draft: z.boolean().nullish(),
  title: z.string(),
  body: z.string().nullish(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  updated_at: z.string().nullish(),
  user: login,
  head: z.object({
    ref: z.string(),
    sha: z.string(),
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string() }),
});

type RestPull = z.infer<typeof restPull>;

export async function openPull(
  api: GitHubApi,
  call: Call,
  spec: OpenSpec,
): Promise<Result<Opened, PRStatusError>> {
  const before = await existing(api, call, spec);
  if (!before.ok) return before;
  if (before.value !== null) return ok(before.value);
  const body = {
    title: spec.title,
    body: spec.body,
    head: spec.headBranch,
    base: spec.baseBranch,
    draft: spec.draft,
    maintainer_can_modify: true,
  };
  const write: Call = { ...call, kind: 'write' };
  const answer = await api.attempt(write, 'POST', `${repoPath(call.project)}/pulls`, body);
  if (!answer.ok) return answer;
  if (answer.value.status !== 201) return await refused(api, call, spec, answer.value);
  const pull = restPull.safeParse(answer.value.json);
  if (!pull.success) return err(invalidResponse(call.project, 'schema_mismatch', []));
  await decorate(api, write, spec, pull.data.number);
  return ok({ is: 'opened', snapshot: restSnapshot(call.project, pull.data, api.now) });
}

/** The one for this branch: an open one first, then the newest that is ours. N1 */
async function existing(
  api: GitHubApi,
  call: Call,
  spec: OpenSpec,
): Promise<Result<Opened | null, PRStatusError>> {
  const { owner } = partsOf(call.project);
  const query = new URLSearchParams({
    state: 'all',
    head: `${owner}:${spec.headBranch}`,
    base: spec.baseBranch,
    per_page: '100',
  });
  const answer = await api.rest(call, 'GET', `${repoPath(call.project)}/pulls?${query}`);
  if (!answer.ok) return answer;
  const list = z.array(restPull).safeParse(answer.value.json);
  if (!list.success) return err(invalidResponse(call.project, 'schema_mismatch', []));
  const here = list.data.filter(({ head }) => head.ref === spec.headBranch);
  const snapshot = (pull: RestPull) => restSnapshot(call.project, pull, api.now);
  const isOurs = ({ body }: RestPull) => (body ?? '').split(/\r?\n/).includes(spec.trailer);
  const open = here.find(({ state }) => state === 'open');
  if (open !== undefined) {
    return ok({ is: isOurs(open) ? 'adopted' : 'not_ours', snapshot: snapshot(open) });
  }
  const ours = here.filter(isOurs).toSorted((a, b) => b.number - a.number)[0];
  if (ours === undefined) return ok(null);
  const is = ours.merged_at == null ? 'closed_before' : 'merged_before';
  return ok({ is, snapshot: snapshot(ours) });
}

const validation = z.object({
  message: z.string().optional(),
  errors: z
    .array(z.union([z.string(), z.object({ message: z.string().nullish() }).loose()]))
    .optional(),
});

async function refused(
  api: GitHubApi,
  call: Call,
  spec: OpenSpec,
  answer: ForgeResponse,
): Promise<Result<Opened, PRStatusError>> {
  const parsed = validation.safeParse(answer.json);
  const words = parsed.success ? wordsOf(parsed.data) : '';
  if (/already exists/i.test(words)) {
    const again = await existing(api, call, spec);
    if (!again.ok) return again;
    if (again.value !== null) return ok(again.value);
  }
  if (answer.status === 403 || answer.status === 404) {
    if (/archived/i.test(words)) return ok({ is: 'refused', reason: 'archived', detail: words });
    const error = await api.rest(call, 'GET', repoPath(call.project));
    return error.ok
      ? ok({ is: 'refused', reason: 'validation', detail: words || `HTTP ${answer.status}` })
      : error;
  }
  return ok({ is: 'refused', reason: reasonOf(words), detail: words });
}

function reasonOf(words: string): Extract<Opened, { is: 'refused' }>['reason'] {
  if (/no commits between/i.test(words)) return 'no_commits';
  if (/\bhead\b/i.test(words)) return 'branch_missing';
  return /\bbase\b/i.test(words) ? 'base_missing' : 'validation';
}

function wordsOf({ message, errors = [] }: z.infer<typeof validation>): string {
  const details = errors.map((one) => {
    if (typeof one === 'string') return one;
    const { field, message: said } = one;
    return said ?? (typeof field === 'string' ? `${field} is invalid` : '');
  });
  return [message ?? '', ...details].filter((part) => part !== '').join(': ');
}

/** Labels and reviewers are a courtesy: what is refused of them does not undo the opening. */
async function decorate(api: GitHubApi, call: Call, spec: OpenSpec, number: number) {
  const repo = repoPath(call.project);
  if (spec.labels.length > 0) {
    await api.attempt(call, 'POST', `${repo}/issues/${number}/labels`, { labels: spec.labels });
  }
  if (spec.reviewers.length > 0) {
    const body = { reviewers: spec.reviewers };
    await api.attempt(call, 'POST', `${repo}/pulls/${number}/requested_reviewers`, body);
  }
}

/** From REST alone: everything that REST does not tell is unknown until the first read. */
function restSnapshot(project: ForgeProject, pull: RestPull, now: Instant): PullRequestSnapshot {
  const unknown = { is: 'unknown', why: 'not_read_yet' } as const;
  const merged = pull.merged_at != null;
  return {
    ref: { project, number: pull.number, nodeId: pull.node_id, url: pull.html_url },
    state: merged ? 'merged' : pull.state === 'closed' ? 'closed' : 'open',
    draft: pull.draft ?? false,
    title: pull.title,
    author: pull.user?.login ?? 'ghost',
    head: commitOf(pull.head.sha.toLowerCase()),
    headBranch: pull.head.ref,
    headProject: pull.head.repo?.full_name ?? null,
    baseBranch: pull.base.ref,
    mergeability: unknown,
    mergeableNow: false,
    checks: unknown,
    review: unknown,
    threads: unknown,
    queue: unknown,
    nativeAutoMerge: unknown,
    mergeCommit:
      merged && pull.merge_commit_sha != null ? commitOf(pull.merge_commit_sha.toLowerCase()) : null,
    mergedBy: null,
    closedBy: null,
    updatedAt: dateOf(pull.updated_at),
    observedAt: now,
  };
}
