/**
 * Tokens of an app, bought over real sockets from a forge that checks the signature: once for many
 * callers, anew before their end and after a refusal, and what each way of failing means.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { instant } from '../core/time.ts';
import { AppTokens, type App } from './app-tokens.ts';
import type { Issued } from './credentials.ts';
import type { ForgeDoor } from './http.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const oldForm = keys.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const newForm = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const HOUR = 3_600_000;
const start = Date.parse('2030-05-01T12:00:00Z');

/** The forge: checks the statement by its own clock, and sells tokens. */
class Issuer {
  now = start;
  origin = '';
  /** Answered instead, while it is there. */
  fault: { status: number; body: string } | null = null;
  suspended = false;
  installed: readonly string[] = ['acme/web', 'acme/api'];
  readonly minted: string[] = [];
  readonly finds: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((asked, reply) => {
      void this.#answer(
        asked.method ?? '',
        asked.url ?? '',
        asked.headers.authorization ?? '',
      ).then(({ status, body }) => {
        const date = new Date(this.now).toUTCString();
        reply.writeHead(status, { date, 'content-type': 'application/json' }).end(body);
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(
    method: string,
    url: string,
    auth: string,
  ): Promise<{ status: number; body: string }> {
    if (this.fault !== null) return this.fault;
    if (!(await this.#isSigned(auth.replace('Bearer ', '')))) {
      return { status: 401, body: '{"message":"A JSON web token could not be decoded"}' };
    }
    const path = /^\/repos\/(.+)\/installation$/.exec(url)?.[1];
    if (method === 'GET' && path !== undefined) return this.#find(path);
    if (method === 'POST' && url === '/app/installations/77/access_tokens') return this.#sell();
    return { status: 404, body: '{"message":"Not Found"}' };
  }

  #find(path: string): { status: number; body: string } {
    this.finds.push(path);
    if (!this.installed.includes(path)) return { status: 404, body: '{}' };
    const suspended_at = this.suspended ? '2030-01-01T00:00:00Z' : null;
    return { status: 200, body: JSON.stringify({ id: 77, suspended_at }) };
  }

  #sell(): { status: number; body: string } {
    // As long as the newest of them are.
    const token = `ghs_${this.minted.length}_${'x'.repeat(600)}`;
    this.minted.push(token);
    const expires_at = new Date(this.now + HOUR).toISOString();
    return { status: 201, body: JSON.stringify({ token, expires_at }) };
  }

  async #isSigned(jwt: string): Promise<boolean> {
    const { publicKey } = keys;
    const checks = { algorithms: ['RS256'], issuer: 'Iv1.app', currentDate: new Date(this.now) };
    const verified = await jwtVerify(jwt, publicKey, checks).catch(() => null);
    const { iat = 0, exp = 0 } = verified?.payload ?? {};
    return verified !== null && iat * 1000 <= this.now && exp * 1000 - this.now <= 600_000;
  }
}

let issuer = new Issuer();
let now = start;

beforeEach(async () => {
  issuer = new Issuer();
  now = start;
  await issuer.listen();
});
afterEach(async () => {
  await issuer.close();
});

function tokens(
  privateKey = oldForm,
  more: Partial<ForgeDoor> = {},
  given: Partial<App> = {},
): AppTokens {
  const app: App = {
    provider: 'github',
    origin: issuer.origin,
    apiBase: issuer.origin,
    id: 'int-1',
    clientId: 'Iv1.app',
    installation: null,
    ...given,
    privateKey: new Secret(privateKey),
  };
  const door: ForgeDoor = {
    fetch,
    clock: { now: () => instant(now), monotonicMs: () => 0 },
    timers: { after: () => () => undefined },
    userAgent: 'gastown/test',
    httpOrigins: [],
    ...more,
  };
  return new AppTokens(door, app);
}

const project = (path = 'acme/web') =>
  ({ provider: 'github', origin: issuer.origin, apiBase: issuer.origin, path }) as const;

const issue = (from: AppTokens, path?: string): Promise<Issued> =>
  from.issue({ project: project(path) }, 'rig.app');

const text = (issued: Issued): string => (issued.ok ? issued.lease.secret.open() : issued.why);

test.each([
  ['the older form of key', oldForm],
  ['the newer form of key', newForm],
  ['a key whose line breaks were lost', oldForm.replaceAll('\n', '\\n')],
])('a token is bought with %s', async (_name, key) => {
  const issued = await issue(tokens(key));
  expect(text(issued)).toBe(issuer.minted[0]);
  expect(issued).toMatchObject({
    ok: true,
    lease: {
      kind: 'app',
      source: 'rig.app',
      apiOrigin: issuer.origin,
      identity: 'installation 77',
      expiresAt: start + HOUR,
    },
  });
});

test('a hundred callers at once, for two repositories, buy one token', async () => {
  const from = tokens();
  const paths = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 'acme/web' : 'acme/api'));
  const issued = await Promise.all(paths.map((path) => issue(from, path)));
  expect(new Set(issued.map(text)).size).toBe(1);
  expect(issuer.minted).toHaveLength(1);
  expect(issuer.finds.sort()).toEqual(['acme/api', 'acme/web']);
});

test('a token is kept until five minutes before its end, then another is bought', async () => {
  const from = tokens();
  const first = text(await issue(from));
  now = start + HOUR - 5 * 60_000 - 1;
  expect(text(await issue(from))).toBe(first);
  now += 1;
  issuer.now = now;
  expect(text(await issue(from))).not.toBe(first);
});

test('a token the forge refused is bought anew once, however many callers say so', async () => {
  const from = tokens();
  const first = await issue(from);
  if (!first.ok) throw new Error('no token');
  from.forget(first.lease);
  const second = await issue(from);
  from.forget(first.lease); // a slow caller with the old one
  expect(text(await issue(from))).toBe(text(second));
  expect(issuer.minted).toHaveLength(2);
});

test.each([
  ['hours ahead', 5 * HOUR],
  ['hours behind', -5 * HOUR],
])(
  'a clock of ours that is %s costs one more request, and the end is right',
  async (_name, off) => {
    now = start + off;
    const issued = await issue(tokens());
    expect(issued).toMatchObject({ ok: true, lease: { expiresAt: now + HOUR } });
  },
);

describe('the app is not there', () => {
  test('for this repository, though for another one', async () => {
    const from = tokens();
    await issue(from);
    expect(await issue(from, 'acme/hidden')).toEqual({ ok: false, why: 'not_installed' });
  });

  test('when its installation is suspended', async () => {
    issuer.suspended = true;
    expect(text(await issue(tokens()))).toBe('suspended');
  });

  test('in the installation it is pinned to, though in another one', async () => {
    const from = tokens(oldForm, {}, { installation: 78 });
    expect(await issue(from)).toEqual({ ok: false, why: 'not_installed' });
    expect(await from.check()).toEqual({ ok: false, why: 'not_installed' });
    expect(issuer.minted).toEqual([]);
    expect((await tokens(oldForm, {}, { installation: 77 }).check()).ok).toBe(true);
  });
});

describe('the issuer is out', () => {
  test.each([
    ['502', { status: 502, body: '<html>' }, 'HTTP 502'],
    ['500 with nothing', { status: 500, body: '' }, 'HTTP 500'],
    ['HTML', { status: 200, body: '<html>' }, 'invalid_response'],
    ['JSON of another shape', { status: 200, body: '{"id":"x"}' }, 'invalid_response'],
    ['throttling', { status: 429, body: '' }, 'HTTP 429'],
  ])('%s is no verdict, and it works again by itself', async (_name, fault, cause) => {
    const from = tokens();
    issuer.fault = fault;
    expect(await issue(from)).toEqual({ ok: false, why: 'unavailable', cause });
    issuer.fault = null;
    expect((await issue(from)).ok).toBe(true);
  });

  test('no connection', async () => {
    const from = tokens(oldForm, { fetch: () => Promise.reject(new TypeError('fetch failed')) });
    expect(await issue(from)).toMatchObject({ why: 'unavailable', cause: 'connect' });
  });
});

describe('a key', () => {
  test('that is none is told without being shown', async () => {
    const issued = await issue(
      tokens('-----BEGIN RSA PRIVATE KEY-----\nhello\n-----END RSA PRIVATE KEY-----'),
    );
    expect(issued).toEqual({ ok: false, why: 'unavailable', cause: 'bad key' });
  });

  test('of another app is refused by the forge', async () => {
    const wrong = other.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(await issue(tokens(wrong))).toMatchObject({ why: 'unavailable', cause: 'HTTP 401' });
  });
});

test('neither token nor key can be printed by accident', async () => {
  const from = tokens();
  const issued = await issue(from);
  expect(JSON.stringify([issued, from])).not.toMatch(/ghs_|PRIVATE KEY/);
});
