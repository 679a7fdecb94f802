/**
 * The HTTP server of this host: loopback only, /health from the first moment, everything else once
 * the application is loaded.
 *
 * L1 /health is answered without the application, so that a start is told of honestly.
 * L3 A failed load is told in the form of every other problem, without a module of the application.
 * L2 Closing ends streams first, then waits a moment for requests, then cuts what is left.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HealthResource } from '../../protocol/http.ts';
import { placeRefusal, type Access } from '../../server/access.ts';

const CLOSE_MS = 2000;
/** How often Node looks for stuck connections; by default every 30 s, also when nothing happens. */
const LOOK_MS = 5 * 60 * 1000;
const loopback = '127.0.0.1';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface ListenerDeps {
  readonly port: number;
  health(): HealthResource;
  access(): Access;
  /** Loads the application at most once. */
  app(): Promise<Listener>;
  error(event: string, data: Readonly<Record<string, unknown>>): void;
}

export interface Listening {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects with the system's error when the port cannot be had. */
export function listen(deps: ListenerDeps): Promise<Listening> {
  const server = createServer({ connectionsCheckingInterval: LOOK_MS }, (request, response) => {
    // A connection that is kept for more, of whoever asked for the end, would hold it up. L2
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    const isHealth = request.method === 'GET' && request.url?.split('?')[0] === '/health';
    if (isHealth && sendHealth(deps, request, response)) return; // L1
    deps.app().then(
      (listener) => listener(request, response),
      (error: unknown) => {
        deps.error('app_not_loaded', { message: String(error) });
        sendFailed(response, String(error)); // L3
      },
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: deps.port, host: loopback, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : deps.port;
      resolve({ port, url: `http://${loopback}:${port}`, close: () => close(server) });
    });
  });
}

/** False when the application must say why it is refused. */
function sendHealth(deps: ListenerDeps, request: IncomingMessage, response: ServerResponse) {
  const { host, origin } = request.headers;
  const given = { host: host ?? null, origin: origin ?? null, authorization: null };
  if (placeRefusal(deps.access(), given) !== null) return false;
  const health = deps.health();
  response.writeHead(health.ready ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify(health));
  return true;
}

/** L3 */
function sendFailed(response: ServerResponse, evidence: string): void {
  const problem = {
    type: 'urn:gastown:problem:internal-error',
    title: 'Internal error',
    status: 500,
    kind: 'internal_error',
    what: 'The program of this server could not be loaded.',
    evidence,
    next: 'Start it again: gt down, then gt up. If that does not help, install it anew.',
  };
  response.writeHead(problem.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem));
}

/** L2 */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
