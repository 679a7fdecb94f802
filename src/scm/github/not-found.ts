/**
 * What a 404 of GitHub means, gone or hidden: a look at the repository itself tells them apart.
 *
 * N1 One look per repository and read, not one per pull request.
 */
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { isAbsent } from '../absent.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';

/** GraphQL says it by HTTP 200, so the status is put right. */
export function seenRepository(error: PRStatusError): PRStatusError {
  return isAbsent(error) ? { ...error, status: 404, repository: 'visible' } : error;
}

/** N1: `probed` is shared by one read. */
export async function explained(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  error: PRStatusError,
  probed: Map<string, boolean>,
): Promise<PRStatusError> {
  if (!isAbsent(error) || error.repository === 'visible') return error;
  const { path } = target.project;
  if (!probed.has(path)) {
    const repo = await api.get(call, repoPath(target.project));
    if (!repo.ok && !isAbsent(repo.error)) return error;
    probed.set(path, repo.ok);
  }
  if (probed.get(path) === true) return seenRepository(error);
  return { ...error, status: 404, repository: 'hidden_too' };
}
