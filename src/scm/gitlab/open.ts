/**
 * Opens a merge request, once: what exists for the source branch is found first, and one that was
 * opened and whose answer was lost is adopted.
 *
 * N1 Ours is told by the trailer, never by the login: we and the user are often one.
 * N2 Looked up by source branch alone: a person may have pointed ours at another target.
 * N3 A draft is a title that begins with `Draft:`.
 * N4 Of somebody else's, those that changed last are looked at: one page of them, by their words.
 */
import { z } from 'zod';
import type { Opened, OpenSpec } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { isRival } from '../../core/issue.ts';
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import type { ForgeResponse } from '../http.ts';
import { mismatch, writing, type RestApi, type RestCall } from '../rest-api.ts';
import { readProject } from './project.ts';
import {
  labUser,
  mergeRequestPath,
  mergeRequestShape,
  projectPath,
  type LabMergeRequest,
} from './shapes.ts';
import { isFork, snapshotOf, unread } from './snapshot.ts';
import { stateOf } from './merge-status.ts';
import { wordsOf } from './words.ts';

export async function openMergeRequest(
  api: RestApi,
  asked: RestCall,
  spec: OpenSpec,
): Promise<Result<Opened, PRStatusError>> {
  const project = await readProject(api, asked);
  if (!project.ok) return project;
  const { path_with_namespace: path, archived } = project.value;
  const call = { ...asked, project: { ...asked.project, path } };
  const before = await existing(api, call, spec);
  if (!before.ok) return before;
  if (before.value !== null) return ok(before.value);
  if (spec.missing === 'leave') return ok({ is: 'none' });
  if (archived === true) return ok(refusal('archived', 'the project is archived'));
  const rival = await rivalOf(api, call, spec, asked.project);
  if (!rival.ok) return rival;
  if (rival.value !== null) return ok(rival.value);
  const body = {
    source_branch: spec.headBranch,
    target_branch: spec.baseBranch,
    title: spec.draft ? `Draft: ${spec.title}` : spec.title, // N3
    description: spec.body,
    remove_source_branch: false,
    ...(spec.labels.length === 0 ? {} : { labels: spec.labels.join(',') }),
  };
  const at = `${projectPath(call.project)}/merge_requests`;
  const answer = await api.ask(writing(call), 'POST', at, { body, answers: [400, 409, 422] });
  if (!answer.ok) {
    return err(await explained(answer.error, () => readProject(api, call)));
  }
  if (answer.value.status >= 300) return await refused(api, call, spec, answer.value);
  const opened = mergeRequestShape.safeParse(answer.value.json);
  if (!opened.success) return err(mismatch(call, answer.value.json));
  await askReviewers(api, writing(call), spec, opened.data);
  return ok({ is: 'opened', snapshot: justOpened(api, call, opened.data) });
}

/** The one for this branch: an open one first, then the newest that is ours. N1, N2 */
async function existing(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
): Promise<Result<Opened | null, PRStatusError>> {
  const query = new URLSearchParams({
    source_branch: spec.headBranch,
    state: 'all',
    scope: 'all',
  });
  const path = `${projectPath(call.project)}/merge_requests?${query.toString()}`;
  const list = await api.list(call, path, mergeRequestShape);
  if (!list.ok) return list;
  // A branch of the same name in a fork is another branch.
  const here = list.value.items.filter((mr) => mr.source_branch === spec.headBranch && !isFork(mr));
  const isOurs = ({ description }: LabMergeRequest): boolean =>
    (description ?? '').split('\n').some((line) => line.trim() === spec.trailer.trim());
  const open = here.find((mr) => stateOf(mr) === 'open');
  if (open !== undefined) {
    const snapshot = justOpened(api, call, open);
    return ok({ is: isOurs(open) ? 'adopted' : 'not_ours', snapshot });
  }
  const ours = here.filter(isOurs).toSorted((a, b) => b.iid - a.iid)[0];
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
  const query = 'state=opened&scope=all&order_by=updated_at';
  const path = `${projectPath(call.project)}/merge_requests?${query}`;
  const list = await api.list(call, path, mergeRequestShape, () => true);
  if (!list.ok) return list;
  const rival = list.value.items.find(({ title, description }) =>
    isRival(named, unless, { title, body: description }),
  );
  return ok(rival === undefined ? null : { is: 'rival', snapshot: justOpened(api, call, rival) });
}

async function refused(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
  answer: ForgeResponse,
): Promise<Result<Opened, PRStatusError>> {
  const words = wordsOf(answer);
  if (answer.status === 409 || /already exists/i.test(words)) {
    const again = await existing(api, call, spec);
    if (!again.ok) return again;
    if (again.value !== null) return ok(again.value);
  }
  return ok(refusal(reasonOf(words), words));
}

type Refusal = Extract<Opened, { is: 'refused' }>;

function refusal(reason: Refusal['reason'], detail: string): Refusal {
  return { is: 'refused', reason, detail };
}

function reasonOf(words: string): Refusal['reason'] {
  if (/source branch .*does not exist/i.test(words)) return 'branch_missing';
  return /target branch .*does not exist/i.test(words) ? 'base_missing' : 'validation';
}

/** A courtesy: what is refused of it does not undo the opening. GitLab wants their numbers. */
async function askReviewers(
  api: RestApi,
  call: RestCall,
  spec: OpenSpec,
  { iid }: LabMergeRequest,
): Promise<void> {
  const ids: number[] = [];
  for (const name of spec.reviewers) {
    const query = new URLSearchParams({ username: name });
    const found = await api.read(
      { ...call, kind: 'read' },
      `/users?${query.toString()}`,
      z.array(labUser),
    );
    const id = found.ok ? found.value[0]?.id : undefined;
    if (id !== undefined) ids.push(id);
  }
  if (ids.length === 0) return;
  const body = { reviewer_ids: ids };
  await api.ask(call, 'PUT', mergeRequestPath(call.project, iid), { body });
}

/** Everything else is unknown until the first read. */
function justOpened(api: RestApi, { project }: RestCall, mr: LabMergeRequest): PullRequestSnapshot {
  return snapshotOf(project, mr, unread('not_read_yet', mr, project), api.now);
}
