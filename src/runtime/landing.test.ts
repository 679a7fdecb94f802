/** Build, push and prove over real git: methods, lost results, races, refusals, checkouts. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Commit } from '../core/ids.ts';
import type { Candidate, MergeMethod } from '../core/job.ts';
import type { RigRef } from '../core/launch-spec.ts';
import {
  buildSpec,
  commitFiles,
  git,
  launch,
  makeWorld,
  runnerOver,
  submitted,
  type Runner,
  type World,
} from '../../test/git-world.ts';
import { buildCandidate } from './candidate.ts';
import { pushCandidate } from './landing.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let runner: Runner;

beforeEach(() => {
  world = makeWorld({ 'a.txt': 'one\n', 'b.txt': 'b\n' });
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

async function build(
  head: Commit | null,
  method: MergeMethod,
  stored: Candidate | null = null,
  more = {},
  rig: RigRef = world.rig,
) {
  const result = await buildCandidate(runner, buildSpec(rig, head, method, stored, more));
  if (result.kind !== 'build') throw new Error(JSON.stringify(result));
  return result.answer;
}

async function built(head: Commit, method: MergeMethod, rig = world.rig): Promise<Candidate> {
  const answer = await build(head, method, null, {}, rig);
  if (answer.is !== 'built') throw new Error(JSON.stringify(answer));
  return answer.candidate;
}

async function push(candidate: Candidate, updateCheckout = false, rig: RigRef = world.rig) {
  const result = await pushCandidate(runner, { kind: 'push', rig, candidate, updateCheckout });
  if (result.kind !== 'push') throw new Error(JSON.stringify(result));
  return result.answer;
}

function remoteTip(): string {
  return git(world.remote, 'rev-parse', 'main');
}

/** Somebody else pushes to the target. */
function strangerPushes(files: Readonly<Record<string, string>>): Commit {
  git(world.seed, 'pull', '-q', '--no-rebase', world.remote, 'main');
  const commit = commitFiles(world.seed, files, 'stranger');
  git(world.seed, 'push', '-q', world.remote, 'HEAD:main');
  return commit;
}

describe.each(['merge', 'squash', 'rebase'] as const)('landing by %s', (method) => {
  test('puts the change on the target and proves it', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'c.txt': 'c\n' });
    const candidate = await built(head, method);
    const answer = await push(candidate);
    expect(answer).toMatchObject({ is: 'landed', commit: candidate.commit });
    expect(remoteTip()).toBe(candidate.commit);
    expect(git(world.remote, 'show', 'main:new.txt')).toBe('new');
    expect(git(world.remote, 'show', 'main:c.txt')).toBe('c');
    const parents = git(world.remote, 'show', '-s', '--format=%P', 'main').split(' ');
    expect(parents).toEqual(
      method === 'merge' ? [candidate.targetTip, head] : [candidate.targetTip],
    );
  });

  test('killed after the build, it builds the same commit again', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'c.txt': 'c\n' });
    const first = await built(head, method);
    runner = runnerOver(world.home, 'life-2');
    expect(await build(head, method)).toMatchObject({ is: 'built', candidate: first });
    expect(await build(head, method, first)).toMatchObject({ is: 'built', reused: true });
  });

  test('killed after the push and before its result, it is told as landed, once', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'c.txt': 'c\n' });
    const candidate = await built(head, method);
    await push(candidate); // its result is lost
    runner = runnerOver(world.home, 'life-2');
    expect(await push(candidate)).toMatchObject({ is: 'landed', commit: candidate.commit });
    expect(await build(head, method, candidate)).toMatchObject({
      is: 'landed',
      by: 'candidate',
      commit: candidate.commit,
    });
    const count = git(world.remote, 'rev-list', '--count', `${candidate.targetTip}..main`);
    expect(count).toBe(method === 'merge' ? '2' : '1');
  });

  test('told as landed also when the target has moved on since', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'c.txt': 'c\n' });
    const candidate = await built(head, method);
    await push(candidate);
    const later = strangerPushes({ 'new.txt': 'changed since\n' });
    expect(await build(head, method, candidate)).toMatchObject({ is: 'landed', targetTip: later });
    expect(await push(candidate)).toMatchObject({ is: 'landed', targetTip: later });
  });

  test('a target that moved is told, and the candidate is built anew', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'a.txt': 'two\n' });
    strangerPushes({ 'x.txt': 'x\n' });
    const candidate = await built(head, method);
    const moved = strangerPushes({ 'c.txt': 'c\n' });
    expect(await push(candidate)).toEqual({ is: 'moved', targetTip: moved });
    expect(remoteTip()).toBe(moved);
    const again = await build(head, method, candidate);
    expect(again).toMatchObject({ is: 'built', reused: false, overlap: false });
    strangerPushes({ 'a.txt': 'one\nmore\n' });
    expect(await build(head, method, candidate)).toMatchObject({ is: 'conflict' });
  });

  test('a conflict names its files, with spaces and unicode', async () => {
    const name = 'ein Ordner/größe ✓.txt';
    const head = await submitted(runner, launch(world.rig, 'web-1'), { [name]: 'ours\n' });
    strangerPushes({ [name]: 'theirs\n' });
    expect(await build(head, method)).toMatchObject({
      is: 'conflict',
      failure: { kind: 'conflict', target: 'main', files: [name] },
    });
  });

  test('a change that is there already in other commits is empty', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'new.txt': 'new\n' });
    expect(await build(head, method)).toMatchObject({ is: 'empty' });
  });

  test('a landed change is undone by a revert', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
    strangerPushes({ 'c.txt': 'c\n' });
    const candidate = await built(head, method);
    await push(candidate);
    strangerPushes({ 'd.txt': 'd\n' });
    const reverts = { before: candidate.targetTip, after: candidate.commit };
    const answer = await build(null, method, null, { reverts });
    if (answer.is !== 'built') throw new Error(JSON.stringify(answer));
    expect(await push(answer.candidate)).toMatchObject({ is: 'landed' });
    expect(git(world.remote, 'ls-tree', '--name-only', 'main').split('\n')).toEqual([
      'a.txt',
      'b.txt',
      'c.txt',
      'd.txt',
    ]);
  });
});

test('a head that somebody else merged is landed by itself', async () => {
  const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
  const store = await runner.stores.open('web');
  git(world.seed, 'fetch', '-q', store.gitDir, 'refs/gastown/submit/web-1.1');
  git(world.seed, 'merge', '-q', '--no-ff', '-m', 'by hand', 'FETCH_HEAD');
  git(world.seed, 'push', '-q', world.remote, 'HEAD:main');
  expect(await build(head, 'squash')).toMatchObject({ is: 'landed', by: 'head', commit: head });
});

test('a rebase keeps each commit with its author, message and date', async () => {
  const spec = launch(world.rig, 'web-1');
  const prepared = await runner.workspaces.prepare(spec, new AbortController().signal);
  if (!prepared.ok) throw new Error('no workspace');
  const { directory } = prepared.value;
  commitFiles(directory, { 'one.txt': '1\n' }, 'first step');
  commitFiles(directory, { 'two.txt': '2\n' }, 'second step\n\nwith a body');
  const collected = await runner.workspaces.collect(spec);
  if (!collected.ok) throw new Error(JSON.stringify(collected.error));
  strangerPushes({ 'c.txt': 'c\n' });
  await push(await built(collected.value.head, 'rebase'));
  const format = '--format=%an %ad %B';
  const there = git(world.remote, 'log', '-2', '--date=raw', format, 'main');
  expect(there).toBe(git(directory, 'log', '-2', '--date=raw', format));
});

test('a branch that resolved its conflict in a merge rebases into one commit', async () => {
  const spec = launch(world.rig, 'web-1');
  const head = await submitted(runner, spec, { 'a.txt': 'ours\n' });
  strangerPushes({ 'a.txt': 'theirs\n' });
  expect(await build(head, 'rebase')).toMatchObject({ is: 'conflict' });
  const next = launch(world.rig, 'web-1', 2, { head, base: world.first });
  const prepared = await runner.workspaces.prepare(next, new AbortController().signal);
  if (!prepared.ok) throw new Error('no workspace');
  const { directory } = prepared.value;
  expect(() => git(directory, 'merge', 'origin/main')).toThrow(/Command failed/);
  commitFiles(directory, { 'a.txt': 'both\n' }, 'merge the target');
  const collected = await runner.workspaces.collect(next);
  if (!collected.ok) throw new Error(JSON.stringify(collected.error));
  expect(await push(await built(collected.value.head, 'rebase'))).toMatchObject({ is: 'landed' });
  expect(git(world.remote, 'show', 'main:a.txt')).toBe('both');
});

test('a push that a hook refuses is refused with its words', async () => {
  const head = await submitted(runner, launch(world.rig, 'web-1'), { 'new.txt': 'new\n' });
  const hook = join(world.remote, 'hooks', 'pre-receive');
  mkdirSync(join(world.remote, 'hooks'), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\necho "main is protected: ask the release team"\nexit 1\n');
  chmodSync(hook, 0o755);
  const answer = await push(await built(head, 'merge'));
  expect(answer).toMatchObject({ is: 'refused', failure: { kind: 'push_refused', cause: 'hook' } });
  expect(JSON.stringify(answer)).toContain('ask the release team');
  expect(remoteTip()).toBe(world.first);
});

describe('a checkout of the person that is itself the remote', () => {
  const rigOf = (): RigRef => ({ ...world.rig, remote: world.seed });

  test('is not touched without their word', async () => {
    const head = await submitted(runner, launch(rigOf(), 'web-1'), { 'new.txt': 'new\n' });
    const answer = await push(await built(head, 'merge', rigOf()), false, rigOf());
    expect(answer).toMatchObject({ is: 'refused', failure: { kind: 'target_checked_out' } });
    expect(git(world.seed, 'rev-parse', 'main')).toBe(world.first);
  });

  test('moves forward when it is clean', async () => {
    const head = await submitted(runner, launch(rigOf(), 'web-1'), { 'new.txt': 'new\n' });
    const answer = await push(await built(head, 'merge', rigOf()), true, rigOf());
    expect(answer).toMatchObject({ is: 'landed' });
    expect(readFileSync(join(world.seed, 'new.txt'), 'utf8')).toBe('new\n');
    expect(git(world.seed, 'status', '--porcelain')).toBe('');
  });

  test('with changes in it stays exactly as it is', async () => {
    const head = await submitted(runner, launch(rigOf(), 'web-1'), { 'b.txt': 'agent\n' });
    writeFileSync(join(world.seed, 'b.txt'), 'mine, not committed\n');
    const answer = await push(await built(head, 'merge', rigOf()), true, rigOf());
    expect(answer).toMatchObject({
      is: 'refused',
      failure: { kind: 'checkout_dirty', files: ['b.txt'] },
    });
    expect(readFileSync(join(world.seed, 'b.txt'), 'utf8')).toBe('mine, not committed\n');
    expect(git(world.seed, 'rev-parse', 'main')).toBe(world.first);
  });

  test('with an untracked file in the way stays exactly as it is', async () => {
    const head = await submitted(runner, launch(rigOf(), 'web-1'), { 'new.txt': 'agent\n' });
    writeFileSync(join(world.seed, 'new.txt'), 'mine\n');
    const answer = await push(await built(head, 'merge', rigOf()), true, rigOf());
    expect(answer).toMatchObject({ is: 'refused', failure: { kind: 'checkout_dirty' } });
    expect(readFileSync(join(world.seed, 'new.txt'), 'utf8')).toBe('mine\n');
    expect(git(world.seed, 'rev-parse', 'main')).toBe(world.first);
  });
});
