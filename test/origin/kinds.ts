/**
 * Every way in which a read of a pull request can fail, as a forge really answers it, with what
 * must come of it: the kind, how many failing reads until nobody can claim to see it, by which
 * rule, and the evidence that is kept.
 *
 * N1 `reads` follows from the cadence after a failure (30 s, 60 s, then every 2 min) and the
 *    rules: 1 at once, 3 over at least 3 minutes, 10 over at least 10 minutes.
 */
import type { PRStatusError } from '../../src/core/pr-status.ts';
import type { OriginTown } from './town.ts';
import { GOOD, json, never, type Fault } from './forge.ts';
import type { OriginWorld } from './world.ts';

export interface Kind {
  readonly name: string;
  /** What the forge does instead of answering. */
  readonly fault?: Fault;
  /** What happens on our side instead. */
  readonly breaks?: (origin: OriginTown, world: OriginWorld) => Promise<void> | void;
  /** And how it is put right; without it the fault is taken away. */
  readonly mends?: (origin: OriginTown, world: OriginWorld) => Promise<void> | void;
  readonly by: 'immediate' | 'soft' | 'transient';
  /** N1 */
  readonly reads: 1 | 4 | 10;
  readonly error: Partial<PRStatusError>;
  /** There is nothing to ask with. */
  readonly asksNobody?: boolean;
  /** It says nothing of the credential: others behind the same one are not part of it. */
  readonly isItsOwn?: boolean;
}

const html = '<!DOCTYPE html><html><body>Unicorn!</body></html>';
const sso = `required; url=https://github.com/orgs/acme/sso?authorization_request=x`;
const noPermission = 'Resource not accessible by personal access token';
const graphqlError = (type: string, message: string): Fault => {
  const errors = [{ type, message, path: ['p0'] }];
  return () => json({ data: { p0: null }, errors });
};

export const immediate: readonly Kind[] = [
  {
    name: 'no token at all',
    breaks: (origin) => origin.removeToken(),
    mends: (origin) => origin.setToken(GOOD),
    by: 'immediate',
    reads: 1,
    error: { kind: 'no_token' },
    asksNobody: true,
  },
  {
    name: 'a token that the forge does not know any more',
    breaks: (_, { forge }) => void forge.tokens.delete(GOOD),
    mends: (_, { forge }) => void forge.tokens.add(GOOD),
    by: 'immediate',
    reads: 1,
    error: { kind: 'http_error', status: 401, reason: 'unauthenticated', transient: false },
  },
  {
    name: 'a permission that is missing',
    fault: () =>
      json({ message: noPermission }, 403, {
        'x-accepted-github-permissions': 'pull_requests=read',
      }),
    by: 'immediate',
    reads: 1,
    error: {
      kind: 'http_error',
      status: 403,
      reason: 'forbidden',
      missingPermissions: ['pull_requests=read'],
    },
  },
  {
    name: 'single sign-on that was not granted',
    fault: () => json({ message: 'Resource protected' }, 403, { 'x-github-sso': sso }),
    by: 'immediate',
    reads: 1,
    error: { kind: 'http_error', status: 403, reason: 'sso_required' },
  },
  {
    name: 'a 404',
    fault: () => json({ message: 'Not Found' }, 404),
    by: 'immediate',
    reads: 1,
    error: { kind: 'http_error', status: 404, reason: 'not_found_or_hidden' },
    isItsOwn: true,
  },
  {
    name: 'a repository that GraphQL does not find',
    fault: graphqlError('NOT_FOUND', 'Could not resolve to a Repository'),
    by: 'immediate',
    reads: 1,
    error: { kind: 'http_error', reason: 'not_found_or_hidden' },
    isItsOwn: true,
  },
];

const badBody = (name: string, reason: string, fault: Fault): Kind => ({
  name,
  fault,
  by: 'soft',
  reads: 4,
  error: { kind: 'invalid_response', reason } as Partial<PRStatusError>,
});

export const soft: readonly Kind[] = [
  badBody('a page of HTML', 'html', () => {
    return new Response(html, { headers: { 'content-type': 'text/html' } });
  }),
  badBody('JSON that breaks off', 'json_parse', () => {
    return new Response('{"data":{"p0":', { headers: { 'content-type': 'application/json' } });
  }),
  badBody('a pull request of another shape', 'schema_mismatch', () => {
    return json({ data: { p0: { pullRequest: { number: 'one' } } } });
  }),
  badBody('a redirect to another host', 'redirect', () => {
    return new Response(null, { status: 307, headers: { location: 'https://evil.example/x' } });
  }),
  badBody('a body without end', 'too_large', () => {
    return new Response('{}', { headers: { 'content-length': '900000000' } });
  }),
];

/** Where GraphQL alone is of no use, REST is asked: nobody notices anything. */
export const detours: readonly (Pick<Kind, 'name'> & { readonly fault: Fault })[] = [
  {
    name: 'GraphQL errors under HTTP 200',
    fault: () => json({ data: null, errors: [{ type: 'SERVICE_ERROR', message: 'went wrong' }] }),
  },
  { name: 'a server without GraphQL', fault: () => json({ message: 'Not Found' }, 404) },
].map(({ name, fault }) => ({ name, fault: (_, way) => (way === 'graphql' ? fault() : null) }));

const outage = (name: string, error: Partial<PRStatusError>, fault: Fault): Kind => ({
  name,
  fault,
  by: 'transient',
  reads: 10,
  error,
});

export const transient: readonly Kind[] = [
  outage(
    'a bad gateway',
    { kind: 'http_error', status: 502, reason: 'server_error', transient: true },
    () => new Response(html, { status: 502, headers: { 'content-type': 'text/html' } }),
  ),
  outage('a 429 that names no limit', { kind: 'http_error', status: 429, transient: true }, () =>
    json({ message: 'Too many' }, 429),
  ),
  outage('a connection that fails', { kind: 'network_error', cause: 'connect' }, () => {
    throw new TypeError('fetch failed');
  }),
  outage('a connection that is cut', { kind: 'network_error', cause: 'reset' }, () => {
    throw Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET' });
  }),
  outage('an answer that never comes', { kind: 'network_error', cause: 'timeout' }, (time) => {
    queueMicrotask(() => time.runOut());
    return never();
  }),
  {
    name: 'an issuer of tokens that is down',
    breaks: (origin, world) => {
      world.issuerDown = true;
      origin.removeToken();
    },
    mends: (origin, world) => {
      world.issuerDown = false;
      return origin.setToken(GOOD);
    },
    by: 'transient',
    reads: 10,
    error: { kind: 'token_unavailable', source: 'town.app', cause: 'HTTP 502' },
    asksNobody: true,
  },
];

export interface Throttle extends Pick<Kind, 'name'> {
  readonly fault: Fault;
  /** It names no time, so that it is asked again every minute: an alarm each. */
  readonly isOften?: boolean;
}

export const throttling: readonly Throttle[] = [
  {
    name: 'a 403 with an empty budget',
    fault: (time) =>
      json({ message: 'API rate limit exceeded' }, 403, {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor((time.now() + 1_800_000) / 1000)),
      }),
  },
  {
    name: 'a 429 that says when',
    fault: () => json({ message: 'Too many' }, 429, { 'retry-after': '900' }),
  },
  {
    name: 'a secondary limit',
    isOften: true,
    fault: () => json({ message: 'You have exceeded a secondary rate limit.' }, 403),
  },
  {
    name: 'GraphQL that is rate limited under HTTP 200',
    isOften: true,
    fault: () => json({ data: null, errors: [{ type: 'RATE_LIMITED', message: 'slow down' }] }),
  },
];
