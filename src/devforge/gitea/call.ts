/**
 * One call of Gitea's (and Forgejo's) REST API: repository, right, pages and refusals.
 *
 * C1 401 for a bad token, 404 for what this token may not see, 403 for a scope or a role that does
 *    not reach. C2 A former name redirects to the present one, keeping the method.
 */
import {
  json,
  links,
  pageOf,
  slice,
  type Answer,
  type Incoming,
  type Params,
} from '../exchange.ts';
import type { Json } from '../json.ts';
import { Refused, type Access, type Token } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import type { World } from '../world.ts';

export interface TeaCall {
  readonly world: World;
  readonly incoming: Incoming;
  readonly prefix: string;
  readonly web: string;
  readonly api: string;
  readonly token: Token | null;
  readonly params: Params;
  readonly body: Json;
}

export interface TeaRepoCall extends TeaCall {
  readonly repo: Repo;
  readonly access: Access;
}

export interface TeaPullCall extends TeaRepoCall {
  readonly pull: Pull;
}

export type TeaHandler = (call: TeaCall) => Promise<Answer>;

export function told(status: number, message: string): Answer {
  return json(status, { message, url: 'https://docs.gitea.example/api/swagger' });
}

type Needs = 'read' | 'write' | 'propose' | 'talk';

/** C1. `propose` and `talk`: whoever may read may do it, with a token for code or for issues. */
export function onTeaRepo(
  needs: Needs,
  handler: (call: TeaRepoCall) => Promise<Answer>,
): TeaHandler {
  return async (call) => {
    const { world, token, params, incoming, api } = call;
    const [owner = '', name = ''] = [params['owner'], params['repo']];
    const full = `${owner}/${name}`;
    const repo = world.find(full) ?? world.formerly(full);
    const access = repo === null ? 'none' : world.accessOf(token, repo);
    if (repo === null || access === 'none') return told(404, "The target couldn't be found.");
    if (world.find(full) === null) {
      const rest = incoming.path.slice(`/repos/${full}`.length);
      const query = incoming.query.size === 0 ? '' : `?${incoming.query.toString()}`;
      const location = `${api}/repos/${repo.fullName}${rest}${query}`; // C2
      return { status: 307, headers: { location }, body: '' };
    }
    const refused = needs === 'read' ? null : withoutRight(token, repo, access, needs);
    return refused ?? (await handler({ ...call, repo, access }));
  };
}

export function onTeaPull(
  needs: Needs,
  handler: (call: TeaPullCall) => Promise<Answer>,
): TeaHandler {
  return onTeaRepo(needs, async (call) => {
    const pull = call.repo.findPull(Number(call.params['index']));
    if (pull === null) return told(404, "The target couldn't be found.");
    return await handler({ ...call, pull });
  });
}

export function teaPerson({ token }: TeaCall): Token['user'] {
  if (token === null) throw new Error('a write without a token');
  return token.user;
}

export async function teaPage<T>(
  call: TeaCall,
  all: readonly T[],
  shape: (one: T) => unknown,
): Promise<Answer> {
  const page = pageOf(call.incoming.query, 30, 'limit');
  const capped = { ...page, perPage: Math.min(page.perPage, 50) };
  const items = await Promise.all(slice(all, capped).map(async (one) => await shape(one)));
  const link = links(call.incoming, call.prefix, capped, all.length);
  const total = { 'x-total-count': String(all.length) };
  return json(200, items, link === '' ? total : { ...total, link });
}

export function teaRefusal(
  error: unknown,
  words: Partial<Record<Refused['why'], (message: string) => Answer>>,
): Answer {
  if (!(error instanceof Refused)) throw error;
  return words[error.why]?.(error.message) ?? told(422, error.message);
}

function withoutRight(
  token: Token | null,
  repo: Repo,
  access: Access,
  needs: Exclude<Needs, 'read'>,
): Answer | null {
  if (token === null) return told(401, 'token is required');
  const scope = needs === 'talk' ? 'write:issue' : 'write:repository';
  const enough = [scope, 'repo', 'api', 'all'];
  if (token.permissions === null && !enough.some((one) => token.scopes.includes(one))) {
    return told(403, `token does not have at least one of required scope(s): [${scope}]`);
  }
  if (repo.archived) return told(423, `Repo is archived`);
  if (needs !== 'write' || access === 'write' || access === 'admin') return null;
  return told(403, 'User should have permission to write to this repository');
}
