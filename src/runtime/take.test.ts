/** What others do to a published branch, over real git: push, merge, rebase, rewrite; and proof. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commitOf, type Commit } from '../core/ids.ts';
import {
  answerOf,
  branchOf,
  cloneOf,
  prove,
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
  value,
  write,
  type Runner,
  type World,
} from '../../test/git-world.ts';
import { takeBranch, type TakeSpec } from './take.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

const bead = 'web-1';
let world: World;
let runner: Runner;
let branch: string;
let first: Commit;

beforeEach(async () => {
  world = makeWorld({ 'a.txt': 'one\n', 'b.txt': 'b\n' });
  runner = runnerOver(world.home, 'life-1');
  branch = branchOf(world, bead);
  first = await submitted(runner, launch(world.rig, bead), { 'new.txt': 'new\n' });
  await publish(runner, world, bead, first, null);
});
afterEach(() => world.remove());

const round = (number: number, head: Commit) => launch(world.rig, bead, number, { head });

function forcePush(clone: string): Commit {
  git(clone, 'push', '-q', '--force', 'origin', `HEAD:${branch}`);
  return remoteHead(world, branch);
}

test('a stranger’s commits are taken, the next attempt stands on them, and publishes', async () => {
  const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  const taken = { is: 'taken', head: theirs, strangers: ['Bob'] };
  expect(await take(runner, world, bead, theirs, first)).toEqual(taken);
  expect(await take(runner, world, bead, theirs, first)).toEqual(taken);
  const second = await submitted(runner, round(2, theirs), { 'more.txt': 'more\n' });
  expect(git(world.remote, 'rev-parse', branch)).toBe(theirs);
  expect(await publish(runner, world, bead, second, theirs)).toMatchObject({ is: 'published' });
  expect(git(world.remote, 'log', '--format=%H', `main..${branch}`).split('\n')).toEqual([
    second,
    theirs,
    first,
  ]);
});

test('each take names only who pushed since the one before', async () => {
  const bob = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  await take(runner, world, bead, bob, first);
  const eve = pushOnTop(world, branch, { 'eve.txt': 'eve\n' }, 'Eve');
  const answer = await take(runner, world, bead, eve, bob);
  expect(answer).toEqual({ is: 'taken', head: eve, strangers: ['Eve'] });
  runner = runnerOver(world.home, 'life-2');
  expect(await take(runner, world, bead, eve, bob)).toEqual(answer);
});

test('a submission that leaves a stranger’s commit out is refused by name', async () => {
  const second = launch(world.rig, bead, 2, { head: first });
  const { directory } = value(await runner.workspaces.prepare(second, never));
  commitFiles(directory, { 'more.txt': 'more\n' });
  const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  await take(runner, world, bead, theirs, first);
  expect(await runner.workspaces.collect(second)).toMatchObject({
    ok: false,
    error: { kind: 'submission_not_descendant', published: theirs },
  });
  git(directory, 'merge', '-q', '-m', 'with Bob', theirs);
  const { head } = value(await runner.workspaces.collect(second));
  expect(await publish(runner, world, bead, head, theirs)).toMatchObject({ is: 'published' });
});

test('a head the remote does not show may come later', async () => {
  const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
  git(world.remote, 'update-ref', `refs/heads/${branch}`, first);
  const { rig } = world;
  const asked = { kind: 'take', rig, branch, bead, head: theirs, published: first } as const;
  expect(await takeBranch(runner, asked)).toMatchObject({
    kind: 'failed',
    failure: { kind: 'job_failed', helps: 'later' },
  });
});

test('the forge’s own update-branch merge is nobody’s, and is built on', async () => {
  pushOnTop(world, 'main', { 'c.txt': 'c\n' });
  const clone = cloneOf(world, branch);
  git(clone, 'merge', '-q', '-m', "Merge branch 'main'", 'origin/main');
  git(clone, 'push', '-q', 'origin', `HEAD:${branch}`);
  const merged = remoteHead(world, branch);
  expect(await take(runner, world, bead, merged, first)).toEqual({
    is: 'taken',
    head: merged,
    strangers: [],
  });
  const second = await submitted(runner, round(2, merged), { 'more.txt': 'more\n' });
  expect(await publish(runner, world, bead, second, merged)).toMatchObject({ is: 'published' });
});

describe('a head whose branch lives in a fork', () => {
  const from = 'refs/pull/12/head';
  /** As a forge shows it: the commits are in the remote, under no branch. */
  const shown = (files: Readonly<Record<string, string>>): Commit => {
    const clone = cloneOf(world, 'main');
    git(clone, 'config', 'user.name', 'Eve');
    commitFiles(clone, files, 'from a fork');
    git(clone, 'push', '-q', '--force', 'origin', `HEAD:${from}`);
    return commitOf(git(world.remote, 'rev-parse', from));
  };
  const asked = (head: Commit, published = head): TakeSpec => {
    const { rig } = world;
    return { kind: 'take', rig, branch: 'eve/web:fix', bead: 'web-2', head, published, from };
  };
  const taken = async (head: Commit, published = head) =>
    answerOf('take', await takeBranch(runner, asked(head, published)));

  test('is taken from the ref the remote shows it under, and can be landed', async () => {
    const head = shown({ 'fork.txt': 'fork\n' });
    expect(await taken(head)).toMatchObject({ is: 'taken', head });
    expect(await taken(head)).toMatchObject({ is: 'taken', head });
    const store = await runner.stores.open(world.rig.rig);
    expect(await store.has(head)).toBe(true);
    expect(git(world.remote, 'for-each-ref', '--format=%(refname)', 'refs/heads/eve')).toBe('');
  });

  test('is taken anew when its author pushes, and refused when they rewrite it', async () => {
    const head = shown({ 'fork.txt': 'fork\n' });
    await taken(head);
    const other = shown({ 'other.txt': 'other\n' });
    expect(await taken(other, head)).toMatchObject({
      is: 'refused',
      failure: { kind: 'branch_taken', remoteHead: other },
    });
  });

  test.each(['is not shown any more', 'is another one by now'])('that %s may come', async (how) => {
    const head = shown({ 'fork.txt': 'fork\n' });
    if (how === 'is not shown any more') git(world.remote, 'update-ref', '-d', from);
    else shown({ 'other.txt': 'other\n' });
    expect(await takeBranch(runner, asked(head))).toMatchObject({
      kind: 'failed',
      failure: { kind: 'job_failed', helps: 'later' },
    });
  });

  test('that carries another bead’s commits is refused', async () => {
    git(world.remote, 'update-ref', from, first);
    expect(await taken(first)).toMatchObject({
      is: 'refused',
      failure: { kind: 'branch_contaminated', of: bead },
    });
  });
});

describe('a branch that was rewritten', () => {
  const taken = (head: Commit) => ({
    is: 'refused',
    failure: { kind: 'branch_taken', branch, remoteHead: head },
  });

  test('with another change in place of ours is refused, and nothing is overwritten', async () => {
    const clone = cloneOf(world, branch);
    write(clone, { 'new.txt': 'other\n' });
    git(clone, 'commit', '-qa', '--amend', '--no-edit');
    const head = forcePush(clone);
    expect(await take(runner, world, bead, head, first)).toMatchObject(taken(head));
    const second = await submitted(runner, round(2, first), { 'more.txt': 'more\n' });
    expect(await publish(runner, world, bead, second, first)).toEqual({
      is: 'moved',
      remoteHead: head,
    });
    expect(remoteHead(world, branch)).toBe(head);
  });

  test('by the forge’s rebase onto the target is the same work, and is built on', async () => {
    pushOnTop(world, 'main', { 'c.txt': 'c\n' });
    const clone = cloneOf(world, branch);
    git(clone, 'rebase', '-q', 'origin/main');
    const head = forcePush(clone);
    expect(head).not.toBe(first);
    const answer = { is: 'taken', head, strangers: [] };
    expect(await take(runner, world, bead, head, first)).toEqual(answer);
    const second = await submitted(runner, round(2, head), { 'more.txt': 'more\n' });
    expect(await publish(runner, world, bead, second, head)).toMatchObject({ is: 'published' });
    expect(git(world.remote, 'merge-base', '--is-ancestor', head, branch)).toBe('');
  });

  test('by a rebase that flattens our catch-up merge is the same work', async () => {
    pushOnTop(world, 'main', { 'c.txt': 'c\n' });
    const caught = await update(runner, world, bead, first);
    if (caught.is !== 'updated') throw new Error(caught.is);
    await publish(runner, world, bead, caught.head, first);
    const clone = cloneOf(world, branch);
    git(clone, 'rebase', '-q', 'origin/main');
    const head = forcePush(clone);
    expect(await take(runner, world, bead, head, caught.head)).toMatchObject({ is: 'taken' });
  });

  test('by dropping a merge that somebody resolved by hand is refused', async () => {
    const clone = cloneOf(world, branch);
    pushOnTop(world, 'main', { 'new.txt': 'theirs\n' });
    git(clone, 'fetch', '-q');
    git(clone, 'merge', '-q', '-X', 'ours', '-m', 'by hand', 'origin/main');
    git(clone, 'push', '-q', 'origin', `HEAD:${branch}`);
    const merged = remoteHead(world, branch);
    expect(await take(runner, world, bead, merged, first)).toMatchObject({ is: 'taken' });
    git(clone, 'reset', '-q', '--hard', first);
    const head = forcePush(clone);
    expect(await take(runner, world, bead, head, merged)).toMatchObject(taken(head));
  });

  test('by a rebase with a stranger’s commit on top names the stranger only', async () => {
    pushOnTop(world, 'main', { 'c.txt': 'c\n' });
    const clone = cloneOf(world, branch);
    git(clone, 'rebase', '-q', 'origin/main');
    forcePush(clone);
    const head = pushOnTop(world, branch, { 'eve.txt': 'eve\n' }, 'Eve');
    const answer = { is: 'taken', head, strangers: ['Eve'] };
    expect(await take(runner, world, bead, head, first)).toEqual(answer);
  });
});

describe('a workspace for a round', () => {
  test('starts from the head that was taken, and keeps the old one in the trash', async () => {
    const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
    await take(runner, world, bead, theirs, first);
    const { directory } = value(await runner.workspaces.prepare(round(2, theirs), never));
    expect(git(directory, 'rev-parse', 'HEAD')).toBe(theirs);
    expect(readFileSync(join(directory, 'bob.txt'), 'utf8')).toBe('bob\n');
    expect(git(directory, 'status', '--porcelain')).toBe('');
    expect(readdirSync(runner.paths.trash)).toHaveLength(1);
  });

  test('starts from a head that caught up before it was published', async () => {
    pushOnTop(world, 'main', { 'c.txt': 'c\n' });
    const caught = await update(runner, world, bead, first);
    if (caught.is !== 'updated') throw new Error(caught.is);
    const { directory } = value(await runner.workspaces.prepare(round(2, caught.head), never));
    expect(git(directory, 'rev-parse', 'HEAD')).toBe(caught.head);
    expect(existsSync(join(directory, 'c.txt'))).toBe(true);
  });

  test('goes on in the workspace, or its snapshot, that stands on that head', async () => {
    const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
    await take(runner, world, bead, theirs, first);
    const second = round(2, theirs);
    const { directory } = value(await runner.workspaces.prepare(second, never));
    write(directory, { 'a.txt': 'half done\n' });
    value(await runner.workspaces.snapshot(second));
    await runner.workspaces.release(second);
    const third = round(3, theirs);
    value(await runner.workspaces.prepare(third, never));
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('half done\n');
    await runner.workspaces.release(third);
    value(await runner.workspaces.discard(bead));
    value(await runner.workspaces.prepare(round(4, theirs), never));
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('half done\n');
    expect(git(directory, 'rev-parse', 'HEAD')).toBe(theirs);
  });

  test('does not start from a snapshot that is older than the head', async () => {
    value(await runner.workspaces.discard(bead));
    const theirs = pushOnTop(world, branch, { 'bob.txt': 'bob\n' });
    await take(runner, world, bead, theirs, first);
    const { directory } = value(await runner.workspaces.prepare(round(2, theirs), never));
    expect(git(directory, 'rev-parse', 'HEAD')).toBe(theirs);
  });
});

describe('proof', () => {
  test('of a squashed pull request is the commit the forge made', async () => {
    const clone = cloneOf(world, 'main');
    git(clone, 'merge', '-q', '--squash', `origin/${branch}`);
    git(clone, 'commit', '-q', '-m', 'Squashed');
    const made = commitOf(git(clone, 'rev-parse', 'HEAD'));
    const before = { is: 'not_there', targetTip: world.first };
    expect(await prove(runner, world, made, first)).toEqual(before);
    git(clone, 'push', '-q', 'origin', 'HEAD:main');
    const targetTip = pushOnTop(world, 'main', { 'c.txt': 'c\n' });
    const proof = { is: 'landed', commit: made, targetTip };
    expect(await prove(runner, world, made, first)).toEqual(proof);
    expect(await prove(runner, world, first)).toEqual({ is: 'not_there', targetTip });
  });

  test('of a merged one is its own head, when the forge names no commit', async () => {
    const clone = cloneOf(world, 'main');
    git(clone, 'merge', '-q', '--no-ff', '-m', 'Merge', `origin/${branch}`);
    git(clone, 'push', '-q', 'origin', 'HEAD:main');
    const targetTip = remoteHead(world, 'main');
    const proof = { is: 'landed', commit: first, targetTip };
    expect(await prove(runner, world, first)).toEqual(proof);
  });
});
