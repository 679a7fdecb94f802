/** What people look at, over real git: a bead's diff, and its branch in a clone of their own. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
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
  world = makeWorld({ 'a.txt': 'one\n' });
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

test('a diff shows the submission, or the workspace as it is', async () => {
  const spec = launch(world.rig, 'web-1');
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  write(directory, { 'a.txt': 'edited\n' });
  const ask = { kind: 'diff', rig: world.rig, bead: 'web-1', base: world.first } as const;
  const now = value(await runner.reading.read({ ...ask, head: null }));
  expect(now).toMatchObject({ kind: 'diff', truncated: false });
  expect(JSON.stringify(now)).toContain('+edited');
  git(directory, 'commit', '-qam', 'edit');
  const { head } = value(await runner.workspaces.collect(spec));
  rmSync(directory, { recursive: true });
  expect(JSON.stringify(value(await runner.reading.read({ ...ask, head })))).toContain('+edited');
});

test('a checkout for a person is a clone of its own', async () => {
  const spec = launch(world.rig, 'web-1');
  const head = await submitted(runner, spec, { 'b.txt': 'b\n' });
  const directory = join(world.root, 'mine');
  const { rig } = world;
  const where = { rig, bead: 'web-1', branch: spec.branch, head, directory };
  const request = { kind: 'checkout', ...where, dryRun: false } as const;
  value(await runner.reading.read(request));
  rmSync(world.home, { recursive: true });
  git(directory, 'fsck', '--full');
  expect(git(directory, 'rev-parse', spec.branch)).toBe(head);
  expect(git(directory, 'status', '--porcelain')).toBe('');
  expect(git(directory, 'remote', 'get-url', 'origin')).toBe(world.remote);
});

test('a checkout in a dry run makes nothing, and refuses what could not be made', async () => {
  const spec = launch(world.rig, 'web-1');
  const head = await submitted(runner, spec, { 'b.txt': 'b\n' });
  const { rig } = world;
  const where = { rig, bead: 'web-1', branch: spec.branch, head, dryRun: true } as const;
  const ask = { kind: 'checkout', ...where } as const;
  const before = readdirSync(world.root, { recursive: true });
  const directory = join(world.root, 'mine', 'of', 'it');
  const answer = { kind: 'checkout', directory, branch: spec.branch };
  expect(value(await runner.reading.read({ ...ask, directory }))).toEqual(answer);
  for (const place of [world.home, join(world.remote, 'HEAD', 'inside')]) {
    const request = { ...ask, directory: place };
    const refusal = { ok: false, error: { kind: 'bad_value', field: 'directory', given: place } };
    expect(await runner.reading.read(request)).toMatchObject(refusal);
    expect(await runner.reading.read({ ...request, dryRun: false })).toMatchObject(refusal);
  }
  expect(readdirSync(world.root, { recursive: true })).toEqual(before);
});
