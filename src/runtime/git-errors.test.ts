/** The table that turns git's words into failures, and the answers of real servers. */
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { makeWorld, runnerOver, type World } from '../../test/git-world.ts';
import { excerpt, pushAnswer, redact, remoteFailure } from './git-errors.ts';
import type { GitOutcome } from './git.ts';

function said(stderr: string, more: Partial<GitOutcome> = {}): GitOutcome {
  return {
    ok: false,
    exitCode: 128,
    out: '',
    bytes: Buffer.alloc(0),
    stderr,
    timedOut: false,
    truncated: false,
    spawnError: null,
    refusal: null,
    credentialFrom: null,
    ...more,
  };
}

const remoteWords: readonly (readonly [string, object])[] = [
  ["fatal: unable to access 'https://x/': Could not resolve host: x", { cause: 'dns' }],
  ['ssh: Could not resolve hostname x: Name or service not known', { cause: 'dns' }],
  ["fatal: unable to access 'https://x/': Failed to connect to x port 443", { cause: 'connect' }],
  ['ssh: connect to host x port 22: Connection refused', { cause: 'connect' }],
  ['ssh: connect to host x port 22: Connection timed out', { cause: 'timeout' }],
  ['fatal: unable to access: SSL certificate problem: expired', { cause: 'tls', helps: 'person' }],
  [
    'Host key verification failed.\nfatal: Could not read from remote repository.',
    { cause: 'tls' },
  ],
  ['error: RPC failed; curl 56 recv failure: Connection reset by peer', { cause: 'reset' }],
  [
    "fatal: unable to access 'https://x/': The requested URL returned error: 503",
    { cause: 'reset' },
  ],
  [
    "fatal: could not read Username for 'https://x': terminal prompts disabled",
    { kind: 'remote_needs_login' },
  ],
  ["fatal: Authentication failed for 'https://x/'", { kind: 'remote_needs_login' }],
  [
    'git@x: Permission denied (publickey).\nfatal: Could not read from remote',
    { kind: 'remote_needs_login' },
  ],
  ['The requested URL returned error: 403', { kind: 'remote_needs_login' }],
  [
    "remote: Repository not found.\nfatal: repository 'https://x/' not found",
    { kind: 'remote_not_found' },
  ],
  ["fatal: '/x' does not appear to be a git repository", { kind: 'remote_not_found' }],
  ['ERROR: The project you were looking for could not be found', { kind: 'remote_not_found' }],
  ['something nobody has seen', { cause: 'other', helps: 'later' }],
];

test.each(remoteWords)('%s', (words, expected) => {
  const failure = remoteFailure('https://me:secret@x/y', said(words));
  expect(failure).toMatchObject(expected);
  expect(JSON.stringify(failure)).not.toContain('secret');
});

const pushWords: readonly (readonly [string, string])[] = [
  ['! [rejected] a -> main (stale info)', 'moved'],
  ['! [remote rejected] a -> main (cannot lock ref)', 'moved'],
  ['remote: error: GH006: Protected branch update failed\n! [remote rejected]', 'protected'],
  ['remote: GitLab: You are not allowed to push code to protected branches', 'protected'],
  ['! [remote rejected] a -> main (pre-receive hook declined)', 'hook'],
  [
    'remote: Permission to x/y.git denied to z.\nThe requested URL returned error: 403',
    'permission',
  ],
  [
    'remote: This repository was archived so it is read-only.\nfatal: returned error: 403',
    'archived',
  ],
  ['! [remote rejected] a -> main (something new)', 'other'],
  ['fatal: unable to access: Could not resolve host: x', 'failed'],
];

test.each(pushWords)('a push answered with %s is %s', (words, expected) => {
  const answer = pushAnswer('https://x/y', 'refs/heads/main', said(words));
  const cause = answer.is === 'refused' && answer.failure.kind === 'push_refused';
  expect(cause ? answer.failure.cause : answer.is).toBe(expected);
});

test('a call that took too long is a timeout; a full disk is named', () => {
  expect(remoteFailure('x', said('', { timedOut: true }))).toMatchObject({ cause: 'timeout' });
  const full = said('fatal: write error: No space left on device');
  expect(remoteFailure('x', full).kind).toBe('disk_full');
});

test('an excerpt is short and holds no credential', () => {
  expect(redact('see https://u:p@x/y and ssh://git@x/y')).toBe('see https://x/y and ssh://x/y');
  expect(excerpt('x'.repeat(100_000)).length).toBeLessThan(5000);
});

describe('a server on loopback', () => {
  let world: World;
  let server: Server;
  afterEach(() => {
    server.close();
    world.remove();
  });

  async function fetchFrom(status: number): Promise<unknown> {
    world = makeWorld();
    server = createServer((_request, response) => {
      response.writeHead(status, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const remote = `http://127.0.0.1:${port}/x/y.git`;
    const fetched = await runnerOver(world.home, 'l').mirrors.fetch({ ...world.rig, remote });
    return fetched.ok ? null : fetched.error.kind;
  }

  test('that asks for a password is answered without asking anybody', async () => {
    expect(await fetchFrom(401)).toBe('remote_needs_login');
  });

  test('that knows no such repository', async () => {
    expect(await fetchFrom(404)).toBe('remote_not_found');
  });

  test('that is broken', async () => {
    expect(await fetchFrom(502)).toBe('remote_unreachable');
  });
});
