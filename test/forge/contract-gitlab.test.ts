/**
 * GitLab's contract as its maintained client understands it: gitbeaker drives the life of a merge
 * request below a sub-path, and what it must tell apart has the documented status.
 */
import { Gitlab } from '@gitbeaker/rest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import { ask, git } from './clients.ts';
import { groundFor, type Ground } from './ground.ts';

const PATH = 'acme/tools/app';
let ground: Ground;
let repo: Repo;
let secret: string;
let base: string;

beforeAll(async () => {
  ground = await groundFor({ subPath: '/forge' });
  const { forge } = ground;
  ({ repo } = await forge.addRepo(PATH, {
    private: true,
    collaborators: { ann: 'write', bob: 'write', eve: 'read' },
    protection: { requiredChecks: ['test'], requiredApprovals: 1, requireResolvedThreads: true },
  }));
  secret = forge.addToken('ann').secret;
  base = `${forge.urls.gitlab}/projects/${encodeURIComponent(PATH)}`;
  await repo.push('ann', 'topic', { 'a.txt': 'a\n' });
});

afterAll(async () => {
  await ground.end();
});

function client(token: string): InstanceType<typeof Gitlab<false>> {
  return new Gitlab({ host: ground.forge.urls.web, token });
}

async function refusedWith(run: () => Promise<unknown>): Promise<number> {
  try {
    await run();
    return 200;
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : null;
    const inner = typeof cause === 'object' && cause !== null && 'response' in cause;
    return inner && cause.response instanceof Response ? cause.response.status : 0;
  }
}

test('gitbeaker opens, reads, discusses, approves and merges a merge request', async () => {
  const ann = client(secret);
  const bob = client(ground.forge.addToken('bob').secret);
  expect((await ann.Projects.show(PATH)).default_branch).toBe('main');
  expect((await ann.Users.showCurrentUser()).username).toBe('ann');
  const opened = await ann.MergeRequests.create(PATH, 'topic', 'main', 'First');
  expect(opened.iid).toBe(1);
  const again = () => ann.MergeRequests.create(PATH, 'topic', 'main', 'Second');
  expect(await refusedWith(again)).toBe(409);
  const status = async (): Promise<string> =>
    (await ann.MergeRequests.show(PATH, 1)).detailed_merge_status;
  expect(await status()).toBe('not_approved');
  await bob.MergeRequestApprovals.approve(PATH, 1);
  expect(await status()).toBe('ci_still_running');
  const pull = repo.pull(1);
  const job = pull.addCheckRun({ name: 'test', conclusion: 'failure', log: 'boom\n' });
  expect(await status()).toBe('ci_must_pass');
  const [pipeline] = await ann.MergeRequests.allPipelines(PATH, 1);
  expect(pipeline).toMatchObject({ status: 'failed', sha: pull.headSha });
  const jobs = await ann.Jobs.all(PATH, { pipelineId: pipeline?.id ?? 0, scope: 'failed' });
  expect(jobs.map(({ id }) => id)).toEqual([job.id]);
  expect(await ann.Jobs.showLog(PATH, job.id)).toContain('boom');
  pull.addCheckRun({ name: 'test' });
  pull.openThread('bob', { path: 'a.txt', body: 'why?' });
  expect(await status()).toBe('discussions_not_resolved');
  const [discussion] = await ann.MergeRequestDiscussions.all(PATH, 1);
  const id = discussion?.id ?? '';
  await ann.MergeRequestDiscussions.addNote(PATH, 1, id, 'since');
  await ann.MergeRequestDiscussions.resolve(PATH, 1, id, true);
  expect(pull.threads[0]?.comments.map(({ body }) => body)).toEqual(['why?', 'since']);
  expect(await status()).toBe('mergeable');
  expect(await refusedWith(() => ann.MergeRequests.merge(PATH, 1, { sha: 'a'.repeat(40) }))).toBe(
    409,
  );
  const merged = await ann.MergeRequests.merge(PATH, 1, { sha: pull.headSha, squash: true });
  expect(merged.state).toBe('merged');
  expect(repo.refs.get('main')).toBe(merged.squash_commit_sha);
});

test('who may not is told by status: 401, 403, 404, and 401 for a merge', async () => {
  const { forge } = ground;
  forge.addUser('mal');
  await repo.push('ann', 'second', { 'b.txt': 'b\n' });
  await client(secret).MergeRequests.create(PATH, 'second', 'main', 'Draft: Second');
  expect((await ask(base, { headers: { 'private-token': 'glpat-wrong' } })).status).toBe(401);
  expect((await ask(base, { secret: forge.addToken('mal').secret })).status).toBe(404);
  const reader = forge.addToken('ann', { scopes: ['read_api'] }).secret;
  const url = `${base}/merge_requests/2`;
  expect((await ask(url, { secret: reader })).body).toMatchObject({ draft: true, iid: 2 });
  const put = { method: 'PUT', body: {} };
  expect((await ask(`${url}/merge`, { secret: reader, ...put })).status).toBe(403);
  const eve = forge.addToken('eve').secret;
  expect((await ask(`${url}/merge`, { secret: eve, ...put })).status).toBe(401);
  expect((await ask(`${url}/merge`, { secret, ...put })).status).toBe(405);
});

test('a list tells a stale status unless it is asked to look again', async () => {
  await repo.push('ann', 'third', { 'c.txt': 'c\n' });
  const by = ground.forge.world.user('ann');
  await repo.openPull({ by, title: 'T', body: null, head: 'third', base: 'main' });
  const statusOf = async (more: string): Promise<string> => {
    const answer = await ask(`${base}/merge_requests?iids[]=3${more}`, { secret });
    return /"detailed_merge_status":"(\w+)"/.exec(answer.text)?.[1] ?? '';
  };
  expect(await statusOf('')).toBe('unchecked');
  expect(await statusOf('')).toBe('unchecked');
  expect(await statusOf('&with_merge_status_recheck=true')).toBe('checking');
  expect(await statusOf('&with_merge_status_recheck=true')).toBe('not_approved');
});

test('a merge right after opening is not now, and a conflict is 422', async () => {
  repo.unprotect('main');
  await repo.push('ann', 'fourth', { 'README.md': 'fourth\n' });
  const by = ground.forge.world.user('ann');
  await repo.openPull({ by, title: 'T', body: null, head: 'fourth', base: 'main' });
  await repo.push('bob', 'main', { 'README.md': 'other\n' });
  const url = `${base}/merge_requests/4/merge`;
  const put = { secret, method: 'PUT', body: {} };
  expect((await ask(url, put)).status).toBe(405);
  expect((await ask(url, put)).status).toBe(422);
});

test('pages are told in headers, and a keyset tells only the next one', async () => {
  const first = await ask(`${base}/merge_requests?per_page=2&page=1`, { secret });
  expect(first.headers.get('x-total')).toBe('4');
  expect(first.headers.get('x-next-page')).toBe('2');
  const keyset = await ask(`${base}/repository/branches?pagination=keyset&per_page=2`, { secret });
  expect(keyset.headers.get('x-total')).toBeNull();
  const next = /<(.+?)>; rel="next"/.exec(keyset.headers.get('link') ?? '')?.[1] ?? '';
  expect((await ask(next, { secret })).status).toBe(200);
});

test('a limit is 429 in plain text, and git works below the sub-path', async () => {
  const { forge, home } = ground;
  const head = await git(home, secret, ['ls-remote', forge.cloneUrl(repo), 'refs/heads/main']);
  expect(head.out).toContain(repo.refs.get('main') ?? '-');
  forge.limits.throttle({ forMs: 5000 });
  const answer = await ask(base, { secret });
  expect([answer.status, answer.text, answer.headers.get('retry-after')]).toEqual([
    429,
    'Retry later\n',
    '5',
  ]);
});
