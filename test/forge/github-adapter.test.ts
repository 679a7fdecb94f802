/**
 * What is GitHub's own: prices in points, batches that are too much, REST instead of GraphQL, tags,
 * and names that change hands.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { commitOf } from '../../src/core/ids.ts';
import type { PRStatusOutcome } from '../../src/core/pr-status.ts';
import type { PullRequestRef } from '../../src/core/pull-request.ts';
import type { LogEntry } from '../../src/devforge/request-log.ts';
import { Forges } from '../../src/scm/forge.ts';
import { Scene } from '../../src/ports/forge.conformance.ts';
import { githubWorld, type GithubWorld } from './github-ground.ts';

let world: GithubWorld;
let repos = 0;

beforeAll(async () => {
  world = await githubWorld();
  for (const login of ['ann', 'bob', 'mal']) world.served.addUser(login);
  world.served.addUser('checker[bot]', { type: 'Bot' });
});

afterEach(() => {
  world.served.faults.clear();
  world.patience(null);
});

afterAll(async () => {
  await world.end();
});

async function sceneWith(pulls: number, protection = {}): Promise<[Scene, PullRequestRef[]]> {
  repos += 1;
  const collaborators = { ann: 'admin', bob: 'write' } as const;
  const name = `acme/own-${repos}`;
  const { repo } = await world.served.addRepo(name, { collaborators, protection });
  const scene = new Scene(world, repo);
  const refs = [];
  for (let n = 0; n < pulls; n += 1) refs.push(scene.ref(await scene.pull(`gt/${n}`)));
  return [scene, refs];
}

/** What the forge saw while `run` ran. */
async function logged<T>(run: () => Promise<T>): Promise<[T, readonly LogEntry[]]> {
  const before = world.served.log.entries.length;
  const value = await run();
  return [value, world.served.log.entries.slice(before)];
}

function points(entries: readonly LogEntry[], kind: 'graphql' | 'rest'): number {
  const own = entries.filter(({ path }) => path.endsWith('/graphql') === (kind === 'graphql'));
  return own.reduce((sum, entry) => sum + entry.points, 0);
}

function paths(entries: readonly LogEntry[]): readonly string[] {
  return entries.map(({ path }) => path);
}

function result(outcome: PRStatusOutcome | undefined) {
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
  return outcome.result;
}

test('a batch of 25 costs one point, with checks, reviews and threads', async () => {
  const [scene, refs] = await sceneWith(25);
  for (const pull of scene.repo.pulls) {
    pull.addCheckRun({ name: 'build' });
    pull.openThread('bob', { body: 'why?' });
    pull.openThread('checker[bot]', { body: 'style' });
  }
  const read = () => scene.port.checkPRStatuses(scene.context, refs);
  const [, first] = await logged(read);
  expect(points(first, 'graphql')).toBe(2); // one of it learns who opened 50 threads, once
  await read(); // by now mergeability is computed
  const [outcomes, entries] = await logged(read);
  expect(entries).toHaveLength(1);
  expect(points(entries, 'graphql')).toBe(1);
  for (const outcome of outcomes) {
    expect(result(outcome)).toMatchObject({
      mergeableNow: true,
      checks: { is: 'complete', value: { all: { passed: 1 } } },
      threads: { is: 'complete', value: { unresolved: 1, unresolvedByBots: 1 } },
    });
  }
  const budgets = await scene.port.budgets(scene.context);
  const quota = world.served.limits.quota('ann', 'graphql');
  expect(budgets).toContainEqual(
    expect.objectContaining({ resource: 'graphql', limit: 5000, remaining: quota.remaining }),
  );
});

test('reads of several projects that set out together are one request', async () => {
  const [scene, refs] = await sceneWith(2);
  const [other, more] = await sceneWith(1);
  const { project } = other.context;
  const read = (port: typeof scene.port) =>
    Promise.all([
      port.checkPRStatuses(scene.context, refs),
      port.checkPRStatuses({ rig: 'api', project }, more),
    ]);
  const [outcomes, entries] = await logged(() => read(scene.port));
  const heads = outcomes.map((some) => some.map((one) => result(one).headProject));
  expect(heads).toEqual([[scene.repo.fullName, scene.repo.fullName], [other.repo.fullName]]);
  expect(paths(entries).filter((path) => path.endsWith('/graphql'))).toHaveLength(1);
});

test('a read whose rig has no credential does not hold up the others', async () => {
  const [scene, refs] = await sceneWith(1);
  const port = new Forges({
    ...world.deps(null),
    sources: (context) => world.deps(context.rig === 'web' ? scene.secret : null).sources(context),
  });
  const [seen, unseen] = await Promise.all([
    port.checkPRStatuses(scene.context, refs),
    port.checkPRStatuses({ ...scene.context, rig: 'api' }, refs),
  ]);
  expect(result(seen[0]).state).toBe('open');
  expect(unseen[0]).toMatchObject({ ok: false, error: { kind: 'no_token' } });
});

test('rigs with credentials of their own are read by their own', async () => {
  const [scene, refs] = await sceneWith(1);
  const bob = world.served.addToken('bob', { name: 'bobs' }).secret;
  const port = new Forges({
    ...world.deps(null),
    sources: (context) => world.deps(context.rig === 'web' ? scene.secret : bob).sources(context),
  });
  const [, entries] = await logged(() =>
    Promise.all(['web', 'api'].map((rig) => port.checkPRStatuses({ ...scene.context, rig }, refs))),
  );
  const asked = entries.filter(({ path }) => path.endsWith('/graphql'));
  expect(new Set(asked.map(({ identity }) => identity))).toEqual(new Set(['ann', 'bob']));
});

test('what is not due is looked at in passing, for nothing, and told when it changed', async () => {
  const [scene, refs] = await sceneWith(4);
  const changed: number[] = [];
  const port = new Forges({
    ...world.deps(scene.secret),
    changed: ({ number }) => void changed.push(number),
  });
  const read = (some: readonly PullRequestRef[]) => port.checkPRStatuses(scene.context, some);
  const outcomes = await read(refs);
  const known = outcomes.map((one) => result(one).ref);
  const [due] = known;
  if (due === undefined) throw new Error('there is none');
  await read([due]);
  expect(changed).toEqual([]);
  world.clock.pass(60_000);
  await scene.repo.pull(2).merge('ann');
  scene.repo.pull(4).comment('bob', 'Hm.');
  const [, entries] = await logged(() => read([due]));
  expect(new Set(changed)).toEqual(new Set([2, 4]));
  expect(entries).toHaveLength(1);
  expect(points(entries, 'graphql')).toBe(1);
  await read([due]);
  expect(changed).toHaveLength(2); // told once
  await read(known.filter(({ number }) => number === 2));
  scene.repo.pull(3).close('ann');
  await read([due]);
  expect(changed.slice(2)).toEqual([3]);
});

test('another credential does not look at what it never read', async () => {
  const [scene, refs] = await sceneWith(2);
  const changed: number[] = [];
  const told = { changed: ({ number }: PullRequestRef) => void changed.push(number) };
  const secret = { now: scene.secret };
  const port = new Forges({
    ...world.deps(null),
    ...told,
    sources: (context) => world.deps(secret.now).sources(context),
  });
  await port.checkPRStatuses(scene.context, refs);
  secret.now = world.served.addToken('bob').secret;
  await scene.repo.pull(2).merge('ann');
  await port.checkPRStatuses(scene.context, refs.slice(0, 1));
  expect(changed).toEqual([]);
});

test('of a forge that finds a batch too much nothing is looked at in passing', async () => {
  const [scene, refs] = await sceneWith(4);
  const changed: number[] = [];
  const port = new Forges({
    ...world.deps(scene.secret),
    changed: ({ number }) => void changed.push(number),
  });
  await port.checkPRStatuses(scene.context, refs);
  await scene.repo.pull(4).merge('ann');
  world.served.faults.add({ fault: { kind: 'html', status: 502 }, path: '/graphql', times: 1 });
  await port.checkPRStatuses(scene.context, refs.slice(0, 2));
  expect(changed).toEqual([]);
  await port.checkPRStatuses(scene.context, refs.slice(0, 2));
  expect(changed).toEqual([4]);
});

test('the rules of a branch are read once for all of it, then with tags', async () => {
  const [scene, refs] = await sceneWith(3, { requiredChecks: ['build'] });
  const read = () => scene.port.checkPRStatuses(scene.context, refs);
  await read();
  const [, warm] = await logged(read);
  expect(points(warm, 'rest')).toBe(0);
  world.clock.pass(6 * 60_000);
  const [outcomes, entries] = await logged(read);
  expect(entries.filter(({ status }) => status === 304)).toHaveLength(2);
  expect(points(entries, 'rest')).toBe(0);
  expect(result(outcomes[0]).checks).toMatchObject({ value: { required: { missing: 1 } } });
});

test('a batch that is too much for the forge is halved', async () => {
  const [scene, refs] = await sceneWith(8);
  const fault = { kind: 'html', status: 502 } as const;
  world.served.faults.add({ fault, path: '/graphql', times: 2 });
  const [outcomes, entries] = await logged(() => scene.port.checkPRStatuses(scene.context, refs));
  expect(outcomes.map((one) => result(one).ref.number)).toEqual(refs.map(({ number }) => number));
  const sweeps = entries.filter(({ path }) => path.endsWith('/graphql'));
  expect(sweeps.map(({ status }) => status)).toEqual([502, 502, 200, 200, 200, 200]);
});

test('one that takes too long is tried once smaller', async () => {
  const [scene, refs] = await sceneWith(4);
  world.served.faults.add({ fault: { kind: 'stall' }, path: '/graphql' });
  const before = world.served.log.entries.length;
  world.patience(400);
  const outcomes = await scene.port.checkPRStatuses(scene.context, refs);
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  const sweeps = paths(world.served.log.entries.slice(before)).filter((p) =>
    p.endsWith('/graphql'),
  );
  expect(sweeps).toHaveLength(3);
});

test('where GraphQL is of no use REST reads the same, and says what it does not tell', async () => {
  const [scene] = await sceneWith(0, { requiredChecks: ['build'], requiredApprovals: 1 });
  const pull = await scene.pull('gt/a');
  for (let n = 0; n < 120; n += 1) pull.addCheckRun({ name: `job ${n}` });
  pull.addCheckRun({ name: 'late', conclusion: 'failure' });
  pull.addStatus({ context: 'ci/old', state: 'success' });
  pull.openThread('bob', { body: 'why?' });
  const byGraphql = await scene.snapshot(pull);
  world.served.faults.add({
    fault: { kind: 'status', status: 503 },
    path: '/graphql',
    times: 100,
  });
  const byRest = await scene.snapshot(pull);
  expect(byRest).toEqual({
    ...byGraphql,
    threads: { is: 'unknown', why: 'no_graphql_server_error' },
    queue: { is: 'unknown', why: 'no_graphql_server_error' },
  });
  expect(byRest.checks).toMatchObject({
    value: { required: { missing: 1 }, all: { passed: 121, failed: 1 } },
  });
  expect(byRest.review).toEqual({
    is: 'complete',
    value: { decision: 'required', approvalsLeft: 1 },
  });
  pull.review('mal', 'APPROVED'); // a stranger's approval is none
  expect((await scene.snapshot(pull)).review).toMatchObject({ value: { decision: 'required' } });
  pull.review('bob', 'CHANGES_REQUESTED', 'no');
  expect((await scene.snapshot(pull)).review).toMatchObject({
    value: { decision: 'changes_requested' },
  });
});

test('over REST what did not change costs nothing, with the same token only', async () => {
  const [scene, refs] = await sceneWith(3);
  world.served.faults.add({ fault: { kind: 'html', status: 200 }, path: '/graphql', times: 100 });
  const read = () => scene.port.checkPRStatuses(scene.context, refs);
  await read();
  await read();
  const [outcomes, entries] = await logged(read);
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true]);
  const rest = entries.filter(({ path }) => !path.endsWith('/graphql'));
  expect(rest.length).toBeGreaterThanOrEqual(12);
  expect(new Set(rest.map(({ status }) => status))).toEqual(new Set([304]));
  expect(points(entries, 'rest')).toBe(0);
});

test('a server without GraphQL is asked for it once', async () => {
  const [scene, refs] = await sceneWith(2);
  world.served.faults.add({
    fault: { kind: 'status', status: 404, message: 'Not Found' },
    path: '/graphql',
    times: 100,
  });
  const [outcomes, first] = await logged(() => scene.port.checkPRStatuses(scene.context, refs));
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
  expect(paths(first).filter((path) => path.endsWith('/graphql'))).toHaveLength(1);
  const [again, second] = await logged(() => scene.port.checkPRStatuses(scene.context, refs));
  expect(again.map(({ ok }) => ok)).toEqual([true, true]);
  expect(paths(second).filter((path) => path.endsWith('/graphql'))).toEqual([]);
});

test('HTTP 200 with an error that names no place is no success', async () => {
  const [scene, refs] = await sceneWith(1);
  const fault = { kind: 'graphql_error', message: 'Something went wrong', partial: true } as const;
  world.served.faults.add({ fault: { ...fault, type: 'RATE_LIMITED' }, path: '/graphql' });
  const [limited] = await scene.port.checkPRStatuses(scene.context, refs);
  expect(limited).toMatchObject({ ok: false, error: { kind: 'throttled' } });
  const other = world.port(scene.secret);
  world.served.faults.add({ fault: { ...fault, type: 'INTERNAL' }, path: '/graphql' });
  world.served.faults.add({ fault: { kind: 'truncate' }, times: 100 });
  const [broken] = await other.checkPRStatuses(scene.context, refs);
  expect(broken).toMatchObject({ ok: false, error: { kind: 'invalid_response' } });
});

test('a 404 on one that it opened a moment ago may pass', async () => {
  const [scene] = await sceneWith(0);
  const head = commitOf(await scene.repo.push('ann', 'gt/a', { 'a.txt': 'a\n' }));
  const trailer = 'Gastown: t4wn web-1';
  const unless = { issues: [], ours: '' };
  const plain = { labels: [], reviewers: [], unless, missing: 'create' } as const;
  const opened = await scene.port.open(scene.context, {
    ...plain,
    headBranch: 'gt/a',
    baseBranch: 'main',
    head,
    title: 'A',
    body: trailer,
    trailer,
    draft: false,
  });
  if (!opened.ok || opened.value.is !== 'opened') throw new Error(JSON.stringify(opened));
  const { createdAt: _, ...target } = opened.value.snapshot.ref; // as a row keeps it
  const gone = { kind: 'status', status: 404, message: 'Not Found' } as const;
  const fault = { kind: 'graphql_error', type: 'NOT_FOUND', message: 'no' } as const;
  world.served.faults.add({ fault, path: '/graphql', times: 100 });
  world.served.faults.add({ fault: gone, path: /\/pulls\/\d+$/, times: 100 });
  const [early] = await scene.port.checkPRStatuses(scene.context, [target]);
  expect(early).toMatchObject({ ok: false, error: { kind: 'not_yet' } });
  world.clock.pass(121_000);
  const [late] = await scene.port.checkPRStatuses(scene.context, [target]);
  expect(late).toMatchObject({ ok: false, error: { status: 404, repository: 'visible' } });
});

test('a repository that took over the name is not mistaken for ours', async () => {
  const [scene, refs] = await sceneWith(1);
  const [ref] = refs;
  const first = result((await scene.port.checkPRStatuses(scene.context, refs))[0]);
  const former = scene.repo.fullName;
  await scene.repo.rename(`${scene.repo.name}-moved`);
  const { repo: usurper } = await world.served.addRepo(former, { collaborators: { ann: 'admin' } });
  await usurper.push('ann', 'gt/0', { 'x.txt': 'x\n' });
  const by = world.served.world.user('ann');
  await usurper.openPull({ by, title: 'Another', body: null, head: 'gt/0', base: 'main' });
  if (ref === undefined) throw new Error('no target');
  const target = { ...ref, nodeId: first.ref.nodeId };
  const seen = result((await scene.port.checkPRStatuses(scene.context, [target]))[0]);
  expect(seen).toMatchObject({ title: 'gt/0', ref: { project: { path: scene.repo.fullName } } });
  world.served.faults.add({ fault: { kind: 'html', status: 503 }, path: '/graphql', times: 9 });
  const [byRest] = await scene.port.checkPRStatuses(scene.context, [target]);
  expect(byRest).toMatchObject({ ok: false, error: { reason: 'not_found_or_hidden' } });
});

test('a provider that no adapter speaks is an answer', async () => {
  const [scene, refs] = await sceneWith(1);
  const port = new Forges(world.deps(scene.secret), () => ({}));
  const [outcome] = await port.checkPRStatuses(scene.context, refs);
  expect(outcome).toMatchObject({ ok: false, error: { kind: 'unrecognized_url' } });
  expect((await port.probe(scene.context)).ok).toBe(false);
  expect(await port.budgets(scene.context)).toEqual([]);
});

test('GraphQL lies beside the REST of a server, and below that of github.com', async () => {
  const [scene, refs] = await sceneWith(1);
  const asked: string[] = [];
  const deps = world.deps(scene.secret);
  const door = {
    ...deps.door,
    fetch: (url: string) => {
      asked.push(url);
      return Promise.reject(new TypeError('fetch failed'));
    },
  };
  for (const [origin, apiBase] of [
    ['https://github.com', 'https://api.github.com'],
    ['https://acme.ghe.com', 'https://api.acme.ghe.com'],
    ['https://git.acme.test', 'https://git.acme.test/api/v3'],
  ] as const) {
    const project = { ...scene.context.project, origin, apiBase };
    const { bindToken } = await import('../../src/scm/credentials.ts');
    const { Secret } = await import('../../src/core/secret.ts');
    const sources = await deps.sources(scene.context);
    const rigTokens = [bindToken(project, new Secret('ghp_x'))];
    const port = new Forges({
      ...deps,
      door,
      sources: () => Promise.resolve({ ...sources, rigTokens }),
    });
    const targets = refs.map((ref) => ({ ...ref, project }));
    await port.checkPRStatuses({ rig: 'web', project }, targets);
  }
  expect(asked).toEqual([
    'https://api.github.com/graphql',
    'https://api.acme.ghe.com/graphql',
    'https://git.acme.test/api/graphql',
  ]);
});
