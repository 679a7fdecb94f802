/**
 * What answers of a forge mean beside the table of statuses: times of a limit on clocks that
 * differ, errors behind HTTP 200, and that nothing a forge wrote is passed on as it is.
 */
import { describe, expect, test } from 'vitest';
import { answer, asked, epoch, now } from '../../test/fixtures/forge-answers.ts';
import { limits } from '../core/limits.ts';
import { graphqlOutcome, outcomeOf, ssoOf } from './outcome.ts';

const primary = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0' };

test('successes and unchanged answers are no errors', () => {
  expect([200, 201, 204, 304].map((status) => outcomeOf(answer(status), asked('github')))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test('a 404 for what was created a moment ago is not yet, and no strike', () => {
  const error = outcomeOf(answer(404), { ...asked('gitlab'), justCreated: true });
  expect(error).toEqual({ kind: 'not_yet', provider: 'gitlab', host: 'gitlab.com' });
});

test('a rule of the organization is not called a missing permission', () => {
  const headers = { 'x-accepted-github-permissions': 'contents=read' };
  const body = { message: 'Your IP address is not permitted to access this resource.' };
  const error = outcomeOf(answer(403, headers, body), asked('github'));
  expect(error).toMatchObject({ reason: 'forbidden', policy: 'ip_allow_list' });
  expect(error).not.toHaveProperty('missingPermissions');
});

describe('the time of a limit', () => {
  const at = (headers: Readonly<Record<string, string>>): number => {
    const error = outcomeOf(answer(429, { ...primary, ...headers }), asked('github'));
    return error?.kind === 'throttled' ? error.retryAt - now : Number.NaN;
  };

  test('is measured on the clock of the forge, when that differs from ours', () => {
    const date = 'Wed, 01 May 2030 12:30:00 GMT';
    expect(at({ date, 'x-ratelimit-reset': String(epoch + 1800 + 45) })).toBe(45_000);
  });

  test('that lies in the past is a minute from now', () => {
    expect(at({ 'x-ratelimit-reset': String(epoch - 5) })).toBe(limits.forgeThrottleMs);
  });

  test('that is years away, or comes with a Date that lies, is two hours at most', () => {
    expect(at({ 'x-ratelimit-reset': '9999999999' })).toBe(limits.forgeThrottleMsMax);
    const date = 'Mon, 01 Jan 2001 00:00:00 GMT';
    expect(at({ date, 'x-ratelimit-reset': String(epoch) })).toBe(limits.forgeThrottleMsMax);
  });

  test('that is no number is a minute', () => {
    expect(at({ 'x-ratelimit-reset': 'soon' })).toBe(limits.forgeThrottleMs);
  });
});

test('a sign-on page on another host, and request ids that are no ids, are not passed on', () => {
  const headers = {
    'x-github-sso': 'required; url=https://evil.example/login',
    'x-github-request-id': '<script>',
  };
  const error = outcomeOf(answer(403, headers), asked('github'));
  expect(error).toMatchObject({ reason: 'sso_required', requestId: null });
  expect(error).not.toHaveProperty('ssoUrl');
});

test('nothing a forge wrote into its status line or body reaches the error', () => {
  const response = {
    ...answer(403, {}, { message: 'ghp_abc', token: 'ghp_abc' }),
    statusText: `no\u001B[31m ghp_${'a'.repeat(400)}`,
  };
  expect(JSON.stringify(outcomeOf(response, asked('github')))).not.toMatch(/ghp_|\\u001b/);
});

describe('errors of GraphQL behind HTTP 200', () => {
  test.each([
    ['RATE_LIMITED', {}, { kind: 'throttled', scope: 'primary' }],
    ['NOT_FOUND', {}, { kind: 'http_error', reason: 'not_found_or_hidden', status: 200 }],
    ['FORBIDDEN', {}, { kind: 'http_error', reason: 'forbidden' }],
    ['FORBIDDEN', { saml_failure: true }, { kind: 'http_error', reason: 'sso_required' }],
    ['INSUFFICIENT_SCOPES', {}, { kind: 'http_error', reason: 'forbidden' }],
    ['NEWEST', {}, { kind: 'invalid_response', reason: 'graphql_errors', sampleKeys: ['NEWEST'] }],
  ] as const)('%s %j', (type, extensions, expected) => {
    expect(graphqlOutcome({ type, extensions }, answer(200), asked('github'))).toMatchObject(
      expected,
    );
  });

  test('an error without a type tells no text of the forge', () => {
    const error = { message: 'Something went wrong: ghp_secret' };
    expect(graphqlOutcome(error, answer(200), asked('github'))).toEqual({
      kind: 'invalid_response',
      provider: 'github',
      host: 'github.com',
      reason: 'graphql_errors',
      sampleKeys: [],
    });
  });
});

test('answers that organizations keep parts of back are known', () => {
  expect(ssoOf(new Headers({ 'x-github-sso': 'partial-results; organizations=1,2' }))).toBe(
    'partial',
  );
});
