/**
 * Merges a pull request at exactly the head it was decided for.
 *
 * M1 The expected head is always sent; a moved one is an answer, not a failure.
 * M2 405 and 409 mean several things each, so the pull request itself is read: what it is, is
 *    believed before what was said. One that is merged at this very head was merged by us, and the
 *    answer was lost.
 * M3 Gitea's own waiting for checks is never armed, and its rules are never forced.
 */
import type { MergeAnswer } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import type { MergeHow } from '../rest-forge.ts';
import type { Conflicts } from './mergeability.ts';
import { methodsOf, readRepo } from './repository.ts';
import { isDraft, pullPath, pullShape, stateOf, type TeaPull, type TeaRepo } from './shapes.ts';
import { wordsOf } from './words.ts';

type Merged = Result<MergeAnswer, PRStatusError>;
type NotNow = Extract<MergeAnswer, { is: 'not_now' }>;

interface Merging {
  readonly api: RestApi;
  readonly conflicts: Conflicts;
  readonly call: RestCall;
  readonly target: PullRequestRef;
  readonly how: MergeHow;
}

export async function mergePull(merging: Merging): Promise<Merged> {
  const { api, call, target, how } = merging;
  const repo = await readRepo(api, call);
  if (!repo.ok) return repo;
  if (!methodsOf(repo.value).includes(how.method)) {
    const allowed = methodsOf(repo.value).join(' or ');
    return ok(notNow('method', `this repository merges by ${allowed}`));
  }
  const body = {
    Do: styleOf(how, repo.value),
    head_commit_id: how.expectedHead,
    delete_branch_after_merge: false,
    ...wordsFor(how),
  };
  const path = `${pullPath(call.project, target.number)}/merge`;
  const merge: RestCall = { ...call, kind: 'merge' };
  // A merge is answered with 200 and nothing.
  const asked = { body, accept: 'text', answers: [405, 409, 422, 423] } as const;
  const answer = await api.ask(merge, 'POST', path, asked);
  if (!answer.ok) return await failed(merging, answer.error);
  if (answer.value.status >= 300) return await refused(merging, wordsOf(answer.value));
  const read = await readPull(merging);
  return ok({ is: 'merged', commit: read.ok ? read.value.merge_commit_sha : null });
}

function styleOf({ method }: MergeHow, repo: TeaRepo): string {
  return method === 'rebase' && repo.allow_rebase === false ? 'fast-forward-only' : method;
}

function wordsFor({ method, title, message }: MergeHow): Readonly<Record<string, string>> {
  return method === 'rebase' ? {} : { MergeTitleField: title, MergeMessageField: message };
}

function notNow(reason: NotNow['reason'], detail: string): NotNow {
  return { is: 'not_now', reason, detail };
}

async function readPull({ api, call, target }: Merging): Promise<Result<TeaPull, PRStatusError>> {
  return await api.read(call, pullPath(call.project, target.number), pullShape);
}

/** A missing right is an answer; a bad token, a pause or a policy is an error like any other. */
async function failed({ api, call }: Merging, error: PRStatusError): Promise<Merged> {
  if (error.kind === 'http_error' && error.reason === 'forbidden' && error.policy === undefined) {
    const missing = (error.missingPermissions ?? []).join(', ');
    const words = missing === '' ? 'the credential may not merge here' : `it lacks ${missing}`;
    return ok(notNow('permission', words));
  }
  return err(await explained(error, () => readRepo(api, call)));
}

/** M2 */
async function refused(merging: Merging, said: string): Promise<Merged> {
  const { api, call, conflicts, how } = merging;
  const read = await readPull(merging);
  if (!read.ok) return await failed(merging, read.error);
  const pull = read.value;
  if (pull.head.sha !== how.expectedHead) return ok({ is: 'head_moved' });
  if (stateOf(pull) === 'merged') return ok({ is: 'merged', commit: pull.merge_commit_sha });
  if (stateOf(pull) === 'closed') return ok(notNow('blocked', 'it is closed'));
  if (isDraft(pull)) return ok(notNow('draft', said));
  if (/not allowed to merge/i.test(said)) return ok(notNow('permission', said));
  if (pull.mergeable === true) {
    const isLate = /try again|push out of date|was modified/i.test(said);
    return ok(notNow(isLate ? 'computing' : 'blocked', said));
  }
  const place = JSON.stringify([call.project.apiBase, pull.id]);
  return ok(notNow(conflicts.judge(place, pull, api.now), said));
}
