/**
 * Addresses of pull requests: what is understood, what is refused, and that no address whatever
 * makes a request leave for another place than a binding's.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { instant } from '../core/time.ts';
import { request, type ForgeDoor } from './http.ts';
import type { CredentialLease } from './lease.ts';
import { parsePullRequestUrl } from './pr-url.ts';
import { knownForges } from './remote-url.ts';

const forges = knownForges([
  { provider: 'github', url: 'https://ghes.example.com' },
  { provider: 'github', url: 'https://acme.ghe.com' },
  { provider: 'gitlab', url: 'https://git.example.com/forge' },
  { provider: 'gitlab', url: 'https://gl.example.com:8443' },
  { provider: 'gitea', url: 'http://127.0.0.1:3000' },
]);

const parse = (url: string): string => {
  const parsed = parsePullRequestUrl(url, forges);
  if (!parsed.ok) return parsed.error.kind;
  const { project, number } = parsed.value;
  return `${project.provider} ${project.path} ${number}`;
};

const deep = Array.from({ length: 20 }, (_, n) => `g${n}`).join('/');

describe('understood', () => {
  test.each([
    ['https://github.com/acme/web/pull/12', 'github acme/web 12'],
    ['https://github.com/acme/web/pull/12/', 'github acme/web 12'],
    ['https://github.com/acme/web/pull/12/files', 'github acme/web 12'],
    ['https://github.com/acme/web/pull/12/commits/0a1b', 'github acme/web 12'],
    ['https://github.com/acme/web/pull/12?diff=split#r1', 'github acme/web 12'],
    [' https://GitHub.com/acme/web.js/pull/12\n', 'github acme/web.js 12'],
    ['https://ghes.example.com/a/b/pull/1', 'github a/b 1'],
    ['https://acme.ghe.com/a/b/pull/1', 'github a/b 1'],
    ['https://gitlab.com/g/p/-/merge_requests/3', 'gitlab g/p 3'],
    ['https://gitlab.com/g/p/-/merge_requests/3/diffs', 'gitlab g/p 3'],
    [`https://gitlab.com/${deep}/p/-/merge_requests/3`, `gitlab ${deep}/p 3`],
    ['https://git.example.com/forge/g/p/-/merge_requests/3', 'gitlab g/p 3'],
    ['https://gl.example.com:8443/g/p/-/merge_requests/3', 'gitlab g/p 3'],
    ['https://codeberg.org/o/r/pulls/9', 'gitea o/r 9'],
    ['http://127.0.0.1:3000/o/r/pulls/9/files', 'gitea o/r 9'],
  ])('%s', (url, expected) => {
    expect(parse(url)).toBe(expected);
  });

  test('with the addresses of the binding, and one way of writing it', () => {
    const parsed = parsePullRequestUrl('https://acme.ghe.com/a/b/pull/1/files?x#y', forges);
    expect(parsed).toEqual({
      ok: true,
      value: {
        project: {
          provider: 'github',
          origin: 'https://acme.ghe.com',
          apiBase: 'https://api.acme.ghe.com',
          path: 'a/b',
        },
        number: 1,
        nodeId: null,
        url: 'https://acme.ghe.com/a/b/pull/1',
      },
    });
  });
});

describe('refused', () => {
  test.each([
    ['a page that creates one', 'https://github.com/acme/web/pull/new/gt/a1/web-1'],
    ['a page that compares', 'https://github.com/acme/web/compare/main...x'],
    ['a new merge request', 'https://gitlab.com/g/p/-/merge_requests/new?source=x'],
    ['another form', 'https://github.com/acme/web/pulls/12'],
    ['an issue', 'https://github.com/acme/web/issues/12'],
    ['number 0', 'https://github.com/acme/web/pull/0'],
    ['a number that is none', 'https://github.com/acme/web/pull/12x'],
    ['a number beyond all numbers', 'https://github.com/acme/web/pull/99999999999999999'],
    ['a login', 'https://github.com@evil.example/acme/web/pull/1'],
    ['a login on the right host', 'https://me:pw@github.com/acme/web/pull/1'],
    ['a backslash', 'https://github.com\\@evil.example/acme/web/pull/1'],
    ['a dot at the end of the host', 'https://github.com./acme/web/pull/1'],
    ['letters of another script', 'https://gіthub.com/acme/web/pull/1'],
    ['the same in punycode', 'https://xn--gthub-n2a.com/acme/web/pull/1'],
    ['full-width letters', 'https://\uFF47ithub.com/acme/web/pull/1'],
    ['a port that goes without saying', 'https://github.com:443/acme/web/pull/1'],
    ['steps upward', 'https://github.com/acme/web/pull/../../../a/b/pull/1'],
    ['steps upward, encoded', 'https://github.com/acme/%2e%2e/web/pull/1'],
    ['an encoded slash', 'https://gitlab.com/g%2Fp/-/merge_requests/1'],
    ['an empty part', 'https://github.com//acme/web/pull/1'],
    ['a number in hexadecimal', 'http://0x7f000001:3000/o/r/pulls/9'],
    ['a group too deep', `https://gitlab.com/${deep}/x/p/-/merge_requests/3`],
    ['outside the sub-path', 'https://git.example.com/g/p/-/merge_requests/3'],
    ['no project', 'https://gitlab.com/p/-/merge_requests/3'],
    ['no address', 'acme/web#12'],
    ['another scheme', 'javascript:alert(1)'],
    ['a line break inside', 'https://github.com/acme/we\nb/pull/1'],
  ])('%s', (_name, url) => {
    expect(parse(url)).toBe('unrecognized_url');
  });

  test.each([
    ['a host nobody named', 'https://evil.example/acme/web/pull/1'],
    ['a name that only begins alike', 'https://github.com.evil.example/acme/web/pull/1'],
    ['a known host without TLS', 'http://github.com/acme/web/pull/1'],
    ['another port of a known host', 'https://github.com:8443/acme/web/pull/1'],
    ['no port where there is one', 'https://gl.example.com/g/p/-/merge_requests/3'],
    ['IPv6', 'https://[::ffff:7f00:1]/acme/web/pull/1'],
  ])('%s, and says whose host it is', (_name, url) => {
    expect(parse(url)).toBe('host_mismatch');
  });

  test('without keeping a login that was pasted with it', () => {
    const parsed = parsePullRequestUrl('https://me:ghp_x@github.com/a/b/pull/1', forges);
    expect(JSON.stringify(parsed)).not.toMatch(/ghp_x|me:/);
  });
});

const lease = (origin: string, apiBase: string): CredentialLease => ({
  provider: 'github',
  origin,
  apiOrigin: new URL(apiBase).origin,
  source: 'rig.token',
  kind: 'token',
  scheme: 'bearer',
  identity: 'x',
  fingerprint: 'x',
  expiresAt: null,
  secret: new Secret('ghp_secret'),
});

/** Mostly the good part, now and then a bad one, so that many addresses are nearly right. */
const part = (good: readonly string[], bad: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
    { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
  );
const hosts = ['github.com', 'api.github.com', 'acme.ghe.com', 'git.example.com', '127.0.0.1'];
const hostile = fc
  .tuple(
    part(['https://'], ['http://', '//', 'https:\\\\', 'ftp://', 'HTTPS://']),
    part([''], ['user:pw@', 'github.com@', 'evil.example#@', 'evil.example\\@']),
    part(hosts, [
      'evil.example',
      '[::1]',
      '169.254.169.254',
      '\uFF47ithub.com',
      'xn--gthub-n2a.com',
    ]),
    part([''], ['.', ':443', ':3000', ':8443', '.evil.example', '%2eevil.example', '\u3002com']),
    part(['', '/forge'], ['/..', '/%2e%2e', '//', '/@evil.example']),
    part(['/acme/web', '/g/s/p'], ['/acme/../web', '/a%2fb/c', '/.git/web', '/\\evil.example']),
    part(['/pull/1', '/-/merge_requests/2', '/pulls/3'], ['/pull/new/x', '/pull/1@evil.example']),
    part(['', '/files', '?x=1', '#y'], ['/../../../../a/b/pull/1', '@evil.example', '/%2e%2e/x']),
  )
  .map((parts) => parts.join(''));

const github = {
  provider: 'github',
  origin: 'https://github.com',
  apiBase: 'https://api.github.com',
} as const;

/** Redirects everything to `next`, and writes down where it was reached. */
function redirecting(reached: string[], status: number, next: string): ForgeDoor {
  return {
    fetch: (asked) => {
      reached.push(new URL(asked).origin);
      const headers = { location: next.replace(/[^!-~]/g, '') };
      return Promise.resolve(new Response(null, { status, headers }));
    },
    clock: { now: () => instant(0), monotonicMs: () => 0 },
    timers: { after: () => () => undefined },
    userAgent: 'gastown/test',
    httpOrigins: ['http://evil.example'],
  };
}

describe('whatever the address', () => {
  test('what is understood lies on an origin of a binding', () => {
    const origins = forges.map(({ origin }) => origin);
    let understood = 0;
    fc.assert(
      fc.property(hostile, (url) => {
        const parsed = parsePullRequestUrl(url, forges);
        if (!parsed.ok) return;
        understood += 1;
        const { project, url: canonical } = parsed.value;
        expect(origins).toContain(project.origin);
        expect(new URL(canonical).origin).toBe(project.origin);
        expect(new URL(url.trim()).origin).toBe(project.origin);
        expect(canonical).not.toMatch(/\.\.\/|%|\\|@|evil/);
      }),
      { numRuns: 3000 },
    );
    expect(understood).toBeGreaterThan(20);
  });

  test('no request leaves for another origin, also when the forge redirects there', async () => {
    const { origin, apiBase } = github;
    const target = fc.oneof(hostile, fc.webUrl());
    const status = fc.constantFrom(301, 302, 307, 308);
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(target, target, status, async (url, next, status) => {
        const reached: string[] = [];
        const door = redirecting(reached, status, next);
        await request(door, { to: github, lease: lease(origin, apiBase), method: 'GET', url });
        sent += reached.length;
        expect(reached.filter((each) => each !== apiBase)).toEqual([]);
      }),
      { numRuns: 800 },
    );
    expect(sent).toBeGreaterThan(5);
  });
});
