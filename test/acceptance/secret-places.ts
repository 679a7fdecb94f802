/**
 * Where a secret must not be: every file of the town's home (logs, database, journal, prompts and
 * transcripts are there), what the API gives away, the command lines of this machine, and whatever
 * else a test caught.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestTown } from './town.ts';

/** Of a town with the rig `web`. */
const ANSWERS = [
  '/export',
  '/journal?after=0',
  '/forge',
  '/credentials',
  '/apps',
  '/rigs',
  '/rigs/web/credentials',
  '/rigs/web/apps',
  '/rigs/web/doctor',
  '/rigs/web/settings',
  '/merge-requests',
  '/beads?all=true',
];

/** The names of places that hold one; there must be some to look at. */
export async function placesOf(
  secrets: readonly string[],
  town: TestTown,
  caught: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  if (secrets.some((secret) => secret.length < 8)) throw new Error('no secret to look for');
  const files = filesIn(town.home).map((path) => [path, readFileSync(path)] as const);
  if (files.length < 10) throw new Error('no files to look at');
  const answers = await Promise.all(
    ANSWERS.map(async (path) => {
      const { status, body } = await town.request('GET', path);
      if (status !== 200) throw new Error(`GET ${path}: ${status}`);
      return [path, Buffer.from(body)] as const;
    }),
  );
  const texts = { processes: commandLines(), ...caught };
  const given = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)] as const);
  const places = [...files, ...answers, ...given];
  return secrets.flatMap((secret) =>
    places.filter(([, bytes]) => bytes.includes(secret)).map(([name]) => name),
  );
}

export function commandLines(): string {
  return execFileSync('ps', ['-eww', '-o', 'args='], { encoding: 'utf8' });
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    return stats.isDirectory() ? filesIn(path) : stats.isFile() ? [path] : [];
  });
}
