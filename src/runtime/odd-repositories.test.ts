/** Repositories as they really are: empty, unborn, nested, large, oddly named, moving. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rigId } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import {
  buildSpec,
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
import { buildCandidate } from './candidate.ts';
import { detect } from './detect.ts';
import { examineRig } from './examine.ts';
import { pushCandidate } from './landing.ts';
import { describeSource } from './source.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let runner: Runner;

beforeEach(() => {
  world = makeWorld();
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

async function examine(rig: RigRef, more: { createTargetFrom?: string; update?: boolean } = {}) {
  const result = await examineRig(
    { ...runner, detect },
    {
      kind: 'fetch',
      rig,
      branchPrefix: 'gt',
      updateCheckout: more.update ?? false,
      createTargetFrom: more.createTargetFrom ?? null,
    },
  );
  if (result.kind !== 'fetch') throw new Error(JSON.stringify(result));
  const failed = result.report.checks.find((check) => !check.passed);
  return { ...result.report, first: failed?.failure ?? null };
}

async function landOne(spec: ReturnType<typeof launch>, files: Record<string, string>) {
  const head = await submitted(runner, spec, files);
  const built = await buildCandidate(runner, buildSpec(spec.rig, head, 'merge'));
  if (built.kind !== 'build' || built.answer.is !== 'built') throw new Error(JSON.stringify(built));
  const { candidate } = built.answer;
  const pushed = await pushCandidate(runner, {
    kind: 'push',
    rig: spec.rig,
    candidate,
    updateCheckout: false,
  });
  expect(pushed).toMatchObject({ answer: { is: 'landed' } });
}

describe('the template for pull requests', () => {
  test.each([
    ['.github/PULL_REQUEST_TEMPLATE.md', '.gitlab/merge_request_templates/Default.md'],
    ['.gitlab/merge_request_templates/Default.md', 'docs/pull_request_template.txt'],
    ['Pull_Request_Template.md', 'docs/pull_request_template.md'],
  ])('is %s before %s', async (first, second) => {
    commitFiles(world.seed, { [first]: '# First\n', [second]: '# Second\n' });
    git(world.seed, 'push', '-q', world.remote, 'main');
    expect((await examine(world.rig)).pullTemplate).toBe('# First\n');
  });

  test('is none where it is too long, empty or no text', async () => {
    const path = '.github/pull_request_template.md';
    for (const text of ['x'.repeat(limits.pullTemplateCharsMax + 1), ' \n', 'a\0b']) {
      commitFiles(world.seed, { [path]: text });
      git(world.seed, 'push', '-q', world.remote, 'main');
      expect((await examine(world.rig)).pullTemplate).toBeNull();
    }
  });
});

test('a sound repository passes every check and shows what it needs', async () => {
  commitFiles(world.seed, {
    'package.json': JSON.stringify({ scripts: { test: 'node --test' } }),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3 }),
  });
  git(world.seed, 'push', '-q', world.remote, 'main');
  const report = await examine(world.rig);
  expect(report.first).toBeNull();
  expect(report.checks.map((check) => check.name)).toEqual([
    'reachable',
    'target',
    'push',
    'prefix',
    'checkout',
  ]);
  expect(report.gates.map((gate) => gate.command)).toContain('npm test');
  expect(report.defaultBranch).toBe('main');
});

test('an empty repository is named as empty, and an unborn branch as the same', async () => {
  const empty = join(world.root, 'empty.git');
  git(world.root, 'init', '-q', '--bare', empty);
  const rig = { ...world.rig, remote: empty };
  expect((await examine(rig)).first).toMatchObject({ kind: 'repository_empty' });
  const prepared = await runner.workspaces.prepare(launch(rig, 'web-1'), never);
  expect(prepared).toMatchObject({ ok: false, error: { kind: 'repository_empty' } });
});

test('without the target the failure lists the branches there are', async () => {
  const rig = { ...world.rig, target: 'release' };
  expect((await examine(rig)).first).toMatchObject({ kind: 'target_missing', branches: ['main'] });
});

test('a target made from another branch, once', async () => {
  const rig = { ...world.rig, remote: world.seed, target: 'gastown' };
  expect((await examine(rig)).first).toMatchObject({ kind: 'target_missing' });
  const report = await examine(rig, { createTargetFrom: 'main' });
  expect(report).toMatchObject({ first: null, targetTip: world.first });
  await landOne(launch(rig, 'web-1'), { 'b.txt': 'b\n' });
  expect(git(world.seed, 'rev-parse', 'main')).toBe(world.first);
  expect(git(world.seed, 'status', '--porcelain')).toBe('');
  expect(git(world.seed, 'show', 'gastown:b.txt')).toBe('b');
  expect(await examine(rig, { createTargetFrom: 'main' })).not.toMatchObject({
    targetTip: world.first,
  });
});

test('a branch named gt leaves no room for gt/…', async () => {
  git(world.seed, 'push', '-q', world.remote, 'main:gt');
  expect((await examine(world.rig)).first).toMatchObject({
    kind: 'branch_prefix_taken',
    prefix: 'gt',
    ref: 'gt',
  });
});

test('a checked out target needs the person’s word', async () => {
  const rig = { ...world.rig, remote: world.seed };
  expect((await examine(rig)).first).toMatchObject({ kind: 'target_checked_out' });
  expect((await examine(rig, { update: true })).first).toBeNull();
});

test('a path without a repository is not found', async () => {
  const rig = { ...world.rig, remote: join(world.root, 'nothing') };
  expect((await examine(rig)).first).toMatchObject({ kind: 'remote_not_found' });
});

test('a branch deleted on the remote does not stand in the way of a new one', async () => {
  git(world.seed, 'push', '-q', world.remote, 'main:topic');
  value(await runner.mirrors.fetch(world.rig));
  git(world.remote, 'branch', '-D', 'topic');
  git(world.seed, 'push', '-q', world.remote, 'main:topic/two');
  const { branches } = value(await runner.mirrors.fetch(world.rig));
  expect([...branches.keys()]).toEqual(['main', 'topic/two']);
});

test('many fetches at once while branches move end without a lock error', async () => {
  for (let round = 0; round < 4; round += 1) {
    const pushed: string[] = [];
    for (let n = 0; n < 10; n += 1) pushed.push(`main:moving-${n}-${round}`);
    commitFiles(world.seed, { 'a.txt': `round ${round}\n` });
    git(world.seed, 'push', '-q', world.remote, 'main', ...pushed);
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => runner.mirrors.fetchTarget(world.rig)),
    );
    const tip = git(world.seed, 'rev-parse', 'main');
    expect(answers.map((answer) => value(answer).targetTip)).toEqual(Array(16).fill(tip));
  }
});

test('what a lending repository had is not needed afterwards', async () => {
  const clone = join(world.root, 'clone');
  git(world.root, 'clone', '-q', world.remote, clone);
  const rig = { ...world.rig, lends: clone };
  value(await runner.mirrors.fetch(rig));
  rmSync(clone, { recursive: true });
  git(runner.paths.mirror('web'), 'fsck', '--full');
  await landOne(launch(rig, 'web-1'), { 'b.txt': 'b\n' });
});

test('two towns on one repository do not meet', async () => {
  const other = { ...runnerOver(join(world.root, 'home-2'), 'life-1') };
  const spec = launch(world.rig, 'web-1');
  const theirs = launch({ ...world.rig, tag: 'zz99' }, 'web-1');
  await landOne(spec, { 'b.txt': 'b\n' });
  const head = await submitted(other, theirs, { 'c.txt': 'c\n' });
  const built = await buildCandidate(other, buildSpec(theirs.rig, head, 'merge'));
  expect(built).toMatchObject({ answer: { is: 'built' } });
  expect(git(world.remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('spaces and unicode in branch and file names go all the way', async () => {
  git(world.seed, 'push', '-q', world.remote, 'main:größe/ziel✓');
  const rig = { ...world.rig, target: 'größe/ziel✓' };
  const name = 'ein Ordner/größe "✓"\ttab.txt';
  await landOne(launch(rig, 'web-1'), { [name]: 'there\n', '-dash': 'd\n' });
  expect(git(world.remote, 'show', `größe/ziel✓:${name}`)).toBe('there');
});

test('a remote whose history was rewritten gives new work the new base', async () => {
  await submitted(runner, launch(world.rig, 'web-1'), { 'b.txt': 'b\n' });
  git(world.seed, 'checkout', '-q', '--orphan', 'again');
  const rewritten = commitFiles(world.seed, { 'a.txt': 'again\n' });
  git(world.seed, 'push', '-q', '--force', world.remote, 'HEAD:main');
  const workspace = value(await runner.workspaces.prepare(launch(world.rig, 'web-2'), never));
  expect(workspace.base).toBe(rewritten);
});

test('a repository with sha256 names works like any other', async () => {
  const remote = join(world.root, 'wide.git');
  const seed = join(world.root, 'wide');
  git(world.root, 'init', '-q', '--bare', '-b', 'main', '--object-format=sha256', remote);
  git(world.root, 'init', '-q', '-b', 'main', '--object-format=sha256', seed);
  commitFiles(seed, { 'a.txt': 'one\n' });
  git(seed, 'push', '-q', remote, 'main');
  await landOne(launch({ ...world.rig, rig: rigId('wide'), remote }, 'wide-1'), { b: 'b\n' });
});

test('ten thousand files are checked out, saved, submitted and landed', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, n) => [`d${n % 100}/f${n}.txt`, `file ${n}\n`]),
  );
  commitFiles(world.seed, files);
  git(world.seed, 'push', '-q', world.remote, 'main');
  const spec = launch(world.rig, 'web-1');
  const workspace = value(await runner.workspaces.prepare(spec, never));
  write(workspace.directory, { 'd1/f1.txt': 'edited\n' });
  expect(value(await runner.workspaces.snapshot(spec))).not.toBeNull();
  const { gitDir } = await runner.stores.open('web');
  const loose = Number(/count: (\d+)/.exec(git(gitDir, 'count-objects', '-v'))?.[1]);
  expect(loose).toBeLessThan(50); // the store takes what is new, not every file once more
  await landOne(spec, { 'd2/f2.txt': 'edited\n' });
}, 60_000);

describe('a repository with a submodule', () => {
  let library: string;
  beforeEach(() => {
    library = join(world.root, 'library');
    git(world.root, 'init', '-q', '-b', 'main', library);
    commitFiles(library, { 'lib.txt': 'lib\n' });
    const add = ['-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', library, 'deps/lib'];
    git(world.seed, ...add);
    git(world.seed, 'commit', '-q', '-m', 'with a submodule');
    git(world.seed, 'push', '-q', world.remote, 'main');
  });

  test('gets it filled, also after its state was restored', async () => {
    const spec = launch(world.rig, 'web-1');
    const { directory } = value(await runner.workspaces.prepare(spec, never));
    expect(readFileSync(join(directory, 'deps/lib/lib.txt'), 'utf8')).toBe('lib\n');
    expect(git(directory, 'status', '--porcelain')).toBe('');
    expect(git(join(directory, 'deps/lib'), 'status', '--porcelain')).toBe('');
    write(directory, { 'a.txt': 'edited\n' });
    value(await runner.workspaces.snapshot(spec));
    rmSync(directory, { recursive: true });
    runner = runnerOver(world.home, 'life-2');
    value(await runner.workspaces.prepare(launch(world.rig, 'web-1', 2), never));
    expect(git(directory, 'status', '--porcelain')).toBe(' M a.txt');
    expect(existsSync(join(directory, 'deps/lib/lib.txt'))).toBe(true);
  });

  test('has it filled in the checkout of a commit too', async () => {
    const head = await submitted(runner, launch(world.rig, 'web-1'), { 'b.txt': 'b\n' });
    const directory = join(world.root, 'gate');
    value(await runner.reading.checkout(world.rig, head, directory));
    expect(git(directory, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(directory, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(directory, 'deps/lib/lib.txt'), 'utf8')).toBe('lib\n');
  });

  test('refuses a change to it, by name, and lands any other', async () => {
    const spec = launch(world.rig, 'web-1');
    const { directory } = value(await runner.workspaces.prepare(spec, never));
    commitFiles(join(directory, 'deps/lib'), { 'lib.txt': 'changed\n' });
    commitFiles(directory, { 'a.txt': 'edited\n' });
    expect(await runner.workspaces.collect(spec)).toMatchObject({
      ok: false,
      error: { kind: 'submission_submodule', paths: ['deps/lib'] },
    });
    await landOne(launch(world.rig, 'web-2'), { 'b.txt': 'b\n' });
  });
});

describe('what a person typed', () => {
  test('a path with a remote is attached by it and lends its objects', async () => {
    const clone = join(world.root, 'clone');
    git(world.root, 'clone', '-q', world.remote, clone);
    write(clone, { 'sub/x.txt': 'dirty\n' });
    expect(value(await describeSource(runner.git, join(clone, 'sub')))).toEqual({
      kind: 'path-with-remote',
      remote: world.remote,
      lends: clone,
      defaultBranch: 'main',
      checkedOut: 'main',
    });
  });

  test('a path without one is the remote', async () => {
    expect(value(await describeSource(runner.git, world.seed))).toMatchObject({
      kind: 'path-is-remote',
      remote: world.seed,
      lends: null,
      checkedOut: 'main',
    });
  });

  test('a URL loses the credentials in it', async () => {
    const typed = 'https://me:secret@example.com/x/y.git';
    expect(value(await describeSource(runner.git, typed))).toMatchObject({
      kind: 'url',
      remote: 'https://example.com/x/y.git',
    });
  });

  test('a path that is no repository is said to be none', async () => {
    writeFileSync(join(world.root, 'file'), '');
    const found = await describeSource(runner.git, world.root);
    expect(found).toMatchObject({ ok: false, error: { kind: 'not_a_repository' } });
  });
});
