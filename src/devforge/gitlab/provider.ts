/**
 * GitLab as a whole: authentication by `PRIVATE-TOKEN` or `Bearer`, limits as its administrators
 * set them, and the routes below `/api/v4`.
 *
 * G1 A 429 is plain text with `Retry-After`, as on gitlab.com. G2 An ETag is tied to what was
 *    answered to this token.
 */
import { createHash } from 'node:crypto';
import {
  bodyOf,
  json,
  match,
  plain,
  secretOf,
  type Answer,
  type Incoming,
  type Noted,
} from '../exchange.ts';
import { isJson } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { World } from '../world.ts';
import { said } from './call.ts';
import { MERGE_REQUEST_ROUTES } from './merge-request-routes.ts';
import { PROJECT_ROUTES } from './project-routes.ts';

const ROUTES = [...MERGE_REQUEST_ROUTES, ...PROJECT_ROUTES];

export class GitlabProvider {
  readonly #world: World;
  readonly #limits: Limits;

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
  }

  async handle(incoming: Incoming, prefix: string, noted: Noted): Promise<Answer> {
    const secret = secretOf(incoming.headers);
    const token = secret === null ? null : this.#world.authenticate(secret);
    if (secret !== null && token === null) return said(401, '401 Unauthorized');
    noted.token = token;
    const identity = token?.identity ?? 'address';
    const throttle = this.#limits.throttled(identity);
    if (throttle !== null || this.#limits.exhausted(identity, 'core')) {
      const until = throttle?.until ?? this.#limits.quota(identity, 'core').resetAt;
      const seconds = Math.ceil((until - this.#world.now()) / 1000);
      const headers = throttle?.withRetryAfter === false ? {} : { 'retry-after': String(seconds) };
      return this.#dressed({ ...plain(429, 'Retry later\n'), headers }, identity); // G1
    }
    const body = bodyOf(incoming);
    if (!isJson(body)) return json(400, { error: 'invalid request body' });
    const found = match(ROUTES, incoming.method, incoming.path);
    noted.operation = found === null || found === 'wrong_method' ? null : found.shape;
    noted.points = 1;
    this.#limits.charge(identity, 'core', 1);
    if (found === 'wrong_method') return said(405, '405 Method Not Allowed');
    if (found === null) return json(404, { error: '404 Not Found' });
    const answer = await found.handler({
      world: this.#world,
      incoming,
      web: incoming.base,
      api: `${incoming.base}${prefix}`,
      token,
      params: found.params,
      body,
    });
    return this.#dressed(tagged(answer, incoming, secret), identity);
  }

  #dressed(answer: Answer, identity: string): Answer {
    if (!this.#limits.enabled) return answer;
    const { limit, used, remaining, resetAt } = this.#limits.quota(identity, 'core');
    const headers = {
      'ratelimit-limit': String(limit),
      'ratelimit-observed': String(used),
      'ratelimit-remaining': String(remaining),
      'ratelimit-reset': String(Math.ceil(resetAt / 1000)),
      'ratelimit-name': 'throttle_authenticated_api',
    };
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }
}

/** G2 */
function tagged(answer: Answer, incoming: Incoming, secret: string | null): Answer {
  if (incoming.method !== 'GET' || answer.status !== 200) return answer;
  const hash = createHash('md5').update(`${secret ?? ''}\n${answer.body}`);
  const etag = `W/"${hash.digest('hex')}"`;
  const headers = { ...answer.headers, etag, 'cache-control': 'max-age=0, private' };
  const same = incoming.headers['if-none-match'] === etag;
  return same ? { status: 304, headers, body: '' } : { ...answer, headers };
}
