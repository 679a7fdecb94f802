/**
 * What an installation takes: a fresh clone of this checkout, and the bootstrap of what a user
 * needs. The caches of npm and pnpm are as they are on this machine.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './live-town.ts';
import { spreadOf, timedAsync, times, type Spread } from './spread.ts';

export interface Installation {
  readonly seconds: Spread;
  readonly mb: Spread;
}

export async function installation(folder: string): Promise<Installation> {
  const seconds: number[] = [];
  const mb: number[] = [];
  for (const n of times(3)) {
    const clone = join(folder, `clone-${n}`);
    await run('git', ['clone', '-q', '--no-hardlinks', root, clone], folder);
    const install = ['tools/bootstrap.mjs', 'runtime'];
    seconds.push((await timedAsync(() => run(process.execPath, install, clone))) / 1000);
    mb.push(Number((await run('du', ['-sm', clone], folder)).split('\t')[0]));
    rmSync(clone, { recursive: true, force: true });
  }
  return { seconds: spreadOf(seconds), mb: spreadOf(mb) };
}
