/**
 * Ends a pull request's waiting to be merged by itself. There is no queue.
 *
 * D1 Gitea does not tell whether one waits: it is asked to stop, and 404 says that none did, or
 *    that there is no such pull request, so that is read.
 */
import type { Dequeued } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { readRepo } from './repository.ts';
import { pullPath, pullShape, stateOf } from './shapes.ts';
import { wordsOf } from './words.ts';

type Took = Result<Dequeued, PRStatusError>;

export async function dequeuePull(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
): Promise<Took> {
  const at = pullPath(target.project, target.number);
  const asked = { accept: 'text', answers: [403, 404, 423] } as const;
  const answer = await api.ask({ ...call, kind: 'merge' }, 'DELETE', `${at}/merge`, asked);
  if (!answer.ok) return answer;
  const { status } = answer.value;
  const read = await api.read(call, at, pullShape);
  if (!read.ok) return err(await explained(read.error, () => readRepo(api, call)));
  const state = stateOf(read.value);
  if (state !== 'open') return ok({ is: 'over', state });
  if (status < 300 || status === 404) return ok({ is: 'out' });
  const reason = status === 403 ? 'permission' : 'other';
  return ok({ is: 'refused', reason, detail: wordsOf(answer.value) });
}
