/**
 * One call of GitLab's REST API: project by id or encoded path, right, pages and refusals.
 *
 * C1 401 for a bad token, 404 for a project this token may not see, 403 for a scope or a role that
 *    does not reach. C2 A page is told in headers; `pagination=keyset` tells only the next one.
 */
import { json, pageOf, slice, type Answer, type Incoming, type Params } from '../exchange.ts';
import type { Json } from '../json.ts';
import { Refused, type Access, type Token } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import type { World } from '../world.ts';

export interface LabCall {
  readonly world: World;
  readonly incoming: Incoming;
  /** As in `https://host/forge`: what web addresses start with. */
  readonly web: string;
  readonly api: string;
  readonly token: Token | null;
  readonly params: Params;
  readonly body: Json;
}

export interface ProjectCall extends LabCall {
  readonly repo: Repo;
  readonly access: Access;
}

export interface MergeRequestCall extends ProjectCall {
  readonly pull: Pull;
}

export type LabHandler = (call: LabCall) => Promise<Answer>;
export type LabNeeds = 'read' | 'write' | 'member';

export function said(status: number, message: unknown): Answer {
  return json(status, { message });
}

/** C1 */
export function onProject(
  needs: LabNeeds,
  handler: (call: ProjectCall) => Promise<Answer>,
): LabHandler {
  return async (call) => {
    const { world, token, params } = call;
    const name = params['id'] ?? '';
    const byId = world.repos.find(({ id }) => String(id) === name) ?? null;
    const repo = byId ?? world.find(name) ?? world.formerly(name);
    const access = repo === null ? 'none' : world.accessOf(token, repo);
    if (repo === null || access === 'none') return said(404, '404 Project Not Found');
    if (needs !== 'read') {
      if (token === null) return said(401, '401 Unauthorized');
      if (token.permissions === null && !token.scopes.includes('api')) return insufficientScope();
      const member = access === 'write' || access === 'admin';
      if (needs === 'write' && !member) return said(403, '403 Forbidden');
      if (repo.archived) return said(403, '403 Forbidden');
    }
    return await handler({ ...call, repo, access });
  };
}

export function onMergeRequest(
  needs: LabNeeds,
  handler: (call: MergeRequestCall) => Promise<Answer>,
): LabHandler {
  return onProject(needs, async (call) => {
    const pull = call.repo.findPull(Number(call.params['iid']));
    return pull === null ? said(404, '404 Not found') : await handler({ ...call, pull });
  });
}

export function personOf({ token }: LabCall): Token['user'] {
  if (token === null) throw new Error('a write without a token');
  return token.user;
}

/** C2 */
export async function labPage<T>(
  call: LabCall,
  all: readonly T[],
  shape: (one: T) => unknown,
): Promise<Answer> {
  const { incoming, api } = call;
  const page = pageOf(incoming.query, 20);
  const at = (change: Readonly<Record<string, string>>): string => {
    const query = new URLSearchParams(incoming.query);
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return `${api}${incoming.path}?${query.toString()}`;
  };
  if (incoming.query.get('pagination') === 'keyset') {
    const from = Number(incoming.query.get('cursor') ?? 0) || 0;
    const items = await shaped(all.slice(from, from + page.perPage), shape);
    const next = from + page.perPage;
    const link = `<${at({ cursor: String(next) })}>; rel="next"`;
    return json(200, items, next < all.length ? { link } : {});
  }
  const items = await shaped(slice(all, page), shape);
  const pages = Math.max(Math.ceil(all.length / page.perPage), 1);
  const next = page.page < pages ? String(page.page + 1) : '';
  const previous = page.page > 1 ? String(page.page - 1) : '';
  const rels = [
    ...(previous === '' ? [] : [`<${at({ page: previous })}>; rel="prev"`]),
    ...(next === '' ? [] : [`<${at({ page: next })}>; rel="next"`]),
    `<${at({ page: '1' })}>; rel="first"`,
    `<${at({ page: String(pages) })}>; rel="last"`,
  ];
  return json(200, items, {
    link: rels.join(', '),
    'x-page': String(page.page),
    'x-per-page': String(page.perPage),
    'x-total': String(all.length),
    'x-total-pages': String(pages),
    'x-next-page': next,
    'x-prev-page': previous,
  });
}

export function labRefusal(
  error: unknown,
  words: Partial<Record<Refused['why'], (message: string) => Answer>>,
): Answer {
  if (!(error instanceof Refused)) throw error;
  return words[error.why]?.(error.message) ?? said(422, error.message);
}

function insufficientScope(): Answer {
  return json(403, {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope: 'api',
  });
}

async function shaped<T>(
  items: readonly T[],
  shape: (one: T) => unknown,
): Promise<readonly unknown[]> {
  return await Promise.all(items.map(async (one) => await shape(one)));
}
