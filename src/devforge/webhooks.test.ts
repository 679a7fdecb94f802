/**
 * How each provider signs, and what a forged message looks like.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { groundFor, type Ground } from '../../test/forge/ground.ts';
import type { Pull } from './pull.ts';
import type { Repo } from './repo.ts';

const got: { headers: IncomingHttpHeaders; body: string }[] = [];
const receiver = createServer((req, res) => {
  const parts: Buffer[] = [];
  req.on('data', (part: Buffer) => parts.push(part));
  req.on('end', () => {
    got.push({ headers: req.headers, body: Buffer.concat(parts).toString() });
    res.end();
  });
});
let ground: Ground;
let url: string;

beforeAll(async () => {
  ground = await groundFor();
  await new Promise<void>((done) => {
    receiver.listen(0, '127.0.0.1', done);
  });
  const address = receiver.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
});

beforeEach(() => {
  got.length = 0;
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await ground.end();
});

async function repoCalled(name: string): Promise<{ repo: Repo; pull: Pull }> {
  const { forge } = ground;
  const { repo } = await forge.addRepo(`acme/${name}`);
  await repo.push('acme', 'topic', { 'a.txt': 'a\n' });
  const by = forge.world.user('acme');
  const pull = await repo.openPull({ by, title: 'T', body: null, head: 'topic', base: 'main' });
  return { repo, pull };
}

function hmac(body: string, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHmac('sha256', 'shh').update(body).digest(encoding);
}

test('GitHub and Gitea sign the raw body', async () => {
  const { repo, pull } = await repoCalled('signed');
  ground.forge.hooks.add(repo, { url, secret: 'shh', provider: 'github' });
  ground.forge.hooks.add(repo, { url, secret: 'shh', provider: 'gitea' });
  pull.close('acme');
  await ground.forge.hooks.idle();
  const github = got.find(({ headers }) => headers['x-github-event'] === 'pull_request');
  const gitea = got.find(({ headers }) => headers['x-gitea-event'] === 'pull_request');
  expect(github?.headers['x-hub-signature-256']).toBe(`sha256=${hmac(github?.body ?? '')}`);
  expect(gitea?.headers['x-gitea-signature']).toBe(hmac(gitea?.body ?? ''));
  expect(JSON.parse(github?.body ?? '{}')).toMatchObject({
    action: 'closed',
    number: 1,
    repository: { full_name: 'acme/signed' },
  });
});

test('GitLab sends its token, or signs id, time and body', async () => {
  const { repo, pull } = await repoCalled('lab');
  ground.forge.hooks.add(repo, { url, secret: 'shh', provider: 'gitlab' });
  ground.forge.hooks.add(repo, { url, secret: 'shh', provider: 'gitlab', signing: 'signed' });
  pull.close('acme');
  await ground.forge.hooks.idle();
  const plain = got.find(({ headers }) => headers['x-gitlab-token'] !== undefined);
  const signed = got.find(({ headers }) => headers['webhook-signature'] !== undefined);
  expect(plain?.headers['x-gitlab-token']).toBe('shh');
  expect(plain?.headers['x-gitlab-event']).toBe('Merge Request Hook');
  const { 'webhook-id': id, 'webhook-timestamp': stamp } = signed?.headers ?? {};
  const content = `${String(id)}.${String(stamp)}.${signed?.body ?? ''}`;
  expect(signed?.headers['webhook-signature']).toBe(`v1,${hmac(content, 'base64')}`);
});

test('a forged message carries a signature that does not fit', async () => {
  const message = {
    event: 'pull_request',
    action: 'closed',
    body: { action: 'closed', number: 1 },
  };
  ground.forge.hooks.forge(url, message, 'github', 'guessed');
  await ground.forge.hooks.idle();
  expect(got).toHaveLength(1);
  expect(got[0]?.headers['x-hub-signature-256']).not.toBe(`sha256=${hmac(got[0]?.body ?? '')}`);
});
