/**
 * One request and its answer, as every provider sees them: read whole, answered whole. Node's
 * objects stay in devforge.ts.
 *
 * E1 An answer is a value until it is sent, so a fault can change or withhold it.
 */
import { parsed } from './json.ts';
import type { Token } from './model.ts';

export interface Incoming {
  readonly method: string;
  /** Without the sub-path and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Buffer;
  /** Scheme, host and port the client used, with the sub-path. */
  readonly base: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a request turned out to be, for the log. */
export interface Noted {
  token: Token | null;
  /** GraphQL points, or 1 for a REST call that cost quota. */
  points: number;
  operation: string | null;
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: value === undefined ? '' : JSON.stringify(value),
  };
}

export function plain(status: number, body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { 'content-type': type }, body };
}

export function bodyOf(incoming: Incoming): unknown {
  if (incoming.raw.length === 0) return {};
  const type = incoming.headers['content-type'] ?? '';
  const source = incoming.raw.toString('utf8');
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(source));
  }
  return parsed(source);
}

export type Params = Readonly<Record<string, string>>;

export interface Route<Handler> {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
  readonly shape: string;
}

/** `/repos/:owner/:repo/git/*ref`: a colon takes one part, a star the rest. */
export function route<Handler>(shape: string, handler: Handler): Route<Handler> {
  const [method = 'GET', path = '/'] = shape.split(' ');
  const source = path
    .replace(/[.]/g, '\\.')
    .replace(/:(\w+)/g, '(?<$1>[^/]+)')
    .replace(/\*(\w+)/g, '(?<$1>.+)');
  return { method, pattern: new RegExp(`^${source}$`), handler, shape };
}

export function match<Handler>(
  routes: readonly Route<Handler>[],
  method: string,
  path: string,
): { handler: Handler; params: Params; shape: string } | 'wrong_method' | null {
  let seen = false;
  for (const candidate of routes) {
    const found = candidate.pattern.exec(path);
    if (found === null) continue;
    seen = true;
    if (candidate.method !== method) continue;
    const params = Object.fromEntries(
      Object.entries(found.groups ?? {}).map(([name, value]) => [name, decoded(value)]),
    );
    return { handler: candidate.handler, params, shape: candidate.shape };
  }
  return seen ? 'wrong_method' : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The secret of a request, from whichever place this client puts it. */
export function secretOf(headers: Readonly<Record<string, string>>): string | null {
  const own = headers['private-token'];
  if (own !== undefined) return own;
  const [scheme = '', value = ''] = (headers['authorization'] ?? '').split(/ +/);
  if (/^(bearer|token)$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return null;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

export interface Page {
  readonly page: number;
  readonly perPage: number;
}

export function pageOf(query: URLSearchParams, usual = 30, name = 'per_page'): Page {
  const perPage = Math.min(Math.max(Number(query.get(name)) || usual, 1), 100);
  return { page: Math.max(Number(query.get('page')) || 1, 1), perPage };
}

export function slice<T>(all: readonly T[], { page, perPage }: Page): readonly T[] {
  return all.slice((page - 1) * perPage, page * perPage);
}

/** The `Link` header, as all three providers write it. */
export function links(incoming: Incoming, prefix: string, page: Page, total: number): string {
  const last = Math.max(Math.ceil(total / page.perPage), 1);
  const at = (number: number): string => {
    const query = new URLSearchParams(incoming.query);
    query.set('page', String(number));
    return `${incoming.base}${prefix}${incoming.path}?${query.toString()}`;
  };
  const rels: [string, number][] = [];
  if (page.page > 1) rels.push(['prev', page.page - 1]);
  if (page.page < last) rels.push(['next', page.page + 1], ['last', last]);
  if (page.page > 1) rels.push(['first', 1]);
  return rels.map(([rel, number]) => `<${at(number)}>; rel="${rel}"`).join(', ');
}
