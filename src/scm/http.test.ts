/**
 * The door to forges over real sockets: what it refuses before it opens one, how it follows
 * redirects, what it makes of broken answers, and how it names what went wrong on the way.
 */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import { Secret } from '../core/secret.ts';
import { instant } from '../core/time.ts';
import type { Timers } from '../ports/host.ts';
import { request, type ForgeAnswer, type ForgeDoor, type ForgeRequest } from './http.ts';
import type { CredentialLease, ForgeBinding } from './lease.ts';

const token = `ghp_${'s3cr3t'.repeat(30)}`;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

const timers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Counts what really goes out. */
function door(overrides: Partial<ForgeDoor> = {}): ForgeDoor & { readonly sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    fetch: (url, init) => {
      sent.push(url);
      return fetch(url, init);
    },
    clock: { now: () => instant(0), monotonicMs: () => 0 },
    timers,
    userAgent: 'gastown/test',
    httpOrigins: [],
    ...overrides,
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return await listen(server);
}

function binding(origin: string): ForgeBinding {
  return { provider: 'github', origin, apiBase: origin };
}

function leaseFor(origin: string, scheme: CredentialLease['scheme'] = 'bearer'): CredentialLease {
  return {
    provider: 'github',
    origin,
    apiOrigin: origin,
    source: 'rig.token',
    kind: 'token',
    scheme,
    identity: 'octocat',
    fingerprint: 'f',
    expiresAt: null,
    secret: new Secret(token),
  };
}

function get(origin: string, more: Partial<ForgeRequest> = {}): ForgeRequest {
  const to = binding(origin);
  return { to, lease: leaseFor(origin), method: 'GET', url: `${origin}/x`, ...more };
}

/** What matters of an answer in one line. */
function gist(answer: ForgeAnswer): unknown {
  if (answer.is === 'response') return answer.status;
  const { error } = answer;
  if (error.kind === 'invalid_response') return error.reason;
  return error.kind === 'network_error' ? error.cause : error.kind;
}

describe('before a socket is opened', () => {
  const origin = 'https://git.example.com';

  test.each([
    ['another host', 'https://evil.example/x'],
    ['another port', 'https://git.example.com:8443/x'],
    ['another scheme', 'http://git.example.com/x'],
    ['a login', 'https://git.example.com@evil.example/x'],
    ['a login on the right host', 'https://a:b@git.example.com/x'],
    ['a dot at the end', 'https://git.example.com./x'],
    ['no address', 'nonsense'],
  ])('%s is refused', async (_name, url) => {
    const at = door();
    const answer = await request(at, get(origin, { url }));
    expect(answer).toMatchObject({ is: 'error', error: { kind: 'host_mismatch' } });
    expect(at.sent).toEqual([]);
  });

  test.each([
    'http://169.254.169.254/latest',
    'http://2852039166/latest',
    'https://0xa9fea9fe/latest',
    'https://[::ffff:169.254.169.254]/latest',
    'https://[fe80::1]/x',
    'https://metadata.google.internal/x',
    'http://0.0.0.0/x',
  ])('%s is refused although a binding names it', async (url) => {
    const at = door({ httpOrigins: [new URL(url).origin] });
    const answer = await request(at, get(new URL(url).origin, { url }));
    expect(gist(answer)).toBe('host_mismatch');
    expect(at.sent).toEqual([]);
  });

  test('http is refused for a host that is not loopback and was not allowed by name', async () => {
    const at = door();
    expect(gist(await request(at, get('http://git.example.com')))).toBe('host_mismatch');
    expect(at.sent).toEqual([]);
  });

  test.each([
    ['another api origin', { apiOrigin: 'https://other.example' }],
    ['another forge', { origin: 'https://other.example' }],
    ['another provider', { provider: 'gitlab' }],
  ] as const)('a credential of %s is refused', async (_name, change) => {
    const at = door();
    const lease = { ...leaseFor(origin), ...change };
    expect(gist(await request(at, get(origin, { lease })))).toBe('host_mismatch');
    expect(at.sent).toEqual([]);
  });
});

describe('who asks', () => {
  test.each([
    ['bearer', 'authorization', `Bearer ${token}`],
    ['token', 'authorization', `token ${token}`],
    ['private-token', 'private-token', token],
  ] as const)('is said in the way of %s', async (scheme, header, value) => {
    let seen: IncomingMessage['headers'] = {};
    const origin = await serve((asked, reply) => {
      seen = asked.headers;
      reply.end('{}');
    });
    await request(door(), get(origin, { lease: leaseFor(origin, scheme) }));
    expect(seen[header]).toBe(value);
    expect(seen['user-agent']).toBe('gastown/test');
  });

  test('can be said by the door only', async () => {
    const ask = get('https://git.example.com', { headers: { Authorization: 'Bearer x' } });
    await expect(request(door(), ask)).rejects.toThrow('set by the door');
  });
});

describe('redirects', () => {
  test('on the same origin are followed, and a permanent one is reported', async () => {
    const origin = await serve((asked, reply) => {
      if (asked.url === '/new') reply.end('{"id":1}');
      else reply.writeHead(301, { location: '/new' }).end();
    });
    const answer = await request(door(), get(origin));
    expect(answer).toMatchObject({ status: 200, json: { id: 1 }, movedTo: `${origin}/new` });
  });

  test('to another origin are not followed, and the other one hears nothing', async () => {
    const heard: IncomingMessage['headers'][] = [];
    const other = await serve((asked, reply) => {
      heard.push(asked.headers);
      reply.end('{}');
    });
    const origin = await serve((_asked, reply) => {
      reply.writeHead(302, { location: `${other}/login` }).end();
    });
    const answer = await request(door(), get(origin));
    expect(answer).toMatchObject({
      error: { kind: 'invalid_response', reason: 'redirect', sampleKeys: [new URL(other).host] },
    });
    expect(heard).toEqual([]);
  });

  test('to logs elsewhere go without credential, also back to the first origin', async () => {
    const heard: (string | undefined)[] = [];
    let origin = '';
    const other = await serve((asked, reply) => {
      heard.push(asked.headers.authorization);
      if (asked.url === '/back') reply.writeHead(302, { location: `${origin}/end` }).end();
      else reply.end('log');
    });
    origin = await serve((asked, reply) => {
      heard.push(asked.headers.authorization);
      if (asked.url === '/end') reply.end('the log');
      else reply.writeHead(302, { location: `${other}/back` }).end();
    });
    const ask = get(origin, { accept: 'text', offOrigin: 'bare' });
    expect(await request(door(), ask)).toMatchObject({ status: 200, text: 'the log' });
    expect(heard).toEqual([`Bearer ${token}`, undefined, undefined]);
  });

  test('are followed three times and not once more', async () => {
    let asked = 0;
    const origin = await serve((_asked, reply) => {
      asked += 1;
      reply.writeHead(302, { location: '/again' }).end();
    });
    expect(gist(await request(door(), get(origin)))).toBe('redirect');
    expect(asked).toBe(limits.forgeRedirectsMax + 1);
  });

  test('of a write are followed whole by 307, and refused by 302', async () => {
    const bodies: string[] = [];
    const handler =
      (status: number): RequestListener =>
      (asked, reply) => {
        let body = '';
        asked.on('data', (chunk: Buffer) => (body += chunk.toString()));
        asked.on('end', () => {
          bodies.push(`${asked.method ?? ''} ${asked.url ?? ''} ${body}`);
          if (asked.url === '/new') reply.end('{}');
          else reply.writeHead(status, { location: '/new' }).end();
        });
      };
    const put = { method: 'PUT', body: { sha: 'abc' } } as const;
    const kept = await serve(handler(307));
    expect(gist(await request(door(), get(kept, put)))).toBe(200);
    const lost = await serve(handler(302));
    expect(gist(await request(door(), get(lost, put)))).toBe('redirect');
    expect(bodies).toEqual([
      'PUT /x {"sha":"abc"}',
      'PUT /new {"sha":"abc"}',
      'PUT /x {"sha":"abc"}',
    ]);
  });

  test('to a metadata address are refused', async () => {
    const origin = await serve((_asked, reply) => {
      reply.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    });
    const ask = get(origin, { accept: 'text', offOrigin: 'bare' });
    expect(gist(await request(door(), ask))).toBe('redirect');
  });
});

describe('bodies', () => {
  const json = 'application/json';
  test.each([
    ['an object', 200, json, '{"a":1}', 200],
    ['a list', 200, json, '[]', 200],
    ['null', 200, json, 'null', 'schema_mismatch'],
    ['a number', 200, json, '42', 'schema_mismatch'],
    ['a string', 200, json, '"x"', 'schema_mismatch'],
    ['nothing', 200, json, '', 'json_parse'],
    ['truncated JSON', 200, json, '{"a":[1,', 'json_parse'],
    ['HTML by its type', 200, 'text/html; charset=utf-8', 'Sign in', 'html'],
    ['HTML by its looks', 200, json, '\n<!DOCTYPE html><p>', 'html'],
    ['HTML with a refusal', 502, 'text/html', '<html>', 502],
    ['plain text with a refusal', 429, 'text/plain', 'Retry later', 429],
    ['nothing, and it says so', 204, json, '', 204],
  ])('%s', async (_name, status, type, body, expected) => {
    const origin = await serve((_asked, reply) => {
      reply.writeHead(status, { 'content-type': type }).end(body);
    });
    expect(gist(await request(door(), get(origin)))).toBe(expected);
  });

  test('that announce more than the limit are not read', async () => {
    const origin = await serve((_asked, reply) => {
      reply.writeHead(200, { 'content-length': limits.forgeBodyBytesMax + 1 });
      reply.write('{');
    });
    expect(gist(await request(door(), get(origin)))).toBe('too_large');
  });

  test('that never end are cut off at the limit', async () => {
    const origin = await serve((_asked, reply) => {
      const more = (): void => {
        if (!reply.destroyed) reply.write('x'.repeat(4096), () => setImmediate(more));
      };
      more();
    });
    expect(gist(await request(door(), get(origin, { maxBytes: 50_000 })))).toBe('too_large');
  });

  test('of logs keep their end', async () => {
    const origin = await serve((_asked, reply) => {
      for (let line = 1; line <= 5000; line += 1) reply.write(`line ${line}\n`);
      reply.end('the cause\n');
    });
    const ask = get(origin, { accept: 'text', keep: 'end', maxBytes: 20 });
    expect(await request(door(), ask)).toMatchObject({ text: 'line 5000\nthe cause\n' });
  });
});

describe('the network', () => {
  test('a closed port is a failed connection', async () => {
    const server = createTcpServer();
    const origin = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(gist(await request(door(), get(origin)))).toBe('connect');
  });

  test.each([
    ['never answers', () => undefined],
    [
      'stops within its body',
      (socket: { write(text: string): unknown }) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":'),
    ],
  ] as const)('a server that %s is a timeout', async (_name, act) => {
    const origin = await tcp((socket) => void act(socket));
    expect(gist(await request(door(), get(origin, { timeoutMs: 100 })))).toBe('timeout');
  });

  test('a connection cut within the body is a reset', async () => {
    const origin = await tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":', () => {
        socket.resetAndDestroy();
      });
    });
    expect(gist(await request(door(), get(origin)))).toBe('reset');
  });

  test('a connection cut before any answer is a reset', async () => {
    const origin = await tcp((socket) => socket.resetAndDestroy());
    expect(gist(await request(door(), get(origin)))).toBe('reset');
  });

  test('what speaks no TLS is a TLS failure', async () => {
    const origin = await tcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(gist(await request(door(), get(origin.replace('http:', 'https:'))))).toBe('tls');
  });

  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SOMETHING_NEW', 'connect'],
  ])('the code %s means %s', async (code, cause) => {
    const thrown = new TypeError('fetch failed', {
      cause: new AggregateError([Object.assign(new Error('x'), { code })]),
    });
    const at = door({ fetch: () => Promise.reject(thrown) });
    expect(gist(await request(at, get('https://git.example.com')))).toBe(cause);
  });

  test('a fetch that does not heed its signal is given up all the same', async () => {
    const at = door({ fetch: () => new Promise(() => undefined) });
    const ask = get('https://git.example.com', { timeoutMs: 20 });
    expect(gist(await request(at, ask))).toBe('timeout');
  });

  test('a caller that gives up ends the request', async () => {
    const origin = await tcp(() => undefined);
    const caller = new AbortController();
    const answer = request(door(), get(origin, { signal: caller.signal }));
    caller.abort();
    expect(gist(await answer)).toBe('timeout');
  });
});

async function tcp(act: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => act(socket));
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return await listen(server);
}
