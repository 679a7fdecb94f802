/** Which paths a submission touches, over real git: against its merge base, by their real names. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LaunchSpec } from '../core/launch-spec.ts';
import {
  commitFiles,
  git,
  launch,
  makeWorld,
  never,
  runnerOver,
  value,
  type Runner,
  type World,
} from '../../test/git-world.ts';

vi.setConfig({ testTimeout: 30_000 });

let world: World;
let runner: Runner;

beforeEach(() => {
  const files = { 'a.txt': 'one\n', 'old name.txt': 'moved\nas it\nis\n', 'gone/x.txt': 'x\n' };
  world = makeWorld(files);
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

async function touchedOf(work: (directory: string) => void, more: Partial<LaunchSpec> = {}) {
  const spec = launch(world.rig, 'web-1', 1, more);
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  work(directory);
  return value(await runner.workspaces.collect(spec)).touched;
}

test('a rename counts at both ends, a deleted file counts, and names are as they are', async () => {
  const touched = await touchedOf((directory) => {
    git(directory, 'mv', 'old name.txt', 'new name.txt');
    git(directory, 'rm', '-q', 'gone/x.txt');
    commitFiles(directory, { 'größe/日本語.txt': 'u\n', 'a`b\n#12 @ann': 'h\n' });
  });
  expect(touched).toEqual({
    files: 5,
    paths: ['a`b\n#12 @ann', 'gone/x.txt', 'größe/日本語.txt', 'new name.txt', 'old name.txt'],
    scope: [],
    outside: 0,
  });
});

test('what is outside of the scope that the attempt was given is counted', async () => {
  const touched = await touchedOf(
    (directory) => {
      git(directory, 'mv', 'old name.txt', 'gone/new name.txt');
      commitFiles(directory, { 'gone/y.txt': 'y\n' });
    },
    { scope: ['gone'] },
  );
  expect(touched).toMatchObject({ files: 3, scope: ['gone'], outside: 1 });
  expect(touched.paths).toContain('old name.txt');
});

test('what came with the target is not its own, nor what it took back itself', async () => {
  const touched = await touchedOf((directory) => {
    commitFiles(directory, { 'own.txt': 'own\n', 'a.txt': 'other\n' });
    commitFiles(directory, { 'a.txt': 'one\n' });
    const theirs = commitFiles(world.seed, { 'theirs.txt': 't\n' });
    git(world.seed, 'push', '-q', world.remote, 'main');
    git(directory, 'fetch', '-q', world.seed, 'main');
    git(directory, 'merge', '-q', '--no-edit', theirs);
  });
  expect(touched.paths).toContain('own.txt');
  expect(touched.paths).not.toContain('a.txt');
});
