/**
 * A host that nobody gave a credential for: where a redirect or a hostile URL would lead. Whatever
 * reaches it is kept, so that a test can say that no secret did.
 *
 * S1 It answers like a forge would (200 and an empty object), so that a careless client goes on.
 */
import { createServer, type Server } from 'node:http';

export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class Stranger {
  readonly visits: Visit[] = [];
  #server: Server | null = null;

  async start(): Promise<{ origin: string }> {
    const server = createServer((req, res) => {
      const headers = Object.fromEntries(
        Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
      );
      this.visits.push({ method: req.method ?? '', path: req.url ?? '', headers });
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}'); // S1
    });
    this.#server = server;
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { origin: `http://127.0.0.1:${address.port}` };
  }

  /** True when one of these secrets came here, in whatever header or in the URL. */
  sawAny(secrets: readonly string[]): boolean {
    const all = this.visits.flatMap(({ path, headers }) => [
      path,
      ...Object.values(headers).flatMap((value) => [value, unwrapped(value)]),
    ]);
    return secrets.some((secret) => all.some((text) => text.includes(secret)));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  }
}

/** What a Basic header holds. */
function unwrapped(value: string): string {
  const [scheme = '', rest = ''] = value.split(' ');
  return scheme.toLowerCase() === 'basic' ? Buffer.from(rest, 'base64').toString('utf8') : '';
}
