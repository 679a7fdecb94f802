/**
 * The HTTP API from the command line's side. Finds the town of this home, sends one request, and
 * turns every answer that is not a success into a problem with its exit code.
 *
 * C1 Paths, parameters, bodies and answers are checked against the route table by the compiler;
 *    the schemas themselves are not loaded, so that a command starts fast.
 * C2 Every command carries an Idempotency-Key and is sent again with the same one when the
 *    connection broke: it is carried out once.
 * C3 Nothing is sent anywhere but to the address in this home's `server.json`.
 * C4 A town that is still starting is waited for.
 * C5 A name never changes which path is asked: nothing, `.` and `..` name nothing.
 */
import type { z } from 'zod';
import type { DryRun, Route, Routes } from '../protocol/http.ts';
import { exitCodeOfStatus, exitCodes } from './exit-codes.ts';
import { Interrupted, notRunning, Stop, usage, type Problem } from './problem.ts';
import { findServer, type ServerAddress } from './server-file.ts';
import type { World } from './world.ts';

type AnyRoute = Routes[keyof Routes];
type Method = AnyRoute['method'];
type PathOf<M extends Method> = Extract<AnyRoute, { method: M }>['path'];
type RouteOf<M extends Method, P> = Extract<AnyRoute, { method: M; path: P }>;
type DryPath = Extract<AnyRoute, { method: 'post'; dryRun: true }>['path'];
type BodyOf<R> = R extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
type AnswerOf<R> = R extends { response: infer A extends z.ZodType } ? z.output<A> : never;

type NamesIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** Values for the names in a path template. */
type Params<P extends string> = { readonly [N in NamesIn<P>]: string };
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const API = '/api/v1/towns/local';
const TRIES = 3;
const TRY_AGAIN_MS = 150;
const ANSWER_MS_MAX = 120_000;
const READY_MS_MAX = 20_000;
const READY_TRIES_MAX = READY_MS_MAX / TRY_AGAIN_MS;

export interface Sent {
  readonly method: Route['method'];
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export class Client {
  readonly #world: World;
  readonly #gastownHome: string;

  constructor(world: World, gastownHome: string) {
    this.#world = world;
    this.#gastownHome = gastownHome;
  }

  get<const P extends PathOf<'get'>>(
    path: P,
    params: Params<P>,
    query?: Query,
  ): Promise<AnswerOf<RouteOf<'get', P>>> {
    return this.#json({ method: 'get', path: filled(path, params), query });
  }

  post<const P extends PathOf<'post'>>(
    path: P,
    params: Params<P>,
    body: BodyOf<RouteOf<'post', P>>,
  ): Promise<AnswerOf<RouteOf<'post', P>>> {
    return this.#json({ method: 'post', path: filled(path, params), body });
  }

  /** What a POST would come to. Nothing is done. */
  rehearse<const P extends DryPath>(
    path: P,
    params: Params<P>,
    body: BodyOf<RouteOf<'post', P>>,
  ): Promise<DryRun<AnswerOf<RouteOf<'post', P>>>> {
    return this.#json({
      method: 'post',
      path: filled(path, params),
      query: { dryRun: true },
      body,
    });
  }

  patch<const P extends PathOf<'patch'>>(
    path: P,
    params: Params<P>,
    body: BodyOf<RouteOf<'patch', P>>,
  ): Promise<AnswerOf<RouteOf<'patch', P>>> {
    return this.#json({ method: 'patch', path: filled(path, params), body });
  }

  put<const P extends PathOf<'put'>>(
    path: P,
    params: Params<P>,
    body: BodyOf<RouteOf<'put', P>>,
  ): Promise<AnswerOf<RouteOf<'put', P>>> {
    return this.#json({ method: 'put', path: filled(path, params), body });
  }

  delete<const P extends PathOf<'delete'>>(
    path: P,
    params: Params<P>,
    query?: Query,
  ): Promise<AnswerOf<RouteOf<'delete', P>>> {
    return this.#json({ method: 'delete', path: filled(path, params), query });
  }

  /** The items of a list, page after page, up to `most`. `more` tells whether some are left. */
  async list<const P extends PathOf<'get'>>(
    path: P,
    query: Query,
    most: number,
  ): Promise<{ readonly items: readonly ItemOf<P>[]; readonly more: boolean }> {
    const items: ItemOf<P>[] = [];
    let cursor: string | undefined;
    do {
      const limit = Math.min(1000, most - items.length);
      const page: { items: ItemOf<P>[]; next: string | null } = await this.#json({
        method: 'get',
        path,
        query: { ...query, limit, cursor },
      });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && items.length < most);
    return { items, more: cursor !== undefined };
  }

  /** One request; the answer is a success or this throws a `Stop`. */
  async send(sent: Sent, key = this.#keyOf(sent)): Promise<Response> {
    const start = this.#world.now();
    for (let tried = 1; ; tried += 1) {
      const server = await findServer(this.#gastownHome);
      const answer = await this.#try(server, sent, key);
      if (answer instanceof Response) {
        if (answer.ok) return answer;
        const stop = await problemIn(answer, server);
        const late = this.#world.now() - start > READY_MS_MAX;
        if (stop.problem.kind !== 'not_ready' || late || tried > READY_TRIES_MAX) throw stop; // C4
        await this.#world.sleep(TRY_AGAIN_MS, this.#world.interrupted);
        continue;
      }
      if (this.#world.interrupted.aborted || sent.signal?.aborted === true) throw new Interrupted();
      if (tried >= TRIES) throw notRunning(silence(server, answer));
      await this.#world.sleep(TRY_AGAIN_MS * tried, this.#world.interrupted);
    }
  }

  /** An answer that was cut off is asked for again. C2 */
  async #json<T>(sent: Sent): Promise<T> {
    const key = this.#keyOf(sent);
    for (let tried = 1; ; tried += 1) {
      const response = await this.send(sent, key);
      try {
        const parsed: T = JSON.parse(await response.text());
        return parsed;
      } catch (thrown) {
        if (this.#world.interrupted.aborted) throw new Interrupted();
        if (tried >= TRIES) throw new Stop(exitCodes.failure, unreadable(200, String(thrown)));
        await this.#world.sleep(TRY_AGAIN_MS * tried, this.#world.interrupted);
      }
    }
  }

  /** C2 */
  #keyOf(sent: Sent): string | undefined {
    return sent.method === 'get' ? undefined : this.#world.token();
  }

  /** What came back, or why nothing did. */
  async #try(
    server: ServerAddress,
    sent: Sent,
    key: string | undefined,
  ): Promise<Response | Error> {
    const url = new URL(`${API}${sent.path}`, server.url);
    for (const [name, value] of Object.entries(sent.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { authorization: `Bearer ${server.token}` };
    if (key !== undefined) headers['idempotency-key'] = key;
    const init: RequestInit = { method: sent.method.toUpperCase(), redirect: 'error' };
    if (typeof sent.body === 'string') init.body = sent.body;
    else if (sent.body !== undefined) {
      init.body = JSON.stringify(sent.body);
      headers['content-type'] = 'application/json';
    }
    init.headers = { ...headers, ...sent.headers };
    init.signal = this.#signal(sent.signal);
    try {
      return await fetch(url, init);
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  }

  /** A stream brings its own signal and no deadline. */
  #signal(own: AbortSignal | undefined): AbortSignal {
    const { interrupted } = this.#world;
    return AbortSignal.any([interrupted, own ?? AbortSignal.timeout(ANSWER_MS_MAX)]);
  }
}

type ItemOf<P extends PathOf<'get'>> =
  AnswerOf<RouteOf<'get', P>> extends { items: readonly (infer Item)[] } ? Item : never;

/** C5 */
function filled(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const given = params[name] ?? '';
    if (!/^\.{0,2}$/.test(given)) return encodeURIComponent(given);
    throw usage(
      `${name} takes a name`,
      `it was given "${given}"`,
      'give one: gt status shows them',
    );
  });
}

/** The problem a response carries; one that carries none becomes one. */
async function problemIn(response: Response, server: ServerAddress): Promise<Stop> {
  const text = await response.text();
  const exitCode = exitCodeOfStatus(response.status);
  const said = parsedProblem(text);
  if (said !== undefined) return new Stop(exitCode, said);
  const evidence = text.slice(0, 300).trim() || `an empty answer from ${server.url}`;
  return new Stop(exitCode, unreadable(response.status, evidence));
}

function unreadable(status: number, evidence: string): Problem {
  const what = `The answer of the town could not be read (HTTP ${status}).`;
  return { kind: 'unexpected_answer', what, evidence, next: 'gt doctor' };
}

function parsedProblem(text: string): Problem | undefined {
  try {
    const parsed: Partial<Problem> | null = JSON.parse(text);
    if (typeof parsed?.kind !== 'string' || typeof parsed.what !== 'string') return undefined;
    const { kind, what, evidence = '', next = '' } = parsed;
    return { kind, what, evidence, next };
  } catch {
    return undefined; // a proxy's or somebody else's words
  }
}

function silence(server: ServerAddress, error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return `${server.url} does not answer: ${cause || error.name}`;
}
