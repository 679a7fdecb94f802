/**
 * The words for every reason a pull request cannot be read, for every provider: all of them in one
 * golden file beside this, and what must hold for each.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  explainArchived,
  explainMissingRight,
  explainPullRequestError,
  failureMessageFor,
  type AboutChange,
} from './explain-forge.ts';
import type { PRStatusError, PRStatusErrorKind } from './pr-status.ts';
import type { ForgeProvider } from './pull-request.ts';
import { instant } from './time.ts';

const now = instant(Date.parse('2030-05-01T12:00:00Z'));
const about: AboutChange = {
  rig: 'web',
  bead: 'web-17',
  mergeRequest: 'mr-4',
  project: 'acme/web',
  now,
};

const hosts: Readonly<Record<ForgeProvider, string>> = {
  github: 'github.com',
  gitlab: 'git.example.com',
  gitea: 'codeberg.org',
};
const logins = { github: 'gh login', gitlab: 'glab login', gitea: 'town.token' } as const;
const lacks = {
  github: ['pull_requests=read', 'checks=read'],
  gitlab: ['read_api'],
  gitea: ['read:repository'],
} as const;
const wrongPages = {
  github: 'https://github.com/acme/web/pull/new/gt/a1/web-17',
  gitlab: 'https://git.example.com/g/p/-/merge_requests/new?private_token=x',
  gitea: 'https://codeberg.org/o/r/compare/main...x',
} as const;

type ErrorOf<K extends PRStatusErrorKind> = Extract<PRStatusError, { readonly kind: K }>;
type Examples = {
  readonly [K in PRStatusErrorKind]: Readonly<Record<string, ErrorOf<K>>>;
};

/** A kind without an example does not compile; nor does a reason of `http_error`. */
function examplesOf(provider: ForgeProvider): Examples {
  const at = { provider, host: hosts[provider] };
  const http = {
    ...at,
    kind: 'http_error',
    statusText: '',
    transient: false,
    requestId: null,
    tokenSource: 'rig.token',
  } as const;
  const invalid = { ...at, kind: 'invalid_response', sampleKeys: [] } as const;
  const byReason: Readonly<Record<ErrorOf<'http_error'>['reason'], ErrorOf<'http_error'>>> = {
    unauthenticated: { ...http, status: 401, reason: 'unauthenticated', requestId: 'C0:1A' },
    forbidden: { ...http, status: 403, reason: 'forbidden', missingPermissions: lacks[provider] },
    sso_required: { ...http, status: 403, reason: 'sso_required', tokenSource: logins[provider] },
    not_found_or_hidden: { ...http, status: 404, reason: 'not_found_or_hidden' },
    gone: { ...http, status: 410, reason: 'gone' },
    server_error: { ...http, status: 502, reason: 'server_error', transient: true },
    other: { ...http, status: 422, reason: 'other', statusText: 'Unprocessable Entity' },
  };
  const hidden = byReason.not_found_or_hidden;
  return {
    no_token: {
      everywhere: {
        ...at,
        kind: 'no_token',
        resolutionChain: [
          { source: 'rig.token', why: 'absent' },
          { source: 'rig.app', why: 'not_installed' },
          { source: 'town.cli_token', why: 'expired' },
          { source: 'town.token', why: 'wrong_host' },
          { source: 'town.app', why: 'pinned_elsewhere' },
          { source: 'machine login', why: 'turned_off' },
        ],
      },
      'pinned to an app that is not there': {
        ...at,
        kind: 'no_token',
        pinnedTo: '12345/678',
        resolutionChain: [
          { source: 'rig.token', why: 'pinned_elsewhere' },
          { source: 'rig.app', why: 'absent' },
          { source: 'town.cli_token', why: 'pinned_elsewhere' },
          { source: 'town.token', why: 'pinned_elsewhere' },
          { source: 'town.app', why: 'suspended' },
          { source: 'machine login', why: 'pinned_elsewhere' },
        ],
      },
    },
    http_error: {
      ...byReason,
      'unauthenticated, of a login': { ...byReason.unauthenticated, tokenSource: logins[provider] },
      'unauthenticated, of an app': { ...byReason.unauthenticated, tokenSource: 'rig.app' },
      'forbidden, without a list': { ...http, status: 403, reason: 'forbidden' },
      'forbidden, by addresses': {
        ...http,
        status: 403,
        reason: 'forbidden',
        policy: 'ip_allow_list',
      },
      'forbidden, by approval': {
        ...http,
        status: 403,
        reason: 'forbidden',
        policy: 'app_restricted',
      },
      'hidden, repository seen': { ...hidden, repository: 'visible' },
      'hidden, repository hidden too': { ...hidden, repository: 'hidden_too' },
      'throttled without data': { ...http, status: 429, reason: 'other', transient: true },
    },
    unrecognized_url: {
      'a page that creates': { ...at, kind: 'unrecognized_url', url: wrongPages[provider] },
    },
    host_mismatch: {
      elsewhere: {
        ...at,
        kind: 'host_mismatch',
        expected: `https://${hosts[provider]}`,
        got: 'https://evil.example',
      },
    },
    invalid_response: {
      json_parse: { ...invalid, reason: 'json_parse' },
      schema_mismatch: { ...invalid, reason: 'schema_mismatch', sampleKeys: ['message', 'id'] },
      graphql_errors: { ...invalid, reason: 'graphql_errors', sampleKeys: ['NEW_TYPE'] },
      html: { ...invalid, reason: 'html' },
      too_large: { ...invalid, reason: 'too_large' },
      redirect: { ...invalid, reason: 'redirect', sampleKeys: ['login.example'] },
      'redirects without end': { ...invalid, reason: 'redirect', sampleKeys: [] },
    },
    network_error: {
      dns: { ...at, kind: 'network_error', cause: 'dns' },
      connect: { ...at, kind: 'network_error', cause: 'connect' },
      tls: { ...at, kind: 'network_error', cause: 'tls' },
      timeout: { ...at, kind: 'network_error', cause: 'timeout' },
      reset: { ...at, kind: 'network_error', cause: 'reset' },
    },
    token_unavailable: {
      outage: { ...at, kind: 'token_unavailable', source: 'rig.app', cause: 'HTTP 502' },
      'bad key': { ...at, kind: 'token_unavailable', source: 'town.app', cause: 'bad key' },
    },
    throttled: {
      primary: {
        ...at,
        kind: 'throttled',
        scope: 'primary',
        retryAt: instant(now + 600_000),
        budget: { limit: 5000, remaining: 0 },
      },
      secondary: {
        ...at,
        kind: 'throttled',
        scope: 'secondary',
        retryAt: instant(now + 60_000),
        budget: { limit: null, remaining: null },
      },
    },
    not_yet: { 'a moment ago': { ...at, kind: 'not_yet' } },
  };
}

const providers: readonly ForgeProvider[] = ['github', 'gitlab', 'gitea'];
const all: readonly { readonly title: string; readonly error: PRStatusError }[] = providers.flatMap(
  (provider) =>
    Object.entries(examplesOf(provider)).flatMap(([kind, examples]) =>
      Object.entries(examples).map(([name, error]) => ({
        title: `${provider} ${kind}: ${name}`,
        error,
      })),
    ),
);

test('every kind has its words for every provider, as the golden file has them', async () => {
  const written = all.map(({ title, error }) => {
    const { what, evidence, next } = explainPullRequestError(error, about);
    return `## ${title}\n\n${what}\n\n${evidence}\n\nNext: ${next}\n`;
  });
  const head = '# Why a pull request cannot be read, in the words people see\n\n';
  await expect(`${head}${written.join('\n')}`).toMatchFileSnapshot('explain-forge.golden.md');
});

const foreign: Readonly<Record<ForgeProvider, RegExp>> = {
  github: /gitlab|gitea|forgejo|merge request|glab|read_api/i,
  gitlab: /github|gitea|forgejo|pull request|\bgh\b/i,
  gitea: /github|gitlab|merge request|glab|\bgh\b|read_api/i,
};

/** What the command line has, or has to have. */
const COMMANDS =
  /^gt (?:mr (?:retry|list|show|adopt)|rig doctor|forge (?:status|login)|export|up)\b/;

describe.each([
  ['where everything is known', about],
  ['where nothing is known', {}],
])('%s', (_name, place) => {
  test.each(all)('$title', ({ error }) => {
    const { what, evidence, next } = explainPullRequestError(error, place);
    const text = failureMessageFor(error, place);
    expect(what).toMatch(/^[A-Z].{10,240}\.$/s);
    expect(next).toMatch(/^[A-Z][^\n]*[^.\n]$/);
    expect(text).not.toMatch(/undefined|null|NaN|\[object|HTTP \d+ \)/);
    expect(text).not.toMatch(/retrying|will be retried/i);
    expect(text).not.toMatch(foreign[error.provider]);
    expect(text).toContain(hosts[error.provider]);
    expect(what).toContain(error.kind === 'http_error' ? `HTTP ${error.status}` : '');
    expect(text).not.toMatch(/\bMR\b|\bPR\b/);
    for (const command of `${evidence} ${next}`.match(/\bgt [a-z]+[^,;.]*/g) ?? []) {
      expect(command).toMatch(COMMANDS);
    }
  });
});

test('without a credential every place is listed in order, with why', () => {
  const { evidence } = explainPullRequestError(
    examplesOf('gitlab').no_token['everywhere'] ?? never(),
  );
  const order = ['rig’s token', 'rig’s app', 'CLI token', 'town’s token', 'town’s app', 'login'];
  const places = order.map((name) => evidence.indexOf(name));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(evidence).toContain('another host');
});

test('the credential that is named is the one that was used', () => {
  const [error] = Object.values(examplesOf('github').http_error);
  const of = (tokenSource: string): string =>
    failureMessageFor(error === undefined ? never() : { ...error, tokenSource }, about);
  expect(of('town.app')).toContain('town.app');
  expect(of('town.app')).not.toContain('rig.token');
  expect(of('GITHUB_TOKEN')).toContain('GITHUB_TOKEN');
});

test('a secret that strays into any field is not shown', () => {
  const secret = fc.constantFrom(
    `ghp_${'s3cr3t'.repeat(6)}`,
    'glpat-s3cr3t.01.x',
    'https://me:s3cr3t@git.example.com/x',
    'https://git.example.com/x?private_token=s3cr3t',
    'Authorization: Bearer s3cr3t',
  );
  fc.assert(
    fc.property(fc.constantFrom(...all), secret, ({ error }, planted) => {
      const fields = ['statusText', 'url', 'got', 'cause', 'source', 'tokenSource'];
      const entries = Object.entries(error).map(([name, value]) =>
        fields.includes(name) && error.kind !== 'network_error' ? [name, planted] : [name, value],
      );
      const hurt = Object.fromEntries(entries) as PRStatusError;
      expect(failureMessageFor(hurt, about)).not.toMatch(/ghp_s3|glpat-s3|me:s3cr3t|Bearer s3cr3t/);
    }),
  );
});

test('what is pasted after a question mark is not shown', () => {
  const [error] = Object.values(examplesOf('gitlab').unrecognized_url);
  expect(failureMessageFor(error ?? never())).not.toContain('private_token');
});

test('a right that is missing names the credential, what it lacks, and the rig it is for', () => {
  const look = { source: 'town.token', missing: ['checks=read'] };
  expect(explainMissingRight('read checks', look, 'web')).toEqual({
    what: 'The credential may not read checks.',
    evidence: 'from town.token; missing: checks=read',
    next: 'Give it a token that may: gt forge login --rig web',
  });
  expect(explainArchived('https://github.com/acme/web', 'web')).toMatchObject({
    what: expect.stringContaining('archived'),
    evidence: 'https://github.com/acme/web',
    next: expect.stringContaining('gt rig remove web'),
  });
});

function never(): never {
  throw new Error('an example is missing');
}
