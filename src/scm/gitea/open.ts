/**
 * Opens a pull request, once: what exists for the head branch is found first, and one that was
 * opened and whose answer was lost is adopted.
 *
 * N1 Ours is told by the trailer, never by the login: we and the user are often one.
 * N2 Looked up by head branch alone: a person may have pointed ours at another base. Gitea cannot
 *    be asked by head, so all open ones are read, or nothing is opened; of the closed ones the
 *    thousand that changed last.
 * N3 A draft is a title that begins with `WIP:`.
 * N4 Of somebody else's, those that changed last are looked at: one page of them, by their words.
 */
import type { Opened, OpenSpec } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { isRival } from '../../core/issue.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained, isAbsent } from '../absent.ts';
import type { ForgeResponse } from '../http.ts';
import { mismatch, writing, type RestApi, type RestCall } from '../rest-api.ts';
import { readRepo } from './repository.ts';
import { branchPath, pullPath, pullShape, repoPath, stateOf, type TeaPull } from './shapes.ts';
import { snapshotOf, unread } from './snapshot.ts';
import { wordsOf } from './words.ts';

export async function openPull(
  api: RestApi,
  asked: RestCall,
  spec: OpenSpec,
): Promise<Result<Opened, PRStatusError>> {
  const repo = await readRepo(api, asked);
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
    title: spec.draft ? `WIP: ${spec.title}` : spec.title, // N3
    body: spec.body,
    head: spec.headBranch,
    base: spec.baseBranch,
  };
  const path = `${repoPath(call.project)}/pulls`;
  const answers = [404, 409, 422, 423];
  const answer = await api.ask(writing(call), 'POST', path, { body, answers });
  if (!answer.ok) return answer;
  if (answer.value.status >= 300) return await refused(api, call, spec, answer.value);
  const pull = pullShape.safeParse(answer.value.json);
  if (!pull.success) return err(mismatch(call, answer.value.json));
  await decorate(api, call, spec, pull.data);
  await askReviewers(api, call, spec, pull.data);
  return ok({ is: 'opened', snapshot: justOpened(api, call, pull.data) });
}

type Refusal = Extract<Opened, { is: 'refused' }>;

const ARCHIVED: Refusal = {
  is: 'refused',
  reason: 'archived',
  detail: 'the repository is archived',
};

/** The one for this branch: an open one first, then the newest that is ours. N1, N2 */
async function existing(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
): Promise<Result<Opened | null, PRStatusError>> {
  const isHere = ({ head }: TeaPull): boolean =>
    head.ref === spec.headBranch && isOf(call, head.repo?.full_name ?? null);
  const isOurs = ({ body }: TeaPull): boolean =>
    (body ?? '').split('\n').some((line) => line.trim() === spec.trailer.trim());
  const path = `${repoPath(call.project)}/pulls?sort=recentupdate&state=`;
  const opened = await api.list(call, `${path}open`, pullShape, (pulls) => pulls.some(isHere));
  if (!opened.ok) return opened;
  const open = opened.value.items.find(isHere);
  if (open !== undefined) {
    if (!isOurs(open)) return ok({ is: 'not_ours', snapshot: justOpened(api, call, open) });
    await decorate(api, call, spec, open);
    return ok({ is: 'adopted', snapshot: justOpened(api, call, open) });
  }
  if (!opened.value.complete) return err(mismatch(call, { pulls: 'too many' }));
  const closed = await api.list(call, `${path}closed`, pullShape);
  if (!closed.ok) return closed;
  const ours = closed.value.items
    .filter((pull) => isHere(pull) && isOurs(pull))
    .toSorted((a, b) => b.number - a.number)[0];
  if (ours === undefined) return ok(null);
  const is = stateOf(ours) === 'merged' ? 'merged_before' : 'closed_before';
  return ok({ is, snapshot: justOpened(api, call, ours) });
}

/** N4 */
async function rivalOf(
  api: RestApi,
  call: RestCall,
  { unless }: OpenSpec,
  named: ForgeProject,
): Promise<Result<Opened | null, PRStatusError>> {
  if (unless.issues.length === 0) return ok(null);
  const path = `${repoPath(call.project)}/pulls?sort=recentupdate&state=open`;
  const list = await api.list(call, path, pullShape, () => true);
  if (!list.ok) return list;
  const rival = list.value.items.find((pull) => isRival(named, unless, pull));
  return ok(rival === undefined ? null : { is: 'rival', snapshot: justOpened(api, call, rival) });
}

function isOf({ project }: RestCall, fullName: string | null): boolean {
  return fullName?.toLowerCase() === project.path.toLowerCase();
}

async function refused(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
  answer: ForgeResponse,
): Promise<Result<Opened, PRStatusError>> {
  const detail = wordsOf(answer);
  const { status } = answer;
  if (status === 423) return ok(ARCHIVED);
  if (status === 409) {
    const again = await existing(api, call, spec);
    if (!again.ok) return again;
    if (again.value !== null) return ok(again.value);
  }
  const base = await isThere(api, call, spec.baseBranch);
  if (!base.ok) return base;
  if (!base.value) return ok({ is: 'refused', reason: 'base_missing', detail });
  const head = await isThere(api, call, spec.headBranch);
  if (!head.ok) return head;
  if (!head.value) return ok({ is: 'refused', reason: 'branch_missing', detail });
  const isEmpty = /no changes between|no commits/i.test(detail);
  return ok({ is: 'refused', reason: isEmpty ? 'no_commits' : 'validation', detail });
}

async function isThere(
  api: RestApi,
  call: RestCall,
  branch: string,
): Promise<Result<boolean, PRStatusError>> {
  const read = await api.ask(call, 'GET', branchPath(call.project, branch));
  if (read.ok) return ok(true);
  const error = await explained(read.error, () => readRepo(api, call));
  return isAbsent(error) && error.repository === 'visible' ? ok(false) : err(error);
}

/** A courtesy: what is refused of it does not undo the opening. Labels have to exist there. */
async function decorate(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
  pull: TeaPull,
): Promise<void> {
  const there = (pull.labels ?? []).map(({ name }) => name);
  const labels = spec.labels.filter((label) => !there.includes(label));
  if (labels.length === 0) return;
  const path = `${repoPath(call.project)}/issues/${pull.number}/labels`;
  await api.ask(writing(call), 'POST', path, { body: { labels } });
}

async function askReviewers(
  api: RestApi,
  call: RestCall,
  { reviewers }: OpenSpec,
  { number }: TeaPull,
): Promise<void> {
  if (reviewers.length === 0) return;
  const path = `${pullPath(call.project, number)}/requested_reviewers`;
  await api.ask(writing(call), 'POST', path, { body: { reviewers } });
}

/** Everything else is unknown until the first read. */
function justOpened(api: RestApi, { project }: RestCall, pull: TeaPull) {
  return snapshotOf(project, pull, unread('not_read_yet'), api.now);
}
