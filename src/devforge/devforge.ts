/**
 * The development forge: one HTTP server on loopback that is GitHub under `/api/v3` and
 * `/api/graphql` (and on `api.` hosts), GitLab under `/api/v4`, Gitea under `/api/v1`, and git's
 * smart protocol under each repository's address.
 *
 * D1 It listens on 127.0.0.1 only. D2 A fault is chosen before the forge acts, and every request
 *    is logged, answered or not. D3 What a webhook needs to know is told after the act, never
 *    waited for.
 */
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json, plain, secretOf, type Answer, type Incoming, type Noted } from './exchange.ts';
import { Faults, instead, spoiled, type Fault } from './faults.ts';
import { GitHttp, gitRequestOf, writeHooks, type GitRequest } from './git-http.ts';
import { jobLog } from './github/check-routes.ts';
import { GiteaProvider } from './gitea/provider.ts';
import { GithubProvider } from './github/provider.ts';
import { GitlabProvider } from './gitlab/provider.ts';
import { Limits } from './limits.ts';
import type { ForgeClock, ForgeRandom, ForgeTimers, RepoSpec, Token, TokenSpec } from './model.ts';
import type { ForgeProvider, User } from './model.ts';
import type { Repo } from './repo.ts';
import { RequestLog } from './request-log.ts';
import { Webhooks } from './webhooks.ts';
import { World } from './world.ts';

export interface DevForgeDeps {
  /** A folder of its own; repositories and hooks live in it. */
  readonly home: string;
  readonly clock: ForgeClock;
  readonly random: ForgeRandom;
  /** For slow answers, and for checks that come by themselves. */
  readonly timers?: ForgeTimers;
  /** Where git is found. */
  readonly searchPath?: string;
  /** As in `/forge`: everything is served below it. */
  readonly subPath?: string;
}

const BODY_BYTES_MAX = 30 * 1024 * 1024;
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';

export class DevForge {
  readonly world: World;
  readonly log = new RequestLog();
  readonly faults = new Faults();
  readonly limits: Limits;
  readonly hooks: Webhooks;
  /** What was thrown while answering: tests expect none. */
  readonly bugs: unknown[] = [];
  readonly #deps: DevForgeDeps;
  readonly #subPath: string;
  readonly #git: GitHttp;
  readonly #providers: Readonly<Record<ForgeProvider, Provider>>;
  #server: Server | null = null;
  #origin = '';

  constructor(deps: DevForgeDeps) {
    this.#deps = deps;
    this.#subPath = deps.subPath ?? '';
    this.world = new World({ ...deps, searchPath: deps.searchPath ?? USUAL_PATH });
    this.limits = new Limits(() => deps.clock.now());
    this.hooks = new Webhooks(this.world, () => this.urls.web);
    this.#git = new GitHttp(this.world, deps.home);
    this.#providers = {
      github: new GithubProvider(this.world, this.limits),
      gitlab: new GitlabProvider(this.world, this.limits),
      gitea: new GiteaProvider(this.world, this.limits),
    };
  }

  async start(options: { port?: number } = {}): Promise<{ origin: string }> {
    await mkdir(this.#deps.home, { recursive: true });
    await writeHooks(this.#deps.home);
    const server = createServer((req, res) => void this.#serve(req, res));
    this.#server = server;
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(options.port ?? 0, '127.0.0.1', done); // D1
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#origin = `http://127.0.0.1:${address.port}`;
    return { origin: this.#origin };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
    await this.hooks.idle();
  }

  get origin(): string {
    return this.#origin;
  }

  /** The bases an adapter is bound to. */
  get urls(): { api: string; graphql: string; gitlab: string; gitea: string; web: string } {
    const web = `${this.#origin}${this.#subPath}`;
    return {
      api: `${web}/api/v3`,
      graphql: `${web}/api/graphql`,
      gitlab: `${web}/api/v4`,
      gitea: `${web}/api/v1`,
      web,
    };
  }

  addUser(login: string, options: { name?: string; type?: User['type'] } = {}): User {
    return this.world.addUser(login, options);
  }

  addToken(user: string | User, spec: TokenSpec = {}): Token {
    return this.world.addToken(user, spec);
  }

  async addRepo(
    fullName: string,
    spec: RepoSpec = {},
  ): Promise<{ repo: Repo; path: string; cloneUrl: string }> {
    const repo = await this.world.addRepo(fullName, spec);
    return { repo, path: repo.git.path, cloneUrl: this.cloneUrl(repo) };
  }

  cloneUrl(repo: Repo): string {
    return `${this.urls.web}/${repo.fullName}.git`;
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const asked = this.#asked(req);
    const { method, path, headers, fault, requestId } = asked;
    const noted: Noted = { token: null, points: 0, operation: null };
    const seen: { status: number | null } = { status: null };
    res.on('error', () => {}); // the client left; the log says what it was told
    try {
      seen.status = await this.#respond(asked, noted, req, res);
    } catch (error) {
      if (error instanceof ClientLeft) return;
      this.bugs.push(error);
      seen.status = 500;
      if (res.headersSent) res.destroy();
      else this.#send(res, json(500, { message: 'The development forge has a bug' }), asked);
    } finally {
      this.log.add({
        at: this.world.now(),
        method,
        path,
        provider: asked.provider,
        token: noted.token?.name ?? this.#nameOf(secretOf(headers)),
        identity: noted.token?.identity ?? null,
        operation: noted.operation,
        status: seen.status,
        points: noted.points,
        fault: fault?.kind ?? null,
        requestId,
      });
    }
  }

  /** D2. null: it was never answered. */
  async #respond(
    asked: Asked,
    noted: Noted,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<number | null> {
    const { fault } = asked;
    if (fault?.kind === 'stall') return null;
    if (fault?.kind === 'reset') {
      req.socket.resetAndDestroy();
      return null;
    }
    if (fault?.kind === 'slow') await this.#wait(fault.ms);
    await this.world.settle();
    if (asked.git !== null) return await this.#respondGit(asked, asked.git, noted, req, res);
    const raw = await bodyOf(req);
    if (raw === null) return this.#send(res, json(413, { message: 'too large' }), asked);
    const incoming = this.#incoming(asked, raw);
    const early = fault === null ? null : instead(fault, incoming, this.world.now());
    if (early !== null) return this.#send(res, early, asked);
    const answer = await this.#answer(asked, incoming, noted);
    if (fault?.kind === 'lost_answer') {
      req.socket.resetAndDestroy();
      return null;
    }
    const now = this.world.now();
    return this.#send(res, fault === null ? answer : spoiled(fault, answer, now), asked);
  }

  async #respondGit(
    asked: Asked,
    git: GitRequest,
    noted: Noted,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<number | null> {
    const { fault } = asked;
    const incoming = this.#incoming(asked, Buffer.alloc(0));
    const early = fault === null ? null : instead(fault, incoming, this.world.now());
    if (early !== null) return this.#send(res, early, asked);
    const lost = fault?.kind === 'lost_answer' && git.verb === '/git-receive-pack';
    const served = await this.#git.serve(git, req, res, asked.headers, lost);
    noted.token = served.token;
    return lost ? null : served.status;
  }

  async #answer(asked: Asked, incoming: Incoming, noted: Noted): Promise<Answer> {
    const { place } = asked;
    if (place === null) {
      const log = asked.method === 'GET' ? jobLog(this.world.repos, asked.path) : null;
      return log ?? plain(404, '<!DOCTYPE html><title>Not found</title>', 'text/html');
    }
    return await this.#providers[place.provider].handle(incoming, place.prefix, noted);
  }

  #asked(req: IncomingMessage): Asked {
    const url = new URL(req.url ?? '/', 'http://any');
    const headers = headersOf(req);
    const inside = url.pathname.startsWith(this.#subPath);
    const path = inside ? url.pathname.slice(this.#subPath.length) : url.pathname;
    const git = inside ? gitRequestOf(path, url.search.slice(1)) : null;
    const place = inside && git === null ? placeOf(path, headers['host'] ?? '') : null;
    const method = req.method ?? 'GET';
    return {
      method,
      path,
      query: url.searchParams,
      headers,
      git,
      place,
      provider: git === null ? (place?.provider ?? 'other') : 'git',
      fault: this.faults.pick(method, path, this.#nameOf(secretOf(headers))),
      requestId: this.#requestId(),
    };
  }

  #incoming(asked: Asked, raw: Buffer): Incoming {
    const { method, query, headers, place, path } = asked;
    const host = headers['host'];
    const base = host === undefined ? this.#origin : `http://${host}`;
    const own = path.slice(place?.prefix.length ?? 0);
    return { method, path: own, query, headers, raw, base: `${base}${this.#subPath}` };
  }

  #send(res: ServerResponse, answer: Answer, asked: Asked): number {
    const length = Buffer.byteLength(answer.body);
    const bare = answer.status === 204 || answer.status === 304;
    res.writeHead(answer.status, {
      date: new Date(this.world.now()).toUTCString(),
      server: 'devforge',
      'x-github-request-id': asked.requestId,
      'x-request-id': asked.requestId,
      ...(bare ? {} : { 'content-length': String(length) }),
      ...answer.headers,
    });
    res.end(bare ? '' : answer.body);
    return answer.status;
  }

  async #wait(ms: number): Promise<void> {
    const { timers } = this.#deps;
    if (timers === undefined) throw new Error('slow answers need timers');
    await new Promise<void>((done) => {
      timers.after(ms, done);
    });
  }

  #nameOf(secret: string | null): string | null {
    if (secret === null) return null;
    return this.world.tokens.find((token) => token.secret === secret)?.name ?? null;
  }

  #requestId(): string {
    const part = (chars: number): string => this.#deps.random.token(chars).toUpperCase();
    return `${part(4)}:${part(6)}:${part(7)}:${part(7)}:${part(8)}`;
  }
}

interface Provider {
  handle(incoming: Incoming, prefix: string, noted: Noted): Promise<Answer>;
}

interface Place {
  readonly provider: ForgeProvider;
  readonly prefix: string;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly git: GitRequest | null;
  readonly place: Place | null;
  readonly provider: string;
  readonly fault: Fault | null;
  readonly requestId: string;
}

function placeOf(path: string, host: string): Place | null {
  if (path === '/api/graphql') return { provider: 'github', prefix: '/api' };
  const prefixes: readonly Place[] = [
    { provider: 'github', prefix: '/api/v3' },
    { provider: 'gitlab', prefix: '/api/v4' },
    { provider: 'gitea', prefix: '/api/v1' },
  ];
  const found = prefixes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (found !== undefined) return found;
  return host.startsWith('api.') ? { provider: 'github', prefix: '' } : null;
}

function headersOf(req: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(req.headers).flatMap(([name, value]): [string, string][] => {
      if (value === undefined) return [];
      return [[name, typeof value === 'string' ? value : value.join(', ')]];
    }),
  );
}

/** null: more than anybody may send. */
async function bodyOf(req: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req) {
      const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      bytes += part.length;
      if (bytes > BODY_BYTES_MAX) return null;
      parts.push(part);
    }
  } catch {
    throw new ClientLeft('while it was sending');
  }
  return Buffer.concat(parts);
}

class ClientLeft extends Error {}
