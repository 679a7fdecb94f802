/**
 * Which permissions a refused request would have needed, where the forge says so. Pure.
 *
 * P1 Only names of a known form are taken over; at most eight. An empty list: it did not say.
 */
import type { ForgeProvider } from '../core/pull-request.ts';
import type { ForgeResponse } from './http.ts';
import { textAt } from './json.ts';

const NAMES_MAX = 8;

export function missingPermissions(
  response: ForgeResponse,
  provider: ForgeProvider,
): readonly string[] {
  switch (provider) {
    case 'github':
      return github(response.headers);
    case 'gitlab':
      return clean((textAt(response.json, 'scope') ?? '').split(/[\s,]+/));
    case 'gitea':
      return gitea(response);
  }
}

/** Fine-grained: `contents=read,pull_requests=read; issues=write`, the first way in. */
function github(headers: Headers): readonly string[] {
  const accepted = headers.get('x-accepted-github-permissions');
  if (accepted !== null) return clean((accepted.split(';')[0] ?? '').split(','));
  const wanted = headers.get('x-accepted-oauth-scopes');
  const granted = headers.get('x-oauth-scopes');
  if (wanted === null || granted === null) return [];
  const scopes = clean(wanted.split(','));
  const have = clean(granted.split(','));
  // Any of them would do, so the first is named.
  return scopes.some((scope) => have.includes(scope)) ? [] : scopes.slice(0, 1);
}

/** `token does not have at least one of required scope(s), required=[read:repository], …` */
function gitea(response: ForgeResponse): readonly string[] {
  const message = (textAt(response.json, 'message') ?? '').slice(0, 1000);
  const found = /required scope\(s\)(?:, required=|: )\[([^\]]*)\]/.exec(message)?.[1] ?? '';
  return clean(found.split(/[\s,]+/));
}

/** P1 */
function clean(names: readonly string[]): readonly string[] {
  return names
    .map((name) => name.trim())
    .filter((name) => /^[a-z][a-z_:-]{0,60}(?:=(?:read|write|admin))?$/.test(name))
    .slice(0, NAMES_MAX);
}
