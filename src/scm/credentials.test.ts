/**
 * Which credential is used: every source alone and together, bound elsewhere, expired, failing, and
 * a rig that is pinned to one app.
 */
import { describe, expect, test } from 'vitest';
import type { PRStatusError, TriedSource } from '../core/pr-status.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { instant, type Instant } from '../core/time.ts';
import type { ForgeContext } from '../ports/forge.ts';
import {
  bindToken,
  credentialError,
  resolveCredential,
  resolveGitHubToken,
  withCredential,
  type AppSource,
  type CredentialSources,
  type Issued,
  type StoredToken,
} from './credentials.ts';
import type { CredentialLease, ForgeBinding } from './lease.ts';

const now = instant(1_900_000_000_000);
const github: ForgeBinding = {
  provider: 'github',
  origin: 'https://github.com',
  apiBase: 'https://api.github.com',
};
const gitlab: ForgeBinding = {
  provider: 'gitlab',
  origin: 'https://gitlab.com',
  apiBase: 'https://gitlab.com/api/v4',
};
const selfManaged: ForgeBinding = {
  provider: 'gitlab',
  origin: 'https://git.example.com',
  apiBase: 'https://git.example.com/api/v4',
};

const context = (forge: ForgeBinding): ForgeContext => ({
  rig: 'web',
  project: { ...forge, path: 'acme/web' },
});

const none: CredentialSources = {
  rigTokens: [],
  rigApp: null,
  townCliTokens: [],
  townTokens: [],
  townApp: null,
  pinnedTo: null,
  machine: null,
};

const token = (text: string, forge = github, expiresAt: Instant | null = null): StoredToken =>
  bindToken(forge, new Secret(text), { expiresAt });

function app(id: string, answers: readonly (Issued | string)[], forge = github): AppSource {
  const left = [...answers];
  return {
    id,
    provider: forge.provider,
    origin: forge.origin,
    apiOrigin: new URL(forge.apiBase).origin,
    issue: (_context, source) => {
      const answer = left.length > 1 ? left.shift() : left[0];
      if (answer === undefined) throw new Error('not asked for');
      if (typeof answer !== 'string') return Promise.resolve(answer);
      return Promise.resolve({ ok: true, lease: appLease(answer, source, forge) });
    },
    forget: () => undefined,
  };
}

function appLease(text: string, source: string, forge: ForgeBinding): CredentialLease {
  return {
    provider: forge.provider,
    origin: forge.origin,
    apiOrigin: new URL(forge.apiBase).origin,
    source,
    kind: 'app',
    scheme: 'bearer',
    identity: 'installation 1',
    fingerprint: text,
    expiresAt: null,
    secret: new Secret(text),
  };
}

const machine: CredentialSources['machine'] = () =>
  Promise.resolve({ ok: true, source: 'gh login', token: token('t-machine') });

const everything: CredentialSources = {
  rigTokens: [token('t-rig')],
  rigApp: app('a-rig', ['t-rig-app']),
  townCliTokens: [token('t-cli')],
  townTokens: [token('t-town')],
  townApp: app('a-town', ['t-town-app']),
  pinnedTo: null,
  machine,
};

const out = { ok: false, why: 'unavailable', cause: 'HTTP 502' } as const;

/** What it came to, in a word. */
async function resolved(
  sources: CredentialSources,
  forge: ForgeBinding = github,
): Promise<{ used: string | null; source: string | null; tried: readonly TriedSource[] }> {
  const found = await resolveCredential(context(forge), sources, now);
  return found.ok
    ? { used: found.token.secret.open(), source: found.source, tried: [] }
    : { used: null, source: found.unavailable?.source ?? null, tried: found.tried };
}

test('the most specific source is used, each next one when those before are absent', async () => {
  const order = ['t-rig', 't-rig-app', 't-cli', 't-town', 't-town-app', 't-machine'];
  const names = ['rigTokens', 'rigApp', 'townCliTokens', 'townTokens', 'townApp'] as const;
  const used = await Promise.all(
    order.map(async (_, absent) => {
      const gone = names.slice(0, absent).map((name) => [name, none[name]]);
      return (await resolved({ ...everything, ...Object.fromEntries(gone) })).used;
    }),
  );
  expect(used).toEqual(order);
});

test('the source that is used names itself', async () => {
  expect((await resolved(everything)).source).toBe('rig.token');
  expect((await resolved({ ...none, machine })).source).toBe('gh login');
});

test('nothing anywhere lists every place in order, and is no token', async () => {
  const found = await resolveGitHubToken(context(github), { ...none, machine: 'turned_off' }, now);
  const resolutionChain = [
    { source: 'rig.token', why: 'absent' },
    { source: 'rig.app', why: 'absent' },
    { source: 'town.cli_token', why: 'absent' },
    { source: 'town.token', why: 'absent' },
    { source: 'town.app', why: 'absent' },
    { source: 'machine login', why: 'turned_off' },
  ];
  expect(found).toEqual({ ok: false, tried: resolutionChain, unavailable: null, pinnedTo: null });
  expect(found.ok ? null : credentialError(context(github), found)).toEqual({
    kind: 'no_token',
    provider: 'github',
    host: 'github.com',
    resolutionChain,
  });
});

test('a host that is no person’s machine does not speak of its login', async () => {
  const { tried } = await resolved(none);
  expect(tried.map(({ source }) => source)).not.toContain('machine login');
});

test('a rig with nothing but an app of its own uses it', async () => {
  const found = await resolved({ ...none, rigApp: app('a', ['t-app']) });
  expect(found).toMatchObject({ used: 't-app', source: 'rig.app' });
});

describe('a credential stays with its host', () => {
  test.each([
    ['gitlab.com with a self-managed token', gitlab, selfManaged],
    ['a self-managed host with a token of gitlab.com', selfManaged, gitlab],
    ['GitHub with a token of GitLab', github, gitlab],
    ['another port', { ...github, origin: 'https://github.com:8443' }, github],
    ['another scheme', { ...github, origin: 'http://github.com' }, github],
    ['an API that was moved elsewhere', { ...github, apiBase: 'https://evil.example' }, github],
  ])('%s', async (_name, asked, bound) => {
    const sources: CredentialSources = {
      ...none,
      rigTokens: [token('t', bound)],
      townCliTokens: [token('t', bound)],
      townTokens: [token('t', bound)],
      machine: () => Promise.resolve({ ok: true, source: 'gh login', token: token('t', bound) }),
    };
    const { used, tried } = await resolved(sources, asked);
    expect(used).toBeNull();
    expect(tried.filter(({ why }) => why === 'wrong_host')).toHaveLength(4);
  });

  test('of several tokens of one place the one that fits is used', async () => {
    const townTokens = [token('t-gitlab', gitlab), token('t-self', selfManaged), token('t-hub')];
    expect((await resolved({ ...none, townTokens }, selfManaged)).used).toBe('t-self');
  });

  test('an app of another host is not asked', async () => {
    const elsewhere = app('a', [], { ...github, origin: 'https://ghes.example.com' });
    const { tried } = await resolved({ ...none, townApp: elsewhere });
    expect(tried).toContainEqual({ source: 'town.app', why: 'wrong_host' });
  });
});

test('a token past its end is passed over, with the reason', async () => {
  const sources = { ...everything, rigTokens: [token('t-old', github, now)] };
  expect((await resolved(sources)).used).toBe('t-rig-app');
  const alone = await resolved({ ...none, rigTokens: sources.rigTokens });
  expect(alone.tried[0]).toEqual({ source: 'rig.token', why: 'expired' });
});

test('an app that is not installed there gives way to the next source', async () => {
  const rigApp = app('a', [{ ok: false, why: 'not_installed' }]);
  expect((await resolved({ ...everything, rigTokens: [], rigApp })).used).toBe('t-cli');
});

describe('an issuer that fails', () => {
  test('ends the search: nobody else acts in its place', async () => {
    const sources = { ...everything, rigTokens: [], rigApp: app('a', [out]) };
    const found = await resolveCredential(context(github), sources, now);
    expect(found).toMatchObject({
      ok: false,
      tried: [
        { source: 'rig.token', why: 'absent' },
        { source: 'rig.app', why: 'unavailable' },
      ],
    });
    expect(found.ok ? null : credentialError(context(github), found)).toEqual({
      kind: 'token_unavailable',
      provider: 'github',
      host: 'github.com',
      source: 'rig.app',
      cause: 'HTTP 502',
    });
  });

  test('does not matter where a more specific source has one', async () => {
    expect((await resolved({ ...everything, rigApp: app('a', [out]) })).used).toBe('t-rig');
  });
});

describe('a rig that is pinned to an app', () => {
  const pinned = { ...everything, pinnedTo: 'a-town' };

  test('uses that one, although its own token comes first', async () => {
    expect(await resolved(pinned)).toMatchObject({ used: 't-town-app', source: 'town.app' });
  });

  test('uses none when that one is not there', async () => {
    const { used, tried } = await resolved({ ...pinned, pinnedTo: 'a-gone' });
    expect(used).toBeNull();
    expect(new Set(tried.map(({ why }) => why))).toEqual(new Set(['pinned_elsewhere']));
    expect(tried).toHaveLength(6);
  });

  test('says which one it lacks, and no token of a rig or machine took its place', async () => {
    const gone = { ...none, rigTokens: [token('t-rig')], pinnedTo: '12/3', machine };
    const found = await resolveCredential(context(github), gone, now);
    const error = found.ok ? null : credentialError(context(github), found);
    expect(error).toMatchObject({
      kind: 'no_token',
      pinnedTo: '12/3',
      resolutionChain: [
        { source: 'rig.token', why: 'pinned_elsewhere' },
        { source: 'rig.app', why: 'absent' },
        { source: 'town.cli_token', why: 'pinned_elsewhere' },
        { source: 'town.token', why: 'pinned_elsewhere' },
        { source: 'town.app', why: 'absent' },
        { source: 'machine login', why: 'pinned_elsewhere' },
      ],
    });
  });

  test.each([
    ['is not installed', { ok: false, why: 'not_installed' }],
    ['is suspended', { ok: false, why: 'suspended' }],
    ['fails', out],
  ] as const)('uses none when that one %s', async (_name, answer) => {
    const { used } = await resolved({ ...pinned, townApp: app('a-town', [answer]) });
    expect(used).toBeNull();
  });
});

test('an app is asked for no token that would go to another API', async () => {
  const elsewhere = { ...github, apiBase: 'https://evil.example/api/v3' };
  const found = await resolveCredential(
    context(elsewhere),
    { ...none, townApp: app('a', ['t']) },
    now,
  );
  expect(found.ok || found.tried).toContainEqual({ source: 'town.app', why: 'wrong_host' });
});

test('a lease and a resolution show no secret however they are printed', async () => {
  const found = await resolveCredential(context(github), everything, now);
  expect(JSON.stringify(found) + String(found.ok && found.token.secret)).not.toContain('t-rig');
});

describe('a call', () => {
  const refused: Result<never, PRStatusError> = err({
    kind: 'http_error',
    provider: 'github',
    host: 'github.com',
    status: 401,
    statusText: '',
    transient: false,
    reason: 'unauthenticated',
    requestId: null,
    tokenSource: 'rig.app',
  });

  async function called(
    sources: CredentialSources,
    good: readonly string[],
  ): Promise<{ sent: readonly string[]; ok: boolean; error: PRStatusError | null }> {
    const sent: string[] = [];
    const answer = await withCredential(
      context(github),
      sources,
      () => now,
      (lease) => {
        sent.push(lease.secret.open());
        return Promise.resolve(good.includes(lease.secret.open()) ? ok('fine') : refused);
      },
    );
    return { sent, ok: answer.ok, error: answer.ok ? null : answer.error };
  }

  test('without a credential is not made', async () => {
    const { sent, error } = await called(none, []);
    expect(sent).toEqual([]);
    expect(error?.kind).toBe('no_token');
  });

  test('that an app’s token is refused for is made once more with a new one', async () => {
    const sources = { ...none, rigApp: app('a', ['old', 'new', 'newer']) };
    expect(await called(sources, ['new'])).toMatchObject({ sent: ['old', 'new'], ok: true });
    const again = { ...none, rigApp: app('a', ['old', 'new', 'newer']) };
    expect(await called(again, [])).toMatchObject({ sent: ['old', 'new'], ok: false });
  });

  test('that a stored token is refused for is not repeated', async () => {
    const { sent, error } = await called(everything, []);
    expect(sent).toEqual(['t-rig']);
    expect(error).toMatchObject({ status: 401 });
  });

  test('whose new token cannot be had says so', async () => {
    const sources = { ...none, rigApp: app('a', ['old', out]) };
    expect((await called(sources, [])).error).toMatchObject({
      kind: 'token_unavailable',
      cause: 'HTTP 502',
    });
  });
});
