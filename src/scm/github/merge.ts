/**
 * Merges a pull request at exactly the head it was decided for.
 *
 * M1 The expected head is always sent; a moved one is an answer, not a failure.
 * M2 A branch with a merge queue is entered into it: nothing is merged past a queue.
 */
import { z } from 'zod';
import type { MergeAnswer } from '../../core/forge-answers.ts';
import { commitOf, type Commit } from '../../core/ids.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { invalidResponse } from '../http.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';

export interface MergeHow {
  readonly expectedHead: Commit;
  readonly method: 'merge' | 'squash' | 'rebase';
  readonly title: string;
  readonly message: string;
}

const mergedBody = z.object({ sha: z.string().nullish(), merged: z.boolean().nullish() });
const messageBody = z.object({ message: z.string().nullish() });

export async function mergePull(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  how: MergeHow,
): Promise<Result<MergeAnswer, PRStatusError>> {
  const words = how.method === 'rebase' ? {} : { commit_title: how.title, commit_message: how.message };
  const body = { merge_method: how.method, sha: how.expectedHead, ...words };
  const path = `${repoPath(call.project)}/pulls/${target.number}/merge`;
  const answer = await api.attempt({ ...call, kind: 'merge' }, 'PUT', path, body);
  if (!answer.ok) return answer;
  const { status, json } = answer.value;
  const detail = messageBody.safeParse(json).data?.message ?? `HTTP ${status}`;
  if (/merge queue/i.test(detail)) return await enqueue(api, call, target, how);
  switch (status) {
    case 405:
      return ok({ is: 'not_now', reason: reasonOf(detail), detail });
    case 409:
      return ok({ is: 'head_moved' });
    case 403:
      return ok({ is: 'not_now', reason: 'permission', detail });
    case 404:
      return ok({ is: 'not_now', reason: 'permission', detail });
    case 422:
      return ok({ is: 'not_now', reason: 'blocked', detail });
    default: {
      const merged = mergedBody.safeParse(json);
      if (!merged.success) return err(invalidResponse(call.project, 'schema_mismatch', []));
      const sha = merged.data.sha ?? null;
      return ok({ is: 'merged', commit: sha === null ? null : commitOf(sha.toLowerCase()) });
    }
  }
}

function reasonOf(detail: string): Extract<MergeAnswer, { is: 'not_now' }>['reason'] {
  if (/draft/i.test(detail)) return 'draft';
  if (/not allowed on this repository|merges are not allowed/i.test(detail)) return 'method';
  if (/conflict/i.test(detail)) return 'conflict';
  return /base branch was modified/i.test(detail) ? 'computing' : 'blocked';
}

/** M2 */
async function enqueue(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  how: MergeHow,
): Promise<Result<MergeAnswer, PRStatusError>> {
  if (target.nodeId === null) {
    return ok({ is: 'not_now', reason: 'queue_required', detail: 'a merge queue is required' });
  }
  const query = `mutation($id: ID!, $head: GitObjectID!) {
    enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) {
      mergeQueueEntry { id }
    } }`;
  const variables = { id: target.nodeId, head: how.expectedHead };
  const answer = await api.graphql({ ...call, kind: 'merge' }, query, variables);
  if (!answer.ok) return answer;
  const [refused] = Object.values(answer.value.errors);
  return refused === undefined ? ok({ is: 'queued' }) : err(refused);
}
