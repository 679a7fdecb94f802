/**
 * Merges a pull request at exactly the head it was decided for.
 *
 * M1 The expected head is always sent; a moved one is an answer, not a failure.
 * M2 A branch with a merge queue is entered into it: nothing is merged past a queue.
 * M3 After a refusal the pull request itself is read: what it is, is believed before what was said.
 *    One that is merged at this very head was merged by us, and the answer was lost.
 */
import { z } from 'zod';
import type { MergeAnswer } from '../../core/forge-answers.ts';
import type { Commit } from '../../core/ids.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { unlessYoung } from '../absent.ts';
import { mismatch, repoPath, type Call, type GitHubApi } from './api.ts';
import { oid } from './fields.ts';
import { explained } from './not-found.ts';
import { restPull, restSnapshot, type RestPull } from './rest-pull.ts';
import type { RuleBook } from './rules.ts';
import { commitIn } from './snapshot.ts';

export interface MergeHow {
  readonly expectedHead: Commit;
  readonly method: 'merge' | 'squash' | 'rebase';
  readonly title: string;
  readonly message: string;
}

type NotNow = Extract<MergeAnswer, { is: 'not_now' }>;

const mergedBody = z.object({ sha: oid.nullish(), merged: z.boolean().nullish() });
const messageBody = z.object({ message: z.string().nullish() });

export async function mergePull(
  parts: { readonly api: GitHubApi; readonly rules: RuleBook },
  call: Call,
  target: PullRequestRef,
  how: MergeHow,
): Promise<Result<MergeAnswer, PRStatusError>> {
  const { api } = parts;
  const isRebase = how.method === 'rebase';
  const words = isRebase ? {} : { commit_title: how.title, commit_message: how.message };
  const body = { merge_method: how.method, sha: how.expectedHead, ...words };
  const path = `${repoPath(target.project)}/pulls/${target.number}/merge`;
  const merge: Call = { ...call, kind: 'merge' };
  const answer = await api.rest(merge, 'PUT', path, { body, answers: [405, 409, 422] });
  if (!answer.ok) return await forbidden(api, call, target, answer.error);
  const { status, json } = answer.value;
  if (status >= 300) {
    const said = messageBody.safeParse(json).data?.message ?? `HTTP ${status}`;
    return await refused(parts, call, target, how, said.slice(0, 300));
  }
  const merged = mergedBody.safeParse(json);
  if (!merged.success || merged.data.merged === false) return err(mismatch(call, json));
  return ok({ is: 'merged', commit: commitIn(merged.data.sha) });
}

/** A missing right is an answer; a bad token, a pause or a policy is an error like any other. */
async function forbidden(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  error: PRStatusError,
): Promise<Result<MergeAnswer, PRStatusError>> {
  if (error.kind !== 'http_error') return err(error);
  if (error.reason === 'forbidden' && error.policy === undefined) {
    return ok(notNow('permission', permissionWords(error.missingPermissions)));
  }
  const told = await explained(api, call, target, error, new Map());
  const isSeen = told.kind === 'http_error' && told.repository === 'visible';
  if (!isSeen) return err(told);
  // The repository may be seen: GitHub answers 404 for a scope that is missing, too.
  const pull = await readPull(api, call, target);
  if (!pull.ok) return err(unlessYoung(target, told, api.now));
  return ok(notNow('permission', permissionWords(error.missingPermissions)));
}

function permissionWords(missing: readonly string[] = []): string {
  return missing.length === 0
    ? 'the credential may not merge here'
    : `the credential lacks ${missing.join(', ')}`;
}

function notNow(reason: NotNow['reason'], detail: string): NotNow {
  return { is: 'not_now', reason, detail };
}

async function readPull(
  api: GitHubApi,
  call: Call,
  { project, number }: PullRequestRef,
): Promise<Result<RestPull, PRStatusError>> {
  const read = await api.get(call, `${repoPath(project)}/pulls/${number}`);
  if (!read.ok) return read;
  const pull = restPull.safeParse(read.value.json);
  return pull.success ? ok(pull.data) : err(mismatch(call, read.value.json));
}

/** M3 */
async function refused(
  { api, rules }: { readonly api: GitHubApi; readonly rules: RuleBook },
  call: Call,
  target: PullRequestRef,
  how: MergeHow,
  said: string,
): Promise<Result<MergeAnswer, PRStatusError>> {
  const read = await readPull(api, call, target);
  if (!read.ok) return read;
  const pull = restSnapshot(target.project, read.value, api.now);
  if (pull.head !== how.expectedHead) return ok({ is: 'head_moved' });
  if (pull.state === 'merged') return ok({ is: 'merged', commit: pull.mergeCommit });
  if (pull.state === 'closed') return ok(notNow('blocked', 'it is closed'));
  if (pull.draft) return ok(notNow('draft', said));
  if (/not allowed on this repository|merges are not allowed/i.test(said)) {
    return ok(notNow('method', said));
  }
  const branch = await rules.of({ ...call, project: pull.ref.project }, pull.baseBranch);
  if (/merge queue/i.test(said) || branch?.mergeQueue === true) {
    return await enqueue(api, call, read.value.node_id, how);
  }
  const { mergeability } = pull;
  const word = mergeability.is === 'complete' ? mergeability.value : null;
  if (word === 'conflict' || word === 'computing') return ok(notNow(word, said));
  return ok(notNow(/was modified/i.test(said) ? 'computing' : 'blocked', said));
}

/** M2 */
async function enqueue(
  api: GitHubApi,
  call: Call,
  id: string,
  how: MergeHow,
): Promise<Result<MergeAnswer, PRStatusError>> {
  const query = `mutation($id: ID!, $head: GitObjectID!) {
    enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) {
      mergeQueueEntry { id }
    } }`;
  const variables = { id, head: how.expectedHead };
  const answer = await api.graphql({ ...call, kind: 'merge' }, query, variables);
  if (!answer.ok) return answer;
  const [problem] = answer.value.problems;
  if (problem === undefined) return ok({ is: 'queued' });
  const state = await queueState(api, call, id);
  if (!state.ok) return state;
  if (state.value.headRefOid.toLowerCase() !== how.expectedHead) return ok({ is: 'head_moved' });
  if (state.value.isInMergeQueue) return ok({ is: 'queued' });
  if (problem.type === 'FORBIDDEN') return ok(notNow('permission', permissionWords()));
  const isBlocked = problem.type === 'UNPROCESSABLE';
  return isBlocked ? ok(notNow('blocked', problem.words)) : err(problem.error);
}

const queueBody = z.object({ headRefOid: oid, isInMergeQueue: z.boolean() });

async function queueState(
  api: GitHubApi,
  call: Call,
  id: string,
): Promise<Result<z.infer<typeof queueBody>, PRStatusError>> {
  const query =
    'query($id: ID!) { node(id: $id) { ... on PullRequest { headRefOid isInMergeQueue } } }';
  const answer = await api.graphql(call, query, { id });
  if (!answer.ok) return answer;
  const found = queueBody.safeParse(answer.value.data['node']);
  return found.success ? ok(found.data) : err(mismatch(call, answer.value.data));
}
