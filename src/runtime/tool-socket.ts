/**
 * Where agents call the town's tools: MCP over streamable HTTP on loopback, one listener per
 * runner, one capability per attempt.
 *
 * S1 The capability is the identity. What a call may touch was bound when it was granted; no
 *    argument and no path can name another attempt.
 * S2 A capability ends with its attempt and says so when it is used again.
 * S3 `ready` resolves only after this side has seen the handshake and `tools/list` with it.
 * S4 Loopback only; a request with a foreign Host or any Origin is refused; bodies are bounded.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import { Secret } from '../core/secret.ts';
import type { Log, Random } from '../ports/host.ts';
import { toolsOf, type Role, type ToolName } from '../protocol/tools.ts';

export interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
}

export type CallTool = (name: ToolName, input: unknown) => Promise<ToolAnswer>;

export interface ToolGrant {
  readonly url: string;
  readonly capability: Secret;
  /** S3 */
  readonly ready: Promise<void>;
  /** S2 */
  revoke(): void;
}

interface Holder {
  readonly serve: (request: Request, body: unknown) => Promise<Response>;
  saw(method: string): void;
}

/** Ended capabilities that still get an answer of their own; older ones are simply unknown. */
const endedMax = 2000;
const ended = 'This attempt is over. Nothing was changed. Stop now: your work so far is saved.';
const unknown = 'This capability is not known here. Nothing was changed. Stop now.';

export class ToolSocket {
  readonly #random: Random;
  readonly #log: Log;
  readonly #holders = new Map<string, Holder>();
  readonly #ended = new Set<string>();
  #server: Server | null = null;
  #port = 0;

  constructor(deps: { readonly random: Random; readonly log: Log }) {
    this.#random = deps.random;
    this.#log = deps.log;
  }

  /** Listens on a free port of the loopback interface, unless it does already. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer(
      // An idle runner wakes for nothing: look at stale connections rarely.
      { connectionsCheckingInterval: 10 * 60_000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    assert(address !== null && typeof address === 'object', 'a listener has a port');
    this.#port = address.port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** A capability that reaches exactly `call`. S1 */
  grant(role: Role, call: CallTool): ToolGrant {
    assert(this.#port !== 0, 'a grant needs a listener');
    const capability = this.#random.token(40);
    const seen = new Set<string>();
    let markReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      markReady = resolve;
    });
    const server = (): McpServer => serverOf(role, call);
    const handler = createMcpHandler(server, { legacy: 'reject' });
    this.#holders.set(capability, {
      serve: async (request, body) =>
        (await isLegacyRequest(request, body))
          ? serveLegacy(server(), request, body)
          : handler.fetch(request, { parsedBody: body }),
      saw: (method) => {
        seen.add(method);
        const greeted = seen.has('initialize') || seen.has('server/discover');
        if (greeted && seen.has('tools/list')) markReady();
      },
    });
    return {
      url: `http://127.0.0.1:${this.#port}/mcp`,
      capability: new Secret(capability),
      ready,
      revoke: () => {
        if (!this.#holders.delete(capability)) return;
        this.#remember(capability);
        void handler.close();
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#log.error('tool_socket', { message: String(error) });
      if (!response.headersSent) send(response, 500, { error: 'the runner could not answer' });
      response.end();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host ?? '';
    const here = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!here.includes(host) || request.headers.origin !== undefined) {
      return send(response, 403, { error: 'only local agents may call this' }); // S4
    }
    if (request.method !== 'POST') return send(response, 405, { error: 'only POST is served' });
    const body = await readBody(request);
    if (body === null) return send(response, 413, { error: 'the request is too large' });
    const parsed = parseJson(body);
    const capability = bearerOf(request);
    const holder = this.#holders.get(capability);
    if (holder === undefined) return this.#refuse(capability, parsed, response);

    const answer = await holder.serve(toRequest(request, host, body), parsed);
    if (answer.ok) for (const method of methodsOf(parsed)) holder.saw(method);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  }

  /** A tool call gets a tool's answer, which a model can read; anything else a plain refusal. */
  #refuse(capability: string, body: unknown, response: ServerResponse): void {
    const text = this.#ended.has(capability) ? ended : unknown; // S2
    const id = idOf(body);
    if (id !== null && methodsOf(body).includes('tools/call')) {
      const result = { isError: true, content: [{ type: 'text', text }] };
      return send(response, 200, { jsonrpc: '2.0', id, result });
    }
    send(response, 401, { jsonrpc: '2.0', id, error: { code: -32001, message: text } });
  }

  #remember(capability: string): void {
    this.#ended.add(capability);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= endedMax) break;
      this.#ended.delete(oldest);
    }
  }
}

/** Protocol versions with an `initialize`: one server and one plain JSON answer per request. */
async function serveLegacy(server: McpServer, request: Request, body: unknown): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  try {
    const response = await transport.handleRequest(request, { parsedBody: body });
    const { status, headers } = response;
    return new Response(await response.text(), { status, headers });
  } finally {
    await server.close();
  }
}

function serverOf(role: Role, call: CallTool): McpServer {
  const server = new McpServer({ name: 'gastown', version: '1' });
  for (const tool of toolsOf(role)) {
    server.registerTool(
      tool.name,
      { title: tool.title, description: tool.description, inputSchema: tool.input },
      async (input: unknown) => {
        const answer = await call(tool.name, input);
        return { isError: answer.isError, content: [{ type: 'text', text: answer.text }] };
      },
    );
  }
  return server;
}

function bearerOf(request: IncomingMessage): string {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const buffer = Buffer.from(piece);
    bytes += buffer.length;
    if (bytes > limits.requestBodyBytesMax) return null;
    pieces.push(buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function toRequest(request: IncomingMessage, host: string, body: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers.set(name, value);
  }
  return new Request(`http://${host}${request.url ?? '/'}`, { method: 'POST', headers, body });
}

function methodsOf(body: unknown): readonly string[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  return messages.flatMap((message) => {
    if (typeof message !== 'object' || message === null || !('method' in message)) return [];
    return typeof message.method === 'string' ? [message.method] : [];
  });
}

function idOf(body: unknown): string | number | null {
  if (typeof body !== 'object' || body === null || !('id' in body)) return null;
  return typeof body.id === 'string' || typeof body.id === 'number' ? body.id : null;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
