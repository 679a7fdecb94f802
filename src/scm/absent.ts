/**
 * What a 404 means: gone, hidden, or not there yet. Forges hide what a credential may not see by
 * the same answer. Who was shown the list of a repository has seen the repository; a pull request
 * that is not in it is not there.
 */
import { limits } from '../core/limits.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import type { PullRequestRef } from '../core/pull-request.ts';
import type { Result } from '../core/result.ts';
import { after, type Instant } from '../core/time.ts';
import { placeOf } from './http.ts';
import type { RestCall } from './rest-api.ts';

type HttpError = Extract<PRStatusError, { kind: 'http_error' }>;

export function isAbsent(error: PRStatusError): error is HttpError {
  return error.kind === 'http_error' && error.reason === 'not_found_or_hidden';
}

/** Not there for this credential, without a word of the forge about it. */
export function notThere(
  { project, lease }: Pick<RestCall, 'project' | 'lease'>,
  repository: 'visible' | 'not_probed',
): PRStatusError {
  return {
    kind: 'http_error',
    ...placeOf(project),
    status: 404,
    statusText: '',
    transient: false,
    reason: 'not_found_or_hidden',
    requestId: null,
    tokenSource: lease.source,
    repository,
  };
}

/** The list itself was not found: the repository is hidden too, or gone. */
export function hiddenToo(error: PRStatusError): PRStatusError {
  return isAbsent(error) ? { ...error, repository: 'hidden_too' } : error;
}

export function seen(error: PRStatusError): PRStatusError {
  return isAbsent(error) ? { ...error, repository: 'visible' } : error;
}

/** What was opened a moment ago may not be everywhere yet. */
export function unlessYoung(
  target: PullRequestRef,
  error: PRStatusError,
  now: Instant,
): PRStatusError {
  const { createdAt } = target;
  if (!isAbsent(error) || createdAt === null || createdAt === undefined) return error;
  const { provider, host } = error;
  const isYoung = after(createdAt, limits.forgeYoungMs) > now;
  return isYoung ? { kind: 'not_yet', provider, host } : error;
}

/**
 * Is it the host or the credential that failed, and not this one thing? Then nothing else of it
 * can be believed either; anything less makes one group unknown.
 */
export function isOfTheHost(error: PRStatusError): boolean {
  if (error.kind !== 'http_error') return error.kind !== 'invalid_response';
  return error.transient || ['unauthenticated', 'sso_required'].includes(error.reason);
}

/** Why a group is unknown, in a word. */
export function whyUnread(error: PRStatusError): string {
  return error.kind === 'http_error' ? error.reason : error.kind;
}

/** A 404 on one thing of a repository: a look at the repository itself says which one it is. */
export async function explained(
  error: PRStatusError,
  look: () => Promise<Result<unknown, PRStatusError>>,
): Promise<PRStatusError> {
  if (!isAbsent(error) || error.repository !== 'not_probed') return error;
  const found = await look();
  if (found.ok) return seen(error);
  return isAbsent(found.error) ? hiddenToo(error) : error;
}
