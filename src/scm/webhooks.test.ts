/**
 * Deliveries: whose signature is accepted, what they are hints of, and what forged, repeated,
 * old, cut off and enormous ones come to. The payloads are GitHub's own published examples.
 */
import { createHmac } from 'node:crypto';
import published from '@octokit/webhooks-examples' with { type: 'json' };
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import type { ForgeProvider } from '../core/pull-request.ts';
import { Secret } from '../core/secret.ts';
import { after, instant } from '../core/time.ts';
import { textAt, wholeAt } from './json.ts';
import { RecentDeliveries } from './recent-deliveries.ts';
import { verifyWebhook, type Hint } from './webhooks.ts';

const now = instant(1_900_000_000_000);
const secret = 'agreed on';

interface Example {
  readonly name: string;
  readonly examples: readonly unknown[];
}
/** Its types speak of a package that is not there. */
const examples = published as unknown as readonly Example[];
const github = examples.flatMap(({ name, examples }) =>
  examples.map((payload) => ({ name, payload })),
);

/** Those of one event: a test of none would pass. */
function named(event: string): typeof github {
  const found = github.filter(({ name }) => name === event);
  if (found.length === 0) throw new Error(`no example of ${event}`);
  return found;
}

interface Comment {
  readonly payload: { readonly issue: { readonly number: number } };
}

type Verified = Awaited<ReturnType<typeof verifyWebhook>>;

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const hex = (body: string, key = secret): string =>
  createHmac('sha256', key).update(body).digest('hex');

async function verify(
  provider: ForgeProvider,
  headers: Readonly<Record<string, string>>,
  body: string,
  key = secret,
): Promise<Verified> {
  return await verifyWebhook(provider, new Headers(headers), utf8(body), new Secret(key), now);
}

async function fromGithub(event: string, payload: unknown): Promise<Verified> {
  const body = JSON.stringify(payload);
  const headers = { 'x-hub-signature-256': `sha256=${hex(body)}`, 'x-github-event': event };
  return await verify('github', { ...headers, 'x-github-delivery': `id-${event}` }, body);
}

const dueOf = (verified: Verified): Hint['due'] => {
  if (!verified.ok) throw new Error(verified.error);
  return verified.value.due;
};

const refused = (error: string): Verified => ({ ok: false, error }) as Verified;

describe('the examples of GitHub', () => {
  test(`are all accepted, ${github.length} of them, and none breaks a hint`, async () => {
    for (const { name, payload } of github) {
      const verified = await fromGithub(name, payload);
      expect(verified).toMatchObject({ ok: true, value: { event: name } });
    }
    expect(github.length).toBeGreaterThan(250);
  });

  const withNumber = [
    ['pull_request', 'pull_request'],
    ['pull_request_review', 'pull_request'],
    ['pull_request_review_comment', 'pull_request'],
    ['pull_request_review_thread', 'pull_request'],
  ] as const;
  test.each(withNumber)('%s makes its pull request due', async (event, field) => {
    for (const { payload } of named(event)) {
      expect(dueOf(await fromGithub(event, payload))).toEqual({
        project: textAt(payload, 'repository', 'full_name'),
        numbers: [wholeAt(payload, field, 'number')],
        heads: [],
        baseBranches: [],
        all: false,
      });
    }
  });

  test('a comment makes a pull request due, and an issue not', async () => {
    const comments = github.filter(({ name }) => name === 'issue_comment') as readonly Comment[];
    expect(comments.length).toBeGreaterThan(0);
    for (const { payload } of comments) {
      expect(dueOf(await fromGithub('issue_comment', payload))).toBeNull();
      // None of the examples is about a pull request: those differ by this field.
      const issue = { ...payload.issue, pull_request: { url: 'https://api.github.com/pulls' } };
      const due = dueOf(await fromGithub('issue_comment', { ...payload, issue }));
      expect(due?.numbers).toEqual([payload.issue.number]);
    }
  });

  test.each([
    ['check_run', 'check_run'],
    ['check_suite', 'check_suite'],
    ['workflow_run', 'workflow_run'],
    ['workflow_job', 'workflow_job'],
  ] as const)(
    '%s makes the head due, also where no pull request is named',
    async (event, field) => {
      for (const { payload } of named(event)) {
        expect(dueOf(await fromGithub(event, payload))?.heads).toEqual([
          textAt(payload, field, 'head_sha'),
        ]);
      }
    },
  );

  test('a status makes its commit due', async () => {
    for (const { payload } of named('status')) {
      expect(dueOf(await fromGithub('status', payload))?.heads).toEqual([textAt(payload, 'sha')]);
    }
  });

  test('a push makes the pull requests into its branch due, and a tag none', async () => {
    const dues = await Promise.all(
      github
        .filter(({ name }) => name === 'push')
        .map(async ({ payload }) => [
          textAt(payload, 'ref'),
          dueOf(await fromGithub('push', payload))?.baseBranches ?? null,
        ]),
    );
    expect(dues).toContainEqual(['refs/heads/master', ['master']]);
    expect(dues).toContainEqual(['refs/tags/simple-tag', null]);
  });

  test('the queue makes the pull request and its base due', async () => {
    const found = github.find(({ name }) => name === 'merge_group');
    expect(dueOf(await fromGithub('merge_group', found?.payload))).toMatchObject({
      numbers: [104],
      baseBranches: ['main'],
    });
  });

  test('a renamed repository makes all of it due, new rights of the app everything', async () => {
    const renamed = github.find(({ name }) => name === 'repository');
    expect(dueOf(await fromGithub('repository', renamed?.payload))?.all).toBe(true);
    const installed = github.find(({ name }) => name === 'installation');
    expect(dueOf(await fromGithub('installation', installed?.payload))).toMatchObject({
      project: null,
      all: true,
    });
  });

  test.each(['star', 'ping', 'issues', 'release', 'watch'])(
    '%s makes nothing due',
    async (event) => {
      const all = github.filter(({ name }) => name === event);
      for (const { payload } of all) expect(dueOf(await fromGithub(event, payload))).toBeNull();
      expect(all.length).toBeGreaterThan(0);
    },
  );
});

describe('a forged delivery of GitHub', () => {
  const body = JSON.stringify(github.find(({ name }) => name === 'pull_request')?.payload);
  const good = hex(body);

  test.each([
    ['without a signature', {}, 'no_signature'],
    ['with the old kind of signature only', { 'x-hub-signature': 'sha1=00' }, 'no_signature'],
    [
      'signed with another secret',
      { 'x-hub-signature-256': `sha256=${hex(body, 'x')}` },
      'bad_signature',
    ],
    ['without the kind', { 'x-hub-signature-256': good }, 'bad_signature'],
    ['cut off', { 'x-hub-signature-256': `sha256=${good.slice(0, 63)}` }, 'bad_signature'],
    ['too long', { 'x-hub-signature-256': `sha256=${good}00` }, 'bad_signature'],
    ['of another form', { 'x-hub-signature-256': `sha256=${'zz'.repeat(32)}` }, 'bad_signature'],
    ['empty', { 'x-hub-signature-256': 'sha256=' }, 'bad_signature'],
  ])('%s', async (_name, headers, error) => {
    expect(await verify('github', headers, body)).toEqual(refused(error));
  });

  test('is refused when one byte of its body is another', async () => {
    const headers = { 'x-hub-signature-256': `sha256=${good}`, 'x-github-event': 'pull_request' };
    expect(await verify('github', headers, body.replace('1', '2'))).toEqual(
      refused('bad_signature'),
    );
    expect(await verify('github', headers, body.slice(0, -1))).toEqual(refused('bad_signature'));
  });

  test('is refused where no secret was agreed on', async () => {
    const headers = { 'x-hub-signature-256': `sha256=${hex(body, ' ')}` };
    expect(await verify('github', headers, body, ' ')).toEqual(refused('no_secret'));
  });
});

test('thirty megabytes are refused unread', async () => {
  const body = new Uint8Array(30 * 1024 * 1024);
  const verified = await verifyWebhook('github', new Headers(), body, new Secret(secret), now);
  expect(verified).toEqual(refused('too_large'));
});

describe('a signed body that is nothing', () => {
  test.each(['', 'null', '42', '"x"', '[]', '{"a":', '<html>', 'payload=%7B%7D'])(
    '%j',
    async (body) => {
      const headers = { 'x-hub-signature-256': `sha256=${hex(body)}`, 'x-github-event': 'push' };
      expect(await verify('github', headers, body)).toEqual(refused('malformed'));
    },
  );

  test('of the right shape and wrong types makes nothing due', async () => {
    const field = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.object(),
      fc.array(fc.nat()),
    );
    const payload = fc.record({
      repository: fc.oneof(field, fc.record({ full_name: fc.constantFrom('a/b', '../x', 'a', 7) })),
      pull_request: fc.oneof(field, fc.record({ number: fc.oneof(field, fc.double()) })),
      ref: field,
      sha: field,
      check_run: fc.record({ pull_requests: field, head_sha: field }),
    });
    const event = fc.constantFrom(
      'pull_request',
      'push',
      'status',
      'check_run',
      'x'.repeat(90),
      '',
    );
    await fc.assert(
      fc.asyncProperty(event, payload, async (name, json) => {
        const due = dueOf(await fromGithub(name, json));
        if (due === null) return;
        expect(due.project).toBe('a/b');
        expect(due.numbers.every((each) => Number.isSafeInteger(each) && each > 0)).toBe(true);
        expect(due.heads.every((each) => /^[0-9a-f]{40}|[0-9a-f]{64}$/.test(each))).toBe(true);
      }),
    );
  });
});

test('a delivery in a form is read as one in JSON', async () => {
  const payload = { repository: { full_name: 'a/b' }, pull_request: { number: 5 } };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const type = 'application/x-www-form-urlencoded';
  const signed = { 'x-hub-signature-256': `sha256=${hex(body)}`, 'content-type': type };
  const verified = await verify('github', { ...signed, 'x-github-event': 'pull_request' }, body);
  expect(dueOf(verified)?.numbers).toEqual([5]);
});

describe('a repeated delivery', () => {
  const delivery = async (id: string, number: number): Promise<Hint> => {
    const body = JSON.stringify({ repository: { full_name: 'a/b' }, pull_request: { number } });
    const headers = { 'x-hub-signature-256': `sha256=${hex(body)}`, 'x-github-delivery': id };
    const verified = await verify('github', { ...headers, 'x-github-event': 'pull_request' }, body);
    if (!verified.ok) throw new Error(verified.error);
    return verified.value;
  };

  test('is known by its id, and by its body when somebody changed the id', async () => {
    const seen = new RecentDeliveries();
    expect(seen.isRepeat(await delivery('a', 1), now)).toBe(false);
    expect(seen.isRepeat(await delivery('a', 1), now)).toBe(true);
    expect(seen.isRepeat(await delivery('forged', 1), now)).toBe(true);
    expect(seen.isRepeat(await delivery('b', 2), now)).toBe(false);
  });

  test('is forgotten after a day', async () => {
    const seen = new RecentDeliveries();
    seen.isRepeat(await delivery('a', 1), now);
    expect(seen.isRepeat(await delivery('a', 1), after(now, limits.idempotencyMs + 1))).toBe(false);
  });
});
