/**
 * What only Gitea has: one word for a conflict and for computing, approvals that go stale, labels
 * and jobs beside statuses, and lists that are read only while they are cheap.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OpenSpec } from '../../src/core/forge-answers.ts';
import { commitOf } from '../../src/core/ids.ts';
import type { RepoSpec } from '../../src/devforge/model.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import { Scene } from '../../src/ports/forge.conformance.ts';
import { giteaForge } from '../../src/scm/gitea/adapter.ts';
import { restWorld, type RestWorld } from './rest-ground.ts';

let world: RestWorld;
let repos = 0;

beforeAll(async () => {
  world = await restWorld('gitea', giteaForge, { subPath: '/forge' });
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
  const { repo } = await world.served.addRepo(`acme/app-${repos}`, { collaborators, ...spec });
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

test('a conflict is one that lasts; before that it is computed, also for a merge', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.repo.push('bob', 'main', { 'gt-a.txt': 'something else\n' });
  const early = await scene.snapshot(pull);
  expect(early.mergeability).toEqual({ is: 'complete', value: 'computing' });
  const ref = scene.ref(pull);
  expect(await scene.port.merge(scene.context, ref, how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'computing' },
  });
  world.clock.pass(61_000);
  const late = await scene.snapshot(pull);
  expect(late.mergeability).toEqual({ is: 'complete', value: 'conflict' });
  expect(late.mergeableNow).toBe(false);
  expect(await scene.port.merge(scene.context, ref, how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'conflict' },
  });
});

test('an approval goes with the head it was given for', async () => {
  const scene = await sceneFor({ protection: { requiredApprovals: 1 } });
  const pull = await scene.pull('gt/a');
  pull.review('bob', 'APPROVED');
  expect((await scene.snapshot(pull)).mergeableNow).toBe(true);
  await pull.push('ann', { 'more.txt': 'more\n' });
  const seen = await scene.snapshot(pull);
  expect(seen.mergeableNow).toBe(false);
  expect(seen.review).toMatchObject({ value: { decision: 'required', approvalsLeft: 1 } });
  expect(seen.threads).toEqual({ is: 'unsupported' });
});

test('what was read around a push is unknown, and nothing of it is green', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  world.meanwhile(async (_method, url) => {
    if (!url.includes('/reviews')) return;
    world.meanwhile(null);
    await pull.push('bob', { 'late.txt': 'late\n' });
  });
  const moved = { is: 'unknown', why: 'head_moved' };
  expect(await scene.outcome(pull)).toMatchObject({
    ok: true,
    result: { mergeableNow: false, mergeability: moved, checks: moved, review: moved },
  });
});

test('rules that cannot be read leave what they decide unknown', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  world.served.faults.add({ fault: { kind: 'status', status: 403 }, path: /branches\/main$/ });
  const outcome = await scene.outcome(pull);
  expect(outcome).toMatchObject({
    ok: true,
    result: {
      mergeableNow: false,
      review: { is: 'unknown', why: 'rules_not_readable' },
      checks: { value: { required: null } },
    },
  });
});

test('statuses are read to the last page', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  for (const [id, status] of [
    [1, 'success'],
    [2, 'failure'],
  ] as const) {
    const page = { total_count: 2, statuses: [{ id, context: `ci ${id}`, status }] };
    const fault = { kind: 'body', text: JSON.stringify(page) } as const;
    world.served.faults.add({ fault, path: /\/status$/ });
  }
  const seen = await scene.outcome(pull);
  const all = { passed: 1, failed: 1, pending: 0, missing: 0 };
  expect(seen.ok && seen.result.checks).toMatchObject({ value: { all } });
});

test('a list is read no further than asking for each would cost', async () => {
  const scene = await sceneFor();
  const wanted = [];
  for (let n = 0; n < 3; n += 1) wanted.push(await scene.pull(`gt/${n}`));
  world.clock.pass(1000);
  for (let n = 0; n < 60; n += 1) (await scene.pull(`other/${n}`)).comment('bob', 'busy');
  wanted[0]?.close('bob');
  const before = world.served.log.entries.length;
  const targets = wanted.map((pull) => scene.ref(pull));
  const outcomes = await scene.port.checkPRStatuses(scene.context, targets);
  expect(outcomes.map((one) => one.ok && one.result.state)).toEqual(['closed', 'open', 'open']);
  const paths = world.served.log.entries.slice(before).map(({ path }) => path);
  expect(paths.filter((path) => path.endsWith('/pulls')).length).toBeLessThanOrEqual(4);
  expect(paths.filter((path) => path.endsWith('/pulls/1'))).toHaveLength(1);
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

test('a draft is opened by its title and made ready by it', async () => {
  const scene = await sceneFor();
  const head = await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' });
  const opened = await scene.port.open(scene.context, specFor(head, { draft: true }));
  expect(opened).toMatchObject({ value: { is: 'opened', snapshot: { draft: true } } });
  const [pull] = scene.repo.pulls;
  expect(pull).toMatchObject({ draft: true, title: 'Do the work' });
  if (pull === undefined) return;
  await scene.port.write(scene.context, scene.ref(pull), { do: 'ready' });
  expect(pull).toMatchObject({ draft: false, title: 'Do the work' });
});

test('a refusal of 409 is a moved head only when the head has moved', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  await scene.snapshot(pull);
  const fault = { kind: 'status', status: 409, message: 'merge push out of date' } as const;
  world.served.faults.add({ fault, path: /\/merge$/ });
  expect(await scene.port.merge(scene.context, scene.ref(pull), how(pull))).toMatchObject({
    value: { is: 'not_now', reason: 'computing' },
  });
});

test('a token that may only read is told by its scope, and changes nothing', async () => {
  const scene = await sceneFor({ private: true });
  const spec = specFor(await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' }));
  const weak = world.port(world.weakToken('ann', 'writing'));
  expect(await weak.open(scene.context, spec)).toMatchObject({
    ok: false,
    error: { kind: 'http_error', reason: 'forbidden', missingPermissions: ['write:repository'] },
  });
  expect(scene.repo.pulls).toEqual([]);
  expect(await weak.probe(scene.context)).toMatchObject({
    value: { canRead: true, canPush: false, canOpen: false, canMerge: false },
  });
});

test('feedback has no remark that may not stand, and the step that failed', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  pull.openThread('bob', { path: 'gt-a.txt', line: 3, body: 'just a remark' });
  pull.addCheckRun({ name: 'test', conclusion: 'failure', step: 'Run npm test', log: 'boom\n' });
  pull.addStatus({ context: 'ci/outside', state: 'failure', description: 'it broke' });
  const answer = await scene.port.feedback(scene.context, scene.ref(pull));
  expect(answer).toMatchObject({
    value: {
      complete: true,
      threads: [],
      failing: [
        { name: 'test', step: 'Run npm test', log: 'boom\n' },
        { name: 'ci/outside', step: null, log: 'it broke' },
      ],
    },
  });
});

test('remarks on lines of who asks for changes are threads, one for each line', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  pull.review('bob', 'CHANGES_REQUESTED', 'Rename it.');
  const on = (id: number, body: string, more: object = {}): object => {
    return { id, body, path: 'a.ts', position: 3, user: { login: 'bob' }, resolver: null, ...more };
  };
  const remarks = [
    on(1, 'why?'),
    on(2, 'still'),
    on(3, 'done', { resolver: { login: 'ann' } }),
    on(4, 'gone', { position: 0, original_position: 9 }),
  ];
  const fault = { kind: 'body', text: JSON.stringify(remarks) } as const;
  world.served.faults.add({ fault, path: /reviews\/\d+\/comments$/ });
  const answer = await scene.port.feedback(scene.context, scene.ref(pull));
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  const { threads, bodies } = answer.value;
  expect(bodies).toMatchObject([{ author: 'bob', body: 'Rename it.' }]);
  expect(threads).toMatchObject([
    { path: 'a.ts', line: 3, outdated: false, comments: [{ body: 'why?' }, { body: 'still' }] },
    { path: 'a.ts', line: 9, outdated: true, comments: [{ body: 'gone' }] },
  ]);
});

test('an answer to a thread is a comment; resolving is refused without asking', async () => {
  const scene = await sceneFor();
  const pull = await scene.pull('gt/a');
  const ref = scene.ref(pull);
  const reply = { do: 'reply', thread: '7', marker: '<!-- gt:r -->', body: 'Because.' } as const;
  for (let n = 0; n < 2; n += 1) {
    expect((await scene.port.write(scene.context, ref, reply)).ok).toBe(true);
  }
  expect(pull.comments).toHaveLength(1);
  const before = world.served.log.entries.length;
  const resolved = await scene.port.write(scene.context, ref, { do: 'resolve', thread: '7' });
  expect(resolved).toMatchObject({ ok: false, error: { reason: 'other', transient: false } });
  expect(world.served.log.entries.length).toBe(before);
});
