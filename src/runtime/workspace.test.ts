/** Workspaces over real git: cut from the fresh target, resumed as they were, submitted. */
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LaunchSpec } from '../core/launch-spec.ts';
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

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let runner: Runner;

beforeEach(() => {
  world = makeWorld({ 'a.txt': 'one\n', '.gitignore': 'ignored/\n' });
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

async function prepared(spec: LaunchSpec): Promise<string> {
  return value(await runner.workspaces.prepare(spec, never)).directory;
}

/** The attempt ends, its disk is lost, and the next attempt starts in another life. */
async function loseAndResume(spec: LaunchSpec, more: Partial<LaunchSpec> = {}): Promise<string> {
  value(await runner.workspaces.snapshot(spec));
  rmSync(runner.paths.workspace(spec.bead), { recursive: true });
  runner = runnerOver(world.home, 'life-2');
  return await prepared(launch(world.rig, spec.bead, spec.number + 1, more));
}

test('a workspace has exactly target, base and branch, cut from the fetched target', async () => {
  const newest = commitFiles(world.seed, { 'b.txt': 'b\n' });
  git(world.seed, 'push', '-q', world.remote, 'HEAD:main');
  const spec = launch(world.rig, 'web-1');
  const workspace = value(await runner.workspaces.prepare(spec, never));
  expect(workspace.base).toBe(newest);
  const refs = git(workspace.directory, 'for-each-ref', '--format=%(refname) %(objectname)');
  expect(refs.split('\n')).toEqual([
    `refs/gastown/base ${newest}`,
    `refs/heads/${spec.branch} ${newest}`,
    `refs/remotes/origin/main ${newest}`,
  ]);
  expect(git(workspace.directory, 'status', '--porcelain', '--branch')).toBe(`## ${spec.branch}`);
  expect(git(workspace.directory, 'config', 'user.name')).toBe('Agent');
});

test('a push by the agent is answered with what to do instead', async () => {
  const directory = await prepared(launch(world.rig, 'web-1'));
  commitFiles(directory, { 'b.txt': 'b\n' });
  expect(() => git(directory, 'push', 'origin', 'HEAD')).toThrow(/not needed: call gt_done/);
  expect(() => git(directory, 'push', '--no-verify', 'origin', 'HEAD')).toThrow(
    /not needed: call gt_done/,
  );
});

describe('after the runner was killed', () => {
  test('the same directory is kept with its edits, for the next attempt', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    write(directory, { 'a.txt': 'edited\n', 'ignored/big': 'x\n' });
    runner = runnerOver(world.home, 'life-2');
    expect(await prepared(launch(world.rig, 'web-1', 2, { base: world.first }))).toBe(directory);
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('edited\n');
    expect(existsSync(join(directory, 'ignored/big'))).toBe(true);
  });

  test('another attempt of the same life cannot have the workspace', async () => {
    await prepared(launch(world.rig, 'web-1'));
    const second = await runner.workspaces.prepare(launch(world.rig, 'web-1', 2), never);
    expect(second).toMatchObject({ ok: false, error: { kind: 'workspace_failed', step: 'lock' } });
  });

  test('a lock of the killed agent is removed', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    writeFileSync(join(directory, '.git/index.lock'), '');
    runner = runnerOver(world.home, 'life-2');
    await prepared(launch(world.rig, 'web-1', 2));
    commitFiles(directory, { 'a.txt': 'edited\n' });
  });

  test('a workspace whose repository was broken is made again from what was saved', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    commitFiles(directory, { 'a.txt': 'committed\n' });
    value(await runner.workspaces.snapshot(spec));
    rmSync(join(directory, '.git/refs'), { recursive: true });
    runner = runnerOver(world.home, 'life-2');
    await prepared(launch(world.rig, 'web-1', 2));
    expect(git(directory, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('committed\n');
  });

  test('a workspace whose lease was cut short is made again from what was saved', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    write(directory, { 'a.txt': 'edited\n' });
    value(await runner.workspaces.snapshot(spec));
    writeFileSync(runner.paths.lease(spec.bead), '{"rig":"we');
    runner = runnerOver(world.home, 'life-2');
    await prepared(launch(world.rig, 'web-1', 2));
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('edited\n');
  });

  test('a workspace half made is made again', async () => {
    write(join(runner.paths.workspaces, '.new-web-1'), { 'half.txt': 'half\n' });
    const directory = await prepared(launch(world.rig, 'web-1'));
    expect(existsSync(join(directory, 'half.txt'))).toBe(false);
  });
});

describe('the next attempt goes on from the snapshot when the disk was lost', () => {
  test('in the middle of edits', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    commitFiles(directory, { 'done.txt': 'committed\n' }, 'first half');
    write(directory, { 'a.txt': 'staged\n', 'größe ✓.txt': 'untracked\n', 'ignored/x': 'no\n' });
    git(directory, 'add', 'a.txt');
    write(directory, { 'a.txt': 'staged\nand edited\n' });
    rmSync(join(directory, 'done.txt'));
    const status = git(directory, 'status', '--porcelain');
    const head = git(directory, 'rev-parse', 'HEAD');

    const resumed = await loseAndResume(spec);
    expect(git(resumed, 'status', '--porcelain')).toBe(status);
    expect(git(resumed, 'rev-parse', spec.branch)).toBe(head);
    expect(git(resumed, 'show', ':a.txt')).toBe('staged');
    expect(readFileSync(join(resumed, 'a.txt'), 'utf8')).toBe('staged\nand edited\n');
    expect(readFileSync(join(resumed, 'größe ✓.txt'), 'utf8')).toBe('untracked\n');
    expect(existsSync(join(resumed, 'ignored/x'))).toBe(false);
    git(resumed, 'fsck', '--connectivity-only');
  });

  test('in the middle of a conflicting merge', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    commitFiles(directory, { 'a.txt': 'ours\n' });
    git(directory, 'checkout', '-q', '-b', 'other', world.first);
    commitFiles(directory, { 'a.txt': 'theirs\n' });
    git(directory, 'checkout', '-q', spec.branch);
    expect(() => git(directory, 'merge', 'other')).toThrow(/Command failed/);

    const resumed = await loseAndResume(spec);
    expect(git(resumed, 'status', '--porcelain')).toBe('UU a.txt');
    expect(git(resumed, 'show', ':2:a.txt')).toBe('ours');
    expect(git(resumed, 'show', ':3:a.txt')).toBe('theirs');
    write(resumed, { 'a.txt': 'both\n' });
    git(resumed, 'add', 'a.txt');
    git(resumed, 'commit', '-q', '--no-edit');
    expect(git(resumed, 'show', '-s', '--format=%P').split(' ')).toHaveLength(2);
  });

  test('in the middle of a rebase', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    commitFiles(directory, { 'a.txt': 'ours\n' }, 'step one');
    commitFiles(directory, { 'b.txt': 'b\n' }, 'step two');
    git(directory, 'checkout', '-q', '-b', 'onto', world.first);
    commitFiles(directory, { 'a.txt': 'theirs\n' });
    git(directory, 'checkout', '-q', spec.branch);
    expect(() => git(directory, 'rebase', 'onto')).toThrow(/Command failed/);

    const resumed = await loseAndResume(spec);
    write(resumed, { 'a.txt': 'both\n' });
    git(resumed, 'add', 'a.txt');
    git(resumed, '-c', 'core.editor=true', 'rebase', '--continue');
    expect(git(resumed, 'log', '--format=%s', 'onto..HEAD').split('\n')).toEqual([
      'step two',
      'step one',
    ]);
    expect(git(resumed, 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${spec.branch}`);
  });

  test('but not configuration or hooks', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    git(directory, 'config', 'core.fsmonitor', 'touch /nowhere');
    writeFileSync(join(directory, '.git/hooks/post-checkout'), '#!/bin/sh\n');
    const resumed = await loseAndResume(spec);
    expect(() => git(resumed, 'config', 'core.fsmonitor')).toThrow(/Command failed/);
    expect(existsSync(join(resumed, '.git/hooks/post-checkout'))).toBe(false);
  });

  test('unless the submission it goes on from is newer', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    write(directory, { 'a.txt': 'draft\n' });
    value(await runner.workspaces.snapshot(spec));
    await runner.workspaces.release(spec);
    const next = launch(world.rig, 'web-1', 2);
    const head = await submitted(runner, next, { 'a.txt': 'final\n' });
    rmSync(directory, { recursive: true });
    git(
      (await runner.stores.open('web')).gitDir,
      'update-ref',
      '-d',
      'refs/gastown/snapshot/web-1.2',
    );
    const round = launch(world.rig, 'web-1', 3, { head, base: world.first });
    const resumed = await prepared(round);
    expect(git(resumed, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(resumed, 'status', '--porcelain')).toBe('');
  });
});

test('locks and a damaged index that a killed git left behind do not stop anything', async () => {
  const spec = launch(world.rig, 'web-1');
  const directory = await prepared(spec);
  write(directory, { 'a.txt': 'edited\n' });
  value(await runner.workspaces.snapshot(spec));
  const { gitDir } = await runner.stores.open('web');
  const old = new Date(Date.now() - 3_600_000);
  const locks = [
    join(gitDir, 'refs/gastown/snapshot/web-1.1.lock'),
    join(gitDir, 'gastown/web-1.index.lock'),
    join(runner.paths.mirror('web'), 'refs/remotes/origin/main.lock'),
  ];
  for (const lock of locks) {
    writeFileSync(lock, '');
    utimesSync(lock, old, old);
  }
  writeFileSync(join(gitDir, 'gastown/web-1.index'), 'damaged');
  commitFiles(world.seed, { 'b.txt': 'b\n' });
  git(world.seed, 'push', '-q', world.remote, 'main');
  git(directory, 'commit', '-qam', 'edit');
  runner = runnerOver(world.home, 'life-2');
  value(await runner.workspaces.prepare(spec, never));
  value(await runner.workspaces.collect(spec));
});

test('saving twice makes nothing new, and nothing unsaved is told as null', async () => {
  const spec = launch(world.rig, 'web-1');
  const directory = await prepared(spec);
  expect(value(await runner.workspaces.snapshot(spec))).toBeNull();
  write(directory, { 'a.txt': 'edited\n' });
  const first = value(await runner.workspaces.snapshot(spec));
  expect(first).not.toBeNull();
  expect(value(await runner.workspaces.snapshot(spec))).toBe(first);
});

test('a large untracked file and a repository inside the tree are left out by name', async () => {
  const spec = launch(world.rig, 'web-1');
  const directory = await prepared(spec);
  writeFileSync(join(directory, 'huge.bin'), Buffer.alloc(21 * 1024 * 1024));
  write(directory, { 'small.txt': 's\n', 'vendor/own/x.txt': 'x\n' });
  git(join(directory, 'vendor/own'), 'init', '-q');
  commitFiles(join(directory, 'vendor/own'), {});
  const saved = value(await runner.workspaces.snapshot(spec));
  const { gitDir } = await runner.stores.open('web');
  const names = git(gitDir, 'ls-tree', '-r', '--name-only', `${saved}:tree`).split('\n');
  expect(names).toEqual(['.gitignore', 'a.txt', 'small.txt']);
  const meta = JSON.parse(git(gitDir, 'show', `${saved}:meta.json`));
  expect(meta.leftOut).toEqual(['huge.bin', 'vendor/own']);
});

describe('a submission', () => {
  async function refusal(spec: LaunchSpec): Promise<unknown> {
    const collected = await runner.workspaces.collect(spec);
    return collected.ok ? 'accepted' : collected.error;
  }

  test('without a change is refused', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    expect(await refusal(spec)).toMatchObject({ kind: 'submission_empty' });
    commitFiles(directory, { 'a.txt': 'x\n' });
    commitFiles(directory, { 'a.txt': 'one\n' });
    expect(await refusal(spec)).toMatchObject({ kind: 'submission_empty' });
  });

  test('with uncommitted changes is refused and lists them', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    commitFiles(directory, { 'b.txt': 'b\n' });
    write(directory, { 'a.txt': 'edited\n', 'untracked.txt': 'fine\n' });
    expect(await refusal(spec)).toMatchObject({ kind: 'submission_dirty', files: ['a.txt'] });
    git(directory, 'checkout', '-q', 'a.txt');
    expect(await refusal(spec)).toBe('accepted');
  });

  test('of unrelated history is refused', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    git(directory, 'checkout', '-q', '--orphan', 'fresh');
    commitFiles(directory, { 'b.txt': 'b\n' });
    git(directory, 'branch', '-q', '-M', spec.branch);
    expect(await refusal(spec)).toMatchObject({ kind: 'submission_not_descendant' });
  });

  test('with another bead’s commit, or a copy of it, is refused with the list', async () => {
    const theirs = await submitted(runner, launch(world.rig, 'web-1'), { 'b.txt': 'b\n' });
    const { gitDir } = await runner.stores.open('web');
    for (const [number, how] of [[2, 'merge'] as const, [3, 'cherry-pick'] as const]) {
      const spec = launch(world.rig, `web-${number}`);
      const directory = await prepared(spec);
      commitFiles(directory, { [`own-${number}.txt`]: 'own\n' });
      git(directory, 'fetch', '-q', gitDir, 'refs/gastown/submit/web-1.1');
      git(directory, how, 'FETCH_HEAD');
      const refused = await refusal(spec);
      expect(refused).toMatchObject({ kind: 'submission_foreign', of: 'web-1' });
      const listed = how === 'merge' ? theirs : git(directory, 'rev-parse', 'HEAD');
      expect(refused).toMatchObject({ commits: [listed] });
    }
  });

  test('may build on another bead’s commit once that is in the target', async () => {
    const theirs = await submitted(runner, launch(world.rig, 'web-1'), { 'b.txt': 'b\n' });
    const { gitDir } = await runner.stores.open('web');
    git(gitDir, 'push', '-q', world.remote, `${theirs}:refs/heads/main`);
    const head = await submitted(runner, launch(world.rig, 'web-2'), { 'c.txt': 'c\n' });
    expect(head).not.toBe(theirs);
  });

  test('with a new LFS pointer is refused by name', async () => {
    const spec = launch(world.rig, 'web-1');
    const directory = await prepared(spec);
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n';
    commitFiles(directory, { 'film.mp4': pointer });
    expect(await refusal(spec)).toMatchObject({ kind: 'submission_lfs', paths: ['film.mp4'] });
  });
});

test('a workspace in use is not discarded; a released one goes to the trash', async () => {
  const spec = launch(world.rig, 'web-1');
  const directory = await prepared(spec);
  expect(await runner.workspaces.discard('web-1')).toMatchObject({ ok: false });
  await runner.workspaces.release(spec);
  expect(await runner.workspaces.discard('web-1')).toMatchObject({ ok: true });
  expect(existsSync(directory)).toBe(false);
  expect(await runner.trash.sweep()).toBe(0);
});

test('a workspace nobody had for long is saved, discarded, and comes back as it was', async () => {
  const spec = launch(world.rig, 'web-1');
  const directory = await prepared(spec);
  write(directory, { 'a.txt': 'edited\n' });
  expect(await runner.workspaces.discardIdle(Date.now() + 1000)).toEqual([]);
  await runner.workspaces.release(spec);
  expect(await runner.workspaces.discardIdle(0)).toEqual([]);
  expect(await runner.workspaces.discardIdle(Date.now() + 1000)).toEqual(['web-1']);
  expect(existsSync(directory)).toBe(false);
  await prepared(launch(world.rig, 'web-1', 2));
  expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('edited\n');
});
