/**
 * What each answer of a forge means: status, headers and body in, kind, reason and bucket out.
 * One table a provider; each row is an answer the provider documents or has been seen to give.
 */
import { describe, expect, test } from 'vitest';
import { answer, asked, bindings, epoch, now } from '../../test/fixtures/forge-answers.ts';
import { limits } from '../core/limits.ts';
import { bucketOf } from '../core/strikes.ts';
import { outcomeOf } from './outcome.ts';

type Row = readonly [
  name: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  expected: Readonly<Record<string, unknown>>,
  bucket: 'immediate' | 'soft' | 'transient' | null,
];

const primary = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0' };
const secondaryBody = { message: 'You have exceeded a secondary rate limit. Please wait.' };
const sso = 'https://github.com/orgs/acme/sso?authorization_request=A1';
const plan =
  'Although you appear to have the correct authorization credentials, the `acme` organization';

const github: readonly Row[] = [
  [
    'a bad token',
    401,
    { 'x-github-request-id': 'C0:1A2B' },
    { message: 'Bad credentials' },
    { kind: 'http_error', reason: 'unauthenticated', transient: false, requestId: 'C0:1A2B' },
    'immediate',
  ],
  [
    'a missing permission of a fine-grained token',
    403,
    { 'x-accepted-github-permissions': 'pull_requests=read,contents=read; issues=write' },
    { message: 'Resource not accessible by personal access token' },
    {
      kind: 'http_error',
      reason: 'forbidden',
      missingPermissions: ['pull_requests=read', 'contents=read'],
    },
    'immediate',
  ],
  [
    'a missing permission on the very last call of a budget',
    403,
    { ...primary, 'x-ratelimit-reset': String(epoch + 60) },
    { message: 'Resource not accessible by integration' },
    { kind: 'http_error', reason: 'forbidden' },
    'immediate',
  ],
  [
    'a missing scope of a classic token, hidden as 404',
    404,
    { 'x-accepted-oauth-scopes': 'repo', 'x-oauth-scopes': 'gist, read:org' },
    { message: 'Not Found' },
    { kind: 'http_error', reason: 'not_found_or_hidden', missingPermissions: ['repo'] },
    'immediate',
  ],
  [
    'single sign-on',
    403,
    { 'x-github-sso': `required; url=${sso}`, 'x-accepted-github-permissions': 'contents=read' },
    { message: 'Resource protected by organization SAML enforcement.' },
    { kind: 'http_error', reason: 'sso_required', ssoUrl: sso },
    'immediate',
  ],
  [
    'a primary limit as 403',
    403,
    { ...primary, 'x-ratelimit-reset': String(epoch + 600) },
    { message: 'API rate limit exceeded for user ID 1.' },
    {
      kind: 'throttled',
      scope: 'primary',
      retryAt: now + 600_000,
      budget: { limit: 5000, remaining: 0 },
    },
    null,
  ],
  [
    'a primary limit as 429',
    429,
    { ...primary, 'x-ratelimit-reset': String(epoch + 30) },
    null,
    { kind: 'throttled', scope: 'primary', retryAt: now + 30_000 },
    null,
  ],
  [
    'a secondary limit as 403 with a time',
    403,
    { 'retry-after': '90', 'x-ratelimit-remaining': '4000' },
    secondaryBody,
    { kind: 'throttled', scope: 'secondary', retryAt: now + 90_000 },
    null,
  ],
  [
    'a secondary limit as 429 with a time only',
    429,
    { 'retry-after': '7' },
    null,
    { kind: 'throttled', scope: 'secondary', retryAt: now + 7000 },
    null,
  ],
  [
    'a secondary limit that names no time: a minute',
    403,
    {},
    secondaryBody,
    { kind: 'throttled', scope: 'secondary', retryAt: now + limits.forgeThrottleMs },
    null,
  ],
  [
    '429 without any data of a limit',
    429,
    {},
    'slow down',
    { kind: 'http_error', status: 429, transient: true },
    'transient',
  ],
  [
    'an IP allow list',
    403,
    { 'x-accepted-github-permissions': 'contents=read' },
    { message: `${plan} has an IP allow list enabled, and your IP address is not permitted.` },
    { kind: 'http_error', reason: 'forbidden', policy: 'ip_allow_list' },
    'immediate',
  ],
  [
    'OAuth restrictions',
    403,
    {},
    { message: `${plan} has enabled OAuth App access restrictions` },
    { kind: 'http_error', reason: 'forbidden', policy: 'app_restricted' },
    'immediate',
  ],
  [
    'a lock after too many bad tokens',
    403,
    {},
    { message: 'Maximum number of login attempts exceeded. Please try again later.' },
    { kind: 'http_error', reason: 'unauthenticated' },
    'immediate',
  ],
  [
    'a plain 403',
    403,
    { 'x-ratelimit-remaining': '4999' },
    '<html>',
    { kind: 'http_error', reason: 'forbidden' },
    'immediate',
  ],
  [
    'absent or hidden',
    404,
    {},
    { message: 'Not Found' },
    { kind: 'http_error', reason: 'not_found_or_hidden', repository: 'not_probed' },
    'immediate',
  ],
  ['gone', 410, {}, null, { kind: 'http_error', reason: 'gone' }, 'immediate'],
  ['blocked by law', 451, {}, null, { kind: 'http_error', reason: 'gone' }, 'immediate'],
  [
    'a refused value',
    422,
    {},
    { message: 'Validation Failed', errors: [{ code: 'invalid' }] },
    { kind: 'http_error', status: 422, reason: 'other', transient: false },
    'immediate',
  ],
  [
    'a bad gateway with HTML',
    502,
    { 'content-type': 'text/html' },
    '<html>Unicorn!</html>',
    { kind: 'http_error', reason: 'server_error', transient: true },
    'transient',
  ],
  ['a timeout of theirs', 408, {}, null, { kind: 'http_error', transient: true }, 'transient'],
  ['too early', 425, {}, null, { kind: 'http_error', transient: true }, 'transient'],
];

const gitlab: readonly Row[] = [
  [
    'a bad token',
    401,
    { 'x-request-id': '01HZ' },
    { message: '401 Unauthorized' },
    { kind: 'http_error', reason: 'unauthenticated', requestId: '01HZ' },
    'immediate',
  ],
  [
    'a missing scope',
    403,
    {},
    { error: 'insufficient_scope', scope: 'api read_api' },
    { kind: 'http_error', reason: 'forbidden', missingPermissions: ['api', 'read_api'] },
    'immediate',
  ],
  [
    'a limit with its headers',
    429,
    {
      'ratelimit-limit': '2000',
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(epoch + 40),
    },
    'Retry later\n',
    {
      kind: 'throttled',
      scope: 'primary',
      retryAt: now + 40_000,
      budget: { limit: 2000, remaining: 0 },
    },
    null,
  ],
  [
    'a limit whose headers are missing',
    429,
    {},
    'Retry later\n',
    { kind: 'http_error', status: 429, transient: true },
    'transient',
  ],
  [
    'a project that is absent or hidden',
    404,
    {},
    { message: '404 Project Not Found' },
    { kind: 'http_error', reason: 'not_found_or_hidden' },
    'immediate',
  ],
  [
    'a blocked account',
    403,
    {},
    { message: '403 Forbidden - Your account has been blocked.' },
    { kind: 'http_error', reason: 'forbidden', policy: 'account_suspended' },
    'immediate',
  ],
  [
    'an upgrade',
    503,
    {},
    'Deploy in progress',
    { kind: 'http_error', transient: true },
    'transient',
  ],
];

const scopes = 'token does not have at least one of required scope(s)';
const gitea: readonly Row[] = [
  [
    'a bad token',
    401,
    {},
    { message: 'user does not exist [uid: 0, name: ]' },
    { kind: 'http_error', reason: 'unauthenticated' },
    'immediate',
  ],
  [
    'a missing scope, as newer versions say it',
    403,
    {},
    { message: `${scopes}, required=[write:repository], token scope=read:repository` },
    { kind: 'http_error', reason: 'forbidden', missingPermissions: ['write:repository'] },
    'immediate',
  ],
  [
    'a missing scope, as older versions say it',
    403,
    {},
    { message: `${scopes}: [read:repository]` },
    { kind: 'http_error', reason: 'forbidden', missingPermissions: ['read:repository'] },
    'immediate',
  ],
  [
    'absent or hidden',
    404,
    {},
    { message: 'not found' },
    { kind: 'http_error', reason: 'not_found_or_hidden' },
    'immediate',
  ],
  [
    'a limit of the proxy before it',
    429,
    { 'retry-after': 'Wed, 01 May 2030 12:00:20 GMT' },
    '',
    { kind: 'throttled', scope: 'secondary', retryAt: now + 20_000 },
    null,
  ],
];

describe.each([
  ['github', github],
  ['gitlab', gitlab],
  ['gitea', gitea],
] as const)('%s', (provider, rows) => {
  test.each(rows)('%s', (_name, status, headers, body, expected, bucket) => {
    const error = outcomeOf(answer(status, headers, body), asked(provider));
    const host = new URL(bindings[provider].origin).host;
    expect(error).toMatchObject({ provider, host, ...expected });
    expect(error === null ? 'no error' : bucketOf(error)).toBe(bucket);
  });
});
