/**
 * A town for tests of the command line: a real HTTP server that answers what a test tells it. It
 * checks what it receives with the protocol's own schemas, and what it answers as well, so a test
 * cannot agree with the client on something the API does not say.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  dryRunOf,
  problemOf,
  routes,
  type Route,
  type RouteName,
} from '../../src/protocol/http.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { World } from '../../src/cli/world.ts';
import { AT } from './cli-samples.ts';

export interface Received {
  readonly route: RouteName;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly key: string | undefined;
}

export interface Refusal {
  readonly problem: { kind: string; status: number; what: string; evidence: string; next: string };
}

type Handler = (received: Received, response: ServerResponse) => unknown;

const TOKEN = 'token-of-the-test';

export class FakeTown {
  readonly home = mkdtempSync(join(tmpdir(), 'gt-cli-'));
  readonly received: Received[] = [];
  /** What the client did that the API does not allow. */
  readonly wrong: string[] = [];
  readonly #handlers = new Map<RouteName, Handler>();
  readonly #server: Server;
  /** Connections that are cut before anything is answered. */
  cutNext = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  /** What a route answers; a second call replaces it. */
  on(route: RouteName, handler: Handler): this {
    this.#handlers.set(route, handler);
    return this;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const { port } = this.#server.address() as AddressInfo;
    mkdirSync(this.home, { recursive: true });
    writeFileSync(join(this.home, 'token'), `${TOKEN}\n`);
    const server = { url: `http://127.0.0.1:${port}`, pid: process.pid, port };
    writeFileSync(join(this.home, 'server.json'), JSON.stringify(server));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.home, { recursive: true, force: true });
  }

  of(route: RouteName): readonly Received[] {
    return this.received.filter((one) => one.route === route);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.cutNext > 0) {
      this.cutNext -= 1;
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const found = match(request.method ?? '', url.pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString('utf8');
    if (found === undefined) {
      this.wrong.push(`no route: ${request.method} ${url.pathname}`);
      return refuse(response, 404, 'no_such_route');
    }
    const [name, route] = found;
    if (request.headers.authorization !== `Bearer ${TOKEN}`) this.wrong.push(`${name}: no token`);
    const key = request.headers['idempotency-key'];
    if (route.command === true && key === undefined) this.wrong.push(`${name}: no key`);
    const query = Object.fromEntries(url.searchParams);
    this.#check(name, route.query, query);
    const body: unknown = route.body === undefined ? text : JSON.parse(text);
    if (route.body !== undefined) this.#check(name, route.body, body);
    const received = { route: name, path: url.pathname, query, body, key: String(key) };
    this.received.push(received);
    const handler = this.#handlers.get(name);
    if (handler === undefined) {
      this.wrong.push(`nothing to answer: ${name}`);
      return refuse(response, 500, 'internal_error');
    }
    const answer = handler(received, response);
    if (response.headersSent) return;
    if (isRefusal(answer)) {
      const { kind, status, ...says } = answer.problem;
      send(response, status, problemOf(kind, status, says));
      return;
    }
    if (typeof answer === 'string') {
      response.writeHead(route.status).end(answer);
      return;
    }
    const { response: schema, status } = route;
    const isDry = query['dryRun'] === 'true' && schema !== undefined;
    this.#check(`${name} (answer)`, isDry ? dryRunOf(schema) : schema, answer);
    send(response, isDry ? 200 : status, answer);
  }

  #check(what: string, schema: z.ZodType | undefined, value: unknown): void {
    const parsed = schema?.safeParse(value);
    if (parsed?.success === false) this.wrong.push(`${what}: ${z.prettifyError(parsed.error)}`);
  }
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** stdout, which must be exactly one JSON document. */
  readonly document: () => unknown;
}

export interface Around {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly tty?: boolean;
  /** What the person types when asked. */
  readonly answers?: readonly string[];
  readonly interrupted?: AbortSignal;
  readonly onWrite?: (text: string) => void;
  /** No sleep takes longer. */
  readonly sleepMsMax?: number;
}

/** Runs `gt` in this process, in a home. */
export async function gt(home: string, argv: readonly string[], around: Around = {}): Promise<Ran> {
  let out = '';
  let err = '';
  let keys = 0;
  const answers = [...(around.answers ?? [])];
  const tty = around.tty === true;
  const world: World = {
    env: { PATH: process.env['PATH'], ...around.env, GASTOWN_HOME: home },
    cwd: around.cwd ?? home,
    home,
    node: { path: process.execPath, version: process.version },
    stdout: {
      isTty: tty,
      columns: tty ? 80 : undefined,
      write: (text) => {
        out += text;
        around.onWrite?.(text);
      },
    },
    stderr: { isTty: tty, columns: tty ? 80 : undefined, write: (text) => void (err += text) },
    stdin: {
      isTty: tty,
      readAll: async (bytesMax) => {
        const text = around.stdin ?? '';
        return text.length > bytesMax ? { text: '', whole: false } : { text, whole: true };
      },
      readLine: async () => answers.shift(),
      readSecret: async () => answers.shift(),
    },
    interrupted: around.interrupted ?? new AbortController().signal,
    now: () => Date.parse(AT) + 60_000,
    sleep: (ms, signal) =>
      new Promise((done) => {
        if (signal?.aborted === true) return done();
        const timer = setTimeout(done, Math.min(ms, around.sleepMsMax ?? 20));
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          done();
        });
      }),
    token: () => `key-${(keys += 1)}`,
  };
  const code = await runProgram(argv, world);
  return { code, out, err, document: () => JSON.parse(out) };
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not happen within 8 s');
    await new Promise((done) => setTimeout(done, 10));
  }
}

function match(method: string, path: string): readonly [RouteName, Route] | undefined {
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    const pattern = `^/api/v1/towns/local${route.path.replace(/\{\w+\}/g, '[^/]+')}$`;
    if (route.method === method.toLowerCase() && new RegExp(pattern).test(path))
      return [name, route];
  }
  return undefined;
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'problem' in answer;
}

function refuse(response: ServerResponse, status: number, kind: string): void {
  send(response, status, problemOf(kind, status, { what: kind, evidence: '', next: '' }));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
