/**
 * What a 404 means: gone, hidden, or not there yet. Forges hide what a credential may not see by
 * the same answer, so a look at the repository itself tells them apart.
 *
 * N1 One look per repository and read, not one per pull request.
 */
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { after } from '../../core/time.ts';
import { placeOf } from '../http.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';

export function isNotFound(
  error: PRStatusError,
): error is Extract<PRStatusError, { kind: 'http_error' }> {
  return error.kind === 'http_error' && error.reason === 'not_found_or_hidden';
}

/** Not there for this credential, without a word about it. */
export function notThere({ project, lease }: Call): PRStatusError {
  return {
    kind: 'http_error',
    ...placeOf(project),
    status: 404,
    statusText: '',
    transient: false,
    reason: 'not_found_or_hidden',
    requestId: null,
    tokenSource: lease.source,
    repository: 'not_probed',
  };
}

export function seenRepository(error: PRStatusError): PRStatusError {
  return isNotFound(error) ? { ...error, status: 404, repository: 'visible' } : error;
}

/** What was opened a moment ago may not be everywhere yet. */
export function young(target: PullRequestRef, error: PRStatusError, api: GitHubApi): PRStatusError {
  const { createdAt = null } = target;
  if (!isNotFound(error) || createdAt === null) return error;
  const { provider, host } = error;
  const isYoung = after(createdAt, limits.forgeYoungMs) > api.now;
  return isYoung ? { kind: 'not_yet', provider, host } : error;
}

/** N1: `probed` is shared by one read. */
export async function explained(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  error: PRStatusError,
  probed: Map<string, boolean>,
): Promise<PRStatusError> {
  if (!isNotFound(error) || error.repository === 'visible') return error;
  const { path } = target.project;
  if (!probed.has(path)) {
    const repo = await api.get(call, repoPath(target.project));
    if (!repo.ok && !isNotFound(repo.error)) return error;
    probed.set(path, repo.ok);
  }
  if (probed.get(path) === true) return seenRepository(error);
  return { ...error, status: 404, repository: 'hidden_too' };
}
