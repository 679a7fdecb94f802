/** The git half with the machine's real sandbox: what is listed suffices. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { levels, machineAt } from '../../test/containment/machine.ts';
import {
  commitFiles,
  git,
  launch,
  makeWorld,
  never,
  runnerOver,
  value,
  write,
  type World,
} from '../../test/git-world.ts';
import { containedRunner } from './machine.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

describe.each(levels)('at isolation %s', (level) => {
  let world: World;
  beforeEach(() => {
    world = makeWorld();
  });
  afterEach(() => world.remove());

  const runner = (incarnation: string) => {
    const machine = { ...machineAt(level, world.root), hidden: [world.home] };
    return runnerOver(world.home, incarnation, containedRunner(machine));
  };

  test('a workspace is saved in the middle of a merge, resumed and submitted', async () => {
    const first = runner('life-1');
    const spec = launch(world.rig, 'web-1');
    const { directory } = value(await first.workspaces.prepare(spec, never));
    commitFiles(directory, { 'a.txt': 'ours\n' });
    git(directory, 'checkout', '-q', '-b', 'other', world.first);
    commitFiles(directory, { 'a.txt': 'theirs\n' });
    git(directory, 'checkout', '-q', spec.branch);
    expect(() => git(directory, 'merge', 'other')).toThrow(/Command failed/);
    write(directory, { 'new ✓.txt': 'untracked\n' });
    expect(value(await first.workspaces.snapshot(spec))).not.toBeNull();
    rmSync(directory, { recursive: true });

    const second = runner('life-2');
    const next = launch(world.rig, 'web-1', 2, { base: world.first });
    value(await second.workspaces.prepare(next, never));
    expect(git(directory, 'status', '--porcelain')).toBe('UU a.txt\n?? "new \\342\\234\\223.txt"');
    commitFiles(directory, { 'a.txt': 'both\n' }, 'merged');
    const { head } = value(await second.workspaces.collect(next));
    expect(head).toBe(git(directory, 'rev-parse', 'HEAD'));
  });

  test('a workspace that is kept learns where the target is by now', async () => {
    const spec = launch(world.rig, 'web-1');
    const { directory } = value(await runner('life-1').workspaces.prepare(spec, never));
    const moved = commitFiles(world.seed, { 'b.txt': 'b\n' });
    git(world.seed, 'push', '-q', world.remote, 'main');
    value(await runner('life-2').workspaces.prepare(launch(world.rig, 'web-1', 2), never));
    expect(git(directory, 'rev-parse', 'origin/main')).toBe(moved);
    git(directory, 'merge', '-q', 'origin/main');
  });
});
