/** Every way in that must be closed, over real HTTP. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHost, type TestHost } from '../../test/api/host.ts';
import { refusalOf } from './access.ts';

let town: TestHost;
beforeAll(async () => {
  town = await startTestHost();
});
afterAll(() => town.stop());

/** As `fetch` does not allow: any Host, any Origin. */
function send(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { hostname, port } = new URL(town.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const path = '/api/v1/towns/local/status';
const bearer = () => ({ authorization: `Bearer ${town.token}` });

describe('a request', () => {
  test('with the token is answered', async () => {
    expect((await send(path, bearer())).status).toBe(200);
  });

  test('is answered under each of the names of loopback', async () => {
    const { port } = new URL(town.url);
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const headers = { ...bearer(), host: `${name}:${port}` };
      expect([(await send(path, headers)).status, name]).toEqual([200, name]);
    }
  });

  test.each([
    ['no token', {}],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another token', { authorization: `Bearer ${'x'.repeat(48)}` }],
    ['the token with one more letter', { more: 'x' }],
    ['the token as a password', { authorization: 'Basic eDp5' }],
  ])('with %s is refused with 401 and a challenge', async (_, headers) => {
    const more = 'more' in headers ? { authorization: `Bearer ${town.token}x` } : headers;
    const refused = await send(path, { ...more });
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({ kind: 'unauthorized', status: 401 });
    expect(JSON.stringify(refused.body)).not.toContain(town.token);
  });

  test('addressed to another host is refused with 403, with the right token too', async () => {
    const { port } = new URL(town.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1']) {
      const refused = await send(path, { ...bearer(), host });
      expect([refused.status, host]).toEqual([403, host]);
      expect(refused.body['kind']).toBe('host_refused');
    }
  });

  test('from a page of another origin is refused with 403', async () => {
    for (const origin of ['https://evil.example', 'null', town.url.replace('http', 'https')]) {
      const refused = await send(path, { ...bearer(), origin });
      expect([refused.status, origin]).toEqual([403, origin]);
      expect(refused.body['kind']).toBe('origin_refused');
    }
    expect((await send(path, { ...bearer(), origin: town.url })).status).toBe(200);
  });

  test('for health needs no token, but the right host', async () => {
    expect((await send('/health', {})).status).toBe(200);
    expect((await send('/health', { host: 'evil.example' })).status).toBe(403);
    expect((await send('/health', { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('for anything else needs the token, also for what is not there', async () => {
    for (const other of ['/', '/openapi.json', '/api/v1/nothing']) {
      expect([(await send(other, {})).status, other]).toEqual([401, other]);
    }
  });

  test('of every problem says what, evidence and next', async () => {
    const { body } = await send(path, {});
    expect(body['type']).toBe('urn:gastown:problem:unauthorized');
    for (const field of ['title', 'what', 'evidence', 'next']) expect(body[field]).not.toBe('');
  });
});

test('without a token of its own a server lets nobody in', () => {
  const access = { token: '', hosts: ['127.0.0.1:1'] };
  const given = { host: '127.0.0.1:1', origin: null, authorization: 'Bearer x' };
  expect(refusalOf(access, given)?.kind).toBe('unauthorized');
});
