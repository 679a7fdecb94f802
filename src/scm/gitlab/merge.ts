/**
 * Merges a merge request at exactly the head it was decided for.
 *
 * M1 The expected head is always sent; a moved one is an answer, not a failure.
 * M2 GitLab says little with a refusal (405 and 422 mean anything, a moment after opening too), so
 *    the merge request itself is read: what it is, is believed before what was said. One that is
 *    merged at this very head was merged by us, and the answer was lost.
 * M3 The project merges in one way. Another one is not tried, since it would merge in that way.
 * M4 Where the project merges by trains it is put into one; GitLab's own waiting is never armed.
 */
import type { MergeAnswer } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { isQueued, type PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import { mismatch, type RestApi, type RestCall } from '../rest-api.ts';
import type { MergeHow } from '../rest-forge.ts';
import { mergeabilityOf, stateOf, wordOf } from './merge-status.ts';
import { readMergeRequest, readTrain } from './parts.ts';
import {
  methodsOf,
  mustDescend,
  readProject,
  type LabProject,
  type ProjectBook,
} from './project.ts';
import {
  mergeRequestPath,
  mergeRequestShape,
  projectPath,
  type LabMergeRequest,
} from './shapes.ts';
import { mergeCommitOf } from './snapshot.ts';
import { wordsOf } from './words.ts';

type Merged = Result<MergeAnswer, PRStatusError>;
type NotNow = Extract<MergeAnswer, { is: 'not_now' }>;

interface Merging {
  readonly api: RestApi;
  readonly call: RestCall;
  readonly target: PullRequestRef;
  readonly how: MergeHow;
  readonly project: LabProject | null;
}

export async function mergeMergeRequest(
  { api, projects }: { readonly api: RestApi; readonly projects: ProjectBook },
  call: RestCall,
  target: PullRequestRef,
  how: MergeHow,
): Promise<Merged> {
  const known = await projects.of(call);
  const project = known.ok ? known.value : null;
  const merging: Merging = { api, call, target, how, project };
  if (project !== null && !methodsOf(project).includes(how.method)) {
    const allowed = methodsOf(project).join(' or ');
    return ok(notNow('method', `this project merges by ${allowed}`)); // M3
  }
  if (project?.merge_trains_enabled === true) return await board(merging);
  const path = `${mergeRequestPath(call.project, target.number)}/merge`;
  const body = { sha: how.expectedHead, should_remove_source_branch: false, ...wordsFor(how) };
  const answers = [401, 403, 405, 406, 409, 422];
  const answer = await api.ask({ ...call, kind: 'merge' }, 'PUT', path, { body, answers });
  if (!answer.ok) return await failed(merging, answer.error);
  const { status, json } = answer.value;
  const said = wordsOf(answer.value);
  if (status === 401 || status === 403) return await forbidden(merging, said);
  if (status >= 300) return await refused(merging, said);
  const merged = mergeRequestShape.safeParse(json);
  if (!merged.success) return err(mismatch(call, json));
  return ok(mergedOrUnderWay(merged.data));
}

function wordsFor({ method, title, message }: MergeHow): Readonly<Record<string, unknown>> {
  const words = message === '' ? title : `${title}\n\n${message}`;
  if (method === 'squash') return { squash: true, squash_commit_message: words };
  return method === 'merge' ? { squash: false, merge_commit_message: words } : { squash: false };
}

function mergedOrUnderWay(mr: LabMergeRequest): MergeAnswer {
  return stateOf(mr) === 'merged'
    ? { is: 'merged', commit: mergeCommitOf(mr) }
    : notNow('computing', 'GitLab took the merge and has not made it yet');
}

function notNow(reason: NotNow['reason'], detail: string): NotNow {
  return { is: 'not_now', reason, detail };
}

async function failed({ api, call }: Merging, error: PRStatusError): Promise<Merged> {
  return err(await explained(error, () => readProject(api, call)));
}

/**
 * 401 is the answer for a person who may not merge as well as for a bad token, and 403 for a scope
 * as well as for an address that is not let in: whoever may read the merge request lacks a right.
 */
async function forbidden(merging: Merging, said: string): Promise<Merged> {
  const { api, call, target } = merging;
  const read = await readMergeRequest(api, call, target.number);
  if (!read.ok) return await failed(merging, read.error);
  const isDone = read.value.sha === merging.how.expectedHead && stateOf(read.value) === 'merged';
  if (isDone) return ok({ is: 'merged', commit: mergeCommitOf(read.value) });
  return ok(notNow('permission', said));
}

/** M2 */
async function refused(merging: Merging, said: string): Promise<Merged> {
  const { api, call, target, how, project } = merging;
  const read = await readMergeRequest(api, call, target.number, mustDescend(project));
  if (!read.ok) return await failed(merging, read.error);
  const mr = read.value;
  if (mr.sha !== how.expectedHead) return ok({ is: 'head_moved' });
  if (stateOf(mr) === 'merged') return ok({ is: 'merged', commit: mergeCommitOf(mr) });
  if (stateOf(mr) === 'closed') return ok(notNow('blocked', 'it is closed'));
  const mergeability = mergeabilityOf(mr, mustDescend(project));
  const detail = wordOf(mr) ?? said;
  const value = mergeability.is === 'complete' ? mergeability.value : 'blocked';
  switch (value) {
    case 'draft':
    case 'conflict':
    case 'computing':
      return ok(notNow(value, detail));
    case 'clean':
      // Refused a moment ago, and nothing against it now.
      return ok(notNow('computing', said));
    case 'behind':
    case 'blocked':
      return ok(notNow('blocked', detail));
  }
}

/** M4 */
async function board(merging: Merging): Promise<Merged> {
  const { api, call, target, how } = merging;
  const path = `${projectPath(call.project)}/merge_trains/merge_requests/${target.number}`;
  const body = { sha: how.expectedHead, squash: how.method === 'squash' };
  const answers = [400, 401, 403, 404, 405, 409, 422];
  const answer = await api.ask({ ...call, kind: 'merge' }, 'POST', path, { body, answers });
  if (!answer.ok) return answer;
  const { status } = answer.value;
  if (status < 300) return ok({ is: 'queued' });
  const said = wordsOf(answer.value);
  if (status === 401 || status === 403) return await forbidden(merging, said);
  const told = await refused(merging, said);
  if (told.ok && told.value.is === 'not_now') {
    const train = await readTrain(api, call, target.number, merging.project);
    // It is at this head, and was put there before.
    if (isQueued(train)) return ok({ is: 'queued' });
  }
  // Nothing is against it but that this server has no train that we can board.
  const isOfTheTrain = told.ok && told.value.is === 'not_now' && told.value.detail === said;
  return isOfTheTrain ? ok(notNow('queue_required', said)) : told;
}
