/**
 * Deliveries of GitLab, by token and signed, and of Gitea and Forgejo.
 */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import type { ForgeProvider } from '../core/pull-request.ts';
import { Secret } from '../core/secret.ts';
import { after, instant, type Instant } from '../core/time.ts';
import { verifyWebhook } from './webhooks.ts';

const now = instant(1_900_000_000_000);
const sha = 'a'.repeat(40);

/** The error, or what is due. */
async function outcome(
  provider: ForgeProvider,
  headers: Readonly<Record<string, string>>,
  payload: unknown,
  secret: string,
  at: Instant = now,
): Promise<unknown> {
  const body = new TextEncoder().encode(JSON.stringify(payload));
  const given = new Headers(headers);
  const verified = await verifyWebhook(provider, given, body, new Secret(secret), at);
  return verified.ok ? verified.value.due : verified.error;
}

const project = { path_with_namespace: 'g/s/p' };
const opened = { object_kind: 'merge_request', project, object_attributes: { iid: 7 } };
const due = (found: object): unknown => ({
  project: 'g/s/p',
  numbers: [],
  heads: [],
  baseBranches: [],
  all: false,
  ...found,
});

describe('GitLab by token', () => {
  const headers = { 'x-gitlab-token': 'agreed', 'x-gitlab-event': 'Merge Request Hook' };

  test.each([
    [opened, due({ numbers: [7] })],
    [{ object_kind: 'note', project, merge_request: { iid: 8 } }, due({ numbers: [8] })],
    [{ object_kind: 'note', project, issue: { iid: 8 } }, null],
    [
      { object_kind: 'pipeline', project, object_attributes: { sha }, merge_request: { iid: 9 } },
      due({ numbers: [9], heads: [sha] }),
    ],
    [{ object_kind: 'build', project, sha }, due({ heads: [sha] })],
    [{ object_kind: 'push', project, ref: 'refs/heads/main' }, due({ baseBranches: ['main'] })],
    [{ object_kind: 'push', project, ref: 'refs/heads/a b' }, null],
    [{ object_kind: 'wiki_page', project }, null],
    [{ object_kind: 'merge_request', object_attributes: { iid: 7 } }, null],
  ])('%j', async (payload, expected) => {
    expect(await outcome('gitlab', headers, payload, 'agreed')).toEqual(expected);
  });

  test('is refused without it, and with another of the same length or not', async () => {
    expect(await outcome('gitlab', {}, opened, 'agreed')).toBe('no_signature');
    for (const token of ['agreee', 'agreed ever', '']) {
      expect(await outcome('gitlab', { 'x-gitlab-token': token }, opened, 'agreed')).toBe(
        'bad_signature',
      );
    }
  });
});

describe('GitLab signed', () => {
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  const secret = `whsec_${key.toString('base64')}`;
  const signed = (at: Instant = now, payload: unknown = opened): Record<string, string> => {
    const seconds = String(Math.floor(at / 1000));
    const text = `msg_1.${seconds}.${JSON.stringify(payload)}`;
    const signature = createHmac('sha256', key).update(text).digest('base64');
    return {
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${signature}`,
    };
  };

  test('is accepted, also as one of several while a secret is changed', async () => {
    expect(await outcome('gitlab', signed(), opened, secret)).toEqual(due({ numbers: [7] }));
    const several = {
      ...signed(),
      'webhook-signature': `v1,AAAA ${signed()['webhook-signature']}`,
    };
    expect(await outcome('gitlab', several, opened, secret)).toEqual(due({ numbers: [7] }));
  });

  test('is stale five minutes before and after', async () => {
    const { webhookSkewMs } = limits;
    expect(await outcome('gitlab', signed(), opened, secret, after(now, webhookSkewMs))).toEqual(
      due({ numbers: [7] }),
    );
    for (const off of [webhookSkewMs + 1000, -webhookSkewMs - 1000]) {
      expect(await outcome('gitlab', signed(), opened, secret, after(now, off))).toBe('stale');
    }
  });

  test('is refused when id, time, body or signature are not what was signed', async () => {
    const good = signed();
    const forged = [
      { ...good, 'webhook-id': 'msg_2' },
      { ...good, 'webhook-timestamp': String(now / 1000 + 1) },
      { ...good, 'webhook-timestamp': 'now' },
      { ...good, 'webhook-signature': 'v1,AAAA' },
      { ...good, 'webhook-signature': 'v1a,x' },
    ];
    for (const headers of forged) {
      expect(await outcome('gitlab', headers, opened, secret)).toBe('bad_signature');
    }
    expect(await outcome('gitlab', good, { ...opened, x: 1 }, secret)).toBe('bad_signature');
  });

  test('cannot be got around by sending the secret as a token', async () => {
    expect(await outcome('gitlab', { 'x-gitlab-token': secret }, opened, secret)).toBe(
      'no_signature',
    );
  });
});

describe.each(['x-gitea', 'x-forgejo'])('%s', (prefix) => {
  const repository = { full_name: 'o/r' };
  const send = async (event: string, payload: unknown, key = 'agreed'): Promise<unknown> => {
    const text = JSON.stringify(payload);
    const signature = createHmac('sha256', key).update(text).digest('hex');
    const headers = { [`${prefix}-signature`]: signature, [`${prefix}-event`]: event };
    return await outcome('gitea', headers, payload, 'agreed');
  };

  test.each([
    ['pull_request', { number: 3, pull_request: { number: 3 } }, { numbers: [3] }],
    ['pull_request_review_rejected', { number: 3, pull_request: { number: 3 } }, { numbers: [3] }],
    ['issue_comment', { is_pull: true, issue: { number: 4 } }, { numbers: [4] }],
    ['status', { sha }, { heads: [sha] }],
    ['push', { ref: 'refs/heads/main' }, { baseBranches: ['main'] }],
    ['repository', {}, { all: true }],
  ])('%s', async (event, payload, found) => {
    expect(await send(event, { repository, ...payload })).toEqual(
      due({ project: 'o/r', ...found }),
    );
  });

  test('is no hint for an issue, and none when signed with another secret', async () => {
    expect(await send('issue_comment', { repository, issue: { number: 4 } })).toBeNull();
    expect(await send('push', { repository, ref: 'refs/heads/main' }, 'x')).toBe('bad_signature');
    expect(await outcome('gitea', {}, { repository }, 'agreed')).toBe('no_signature');
  });
});
