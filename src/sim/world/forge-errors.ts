/**
 * The errors the modelled forge answers with, filled as an adapter fills them.
 */
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { SeededRandom } from './random.ts';

type Http = Extract<PRStatusError, { readonly kind: 'http_error' }>;

interface Where {
  readonly provider: ForgeProject['provider'];
  readonly host: string;
}

export function noToken(where: Where): PRStatusError {
  const tried = ['rig.token', 'town.token'].map((source) => ({ source, why: 'absent' as const }));
  return { ...where, kind: 'no_token', resolutionChain: tried };
}

export function httpError(
  where: Where,
  status: number,
  reason: Http['reason'],
  repository: Http['repository'] = 'hidden_too',
): Http {
  return {
    ...where,
    kind: 'http_error',
    status,
    statusText: reason,
    transient: status >= 500,
    reason,
    requestId: 'r-1',
    tokenSource: 'town.token',
    ...(status === 404 ? { repository } : {}),
    ...(status === 403 ? { missingPermissions: ['pull requests: write'] } : {}),
  };
}

export function unreadable(where: Where, random: SeededRandom): PRStatusError {
  const reason = random.pick(['json_parse', 'schema_mismatch', 'html', 'graphql_errors'] as const);
  return { ...where, kind: 'invalid_response', reason, sampleKeys: [] };
}

/** One group of it could not be read whole. */
export function withoutGroup(
  snapshot: PullRequestSnapshot,
  random: SeededRandom,
): PullRequestSnapshot {
  const group = random.pick(['mergeability', 'checks', 'review', 'threads'] as const);
  return { ...snapshot, mergeableNow: false, [group]: { is: 'unknown', why: 'page_missing' } };
}

export function forgeProject(
  provider: ForgeProject['provider'],
  origin: string,
  rig: string,
): ForgeProject {
  const api = { github: '', gitlab: '/api/v4', gitea: '/api/v1' }[provider];
  return { provider, origin, apiBase: `${origin}${api}`, path: `team/${rig}` };
}
