/**
 * Gitea and Forgejo as a whole: authentication by `token` or `Bearer`, and the routes below
 * `/api/v1`. They have no quota of their own; a proxy before them may throttle with 429.
 */
import {
  bodyOf,
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
import { told } from './call.ts';
import { TEA_PULL_ROUTES } from './pull-routes.ts';
import { TEA_REPO_ROUTES } from './repo-routes.ts';

const ROUTES = [...TEA_PULL_ROUTES, ...TEA_REPO_ROUTES];

export class GiteaProvider {
  readonly #world: World;
  readonly #limits: Limits;

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
  }

  async handle(incoming: Incoming, prefix: string, noted: Noted): Promise<Answer> {
    const secret = secretOf(incoming.headers);
    const token = secret === null ? null : this.#world.authenticate(secret);
    if (secret !== null && token === null) {
      return told(401, 'user does not exist [uid: 0, name: ]');
    }
    noted.token = token;
    const throttle = this.#limits.throttled(token?.identity ?? 'address');
    if (throttle !== null) {
      const seconds = Math.ceil((throttle.until - this.#world.now()) / 1000);
      const headers = throttle.withRetryAfter ? { 'retry-after': String(seconds) } : {};
      return { ...plain(429, 'Too Many Requests\n'), headers };
    }
    const body = bodyOf(incoming);
    if (!isJson(body)) return told(422, 'the body is no JSON object');
    const found = match(ROUTES, incoming.method, incoming.path);
    if (found === 'wrong_method') return plain(405, 'Method Not Allowed\n');
    if (found === null) return plain(404, '404 page not found\n');
    noted.operation = found.shape;
    noted.points = 1;
    return await found.handler({
      world: this.#world,
      incoming,
      prefix,
      web: incoming.base,
      api: `${incoming.base}${prefix}`,
      token,
      params: found.params,
      body,
    });
  }
}
