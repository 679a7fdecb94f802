/**
 * The development forge's own promises: tokens, quotas, faults, strangers, webhooks, git.
 */
import { createHmac } from 'node:crypto';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, git } from '../../test/forge/clients.ts';
import { groundFor, type Ground } from '../../test/forge/ground.ts';
import type { Fault } from './faults.ts';
import type { Pull } from './pull.ts';
import type { Repo } from './repo.ts';
import { Stranger } from './stranger.ts';

let ground: Ground;
let repo: Repo;
let cloneUrl: string;
let secret: string;
let pull: Pull;
let here: string;

beforeAll(async () => {
  ground = await groundFor();
  const { forge } = ground;
  ({ repo, cloneUrl } = await forge.addRepo('acme/app', {
    private: true,
    collaborators: { ann: 'admin', eve: 'read' },
    protection: { dismissStale: true },
  }));
  forge.addUser('bob');
  secret = forge.addToken('ann', { name: 'anns' }).secret;
  await repo.push('ann', 'topic', { 'a.txt': 'a\n' });
  const by = forge.world.user('ann');
  pull = await repo.openPull({ by, title: 'T', body: null, head: 'topic', base: 'main' });
  here = `${forge.urls.api}/repos/acme/app/pulls/1`;
});

afterAll(async () => {
  await ground.end();
});

test('an ETag belongs to one token, and an unchanged answer costs nothing', async () => {
  const { forge } = ground;
  await ask(here, { secret }); // mergeability settles
  const first = await ask(here, { secret });
  const etag = first.headers.get('etag') ?? '';
  const used = first.headers.get('x-ratelimit-used');
  const again = await ask(here, { secret, headers: { 'if-none-match': etag } });
  expect([again.status, again.headers.get('x-ratelimit-used')]).toEqual([304, used]);
  const other = forge.addToken('ann').secret;
  const theirs = await ask(here, { secret: other, headers: { 'if-none-match': etag } });
  expect(theirs.status).toBe(200);
});

test('a token that expired, lacks single sign-on or a permission says which', async () => {
  const { forge, clock } = ground;
  const short = forge.addToken('ann', { expiresAt: clock.now() + 1000 });
  expect((await ask(here, { secret: short.secret })).status).toBe(200);
  clock.pass(1001);
  expect((await ask(here, { secret: short.secret })).status).toBe(401);
  const sso = forge.addToken('ann');
  sso.ssoRequired = true;
  const refused = await ask(here, { secret: sso.secret });
  expect(refused.status).toBe(403);
  expect(refused.headers.get('x-github-sso')).toMatch(/^required; url=http/);
  const blind = forge.addToken('ann', { permissions: { contents: 'read' } });
  const hidden = await ask(here, { secret: blind.secret });
  expect([hidden.status, hidden.headers.get('x-accepted-github-permissions')]).toEqual([
    403,
    'pull_requests=read',
  ]);
});

test('the quota runs out for an identity, and secondary throttling says how long', async () => {
  const { forge } = ground;
  forge.limits.set('ann', 'core', { remaining: 0 });
  const empty = await ask(here, { secret });
  expect([empty.status, empty.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
  forge.limits.set('ann', 'core', { remaining: 5000 });
  forge.limits.throttle({ forMs: 30_000, status: 429 });
  const wait = await ask(here, { secret });
  expect([wait.status, wait.headers.get('retry-after')]).toEqual([429, '30']);
  ground.clock.pass(30_001);
  expect((await ask(here, { secret })).status).toBe(200);
});

const ANSWERED: readonly [Fault, (status: number, text: string) => void][] = [
  [{ kind: 'status', status: 502 }, (status) => expect(status).toBe(502)],
  [{ kind: 'html', status: 502 }, (_, text) => expect(text).toMatch(/^<html/)],
  [{ kind: 'truncate' }, (_, text) => expect(() => JSON.parse(text)).toThrow(/JSON/)],
  [{ kind: 'malformed' }, (_, text) => expect(text).toContain('"number":{"was":"number"}')],
  [{ kind: 'unknown_enum' }, (_, text) => expect(text).toContain('"state":"something_new"')],
  [{ kind: 'big', bytes: 6_000_000 }, (_, text) => expect(text.length > 6e6).toBe(true)],
  [{ kind: 'redirect_loop' }, (status) => expect(status).toBe(302)],
  [{ kind: 'cross_origin', to: 'http://127.0.0.1:9/' }, (status) => expect(status).toBe(302)],
  [{ kind: 'primary', status: 429, resetInMs: 9000 }, (status) => expect(status).toBe(429)],
];

test.each(ANSWERED)('the fault %o falls on the chosen route, once', async (fault, judge) => {
  const { forge } = ground;
  forge.faults.add({ fault, path: '/pulls/1', method: 'GET' });
  expect((await ask(`${forge.urls.api}/repos/acme/app`, { secret })).status).toBe(200);
  const spoiled = await ask(here, { secret });
  judge(spoiled.status, spoiled.text);
  expect(forge.log.entries.at(-1)?.fault).toBe(fault.kind);
  expect((await ask(here, { secret })).status).toBe(200);
});

test('a stalled, a reset and a lost answer are no answers, and the last one happened', async () => {
  const { forge } = ground;
  forge.faults.add({ fault: { kind: 'stall' } });
  await expect(ask(here, { secret, timeoutMs: 50 })).rejects.toThrow(/timeout/);
  forge.faults.add({ fault: { kind: 'reset' } });
  await expect(ask(here, { secret })).rejects.toThrow(/fetch failed/);
  forge.faults.add({ fault: { kind: 'lost_answer' } });
  const url = `${forge.urls.api}/repos/acme/app/issues/1/comments`;
  const said = ask(url, { secret, method: 'POST', body: { body: 'said once' } });
  await expect(said).rejects.toThrow(/fetch failed/);
  expect(pull.comments.map(({ body }) => body)).toEqual(['said once']);
});

test('a redirect leads to a stranger, who sees what a careless client sends', async () => {
  const { forge } = ground;
  const stranger = new Stranger();
  const { origin } = await stranger.start();
  forge.faults.add({ fault: { kind: 'cross_origin', to: `${origin}/login` }, times: 2 });
  const careful = await ask(here, { secret });
  expect([careful.status, careful.headers.get('location')]).toEqual([302, `${origin}/login`]);
  expect(stranger.sawAny([secret])).toBe(false);
  await fetch(here, { headers: { 'private-token': secret, 'user-agent': 'careless' } });
  expect(stranger.sawAny([secret])).toBe(true);
  await stranger.stop();
});

test('on a host called api. it answers at the root, where gh asks', async () => {
  const { forge } = ground;
  const { port } = new URL(forge.origin);
  const answer = await new Promise<string>((done, failed) => {
    const headers = {
      host: 'api.github.localhost',
      authorization: `token ${secret}`,
      'user-agent': 'gh',
    };
    get({ host: '127.0.0.1', port, path: '/user', headers }, (res) => {
      let body = '';
      res.on('data', (part: Buffer) => {
        body += part.toString();
      });
      res.on('end', () => done(body));
    }).on('error', failed);
  });
  expect(answer).toContain('"login":"ann"');
});

test('the log names tokens, and no secret is in it', () => {
  const { entries } = ground.forge.log;
  expect(entries.some(({ token }) => token === 'anns')).toBe(true);
  expect(JSON.stringify(entries)).not.toContain(secret);
});

test('git clones and pushes with a token, and is refused as a forge refuses', async () => {
  const { forge, home } = ground;
  const work = join(home, 'work');
  const at = ['-C', work];
  expect((await git(home, secret, ['clone', '-q', cloneUrl, work])).code).toBe(0);
  await git(home, null, [...at, 'switch', '-q', 'topic']);
  await git(home, null, [...at, 'commit', '-q', '--allow-empty', '-m', 'more']);
  pull.review('bob', 'APPROVED');
  const before = pull.headSha;
  expect((await git(home, secret, [...at, 'push', '-q', 'origin', 'topic'])).code).toBe(0);
  expect(pull.headSha).not.toBe(before);
  expect(pull.reviews.at(-1)?.state).toBe('DISMISSED');
  const main = await git(home, secret, [...at, 'push', 'origin', 'topic:main']);
  expect(main.err).toContain('Protected branch update failed');
  const eve = await git(home, forge.addToken('eve').secret, [...at, 'push', 'origin', 'topic:x']);
  expect(eve.err).toContain('403');
  const bob = await git(home, forge.addToken('bob').secret, ['ls-remote', cloneUrl]);
  expect(bob.err).toContain('not found');
  const bad = await git(home, 'ghp_wrong', ['ls-remote', cloneUrl]);
  expect(bad.code).not.toBe(0);
  expect(forge.log.entries.at(-1)).toMatchObject({ provider: 'git', status: 401 });
});

test('a push whose answer is lost has happened', async () => {
  const { forge, home } = ground;
  const at = ['-C', join(home, 'work')];
  await git(home, null, [...at, 'commit', '-q', '--allow-empty', '-m', 'lost']);
  forge.faults.add({ fault: { kind: 'lost_answer' }, path: '/git-receive-pack' });
  const pushed = await git(home, secret, [...at, 'push', '-q', 'origin', 'topic']);
  expect(pushed.code).not.toBe(0);
  const { out } = await git(home, null, [...at, 'rev-parse', 'topic']);
  expect(pull.headSha).toBe(out.trim());
});

test('strangers force-push, close, reopen, rename and hide, and the forge shows it', async () => {
  const { forge } = ground;
  const before = pull.headSha;
  await pull.forcePush('ann', { 'a.txt': 'forced\n' });
  expect(pull.headSha).not.toBe(before);
  pull.close('ann');
  expect((await ask(here, { secret })).body).toMatchObject({ state: 'closed', merged: false });
  pull.reopen('ann');
  await repo.rename('app2');
  const moved = await ask(here, { secret });
  expect(moved.status).toBe(301);
  const there = await ask(moved.headers.get('location') ?? '', { secret });
  expect(there.body).toMatchObject({ number: 1, state: 'open' });
  const clone = await git(ground.home, secret, ['ls-remote', cloneUrl]);
  expect(clone.out).toContain('refs/heads/topic');
  expect(forge.world.repo('acme/app2')).toBe(repo);
});

test('two that open one branch at once open one pull request', async () => {
  const { forge } = ground;
  await repo.push('ann', 'race', { 'r.txt': 'r\n' });
  const url = `${forge.urls.api}/repos/acme/app2/pulls`;
  const wish = { title: 'R', head: 'race', base: 'main' };
  const open = () => ask(url, { secret, method: 'POST', body: wish });
  const answers = await Promise.all([open(), open(), open()]);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 422)).toHaveLength(2);
});

test('a fork opens a pull request with commits of its own, and it is merged', async () => {
  const { forge } = ground;
  const copy = await forge.world.fork(repo, 'bob');
  repo.collaborators.set('bob', 'read');
  await copy.push('bob', 'from-fork', { 'fork.txt': 'f\n' });
  const bob = forge.addToken('bob').secret;
  const url = `${forge.urls.api}/repos/acme/app2/pulls`;
  const wish = { title: 'F', head: 'bob:from-fork', base: 'main' };
  const opened = await ask(url, { secret: bob, method: 'POST', body: wish });
  expect(opened.body).toMatchObject({ head: { repo: { full_name: 'bob/app2' } } });
  const { number } = opened.body;
  await ask(`${url}/${String(number)}`, { secret });
  const merged = await ask(`${url}/${String(number)}/merge`, { secret, method: 'PUT', body: {} });
  expect(merged.status).toBe(200);
  expect(await repo.git.file('main', 'fork.txt')).toBe('f\n');
});

test('what a person merges by hand and pushes is merged on the forge too', async () => {
  await repo.push('ann', 'by-hand', { 'h.txt': 'h\n' });
  const by = ground.forge.world.user('ann');
  const spec = { by, title: 'H', body: null, head: 'by-hand', base: 'main' };
  const hand = await repo.openPull(spec);
  await repo.git.moveBranch('main', hand.headSha, repo.refs.get('main') ?? null);
  await repo.sync(by);
  expect(hand.state).toBe('merged');
});

test('webhooks are signed, and get lost, doubled and reordered on demand', async () => {
  const { forge } = ground;
  const got: { headers: Record<string, unknown>; body: string }[] = [];
  const receiver = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      got.push({ headers: req.headers, body: Buffer.concat(parts).toString() });
      res.end();
    });
  });
  await new Promise<void>((done) => {
    receiver.listen(0, '127.0.0.1', done);
  });
  const address = receiver.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  forge.hooks.add(repo, { url: `http://127.0.0.1:${port}/`, secret: 'shh' });
  pull.comment('ann', 'one');
  await forge.hooks.idle();
  const mac = createHmac('sha256', 'shh')
    .update(got[0]?.body ?? '')
    .digest('hex');
  expect(got[0]?.headers['x-hub-signature-256']).toBe(`sha256=${mac}`);
  forge.hooks.lose(1);
  pull.comment('ann', 'lost');
  await forge.hooks.idle();
  expect(got).toHaveLength(1);
  forge.hooks.double(1);
  pull.comment('ann', 'twice');
  await forge.hooks.idle();
  expect(got[1]?.headers['x-github-delivery']).toBe(got[2]?.headers['x-github-delivery']);
  forge.hooks.hold();
  pull.close('ann');
  pull.reopen('ann');
  await forge.hooks.idle();
  expect(got).toHaveLength(3);
  forge.hooks.release('reversed');
  await forge.hooks.idle();
  expect(got).toHaveLength(5);
  receiver.closeAllConnections();
  receiver.close();
});
