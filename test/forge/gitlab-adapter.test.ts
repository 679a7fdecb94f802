/**
 * What only GitLab has: pipelines that must succeed, a head that moves while its approvals are
 * read, one way to merge per project, answers that say little, and scopes.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OpenSpec } from '../../src/core/forge-answers.ts';
import { commitOf } from '../../src/core/ids.ts';
import type { PullRequestSnapshot } from '../../src/core/pull-request.ts';
import type { RepoSpec } from '../../src/devforge/model.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import { Scene } from '../../src/ports/forge.conformance.ts';
import { gitlabForge } from '../../src/scm/gitlab/adapter.ts';
import { restWorld, type RestWorld } from './rest-ground.ts';

let world: RestWorld;
let repos = 0;

beforeAll(async () => {
  world = await restWorld('gitlab', gitlabForge, { subPath: '/forge' });
  for (const login of ['ann', 'bob', 'eve']) world.served.addUser(login);
});

afterAll(async () => {
  await world.end();
});

beforeEach(() => {
  world.served.faults.clear();
  world.meanwhile(null);
});

async function sceneFor(spec: RepoSpec = {}): Promise<Scene> {
  repos += 1;
  const collaborators = { ann: 'admin', bob: 'write', eve: 'read' } as const;
  const path = `acme/tools/deep/app-${repos}`;
  const { repo } = await world.served.addRepo(path, { collaborators, ...spec });
  return new Scene(world, repo);
}

function how(pull: Pull, method: 'merge' | 'squash' | 'rebase' = 'squash') {
  return { expectedHead: commitOf(pull.headSha), method, title: 'Land it', message: 'Because.' };
}

function specFor(head: string, change: Partial<OpenSpec> = {}): OpenSpec {
  return {
    headBranch: 'gt/a',
    baseBranch: 'main',
    head: commitOf(head),
    title: 'Do the work',
    body: 'Summary\n\nGastown: t4wn web-17',
    trailer: 'Gastown: t4wn web-17',
    draft: false,
    labels: [],
    reviewers: [],
    unless: { issues: [], ours: 'Gastown: t4wn/' },
    missing: 'create',
    ...change,
  };
}

function requiredOf({ checks }: PullRequestSnapshot) {
  return checks.is === 'complete' ? checks.value.required : checks;
}

test('a pipeline that must succeed is missing, pending, failed, then passed', async () => {
  const scene = await sceneFor({ protection: { requiredChecks: ['build'] } });
  const pull = await scene.pull('gt/a');
  const none = { passed: 0, failed: 0, pending: 0, missing: 0 };
  expect(requiredOf(await scene.snapshot(pull))).toEqual({ ...none, missing: 1 });
  pull.addCheckRun({ name: 'build', status: 'in_progress' });
  expect(requiredOf(await scene.snapshot(pull))).toEqual({ ...none, pending: 1 });
  pull.addCheckRun({ name: 'build', conclusion: 'failure' });
  const failed = await scene.snapshot(pull);
  expect(requiredOf(failed)).toEqual({ ...none, failed: 1 });
  expect(failed.mergeability).toEqual({ is: 'complete', value: 'blocked' });
  expect(await scene.port.merge(scene.context, scene.ref(pull), how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'blocked', detail: 'ci_must_pass' },
  });
  pull.addCheckRun({ name: 'build' });
  const passed = await scene.snapshot(pull);
  expect(requiredOf(passed)).toEqual({ ...none, passed: 1 });
  expect(passed.mergeableNow).toBe(true);
});

test('a pipeline of an older head is none, and that of a trial merge counts', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const [older, trial] = ['b'.repeat(40), 'c'.repeat(40)];
  const answerWith = (sha: string, ref: string, parent = pull.headSha): void => {
    const head_pipeline = { id: 5, sha, ref, status: 'failed' };
    const body = { ...plain(pull), head_pipeline };
    const path = /merge_requests\/1$/;
    world.served.faults.clear();
    world.served.faults.add({ fault: { kind: 'body', text: JSON.stringify(body) }, path });
    const commit = JSON.stringify({ parent_ids: ['d'.repeat(40), parent] });
    world.served.faults.add({ fault: { kind: 'body', text: commit }, path: /commits\/c+$/ });
  };
  answerWith(older, 'gt/a');
  const stale = await scene.outcome(pull);
  expect(stale.ok && stale.result.checks).toMatchObject({ value: { all: { failed: 0 } } });
  answerWith(trial, 'refs/merge-requests/1/merge');
  const fresh = await scene.outcome(pull);
  expect(fresh.ok && fresh.result.checks).toMatchObject({ value: { all: { failed: 1 } } });
  answerWith(trial, 'refs/merge-requests/1/merge', older);
  const other = await scene.outcome(pull);
  expect(other.ok && other.result.checks).toMatchObject({ value: { all: { failed: 0 } } });
});

function plain(pull: Pull): object {
  return {
    id: pull.id,
    iid: pull.number,
    title: pull.title,
    state: 'opened',
    source_branch: pull.headRef,
    target_branch: pull.baseRef,
    sha: pull.headSha,
    detailed_merge_status: 'mergeable',
  };
}

test('what was read around a push is unknown, and nothing of it is green', async () => {
  const scene = await sceneFor({ protection: { requiredApprovals: 1 } });
  const pull = await scene.pull('gt/a');
  pull.review('bob', 'APPROVED');
  expect((await scene.snapshot(pull)).mergeableNow).toBe(true);
  world.meanwhile(async (_method, url) => {
    if (!url.endsWith('/approvals')) return;
    world.meanwhile(null);
    await pull.push('bob', { 'late.txt': 'late\n' });
  });
  const outcome = await scene.outcome(pull);
  const moved = { is: 'unknown', why: 'head_moved' };
  expect(outcome).toMatchObject({
    ok: true,
    result: { mergeableNow: false, mergeability: moved, checks: moved, review: moved },
  });
});

test('one group that is refused is unknown alone; a host that fails spoils the whole', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const path = /discussions$/;
  world.served.faults.add({ fault: { kind: 'status', status: 403 }, path });
  const refused = await scene.outcome(pull);
  expect(refused).toMatchObject({
    ok: true,
    result: { threads: { is: 'unknown', why: 'forbidden' }, checks: { is: 'complete' } },
  });
  world.served.faults.add({ fault: { kind: 'status', status: 502 }, path });
  expect(await scene.error(pull)).toMatchObject({ kind: 'http_error', transient: true });
});

test('a host that fails in the middle of a batch is not asked for the others', async () => {
  const scene = await sceneFor();
  const pulls = [];
  for (let n = 0; n < 6; n += 1) pulls.push(await scene.pull(`gt/${n}`));
  const fault = { kind: 'status', status: 502 } as const;
  world.served.faults.add({ fault, path: /merge_requests\/\d+$/, after: 2, times: 100 });
  const before = world.served.log.entries.length;
  const targets = pulls.map((pull) => scene.ref(pull));
  const outcomes = await scene.port.checkPRStatuses(scene.context, targets);
  expect(outcomes.map((one) => one.ok)).toEqual([true, true, false, false, false, false]);
  const asked = world.served.log.entries.slice(before).filter(({ status }) => status === 502);
  expect(asked).toHaveLength(1);
});

test('approvals that this server does not have fall to the next signal', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const fault = { kind: 'status', status: 404 } as const;
  world.served.faults.add({ fault, path: /approvals$/, times: 2 });
  const seen = await scene.outcome(pull);
  expect(seen).toMatchObject({ ok: true, result: { review: { is: 'unsupported' } } });
  pull.review('bob', 'CHANGES_REQUESTED', 'no');
  const asked = await scene.outcome(pull);
  expect(asked.ok && asked.result.review).toMatchObject({
    value: { decision: 'changes_requested' },
  });
  pull.review('bob', 'APPROVED');
  const taken = await scene.outcome(pull);
  expect(taken.ok && taken.result.review).toMatchObject({ value: { decision: 'approved' } });
});

test('a project that fast-forwards merges the head itself, and no other way is tried', async () => {
  const scene = await sceneFor({ mergeMethods: ['rebase'] });
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const ref = scene.ref(pull);
  const before = world.served.log.entries.length;
  expect(await scene.port.merge(scene.context, ref, how(pull, 'merge'))).toMatchObject({
    value: { is: 'not_now', reason: 'method' },
  });
  const asked = world.served.log.entries.slice(before).map(({ method }) => method);
  expect(asked).not.toContain('PUT');
  const probe = await scene.port.probe(scene.context);
  expect(probe).toMatchObject({ value: { mergeMethods: ['rebase'] } });
  const merged = await scene.port.merge(scene.context, ref, how(pull, 'rebase'));
  expect(merged).toMatchObject({ value: { is: 'merged', commit: scene.repo.refs.get('main') } });
});

test('a merge a moment after opening is to be tried later, whichever status says so', async () => {
  const scene = await sceneFor();
  world.served.world.mergeabilityMs = 60_000;
  const pull = await scene.pull('gt/a');
  const ref = scene.ref(pull);
  const later = { ok: true, value: { is: 'not_now', reason: 'computing' } };
  expect(await scene.port.merge(scene.context, ref, how(pull))).toMatchObject(later);
  for (const status of [406, 422]) {
    const fault = { kind: 'status', status, message: 'Branch cannot be merged' } as const;
    world.served.faults.add({ fault, path: /\/merge$/ });
    expect(await scene.port.merge(scene.context, ref, how(pull))).toMatchObject(later);
  }
  world.served.world.mergeabilityMs = 0;
  await scene.snapshot(pull);
  expect(await scene.port.merge(scene.context, ref, how(pull))).toMatchObject({
    value: { is: 'merged' },
  });
});

test('a refusal of 409 is a moved head only when the head has moved', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const fault = { kind: 'status', status: 409, message: 'Conflict' } as const;
  world.served.faults.add({ fault, path: /\/merge$/ });
  expect(await scene.port.merge(scene.context, scene.ref(pull), how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'computing' },
  });
});

test('a bad token that merges is a bad token, not a missing right', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  const port = world.port('glpat-unknown');
  expect(await port.merge(scene.context, scene.ref(pull), how(pull))).toMatchObject({
    ok: false,
    error: { kind: 'http_error', reason: 'unauthenticated' },
  });
});

test('where the project merges by trains nothing is merged past them', async () => {
  const scene = await sceneFor({ protection: { mergeQueue: true } });
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const fault = { kind: 'status', status: 404 } as const;
  world.served.faults.add({ fault, path: /merge_trains/, times: 10 });
  expect(await scene.port.merge(scene.context, scene.ref(pull), how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'queue_required' },
  });
  expect(pull.state).toBe('open');
  expect(await scene.port.probe(scene.context)).toMatchObject({ value: { mergeQueue: true } });
});

test('the one that appeared between the look and the opening is adopted', async () => {
  const scene = await sceneFor();
  const spec = specFor(await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' }));
  world.meanwhile(async (method) => {
    if (method !== 'POST') return;
    world.meanwhile(null);
    const by = world.served.world.user('ann');
    const { title, body, headBranch: head, baseBranch: base } = spec;
    await scene.repo.openPull({ by, title, body, head, base });
  });
  expect(await scene.port.open(scene.context, spec)).toMatchObject({ value: { is: 'adopted' } });
  expect(scene.repo.pulls).toHaveLength(1);
});

test('a draft is opened by its title, and reviewers nobody knows do not undo it', async () => {
  const scene = await sceneFor();
  const head = await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' });
  const spec = specFor(head, { draft: true, reviewers: ['nobody'] });
  expect(await scene.port.open(scene.context, spec)).toMatchObject({
    value: { is: 'opened', snapshot: { draft: true, title: 'Draft: Do the work' } },
  });
  expect(scene.repo.pulls[0]).toMatchObject({ draft: true, title: 'Do the work' });
});

test('a token that may only read is told by its scope, and changes nothing', async () => {
  const scene = await sceneFor({ private: true });
  const spec = specFor(await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' }));
  const weak = world.port(world.weakToken('ann', 'writing'));
  expect(await weak.open(scene.context, spec)).toMatchObject({
    ok: false,
    error: { kind: 'http_error', reason: 'forbidden', missingPermissions: ['api'] },
  });
  expect(scene.repo.pulls).toEqual([]);
  expect(await weak.probe(scene.context)).toMatchObject({
    value: { canRead: true, canPush: false, canOpen: false, canMerge: false, missing: ['api'] },
  });
});

test('nothing of GitHub is in what is said of a failure', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  world.served.faults.add({ fault: { kind: 'status', status: 404 }, times: 10 });
  const error = JSON.stringify(await scene.error(pull));
  expect(error).toContain('"provider":"gitlab"');
  expect(error.toLowerCase()).not.toContain('github');
});
