/**
 * The switches: what may go wrong between a forge and its client, chosen per route and counted.
 *
 * F1 A fault says on which requests it falls and how often; the first that matches is used, once
 *    per request. F2 `before` faults answer instead of the forge: nothing happened. `after`
 *    faults spoil the answer of something that did happen.
 */
import type { Answer, Incoming } from './exchange.ts';
import { isJson, parsed } from './json.ts';

export type Fault =
  /** An answer of the server's own: bursts of 5xx, a 404, whatever headers. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A proxy's page instead of JSON. */
  | { readonly kind: 'html'; readonly status: number }
  /** Never answers. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The connection is cut before anything happens. */
  | { readonly kind: 'reset' }
  /** The thing is done, and the connection is cut before the answer. */
  | { readonly kind: 'lost_answer' }
  | { readonly kind: 'redirect_loop' }
  | { readonly kind: 'cross_origin'; readonly to: string }
  | { readonly kind: 'truncate' }
  /** The parts a reader needs have other types. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'unknown_enum' }
  | { readonly kind: 'body'; readonly text: string }
  | { readonly kind: 'big'; readonly bytes: number }
  /** The `Date` header lies. */
  | { readonly kind: 'clock'; readonly skewMs: number }
  | { readonly kind: 'primary'; readonly status: 403 | 429; readonly resetInMs: number }
  | { readonly kind: 'secondary'; readonly status: 403 | 429; readonly retryAfterSeconds?: number }
  | { readonly kind: 'sso'; readonly url: string }
  | { readonly kind: 'no_permission'; readonly needed: string }
  /** HTTP 200 with errors; with `partial` the data stays, else it is null. */
  | {
      readonly kind: 'graphql_error';
      readonly type: string;
      readonly message: string;
      readonly partial?: boolean;
    };

export interface FaultRule {
  readonly fault: Fault;
  /** Default: every method and path. */
  readonly method?: string;
  readonly path?: RegExp | string;
  /** How many requests; default 1. */
  readonly times?: number;
  /** Let so many matching requests pass first. */
  readonly after?: number;
  /** Only requests of this token's name. */
  readonly token?: string;
}

interface Armed {
  readonly rule: FaultRule;
  skip: number;
  left: number;
}

export class Faults {
  readonly #armed: Armed[] = [];

  /** Call the answer to lift it. */
  add(rule: FaultRule): () => void {
    const armed = { rule, skip: rule.after ?? 0, left: rule.times ?? 1 };
    this.#armed.push(armed);
    return () => {
      armed.left = 0;
    };
  }

  clear(): void {
    this.#armed.length = 0;
  }

  /** F1 */
  pick(method: string, path: string, token: string | null): Fault | null {
    for (const armed of this.#armed) {
      if (armed.left <= 0 || !falls(armed.rule, method, path, token)) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      armed.left -= 1;
      return armed.rule.fault;
    }
    return null;
  }
}

export function instead(fault: Fault, incoming: Incoming, now: number): Answer | null {
  switch (fault.kind) {
    case 'status':
      return wrong(fault.status, fault.message ?? 'Server Error', fault.headers);
    case 'html':
      return { status: fault.status, headers: { 'content-type': 'text/html' }, body: UNICORN };
    case 'redirect_loop':
      return redirect(`${incoming.base}${incoming.path}?again=${incoming.query.size + 1}`);
    case 'cross_origin':
      return redirect(fault.to);
    case 'body':
      return good(fault.text);
    case 'big':
      return good(JSON.stringify({ padding: 'x'.repeat(fault.bytes) }));
    case 'primary':
      return wrong(fault.status, 'API rate limit exceeded for user ID 1.', {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': '5000',
        'x-ratelimit-reset': String(Math.ceil((now + fault.resetInMs) / 1000)),
      });
    case 'secondary': {
      const { retryAfterSeconds: wait } = fault;
      const headers = wait === undefined ? {} : { 'retry-after': String(wait) };
      return wrong(fault.status, SECONDARY, headers);
    }
    case 'sso':
      return wrong(403, SAML, { 'x-github-sso': `required; url=${fault.url}` });
    case 'no_permission': {
      const headers = { 'x-accepted-github-permissions': fault.needed };
      return wrong(403, 'Resource not accessible by personal access token', headers);
    }
    case 'stall':
    case 'slow':
    case 'reset':
    case 'lost_answer':
    case 'truncate':
    case 'malformed':
    case 'unknown_enum':
    case 'clock':
    case 'graphql_error':
      return null;
  }
}

const UNICORN =
  '<html><head><title>Unicorn!</title></head><body><h1>502 Bad Gateway</h1></body></html>';
export const SECONDARY =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
export const SAML =
  'Resource protected by organization SAML enforcement. You must grant your Personal Access ' +
  'token access to this organization.';

/** F2: the answer as it arrives. */
export function spoiled(fault: Fault, answer: Answer, now: number): Answer {
  if (fault.kind === 'truncate') {
    return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) };
  }
  if (fault.kind === 'malformed') {
    return changed(answer, (name, value) => (NEEDED.test(name) ? { was: typeof value } : value));
  }
  if (fault.kind === 'unknown_enum') {
    return changed(answer, (name, value) => {
      if (!ENUMS.test(name) || typeof value !== 'string') return value;
      return value === value.toUpperCase() ? 'SOMETHING_NEW' : 'something_new';
    });
  }
  if (fault.kind === 'clock') {
    const date = new Date(now + fault.skewMs).toUTCString();
    return { ...answer, headers: { ...answer.headers, date } };
  }
  if (fault.kind !== 'graphql_error') return answer;
  const body = parsed(answer.body);
  const data = fault.partial === true && isJson(body) ? body['data'] : null;
  const errors = [{ type: fault.type, message: fault.message }];
  return { ...answer, status: 200, body: JSON.stringify({ data, errors }) };
}

const NEEDED = /^(number|iid|state|headRefOid|sha|total_count|statusCheckRollup|contexts)$/;
const ENUMS = new RegExp(
  '^(state|status|conclusion|mergeable|mergeStateStatus|mergeable_state|reviewDecision|' +
    'detailed_merge_status)$',
);

function changed(answer: Answer, change: (name: string, value: unknown) => unknown): Answer {
  const body = parsed(answer.body);
  if (body === undefined) return answer;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (!isJson(value)) return value;
    const entries = Object.entries(value).map(([name, part]): [string, unknown] => {
      const next = change(name, part);
      return [name, next === part ? walk(part) : next];
    });
    return Object.fromEntries(entries);
  };
  return { ...answer, body: JSON.stringify(walk(body)) };
}

function falls(rule: FaultRule, method: string, path: string, token: string | null): boolean {
  if (rule.method !== undefined && rule.method !== method) return false;
  if (rule.token !== undefined && rule.token !== token) return false;
  if (rule.path === undefined) return true;
  return typeof rule.path === 'string' ? path.includes(rule.path) : rule.path.test(path);
}

function wrong(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify({ message, documentation_url: 'https://docs.github.com/rest' }),
  };
}

function redirect(to: string): Answer {
  return { status: 302, headers: { location: to }, body: '' };
}

function good(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}
