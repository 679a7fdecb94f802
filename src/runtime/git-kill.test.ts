/** A runner killed at any moment: the next life finds its way, and the change lands once. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { git, makeWorld, type World } from '../../test/git-world.ts';

const LIFE = fileURLToPath(import.meta.resolve('../../test/git-life.ts'));

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.remove());

/** Runs one life; killed after `ms`, or to its end. Answers what it printed. */
function live(incarnation: number, ms: number | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [LIFE, world.home, world.remote, String(incarnation)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const kill = ms === null ? null : setTimeout(() => child.kill('SIGKILL'), ms);
    child.on('close', (code, signal) => {
      if (kill !== null) clearTimeout(kill);
      if (code === 0 || signal === 'SIGKILL') resolve(out.trim());
      else reject(new Error(errors));
    });
  });
}

test.each([200, 400, 600, 900])(
  'killed after %i ms twice, then left alone',
  async (ms) => {
    await live(1, ms);
    await live(2, ms);
    const end = await live(3, null);
    expect(['landed', 'submission_empty']).toContain(end);
    expect(git(world.remote, 'show', 'main:work.txt')).toBe('done');
    const merges = git(world.remote, 'rev-list', '--merges', '--count', 'main');
    expect(merges).toBe('1');
    git(world.remote, 'fsck', '--full');
  },
  60_000,
);
