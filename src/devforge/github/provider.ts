/**
 * GitHub as a whole: authentication, quota, conditional requests, and the headers every answer has.
 *
 * G1 A bad token is 401 whatever the path. G2 An ETag is tied to the token: another token's does
 *    not match, and a 304 to the right one costs no quota. G3 A quota belongs to the identity.
 */
import { createHash } from 'node:crypto';
import {
  json,
  match,
  route,
  secretOf,
  type Answer,
  type Incoming,
  type Noted,
  type Route,
} from '../exchange.ts';
import { SECONDARY } from '../faults.ts';
import type { Limits, Quota } from '../limits.ts';
import type { World } from '../world.ts';
import { APP_ROUTES, verifyJwt } from './app-routes.ts';
import { jsonBody, notFound, problem, type Call, type Handler } from './call.ts';
import { CHECK_ROUTES } from './check-routes.ts';
import { GraphqlEndpoint } from './graphql.ts';
import { PULL_ROUTES } from './pull-routes.ts';
import { rateHeaders } from './rate-headers.ts';
import { REPO_ROUTES } from './repo-routes.ts';

const ROUTES: readonly Route<Handler>[] = [
  ...PULL_ROUTES,
  ...CHECK_ROUTES,
  ...APP_ROUTES,
  ...REPO_ROUTES,
].flatMap((one) => [one, byId(one)].filter((found) => found !== null));

/** The address a renamed repository redirects to: the same routes by id. */
function byId(one: Route<Handler>): Route<Handler> | null {
  const named = '/repos/:owner/:repo/';
  if (!one.shape.includes(named)) return null;
  return route(one.shape.replace(named, '/repositories/:id/'), one.handler);
}

export class GithubProvider {
  readonly #world: World;
  readonly #limits: Limits;
  readonly #graphql: GraphqlEndpoint;

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
    this.#graphql = new GraphqlEndpoint(world, limits);
  }

  /** `prefix`: what stands before the path on this host, as in `/api/v3`. */
  async handle(incoming: Incoming, prefix: string, noted: Noted): Promise<Answer> {
    const call = this.#callOf(incoming, prefix, noted);
    if ('status' in call) return call;
    const identity = identityOf(call, incoming);
    const throttle = this.#limits.throttled(identity);
    if (throttle !== null) {
      const seconds = Math.ceil((throttle.until - this.#world.now()) / 1000);
      return problem(
        throttle.status,
        SECONDARY,
        {},
        throttle.withRetryAfter ? { 'retry-after': String(seconds) } : {},
      );
    }
    if (incoming.path === '/graphql') return await this.#graphql.handle(call, identity, noted);
    return await this.#rest(call, identity, noted);
  }

  /** G1 */
  #callOf(incoming: Incoming, prefix: string, noted: Noted): Call | Answer {
    const api = `${incoming.base}${prefix === '/api' ? '/api/v3' : prefix}`;
    const urls = { api, web: incoming.base };
    if (incoming.headers['user-agent'] === undefined) {
      return problem(
        403,
        'Request forbidden by administrative rules. Please make sure your request has a ' +
          'User-Agent header.',
      );
    }
    const secret = secretOf(incoming.headers);
    const jwt = secret === null ? null : verifyJwt(this.#world, secret);
    if (jwt !== null && 'refused' in jwt) return problem(401, jwt.refused);
    const token = secret === null || jwt !== null ? null : this.#world.authenticate(secret);
    if (secret !== null && jwt === null && token === null) return problem(401, 'Bad credentials');
    noted.token = token;
    const body = jsonBody(incoming);
    if (body === null && incoming.method !== 'GET') return problem(400, 'Problems parsing JSON');
    return {
      world: this.#world,
      limits: this.#limits,
      incoming,
      prefix,
      urls,
      token,
      app: jwt === null ? null : jwt.app,
      params: {},
      body: body ?? {},
    };
  }

  async #rest(call: Call, identity: string, noted: Noted): Promise<Answer> {
    const { incoming, token } = call;
    if (incoming.path === '/rate_limit') return this.#rateLimit(identity);
    if (this.#limits.exhausted(identity, 'core')) {
      const who = token === null ? '127.0.0.1' : `user ID ${token.user.id}`;
      const message = `API rate limit exceeded for ${who}.`;
      return this.#dressed(problem(this.#limits.primaryStatus, message), call, identity);
    }
    const found = match(ROUTES, incoming.method, incoming.path);
    noted.operation = found === null || found === 'wrong_method' ? null : found.shape;
    const answer =
      found === null || found === 'wrong_method'
        ? notFound()
        : await found.handler({ ...call, params: found.params });
    const tagged = this.#tagged(answer, call);
    if (tagged.status !== 304) {
      this.#limits.charge(identity, 'core', 1); // G2
      noted.points = 1;
    }
    return this.#dressed(tagged, call, identity);
  }

  #tagged(answer: Answer, { incoming, token }: Call): Answer {
    if (incoming.method !== 'GET' || answer.status !== 200) return answer;
    const hash = createHash('sha256').update(`${token?.secret ?? ''}\n${answer.body}`);
    const etag = `W/"${hash.digest('hex')}"`;
    const headers = {
      ...answer.headers,
      etag,
      'cache-control': token === null ? 'public, max-age=60' : 'private, max-age=60',
      vary: 'Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept',
    };
    const known = (incoming.headers['if-none-match'] ?? '').split(/, */);
    const same = known.some((one) => one.replace(/^W\//, '') === etag.slice(2));
    return same ? { status: 304, headers, body: '' } : { ...answer, headers };
  }

  /** G3 */
  #dressed(answer: Answer, { token }: Call, identity: string): Answer {
    const quota = this.#limits.quota(identity, 'core');
    const limits = this.#limits.enabled ? rateHeaders(quota, 'core') : {};
    const expires = token?.expiresAt ?? null;
    const scopes =
      token?.kind === 'classic'
        ? { 'x-oauth-scopes': token.scopes.join(', '), 'x-accepted-oauth-scopes': 'repo' }
        : {};
    const expiration =
      expires === null
        ? {}
        : { 'github-authentication-token-expiration': new Date(expires).toISOString() };
    const version = { 'x-github-media-type': 'github.v3; format=json' };
    return {
      ...answer,
      headers: { ...version, ...limits, ...scopes, ...expiration, ...answer.headers },
    };
  }

  #rateLimit(identity: string): Answer {
    const shape = (quota: Quota): Readonly<Record<string, number>> => ({
      limit: quota.limit,
      used: quota.used,
      remaining: quota.remaining,
      reset: Math.ceil(quota.resetAt / 1000),
    });
    if (!this.#limits.enabled) return problem(404, 'Rate limiting is not enabled.');
    const core = shape(this.#limits.quota(identity, 'core'));
    const graphql = shape(this.#limits.quota(identity, 'graphql'));
    const search = { limit: 30, used: 0, remaining: 30, reset: core['reset'] };
    return json(200, { resources: { core, graphql, search }, rate: core });
  }
}

function identityOf({ token, app }: Call, incoming: Incoming): string {
  if (token !== null) return token.identity;
  return app === null ? `address ${incoming.headers['x-forwarded-for'] ?? ''}` : `app-${app.id}`;
}
