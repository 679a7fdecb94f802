/**
 * Lock files that a killed git left in a git directory of the runner's own.
 *
 * K1 Git holds a lock on a ref or an index for moments only: one that is older than
 *    `HELD_MS_MAX`, or than the caller's own life, belongs to nobody.
 */
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const HELD_MS_MAX = 20_000;

/** `before`: epoch milliseconds of a moment when nobody can have held one. */
export async function sweepLocks(gitDir: string, before = 0): Promise<void> {
  const limit = Math.max(before, (await fileTime(gitDir)) - HELD_MS_MAX);
  for (const entry of await readdir(gitDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.lock')) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs < limit) await rm(path, { force: true });
  }
}

/** Now, by the clock that stamps files: the only one their age can be measured with. */
async function fileTime(gitDir: string): Promise<number> {
  const probe = join(gitDir, 'gastown-now');
  await writeFile(probe, '');
  return (await stat(probe)).mtimeMs;
}
