/**
 * Gitea's contract, as documented: there is no client or description of it among the packages, so
 * the statuses and fields that an adapter relies on are asked for one by one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import { ask, type Reply } from './clients.ts';
import { groundFor, type Ground } from './ground.ts';

let ground: Ground;
let repo: Repo;
let secret: string;
let base: string;

beforeAll(async () => {
  ground = await groundFor();
  const { forge } = ground;
  ({ repo } = await forge.addRepo('acme/app', {
    private: true,
    collaborators: { ann: 'write', bob: 'write', eve: 'read' },
    protection: { requiredChecks: ['test'], requiredApprovals: 1 },
  }));
  secret = forge.addToken('ann').secret;
  base = `${forge.urls.gitea}/repos/acme/app`;
  await repo.push('ann', 'topic', { 'a.txt': 'a\n' });
});

afterAll(async () => {
  await ground.end();
});

async function call(method: string, path: string, body?: unknown): Promise<Reply> {
  const headers = { authorization: `token ${secret}` };
  return await ask(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

test('a pull request is opened once, judged, approved and merged for its head', async () => {
  const wish = { title: 'One', head: 'topic', base: 'main' };
  expect((await call('POST', '/pulls', { ...wish, head: 'gone' })).status).toBe(404);
  const opened = await call('POST', '/pulls', wish);
  expect(opened.status).toBe(201);
  expect(opened.body).toMatchObject({ number: 1, mergeable: false, state: 'open' });
  expect((await call('POST', '/pulls', wish)).status).toBe(409);
  expect((await call('GET', '/pulls/1')).body).toMatchObject({ mergeable: true, draft: false });
  const branch = await call('GET', '/branches/main');
  expect(branch.body).toMatchObject({ required_approvals: 1, status_check_contexts: ['test'] });
  const pull = repo.pull(1);
  const head_commit_id = pull.headSha;
  const merge = { Do: 'squash', head_commit_id };
  expect((await call('POST', '/pulls/1/merge', merge)).status).toBe(405);
  pull.addCheckRun({ name: 'test' });
  pull.review('bob', 'APPROVED', 'fine');
  expect((await call('GET', `/commits/${head_commit_id}/status`)).body).toMatchObject({
    state: 'success',
    total_count: 1,
  });
  expect((await call('GET', '/pulls/1/reviews')).text).toContain('"state":"APPROVED"');
  const stale = { ...merge, head_commit_id: 'a'.repeat(40) };
  expect((await call('POST', '/pulls/1/merge', stale)).status).toBe(409);
  expect((await call('POST', '/pulls/1/merge', merge)).status).toBe(200);
  expect((await call('GET', '/pulls/1')).body).toMatchObject({
    merged: true,
    state: 'closed',
    merge_commit_sha: repo.refs.get('main'),
  });
});

test('who may not is told by status, and an approval of an older head is stale', async () => {
  const { forge } = ground;
  forge.addUser('mal');
  await repo.push('ann', 'second', { 'b.txt': 'b\n' });
  await call('POST', '/pulls', { title: 'WIP: Two', head: 'second', base: 'main' });
  const pull = repo.pull(2);
  pull.review('bob', 'APPROVED');
  await pull.push('ann', { 'b.txt': 'bb\n' });
  expect((await call('GET', '/pulls/2/reviews')).text).toContain('"stale":true');
  expect((await call('GET', '/pulls/2')).body).toMatchObject({ draft: true, title: 'WIP: Two' });
  expect((await ask(base, { secret: 'wrong' })).status).toBe(401);
  expect((await ask(base, { secret: forge.addToken('mal').secret })).status).toBe(404);
  const eve = forge.addToken('eve').secret;
  const merge = { secret: eve, method: 'POST', body: { Do: 'merge' } };
  expect((await ask(`${base}/pulls/2/merge`, merge)).status).toBe(403);
});

test('comments are said and read, and pages are counted', async () => {
  expect((await call('POST', '/issues/2/comments', { body: 'hello' })).status).toBe(201);
  expect((await call('GET', '/issues/2/comments')).text).toContain('"body":"hello"');
  const page = await call('GET', '/pulls?state=all&sort=recentupdate&limit=1');
  expect(page.headers.get('x-total-count')).toBe('2');
  expect(page.headers.get('link')).toContain('rel="next"');
});
