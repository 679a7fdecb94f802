/** Publishing a bead's branch over real git: first, grown, raced, refused, killed anywhere. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Commit } from '../core/ids.ts';
import { instant } from '../core/time.ts';
import {
  branchOf,
  cloneOf,
  publish,
  pushOnTop,
  remoteHead,
  take,
  update,
} from '../../test/branch-world.ts';
import {
  commitFiles,
  git,
  launch,
  makeWorld,
  never,
  runnerOver,
  submitted,
  timers,
  value,
  type Runner,
  type World,
} from '../../test/git-world.ts';
import { contamination } from './branch-records.ts';
import { Git } from './git.ts';
import { Mirrors } from './mirror.ts';
import { publishBranch } from './publish.ts';
import { runProcess, type RunProcess } from './run-process.ts';
import { Stores } from './store.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

const bead = 'web-1';
let world: World;
let runner: Runner;
let branch: string;

beforeEach(() => {
  world = makeWorld({ 'a.txt': 'one\n', 'b.txt': 'b\n' });
  runner = runnerOver(world.home, 'life-1');
  branch = branchOf(world, bead);
});
afterEach(() => world.remove());

const round = (number: number, head: Commit | null = null) =>
  launch(world.rig, bead, number, { head });

function branches(): string[] {
  return git(world.remote, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');
}

test('a first publish makes the branch, and a repeat changes nothing', async () => {
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  expect(await publish(runner, world, bead, head, null)).toEqual({ is: 'published', head });
  expect(remoteHead(world, branch)).toBe(head);
  expect(remoteHead(world, 'main')).toBe(world.first);
  // Its result was lost; the next life asks again.
  runner = runnerOver(world.home, 'life-2');
  expect(await publish(runner, world, bead, head, null)).toEqual({ is: 'published', head });
  expect(branches()).toEqual([branch, 'main']);
});

test('a grown branch is published over the head we published', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  const second = await submitted(runner, round(2, first), { 'more.txt': 'more\n' });
  const answer = await publish(runner, world, bead, second, first);
  expect(answer).toEqual({ is: 'published', head: second });
  expect(remoteHead(world, branch)).toBe(second);
  expect(await publish(runner, world, bead, second, first)).toEqual(answer);
});

test('a first publish whose town forgot an earlier one grows the bead’s own branch', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  const second = await submitted(runner, round(2, first), { 'more.txt': 'more\n' });
  const answer = await publish(runner, world, bead, second, null);
  expect(answer).toEqual({ is: 'published', head: second });
});

test('a branch of that name that is not ours is taken, and left as it is', async () => {
  git(world.seed, 'push', '-q', world.remote, `main:${branch}`);
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  const answer = await publish(runner, world, bead, head, null);
  expect(answer).toEqual({ is: 'taken', remoteHead: world.first });
  expect(remoteHead(world, branch)).toBe(world.first);
});

test('a branch that somebody deleted is told as gone, and made again only when asked', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  git(world.remote, 'branch', '-D', branch);
  const second = await submitted(runner, round(2, first), { 'more.txt': 'more\n' });
  expect(await publish(runner, world, bead, second, first)).toEqual({ is: 'gone' });
  expect(branches()).toEqual(['main']);
  const answer = await publish(runner, world, bead, second, null);
  expect(answer).toEqual({ is: 'published', head: second });
});

test('a stranger’s push is told as moved, and nothing is overwritten', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  const second = await submitted(runner, round(2, first), { 'more.txt': 'more\n' });
  const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  const answer = await publish(runner, world, bead, second, first);
  expect(answer).toEqual({ is: 'moved', remoteHead: theirs });
  expect(remoteHead(world, branch)).toBe(theirs);
});

test('a push whose result was lost counts also below what a stranger put on top', async () => {
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, head, null);
  const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  expect(await publish(runner, world, bead, head, null)).toEqual({ is: 'published', head });
  expect(remoteHead(world, branch)).toBe(theirs);
});

test('a head that does not descend from the published one is refused, not pushed', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  const store = await runner.stores.open('web');
  const clone = cloneOf(world, 'main');
  commitFiles(clone, { 'other.txt': 'other\n' });
  git(clone, 'push', '-q', store.gitDir, 'HEAD:refs/gastown/submit/web-1.2');
  const other = await store.commit('refs/gastown/submit/web-1.2');
  await publish(runner, world, bead, first, null);
  expect(await publish(runner, world, bead, other ?? first, first)).toMatchObject({
    is: 'refused',
    failure: { kind: 'submission_not_descendant', published: first },
  });
  expect(remoteHead(world, branch)).toBe(first);
});

test('a head nobody handed in for this bead is not published', async () => {
  const head = await submitted(runner, launch(world.rig, 'web-2'), { 'new.txt': 'new\n' });
  git(world.seed, 'fetch', '-q', (await runner.stores.open('web')).gitDir, head);
  const made = commitFiles(world.seed, { 'x.txt': 'x\n' });
  git(world.seed, 'push', '-q', world.remote, `${made}:refs/heads/theirs`);
  const { rig } = world;
  value(await runner.mirrors.fetch(rig));
  const asked = { kind: 'publish', rig, branch, bead, head: made } as const;
  const result = await publishBranch(runner, { ...asked, expectedRemoteHead: null });
  expect(result).toMatchObject({ kind: 'failed', failure: { step: 'guard', helps: 'person' } });
  expect(branches()).not.toContain(branch);
});

test('a change that is in the target already is not published', async () => {
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  git((await runner.stores.open('web')).gitDir, 'push', '-q', world.remote, `${head}:main`);
  expect(await publish(runner, world, bead, head, null)).toMatchObject({
    is: 'refused',
    failure: { kind: 'submission_empty' },
  });
  expect(branches()).toEqual(['main']);
});

test.each([
  ['GH006: Protected branch update failed', 'protected'],
  ['sorry, no', 'hook'],
])('a remote that says “%s” is told as %s', async (words, cause) => {
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  mkdirSync(join(world.remote, 'hooks'), { recursive: true });
  const hook = join(world.remote, 'hooks', 'pre-receive');
  writeFileSync(hook, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`);
  chmodSync(hook, 0o755);
  expect(await publish(runner, world, bead, head, null)).toMatchObject({
    is: 'refused',
    failure: { kind: 'push_refused', cause, ref: `refs/heads/${branch}` },
  });
  expect(branches()).toEqual(['main']);
});

describe('another bead’s commit', () => {
  test('copied onto the branch is refused by name, and the branch for ever', async () => {
    const theirs = await submitted(runner, launch(world.rig, 'web-2'), { 'b.txt': 'theirs\n' });
    const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
    await publish(runner, world, bead, head, null);
    const clone = cloneOf(world, branch);
    git(clone, 'fetch', '-q', (await runner.stores.open('web')).gitDir, theirs);
    git(clone, 'cherry-pick', theirs);
    git(clone, 'push', '-q', 'origin', `HEAD:${branch}`);
    const bad = remoteHead(world, branch);
    const refusal = {
      is: 'refused',
      failure: { kind: 'branch_contaminated', branch, commits: [bad], of: 'web-2' },
    };
    expect(await take(runner, world, bead, bad, head)).toMatchObject(refusal);
    // It cannot be mended by taking the commit off again, nor by a new life of the runner.
    git(world.remote, 'update-ref', `refs/heads/${branch}`, head);
    runner = runnerOver(world.home, 'life-2');
    const next = await submitted(runner, round(3, head), { 'more.txt': 'more\n' });
    expect(await publish(runner, world, bead, next, head)).toMatchObject(refusal);
    expect(remoteHead(world, branch)).toBe(head);
  });

  test('handed in before it was known as such is found when it is to be published', async () => {
    const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
    const store = await runner.stores.open('web');
    await store.setRef('refs/gastown/submit/web-2.1', head);
    expect(await publish(runner, world, bead, head, null)).toMatchObject({
      is: 'refused',
      failure: { kind: 'branch_contaminated', commits: [head], of: 'web-2' },
    });
    expect(branches()).toEqual(['main']);
    expect(await contamination(store, branch)).toMatchObject({ of: 'web-2' });
    expect(await contamination(store, branchOf(world, 'web-2'))).toBeNull();
  });
});

test('a stranger’s repair that was pushed to two beads’ branches is nobody’s theft', async () => {
  const other = launch(world.rig, 'web-2');
  const heads = [
    await submitted(runner, round(1), { 'new.txt': 'new\n' }),
    await submitted(runner, other, { 'two.txt': 'two\n' }),
  ] as const;
  await publish(runner, world, bead, heads[0], null);
  await publish(runner, world, 'web-2', heads[1], null);
  const theirs = pushOnTop(world, branch, { 'b.txt': 'repaired\n' });
  expect(await take(runner, world, bead, theirs, heads[0])).toMatchObject({ is: 'taken' });
  await submitted(runner, round(2, theirs), { 'more.txt': 'more\n' });
  const second = branchOf(world, 'web-2');
  const clone = cloneOf(world, second);
  git(clone, 'cherry-pick', theirs);
  git(clone, 'push', '-q', 'origin', `HEAD:${second}`);
  const copied = remoteHead(world, second);
  expect(await take(runner, world, 'web-2', copied, heads[1])).toEqual({
    is: 'taken',
    head: copied,
    strangers: ['Bob'],
  });
});

test('a branch that was behind catches up, is published, and has both', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  const tip = pushOnTop(world, 'main', { 'c.txt': 'c\n' });
  const caught = await update(runner, world, bead, first);
  if (caught.is !== 'updated') throw new Error(caught.is);
  expect(await update(runner, world, bead, first)).toEqual(caught);
  expect(
    git((await runner.stores.open('web')).gitDir, 'show', '-s', '--format=%P %s', caught.head),
  ).toBe(`${first} ${tip} Merge main into ${branch}`);
  const answer = await publish(runner, world, bead, caught.head, first);
  expect(answer).toEqual({ is: 'published', head: caught.head });
  expect(git(world.remote, 'show', `${branch}:c.txt`)).toBe('c');
  expect(git(world.remote, 'show', `${branch}:new.txt`)).toBe('new');
  expect(await update(runner, world, bead, caught.head)).toEqual({ is: 'current', targetTip: tip });
  const checkout = join(world.root, 'gate');
  mkdirSync(checkout);
  value(await runner.reading.checkout(world.rig, caught.head, checkout));
  expect(git(checkout, 'show', 'HEAD:c.txt')).toBe('c');
});

test('a branch that conflicts with the target is told with its files', async () => {
  const head = await submitted(runner, round(1), { 'a.txt': 'ours\n' });
  const targetTip = pushOnTop(world, 'main', { 'a.txt': 'theirs\n' });
  expect(await update(runner, world, bead, head)).toMatchObject({
    is: 'conflict',
    failure: { kind: 'conflict', target: 'main', files: ['a.txt'] },
    targetTip,
  });
});

test('a submission that does not contain the published head is refused by name', async () => {
  const first = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
  const spec = round(2, first);
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  git(directory, 'commit', '-q', '--amend', '-m', 'rewritten');
  const head = git(directory, 'rev-parse', 'HEAD');
  expect(await runner.workspaces.collect(spec)).toMatchObject({
    ok: false,
    error: { kind: 'submission_not_descendant', head, published: first },
  });
  git(directory, 'merge', '-q', '-s', 'ours', '-m', 'keep both', first);
  expect(await runner.workspaces.collect(spec)).toMatchObject({ ok: true });
});

/** The parts of a runner that dies after its n-th git process; the process itself has ended. */
function dyingAfter(n: number) {
  let left = n;
  const run: RunProcess = async (spec) => {
    if (left <= 0) throw new Error('killed');
    left -= 1;
    const outcome = await runProcess(spec, timers);
    if (left <= 0) throw new Error('killed');
    return outcome;
  };
  const { paths } = runner;
  const env = { PATH: process.env['PATH'] ?? '', HOME: world.home };
  const own = new Git({ run, env });
  const clock = { now: () => instant(0), monotonicMs: () => 0 };
  return { mirrors: new Mirrors({ git: own, paths, clock }), stores: new Stores(own, paths) };
}

test('killed after any of its git processes, a repeat finds the branch or makes it', async () => {
  const head = await submitted(runner, round(1), { 'new.txt': 'new\n' });
  let survived = false;
  let lives = 0;
  for (let n = 1; !survived; n += 1) {
    lives += 1;
    survived = await publish(dyingAfter(n), world, bead, head, null).then(
      () => true,
      () => false,
    );
    const answer = await publish(runner, world, bead, head, null);
    expect(answer).toEqual({ is: 'published', head });
    expect(remoteHead(world, branch)).toBe(head);
    git(world.remote, 'branch', '-q', '-D', branch);
    value(await runner.mirrors.fetch(world.rig));
  }
  expect(lives).toBeGreaterThan(8);
}, 60_000);
