/**
 * Opens a pull request, once: what exists for the head branch is found first, and one that was
 * opened and whose answer was lost is adopted.
 *
 * N1 Ours is told by the trailer, never by the login: we and the user are often one.
 * N2 Looked up by head branch alone: a person may have pointed ours at another base.
 * N3 The repository is asked for its present owner first: a former one finds nothing.
 * N4 Of somebody else's, those that changed last are looked at: one page of them, by their words.
 */
import { z } from 'zod';
import type { Opened, OpenSpec } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { isRival } from '../../core/issue.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { ForgeResponse } from '../http.ts';
import { mismatch, partsOf, repoPath, type Call, type GitHubApi } from './api.ts';
import { readRepository } from './repository.ts';
import { restPull, restSnapshot, type RestPull } from './rest-pull.ts';

export async function openPull(
  api: GitHubApi,
  asked: Call,
  spec: OpenSpec,
): Promise<Result<Opened, PRStatusError>> {
  const repo = await readRepository(api, asked);
  if (!repo.ok) return repo;
  const call = { ...asked, project: { ...asked.project, path: repo.value.full_name } };
  const before = await existing(api, call, spec);
  if (!before.ok) return before;
  if (before.value !== null) return ok(before.value);
  if (spec.missing === 'leave') return ok({ is: 'none' });
  if (repo.value.archived === true) return ok(ARCHIVED);
  const rival = await rivalOf(api, call, spec, asked.project);
  if (!rival.ok) return rival;
  if (rival.value !== null) return ok(rival.value);
  const body = {
    title: spec.title,
    body: spec.body,
    head: spec.headBranch,
    base: spec.baseBranch,
    draft: spec.draft,
    maintainer_can_modify: true,
  };
  const write: Call = { ...call, kind: 'write' };
  const path = `${repoPath(call.project)}/pulls`;
  const answer = await api.rest(write, 'POST', path, { body, answers: [422] });
  if (!answer.ok) return answer;
  if (answer.value.status === 422) return await refused(api, call, spec, answer.value);
  const pull = restPull.safeParse(answer.value.json);
  if (!pull.success) return err(mismatch(call, answer.value.json));
  await decorate(api, write, spec, pull.data);
  return ok({ is: 'opened', snapshot: restSnapshot(call.project, pull.data, api.now) });
}

const ARCHIVED: Opened = {
  is: 'refused',
  reason: 'archived',
  detail: 'the repository is archived',
};

const pulls = z.array(restPull);

/** The one for this branch: an open one first, then the newest that is ours. N1, N2 */
async function existing(
  api: GitHubApi,
  call: Call,
  spec: OpenSpec,
): Promise<Result<Opened | null, PRStatusError>> {
  const { owner } = partsOf(call.project);
  const query = new URLSearchParams({ state: 'all', head: `${owner}:${spec.headBranch}` });
  const path = `${repoPath(call.project)}/pulls?${query.toString()}`;
  const list = await api.list(call, path, (json) => pulls.safeParse(json).data ?? null);
  if (!list.ok) return list;
  // A forge that does not know the filter answers with everything.
  const here = list.value.items.filter(
    ({ head }) => head.ref === spec.headBranch && isOf(call, head.repo?.full_name),
  );
  const isOurs = ({ body }: RestPull): boolean =>
    (body ?? '').split('\n').some((line) => line.trim() === spec.trailer.trim());
  const snapshot = (pull: RestPull) => restSnapshot(call.project, pull, api.now);
  const open = here.find(({ state }) => state === 'open');
  if (open !== undefined) {
    if (!isOurs(open)) return ok({ is: 'not_ours', snapshot: snapshot(open) });
    await decorate(api, { ...call, kind: 'write' }, spec, open);
    return ok({ is: 'adopted', snapshot: snapshot(open) });
  }
  const ours = here.filter(isOurs).toSorted((a, b) => b.number - a.number)[0];
  if (ours === undefined) return ok(null);
  const is = (ours.merged_at ?? null) === null ? 'closed_before' : 'merged_before';
  return ok({ is, snapshot: snapshot(ours) });
}

/** N4 */
async function rivalOf(
  api: GitHubApi,
  call: Call,
  { unless }: OpenSpec,
  named: ForgeProject,
): Promise<Result<Opened | null, PRStatusError>> {
  if (unless.issues.length === 0) return ok(null);
  const query = 'state=open&sort=updated&direction=desc&per_page=50';
  const page = await api.get(call, `${repoPath(call.project)}/pulls?${query}`);
  if (!page.ok) return page;
  const found = pulls.safeParse(page.value.json);
  if (!found.success) return err(mismatch(call, page.value.json));
  const rival = found.data.find(({ title, body }) =>
    isRival(named, unless, { title, body: body ?? null }),
  );
  if (rival === undefined) return ok(null);
  return ok({ is: 'rival', snapshot: restSnapshot(call.project, rival, api.now) });
}

function isOf({ project }: Call, fullName: string | undefined): boolean {
  return fullName === undefined || fullName.toLowerCase() === project.path.toLowerCase();
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
  const detail = words.slice(0, 300) || 'HTTP 422';
  return ok({ is: 'refused', reason: reasonOf(parsed.data, words), detail });
}

function reasonOf(
  body: z.infer<typeof validation> | undefined,
  words: string,
): Extract<Opened, { is: 'refused' }>['reason'] {
  if (/no commits between/i.test(words)) return 'no_commits';
  const fields = (body?.errors ?? []).map((one) => (typeof one === 'string' ? '' : one['field']));
  if (fields.includes('head') || /\bhead (?:sha|ref)\b/i.test(words)) return 'branch_missing';
  if (fields.includes('base') || /\bbase (?:sha|ref)\b/i.test(words)) return 'base_missing';
  return 'validation';
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
async function decorate(api: GitHubApi, call: Call, spec: OpenSpec, pull: RestPull): Promise<void> {
  const repo = repoPath(call.project);
  const there = (pull.labels ?? []).map(({ name }) => name);
  const labels = spec.labels.filter((label) => !there.includes(label));
  if (labels.length > 0) {
    await api.rest(call, 'POST', `${repo}/issues/${pull.number}/labels`, { body: { labels } });
  }
  // Who has reviewed is no longer asked, and must not be asked again by a repeat.
  const isUntouched = pull.created_at === pull.updated_at;
  const asked = (pull.requested_reviewers ?? []).map((one) => one.login.toLowerCase());
  const reviewers = spec.reviewers.filter((one) => !asked.includes(one.toLowerCase()));
  if (reviewers.length > 0 && isUntouched) {
    const path = `${repo}/pulls/${pull.number}/requested_reviewers`;
    await api.rest(call, 'POST', path, { body: { reviewers } });
  }
}
