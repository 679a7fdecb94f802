/**
 * GitHub's REST contract, made by GitHub: octokit drives every route of the development forge, and
 * each answer must be what GitHub's own OpenAPI description says of that path and status.
 */
import { Octokit } from '@octokit/rest';
import { createSign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ForgeApp } from '../../src/devforge/world.ts';
import { groundFor, type Ground } from './ground.ts';
import { GithubContract } from './openapi.ts';

let ground: Ground;
let contract: GithubContract;

beforeAll(async () => {
  ground = await groundFor();
  contract = new GithubContract();
  await ground.forge.addRepo('acme/app', {
    private: true,
    collaborators: { ann: 'admin', bob: 'write', eve: 'read' },
    protection: { requiredChecks: ['build'], requiredApprovals: 1, mergeQueue: false },
    files: { 'README.md': '# app\n', 'src/a.ts': 'export const a = 1;\n' },
  });
});

afterAll(async () => {
  await ground.end();
});

/** A client whose every answer is judged. */
function client(secret: string): Octokit {
  const { api } = ground.forge.urls;
  const judged: typeof fetch = async (input, init) => {
    const answer = await fetch(input, { ...init, redirect: 'manual' });
    const copy = answer.clone();
    const body = await copy.text();
    const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input);
    const path = url.pathname.slice(new URL(api).pathname.length);
    const type = copy.headers.get('content-type') ?? '';
    const json: unknown = type.includes('json') && body !== '' ? JSON.parse(body) : undefined;
    contract.judge(init?.method ?? 'GET', path, answer.status, json);
    return answer;
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: api, auth: secret, request: { fetch: judged }, log });
}

async function statusOf(run: () => Promise<unknown>): Promise<number> {
  try {
    await run();
    return 200;
  } catch (error) {
    return error instanceof Error && 'status' in error ? Number(error.status) : 0;
  }
}

const at = { owner: 'acme', repo: 'app' };

test('the life of a pull request has the shapes that GitHub describes', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const bob = client(forge.addToken('bob').secret);
  const repo = forge.world.repo('acme/app');
  expect((await ann.users.getAuthenticated()).data.login).toBe('ann');
  expect((await ann.repos.get(at)).data.default_branch).toBe('main');
  expect((await ann.repos.listBranches(at)).data.map(({ name }) => name)).toEqual(['main']);
  const main = (await ann.repos.getBranch({ ...at, branch: 'main' })).data;
  expect(main.protected).toBe(true);
  await ann.repos.getBranchProtection({ ...at, branch: 'main' });
  await ann.repos.getBranchRules({ ...at, branch: 'main' });
  await ann.git.createRef({ ...at, ref: 'refs/heads/topic/one', sha: main.commit.sha });
  await repo.push('ann', 'topic/one', { 'src/a.ts': 'export const a = 2;\n', 'b.ts': 'b\n' });
  await ann.git.getRef({ ...at, ref: 'heads/topic/one' });
  const compared = await ann.repos.compareCommitsWithBasehead({
    ...at,
    basehead: 'main...topic/one',
  });
  expect(compared.data.ahead_by).toBe(1);
  const opened = await ann.pulls.create({
    ...at,
    title: 'One',
    body: 'why',
    head: 'topic/one',
    base: 'main',
  });
  expect(opened.data.mergeable).toBeNull();
  const pull_number = opened.data.number;
  const one = { ...at, pull_number };
  expect((await ann.pulls.get(one)).data).toMatchObject({
    mergeable: true,
    mergeable_state: 'blocked',
  });
  expect((await ann.pulls.list({ ...at, head: 'acme:topic/one', state: 'all' })).data).toHaveLength(
    1,
  );
  expect((await ann.pulls.list({ ...at, head: 'acme:other', state: 'all' })).data).toHaveLength(0);
  await ann.pulls.update({ ...one, title: 'One, better' });
  expect((await ann.pulls.listFiles(one)).data.map(({ filename }) => filename)).toEqual([
    'b.ts',
    'src/a.ts',
  ]);
  expect((await ann.pulls.listCommits(one)).data).toHaveLength(1);
  await ann.pulls.requestReviewers({ ...one, reviewers: ['bob'] });
  await ann.issues.createComment({ ...at, issue_number: pull_number, body: 'hello' });
  await ann.issues.listComments({ ...at, issue_number: pull_number });
  await ann.issues.addLabels({ ...at, issue_number: pull_number, labels: ['bot'] });
  await bob.pulls.createReview({ ...one, event: 'APPROVE', body: 'fine' });
  expect((await ann.pulls.listReviews(one)).data[0]?.state).toBe('APPROVED');
  const thread = repo.pull(pull_number).openThread('bob', { path: 'b.ts', body: 'why?' });
  const comment_id = thread.comments[0]?.id ?? 0;
  await ann.pulls.createReplyForReviewComment({ ...one, comment_id, body: 'because' });
  expect((await ann.pulls.listReviewComments(one)).data[1]?.in_reply_to_id).toBe(comment_id);
  expect(forge.bugs).toEqual([]);
});

test('checks, statuses and logs have the shapes that GitHub describes', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const pull = forge.world.repo('acme/app').pull(1);
  const run = pull.addCheckRun({
    name: 'build',
    conclusion: 'failure',
    log: 'error: no such file\n',
    annotations: [{ path: 'b.ts', line: 1, level: 'failure', message: 'bad' }],
  });
  pull.addStatus({ context: 'ci/old', state: 'success' });
  const ref = pull.headSha;
  expect((await ann.checks.listForRef({ ...at, ref })).data.total_count).toBe(1);
  expect((await ann.repos.getCombinedStatusForRef({ ...at, ref })).data.state).toBe('success');
  await ann.repos.listCommitStatusesForRef({ ...at, ref });
  await ann.repos.createCommitStatus({ ...at, sha: ref, state: 'pending', context: 'other' });
  await ann.checks.get({ ...at, check_run_id: run.id });
  await ann.checks.listAnnotations({ ...at, check_run_id: run.id });
  const job = await ann.actions.getJobForWorkflowRun({ ...at, job_id: run.id });
  expect(job.data.steps?.at(-1)?.conclusion).toBe('failure');
  const log = await fetch(`${forge.urls.api}/repos/acme/app/actions/jobs/${run.id}/logs`, {
    headers: { authorization: `Bearer ${forge.addToken('ann').secret}`, 'user-agent': 'test' },
  });
  expect(await log.text()).toBe('error: no such file\n');
});

test('refusals have the status that GitHub describes', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const eve = client(forge.addToken('eve').secret);
  forge.addUser('mal');
  const stranger = client(forge.addToken('mal').secret);
  const nobody = client('ghp_unknown');
  const one = { ...at, pull_number: 1 };
  const open = { ...at, title: 'x', head: 'topic/one', base: 'main' };
  expect(await statusOf(() => nobody.repos.get(at))).toBe(401);
  expect(await statusOf(() => stranger.repos.get(at))).toBe(404);
  expect(await statusOf(() => eve.pulls.merge(one))).toBe(403);
  expect(await statusOf(() => ann.pulls.get({ ...at, pull_number: 99 }))).toBe(404);
  expect(await statusOf(() => ann.pulls.create(open))).toBe(422);
  expect(await statusOf(() => ann.pulls.create({ ...open, head: 'gone' }))).toBe(422);
  expect(await statusOf(() => ann.pulls.create({ ...open, base: 'gone' }))).toBe(422);
  expect(await statusOf(() => ann.pulls.create({ ...open, head: 'main' }))).toBe(422);
  expect(await statusOf(() => ann.pulls.merge({ ...one, sha: 'a'.repeat(40) }))).toBe(409);
  expect(await statusOf(() => ann.pulls.merge(one))).toBe(405);
  expect(await statusOf(() => ann.repos.getBranch({ ...at, branch: 'gone' }))).toBe(404);
  const sha = forge.world.repo('acme/app').refs.get('main') ?? '';
  const again = { ...at, ref: 'refs/heads/topic/one', sha };
  expect(await statusOf(() => ann.git.createRef(again))).toBe(422);
  expect(forge.bugs).toEqual([]);
});

test('a merge and an update of the branch have the shapes that GitHub describes', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const repo = forge.world.repo('acme/app');
  const one = { ...at, pull_number: 1 };
  await repo.push('ann', 'main', { 'c.ts': 'c\n' });
  expect((await ann.pulls.updateBranch(one)).status).toBe(202);
  repo.pull(1).addCheckRun({ name: 'build' });
  const merged = await ann.pulls.merge({
    ...one,
    merge_method: 'rebase',
    sha: repo.pull(1).headSha,
  });
  expect(merged.data.merged).toBe(true);
  expect(repo.refs.get('main')).toBe(merged.data.sha);
  expect((await ann.pulls.get(one)).data).toMatchObject({ merged: true, state: 'closed' });
  expect((await ann.pulls.checkIfMerged(one)).status).toBe(204);
  await ann.git.deleteRef({ ...at, ref: 'heads/topic/one' });
  await ann.repos.getCommit({ ...at, ref: merged.data.sha });
  await ann.repos.getContent({ ...at, path: 'c.ts' });
  await ann.rateLimit.get();
  expect(forge.bugs).toEqual([]);
});

interface Claims {
  readonly iss?: string;
  readonly iat?: number;
  readonly exp?: number;
}

/** Seconds from now. */
function signed(app: ForgeApp, { iss = app.clientId, iat = -60, exp = 540 }: Claims = {}): string {
  const now = Math.floor(ground.clock.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = part({ alg: 'RS256', typ: 'JWT' });
  const claims = part({ iss, iat: now + iat, exp: now + exp });
  const signer = createSign('RSA-SHA256').update(`${head}.${claims}`);
  return `${head}.${claims}.${signer.sign(app.privateKey, 'base64url')}`;
}

test('a statement of an app is refused for what is wrong with it', async () => {
  const { forge } = ground;
  const app = forge.world.addApp('gastown');
  const other = forge.world.addApp('other');
  const { id: installation_id } = forge.world.installApp(app, 'acme');
  const mint = (jwt: string, id = installation_id) =>
    statusOf(() => client(jwt).apps.createInstallationAccessToken({ installation_id: id }));
  expect(await mint(signed(app, { iss: String(app.id) }))).toBe(200);
  expect(await mint(signed(app, { exp: 601 }))).toBe(401);
  expect(await mint(signed(app, { exp: -1 }))).toBe(401);
  expect(await mint(signed(app, { iat: 60 }))).toBe(401);
  expect(await mint(signed(app, { iss: other.clientId }))).toBe(401);
  expect(await mint(signed(other))).toBe(404);
  expect(await mint(signed(app), 1)).toBe(404);
  const [one] = app.installations;
  if (one !== undefined) one.suspendedAt = ground.clock.now();
  expect(await mint(signed(app))).toBe(403);
  expect(forge.bugs).toEqual([]);
});

test('a token of an installation lasts as long as the switch says', async () => {
  const { forge } = ground;
  const app = forge.world.addApp('gastown');
  const { id: installation_id } = forge.world.installApp(app, 'acme');
  forge.world.installationTokenMs = 60_000;
  const mint = client(signed(app)).apps.createInstallationAccessToken({ installation_id });
  const { token, expires_at } = (await mint).data;
  expect(Date.parse(expires_at) - ground.clock.now()).toBe(60_000);
  forge.world.installationTokenMs = 3_600_000;
  ground.clock.pass(60_000);
  expect(await statusOf(() => client(token).repos.get(at))).toBe(401);
});

test('an app of an account reaches what is made there later, and no other one', async () => {
  const { forge } = ground;
  const app = forge.world.addApp('gastown');
  const { id: installation_id } = forge.world.installApp(app, 'acme');
  const mint = client(signed(app)).apps.createInstallationAccessToken({ installation_id });
  const bot = client((await mint).data.token);
  await forge.addRepo('acme/later', { private: true });
  await forge.addRepo('umbrella/own', { private: true });
  expect((await bot.repos.get({ owner: 'acme', repo: 'later' })).status).toBe(200);
  expect(await statusOf(() => bot.repos.get({ owner: 'umbrella', repo: 'own' }))).toBe(404);
  const { data } = await bot.apps.listReposAccessibleToInstallation();
  expect(new Set(data.repositories.map(({ owner }) => owner.login))).toEqual(new Set(['acme']));
});

test('an app finds its installation and gets a token for one repository', async () => {
  const { forge } = ground;
  const app = forge.world.addApp('gastown');
  const installation = forge.world.installApp(app, 'acme');
  const owner = client(signed(app));
  const found = await owner.apps.getRepoInstallation(at);
  expect(found.data.id).toBe(installation.id);
  const minted = await owner.apps.createInstallationAccessToken({
    installation_id: installation.id,
    repositories: ['app'],
    permissions: { pull_requests: 'write', contents: 'write' },
  });
  const bot = client(minted.data.token);
  expect((await bot.repos.get(at)).data.name).toBe('app');
  expect((await bot.apps.listReposAccessibleToInstallation()).data.total_count).toBe(1);
  ground.clock.pass(3_600_001);
  expect(await statusOf(() => bot.repos.get(at))).toBe(401);
  expect(forge.bugs).toEqual([]);
});

test('a renamed repository redirects by its id, as GitHub describes', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const { repo } = await forge.addRepo('acme/old', { collaborators: { ann: 'admin' } });
  await repo.rename('new');
  const answer = await ann.repos.get({ owner: 'acme', repo: 'old' });
  expect(answer).toMatchObject({
    status: 301,
    headers: { location: `${forge.urls.api}/repositories/${repo.id}` },
  });
});

test('150 checks come in pages, with the whole count on each', async () => {
  const { forge } = ground;
  const ann = client(forge.addToken('ann').secret);
  const repo = forge.world.repo('acme/app');
  const sha = repo.refs.get('main') ?? '';
  for (let n = 0; n < 150; n += 1) repo.addCheckRun(sha, { name: `check ${n}` });
  const one = await ann.checks.listForRef({ ...at, ref: sha, per_page: 100 });
  expect([one.data.total_count, one.data.check_runs.length]).toEqual([150, 100]);
  expect(one.headers.link).toContain('rel="next"');
  const all = await ann.paginate(ann.checks.listForRef, { ...at, ref: sha, per_page: 100 });
  expect(new Set(all.map(({ name }) => name)).size).toBe(150);
});

test('the judge notices a field that is missing', () => {
  const judge = new GithubContract();
  judge.judge('GET', '/repos/a/b/pulls/1', 200, { number: 1 });
  judge.judge('GET', '/repos/a/b/nothing', 200, {});
  expect(judge.findings.length).toBeGreaterThan(1);
});

test('every answer so far was what the description says', () => {
  expect(contract.findings).toEqual([]);
  expect(contract.seen.size).toBeGreaterThan(45);
});
