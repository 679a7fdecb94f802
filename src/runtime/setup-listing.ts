/**
 * What a setup step produced: the difference between two looks at a directory.
 *
 * L1 A new entry is listed once, not what is in it: `node_modules`, not its ten thousand files.
 * L2 Links are never followed: what an agent wrote may point anywhere.
 * L3 A step that changed or removed what was there is not repeatable by copying; that is said.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export type Listing = ReadonlyMap<string, string>;

export interface Difference {
  /** Paths relative to the root. L1 */
  readonly produced: readonly string[];
  /** L3 */
  readonly changed: readonly string[];
}

/** Every entry with what tells a change of it. Git's own directory is not part of it. */
export async function listDirectory(root: string): Promise<Listing> {
  const found = new Map<string, string>();
  await walk(root, '', found, () => true);
  return found;
}

export async function difference(root: string, before: Listing): Promise<Difference> {
  const after = new Map<string, string>();
  await walk(root, '', after, (path) => before.has(path));
  const produced = [...after.keys()].filter((path) => !before.has(path));
  const changed = [...before].flatMap(([path, was]) => (after.get(path) === was ? [] : [path]));
  return { produced, changed };
}

/** Whether a symbolic link in or at `path` leads by its absolute name into one of `roots`. */
export async function linksInto(path: string, roots: readonly string[]): Promise<boolean> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return leadsInto(await readlink(path), roots);
  if (!stats.isDirectory()) return false;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (!entry.isSymbolicLink() && !entry.isDirectory()) continue;
    if (await linksInto(inside, roots)) return true;
  }
  return false;
}

/** Whether every directory on the way from `root` to `path` is one, not a link. L2 */
export async function hasRealParents(root: string, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1);
  for (let count = 1; count <= parts.length; count += 1) {
    const stats = await statOrNull(join(root, ...parts.slice(0, count)));
    if (stats === null || !stats.isDirectory()) return false;
  }
  return true;
}

export async function exists(path: string): Promise<boolean> {
  return (await statOrNull(path)) !== null;
}

async function walk(
  root: string,
  directory: string,
  into: Map<string, string>,
  enters: (path: string) => boolean,
): Promise<void> {
  const names = await readdir(join(root, directory)).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      const path = directory === '' ? name : `${directory}/${name}`;
      if (path === '.git') return;
      const stats = await statOrNull(join(root, path));
      if (stats === null) return;
      into.set(path, fingerprint(stats));
      if (stats.isDirectory() && enters(path)) await walk(root, path, into, enters);
    }),
  );
}

/** A directory's own times change with its entries, which are listed themselves. */
function fingerprint(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'directory';
  return [stats.mode, stats.size, stats.mtimeNs, stats.ino].join(' ');
}

async function statOrNull(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch {
    return null;
  }
}

function leadsInto(target: string, roots: readonly string[]): boolean {
  return roots.some((root) => target === root || target.startsWith(`${root}/`));
}
