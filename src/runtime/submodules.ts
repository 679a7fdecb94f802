/**
 * Fills a new workspace's submodules from where the repository says they are, as far as they can
 * be reached. Best effort: a folder that stays empty is what a plain clone would show too.
 *
 * B1 Addresses and pins are read from the base commit, which is the target's, never from what an
 *    agent wrote.
 * B2 Only network transports; a path on this machine only when the rig's own remote is one.
 * B3 Nothing is written through a link: a part of the path that is one is left alone.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import type { Commit } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import type { Git, GitOptions } from './git.ts';
import { shown, splitZ } from './git.ts';
import { writeRepository } from './new-repository.ts';
import type { RunnerPaths } from './paths.ts';
import { localPath } from './source.ts';
import { initBare, Store } from './store.ts';

export interface FillRequest {
  readonly git: Git;
  readonly paths: RunnerPaths;
  readonly rig: RigRef;
  /** Holds `base`. */
  readonly store: Store;
  readonly base: Commit;
  readonly directory: string;
}

interface Submodule {
  readonly name: string;
  readonly path: string;
  readonly url: string;
  readonly pin: string;
}

/** The paths that were filled. */
export async function fillSubmodules(request: FillRequest): Promise<readonly string[]> {
  const filled: string[] = [];
  for (const submodule of await submodulesOf(request)) {
    if (await fill(request, submodule)) filled.push(submodule.path);
  }
  return filled;
}

/** The mirrors a rig's workspaces and checkouts borrow objects from. */
export function lentBy(paths: RunnerPaths, rig: string): readonly string[] {
  const modules = dirname(paths.submodule(rig, 'x'));
  return [paths.mirror(rig), ...(existsSync(modules) ? [modules] : [])];
}

/** B1 */
async function submodulesOf(request: FillRequest): Promise<readonly Submodule[]> {
  const { store, base, rig } = request;
  const blob = `${base}:.gitmodules`;
  if (!(await store.run(['cat-file', '-e', blob])).ok) return [];
  const listed = await store.run(['ls-tree', '-r', '-z', base], { outputBytesMax: 1 << 28 });
  const pins = new Map<string, string>();
  for (const entry of splitZ(listed.bytes)) {
    if (!entry.startsWith('160000 ')) continue;
    pins.set(shown(entry.slice(entry.indexOf('\t') + 1)), entry.split(/[ \t]/)[2] ?? '');
  }
  const config = await store.run(['config', '--blob', blob, '--null', '--list']);
  const named = new Map<string, { path?: string; url?: string }>();
  for (const entry of splitZ(config.bytes)) {
    const [key = '', value = ''] = shown(entry).split('\n');
    const found = /^submodule\.(.+)\.(path|url)$/.exec(key);
    if (found?.[1] === undefined) continue;
    const one = named.get(found[1]) ?? {};
    named.set(found[1], found[2] === 'path' ? { ...one, path: value } : { ...one, url: value });
  }
  return [...named].flatMap(([name, { path = '', url = '' }]) => {
    const pin = pins.get(path);
    const from = resolveUrl(url, rig.remote);
    if (pin === undefined || from === null || !isPlainName(name)) return [];
    return [{ name, path, url: from, pin }];
  });
}

/** B2. null: not a place we go to. */
export function resolveUrl(url: string, remote: string): string | null {
  let base = remote.replace(/\/+$/, '');
  let rest = url;
  if (/^\.\.?\//.test(url)) {
    while (/^\.\.?\//.test(rest)) {
      if (rest.startsWith('../')) base = base.replace(/[/:][^/:]*$/, '');
      rest = rest.replace(/^\.\.?\//, '');
    }
    rest = `${base}/${rest}`;
  }
  if (/^(https?|ssh|git):\/\/[^-]/.test(rest)) return rest;
  if (/^[\w.]+@[\w.-]+:[^-:]/.test(rest)) return rest;
  if (localPath(rest) !== null) return localPath(remote) === null ? null : rest;
  return null;
}

async function fill(request: FillRequest, submodule: Submodule): Promise<boolean> {
  const { git, directory } = request;
  const tree = join(directory, submodule.path);
  if (!(await isPlainPlace(directory, submodule.path))) return false;
  const mirror = await mirrorOf(request, submodule);
  if (mirror === null) return false;
  const gitDir = join(directory, '.git', 'modules', submodule.name);
  await mkdir(tree, { recursive: true });
  const at: GitOptions = { gitDir, workTree: tree, cwd: tree, timeoutMs: limits.fetchMs };
  await writeRepository({
    gitDir,
    branch: 'main',
    objectNameLength: submodule.pin.length,
    borrowFrom: mirror,
    settings: [
      // Relative: the workspace is renamed into place once it is whole.
      ['core', 'worktree', relative(gitDir, tree)],
      ['remote "origin"', 'url', submodule.url],
    ],
  });
  await writeFile(join(tree, '.git'), `gitdir: ${relative(tree, gitDir)}\n`);
  await git.must(['update-ref', '--no-deref', 'HEAD', submodule.pin], at);
  await git.must(['read-tree', '--reset', '-u', submodule.pin], at);
  const parent: GitOptions = { gitDir: join(directory, '.git'), timeoutMs: limits.fetchMs };
  await git.must(['config', `submodule.${submodule.name}.url`, submodule.url], parent);
  return true;
}

/** A mirror of the submodule that has the pinned commit, or null. */
async function mirrorOf(request: FillRequest, submodule: Submodule): Promise<string | null> {
  const { git, paths, rig } = request;
  const name = createHash('sha256').update(submodule.url).digest('hex').slice(0, 16);
  const gitDir = paths.submodule(rig.rig, name);
  if (!existsSync(gitDir)) await initBare(git, gitDir, 'sha1', null);
  // Its address comes out of the repository: no credential of the town goes there.
  const mirror = new Store(git, gitDir, null);
  const pinned = ['cat-file', '-e', `${submodule.pin}^{commit}`];
  if ((await mirror.run(pinned)).ok) return gitDir;
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', submodule.url];
  const options = { network: true, timeoutMs: limits.fetchMs };
  await mirror.run([...args, '+refs/heads/*:refs/remotes/origin/*'], options);
  if ((await mirror.run(pinned)).ok) return gitDir;
  await mirror.run([...args, `+${submodule.pin}:refs/gastown/pin/${submodule.pin}`], options);
  return (await mirror.run(pinned)).ok ? gitDir : null;
}

/** B3 */
async function isPlainPlace(directory: string, path: string): Promise<boolean> {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part === '.git')) {
    return false;
  }
  let at = directory;
  for (const part of parts) {
    at = join(at, part);
    const found = await lstat(at).catch(() => null);
    if (found !== null && !found.isDirectory()) return false;
  }
  return !existsSync(join(at, '.git'));
}

function isPlainName(name: string): boolean {
  return /^[\w][\w./ +-]*$/.test(name) && !name.split('/').includes('..');
}
