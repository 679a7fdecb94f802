/**
 * One call of GitHub's REST API: who asks, for which repository, and with what right.
 *
 * C1 401 for a bad token, 404 for what this token may not see, 403 with the permission that is
 *    missing for what it may not do: in this order. C2 A former name answers 301 to the id's URL.
 */
import {
  bodyOf,
  json,
  links,
  pageOf,
  slice,
  type Answer,
  type Incoming,
  type Params,
} from '../exchange.ts';
import { SAML } from '../faults.ts';
import { isJson, type Json } from '../json.ts';
import { Refused, type Access, type Permissions, type Token } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import type { ForgeApp, World } from '../world.ts';
import type { Limits } from '../limits.ts';

export interface Urls {
  /** Of the API, without a slash at the end. */
  readonly api: string;
  readonly web: string;
}

export interface Call {
  readonly world: World;
  readonly limits: Limits;
  readonly incoming: Incoming;
  readonly prefix: string;
  readonly urls: Urls;
  readonly token: Token | null;
  readonly app: ForgeApp | null;
  readonly params: Params;
  readonly body: Json;
}

export interface RepoCall extends Call {
  readonly repo: Repo;
  readonly access: Access;
}

export interface PullCall extends RepoCall {
  readonly pull: Pull;
}

export type Handler = (call: Call) => Promise<Answer>;

/** The permission of fine-grained and app tokens, and its level: `pull_requests=write`. */
export type Needs = `${string}=${'read' | 'write'}`;

export const DOCS = 'https://docs.github.com/rest';

export function problem(
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(
    status,
    { message, ...more, documentation_url: DOCS, status: String(status) },
    headers,
  );
}

export function notFound(): Answer {
  return problem(404, 'Not Found');
}

export interface FieldError {
  readonly resource: string;
  readonly field?: string;
  readonly code: string;
  readonly message?: string;
}

export function invalid(...errors: readonly FieldError[]): Answer {
  return problem(422, 'Validation Failed', { errors });
}

/** C1, C2 */
export function onRepo(needs: Needs, handler: (call: RepoCall) => Promise<Answer>): Handler {
  return async (call) => {
    const found = repoOf(call);
    if (found === null) return notFound();
    const { repo, moved } = found;
    const access = call.world.accessOf(call.token, repo);
    if (access === 'none') return notFound();
    if (call.token?.ssoRequired === true && (repo.private || needs.endsWith('=write'))) {
      return ssoRequired(call, repo);
    }
    if (moved) return redirected(call, repo);
    const refused = withoutRight(call, repo, access, needs);
    if (refused !== null) return refused;
    const answer = await handler({ ...call, repo, access });
    const accepted = { 'x-accepted-github-permissions': needs };
    return { ...answer, headers: { ...accepted, ...answer.headers } };
  };
}

export function onPull(needs: Needs, handler: (call: PullCall) => Promise<Answer>): Handler {
  return onRepo(needs, async (call) => {
    const pull = call.repo.findPull(Number(call.params['number']));
    return pull === null ? notFound() : await handler({ ...call, pull });
  });
}

/** The body, when the request has a usable one. */
export function jsonBody(incoming: Incoming): Json | null {
  const body = bodyOf(incoming);
  return isJson(body) ? body : null;
}

export async function paged<T>(
  call: Call,
  all: readonly T[],
  shape: (one: T) => unknown,
  wrap: (items: readonly unknown[], total: number) => unknown = (items) => items,
): Promise<Answer> {
  const page = pageOf(call.incoming.query);
  const items = await Promise.all(slice(all, page).map(async (one) => await shape(one)));
  const link = links(call.incoming, call.prefix, page, all.length);
  return json(200, wrap(items, all.length), link === '' ? {} : { link });
}

/** A refusal of the model in the words of a route; a bug stays a throw. */
export function refusedAs(
  error: unknown,
  words: Partial<Record<Refused['why'], (message: string) => Answer>>,
): Answer {
  if (!(error instanceof Refused)) throw error;
  const say = words[error.why];
  if (say !== undefined) return say(error.message);
  if (error.why === 'archived') return problem(403, error.message);
  return problem(422, error.message);
}

function repoOf({ world, params }: Call): { repo: Repo; moved: boolean } | null {
  const { id, owner = '', repo = '' } = params;
  if (id !== undefined) {
    const found = world.repos.find((one) => one.id === Number(id));
    return found === undefined ? null : { repo: found, moved: false };
  }
  const name = `${owner}/${repo}`;
  const found = world.find(name);
  if (found !== null) return { repo: found, moved: false };
  const former = world.formerly(name);
  return former === null ? null : { repo: former, moved: true };
}

function redirected({ incoming, urls, params }: Call, repo: Repo): Answer {
  const before = `/repos/${params['owner'] ?? ''}/${params['repo'] ?? ''}`;
  const rest = incoming.path.slice(before.length);
  const query = incoming.query.toString();
  const url = `${urls.api}/repositories/${repo.id}${rest}${query === '' ? '' : `?${query}`}`;
  const status = incoming.method === 'GET' ? 301 : 307;
  const message = status === 301 ? 'Moved Permanently' : 'Temporary Redirect';
  return json(status, { message, url, documentation_url: DOCS }, { location: url });
}

function withoutRight(call: Call, repo: Repo, access: Access, needs: Needs): Answer | null {
  const { token } = call;
  const [permission = '', level] = needs.split('=');
  const writes = level === 'write';
  if (token === null) {
    return writes ? problem(401, 'Requires authentication') : null;
  }
  if (token.permissions !== null) {
    const have = granted(token.permissions, permission);
    if (permission === 'metadata') return null;
    if (!writes && (have !== undefined || !repo.private)) return null;
    if (have === 'write' && writes) return canWrite(access) ? null : forbidden(token, needs);
    return forbidden(token, needs);
  }
  if (!writes) return null;
  const scope = repo.private ? ['repo'] : ['repo', 'public_repo'];
  if (!scope.some((name) => token.scopes.includes(name))) {
    const headers = { 'x-accepted-oauth-scopes': scope.join(', ') };
    return problem(404, 'Not Found', {}, headers);
  }
  const anybody = ['pull_requests', 'issues'].includes(permission);
  return canWrite(access) || anybody ? null : problem(403, 'Must have push access to repository.');
}

/** A pull request's conversation is open to either of two permissions. */
export function granted(
  permissions: Permissions,
  permission: string,
): 'read' | 'write' | undefined {
  const own = permissions[permission];
  if (permission !== 'issues' || own === 'write') return own;
  return permissions['pull_requests'] ?? own;
}

function canWrite(access: Access): boolean {
  return access === 'write' || access === 'admin';
}

function forbidden(token: Token, needs: Needs): Answer {
  const by = token.kind === 'installation' ? 'integration' : 'personal access token';
  const headers = { 'x-accepted-github-permissions': needs };
  return problem(403, `Resource not accessible by ${by}`, {}, headers);
}

function ssoRequired({ urls, world }: Call, repo: Repo): Answer {
  const request = Buffer.from(String(world.now())).toString('base64url');
  const url = `${urls.web}/orgs/${repo.owner.login}/sso?authorization_request=${request}`;
  return problem(403, SAML, {}, { 'x-github-sso': `required; url=${url}` });
}
