/**
 * What setup steps produced, kept per rig so that the next directory gets it by a copy.
 *
 * C1 A key is made of everything that decides the outcome: the step, the steps before it, the
 *    contents of its key files, the platform. Another key, another entry.
 * C2 An entry that any change of any agent may use is written only from a checkout without an
 *    agent's work (`scope: null`). A changed commit can write entries of its own scope only: a
 *    script of its own could otherwise plant something into everybody's dependencies.
 * C3 Copies, never hard links: what a gate writes stays with the gate.
 * C4 What names its own absolute place (a virtual environment, an editable install) is not kept:
 *    in another place it would run the old one.
 * C5 Losing an entry, or finding it broken, costs a run of the step and nothing else.
 */
import { createHash } from 'node:crypto';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SetupStep } from '../core/launch-spec.ts';
import type { Clock, Random } from '../ports/host.ts';
import type { RunProcess } from './run-process.ts';
import { exists, hasRealParents, linksInto } from './setup-listing.ts';

/** The two directories a step may leave something in. */
export interface Roots {
  readonly tree: string;
  readonly home: string;
}

export interface Produced {
  /** Relative to each root. */
  readonly tree: readonly string[];
  readonly home: readonly string[];
}

export interface SetupCacheDeps {
  readonly directory: string;
  readonly run: RunProcess;
  readonly clock: Clock;
  readonly random: Random;
  readonly platform: string;
}

const ENTRIES_MAX = 12;
const PATHS_MAX = 500;
const COPY_MS = 10 * 60_000;
const KEY_FILE_BYTES_MAX = 64 * 1024 * 1024;
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

export class SetupCache {
  readonly #deps: SetupCacheDeps;

  constructor(deps: SetupCacheDeps) {
    this.#deps = deps;
  }

  /** C1. `after` is the key of the step before, or ''. */
  async keyOf(step: SetupStep, tree: string, after: string): Promise<string> {
    const hash = createHash('sha256');
    const add = (text: string): void => {
      hash.update(`${Buffer.byteLength(text)}:${text}`);
    };
    for (const text of ['1', this.#deps.platform, process.arch, after, step.command]) add(text);
    for (const file of [...step.cacheKeyFiles].sort()) {
      add(file);
      hash.update(await contentOf(join(tree, file)));
    }
    return hash.digest('hex');
  }

  /**
   * Copies what the step once produced into the roots; null when there is nothing that fits. The
   * shared entry first, then that of the scope. C2
   */
  async restore(
    rig: string,
    key: string,
    scope: string | null,
    roots: Roots,
  ): Promise<Produced | null> {
    const scopes = scope === null ? [null] : [null, scope];
    for (const each of scopes) {
      const entry = this.#entry(rig, key, each);
      const produced = await readManifest(entry);
      if (produced === null || !(await fits(produced, roots))) continue;
      if (await this.#copyAll(entry, produced, roots)) {
        const at = new Date(this.#deps.clock.now());
        await utimes(entry, at, at).catch(() => undefined);
        return produced;
      }
      await removeAll(produced, roots); // C5
    }
    return null;
  }

  /** Answers whether it was kept. C4 */
  async store(
    rig: string,
    key: string,
    scope: string | null,
    produced: Produced,
    roots: Roots,
  ): Promise<boolean> {
    if (produced.tree.length + produced.home.length > PATHS_MAX) return false;
    if (!(await this.#isMovable(produced, roots))) return false;
    const entry = this.#entry(rig, key, scope);
    const made = join(dirname(entry), `.new-${this.#deps.random.token(12)}`);
    const copies = { tree: join(made, 'tree'), home: join(made, 'home') };
    try {
      await mkdir(copies.tree, { recursive: true });
      await mkdir(copies.home, { recursive: true });
      const copied =
        (await this.#copy(produced.tree, roots.tree, copies.tree)) &&
        (await this.#copy(produced.home, roots.home, copies.home));
      if (!copied) return false;
      await writeFile(join(made, 'manifest.json'), JSON.stringify(produced));
      await rename(made, entry);
      await this.#evict(dirname(entry));
      return true;
    } catch {
      return false; // A full disk, or another run was first.
    } finally {
      await this.#remove(made);
    }
  }

  #entry(rig: string, key: string, scope: string | null): string {
    const name = scope === null ? 'shared' : createHash('sha256').update(scope).digest('hex');
    return join(this.#deps.directory, rig, `${key.slice(0, 40)}-${name.slice(0, 20)}`);
  }

  async #copyAll(entry: string, produced: Produced, roots: Roots): Promise<boolean> {
    return (
      (await this.#copy(produced.tree, join(entry, 'tree'), roots.tree)) &&
      (await this.#copy(produced.home, join(entry, 'home'), roots.home))
    );
  }

  async #copy(paths: readonly string[], from: string, to: string): Promise<boolean> {
    for (const path of paths) {
      const into = dirname(join(to, path));
      await mkdir(into, { recursive: true });
      // `-a` keeps links as links; a clone where the file system has them. C3
      const flags = this.#deps.platform === 'darwin' ? ['-Rpc'] : ['-a', '--reflink=auto'];
      const answer = await this.#deps.run({
        command: 'cp',
        args: [...flags, '--', join(from, path), `${into}/`],
        cwd: '/',
        env: ENV,
        timeoutMs: COPY_MS,
      });
      if (answer.exitCode !== 0) return false;
    }
    return true;
  }

  /** C4 */
  async #isMovable(produced: Produced, roots: Roots): Promise<boolean> {
    const real = await Promise.all([realpath(roots.tree), realpath(roots.home)]);
    const places = [...new Set([roots.tree, roots.home, ...real])];
    const paths = [
      ...produced.tree.map((path) => join(roots.tree, path)),
      ...produced.home.map((path) => join(roots.home, path)),
    ];
    if (paths.length === 0) return true;
    for (const path of paths) if (await linksInto(path, places)) return false;
    const answer = await this.#deps.run({
      command: 'grep',
      args: ['-rqF', ...places.flatMap((place) => ['-e', place]), '--', ...paths],
      cwd: '/',
      env: ENV,
      timeoutMs: COPY_MS,
    });
    return answer.exitCode === 1; // 1: found nowhere; anything else is doubt.
  }

  /** The least recently used go. */
  async #evict(directory: string): Promise<void> {
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
    const used = await Promise.all(
      names.map(async (name) => {
        const stats = await lstat(join(directory, name)).catch(() => null);
        return { path: join(directory, name), at: stats?.mtimeMs ?? 0 };
      }),
    );
    const old = used.sort((a, b) => b.at - a.at).slice(ENTRIES_MAX);
    for (const { path } of old) await this.#remove(path);
  }

  async #remove(path: string): Promise<void> {
    const gone = await removed(path);
    if (gone) return;
    // Some tools leave read-only directories.
    await this.#deps.run({
      command: 'chmod',
      args: ['-R', 'u+rwX', '--', path],
      cwd: '/',
      env: ENV,
      timeoutMs: COPY_MS,
    });
    await removed(path);
  }
}

/** Nothing is in the way, and no link leads the copy elsewhere. */
async function fits(produced: Produced, roots: Roots): Promise<boolean> {
  const each = [
    ...produced.tree.map((path) => [roots.tree, path] as const),
    ...produced.home.map((path) => [roots.home, path] as const),
  ];
  for (const [root, path] of each) {
    if (!(await hasRealParents(root, path)) || (await exists(join(root, path)))) return false;
  }
  return true;
}

async function removeAll(produced: Produced, roots: Roots): Promise<void> {
  for (const path of produced.tree) await removed(join(roots.tree, path));
  for (const path of produced.home) await removed(join(roots.home, path));
}

async function removed(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

async function readManifest(entry: string): Promise<Produced | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(entry, 'manifest.json'), 'utf8'));
    return isProduced(value) ? value : null;
  } catch {
    return null;
  }
}

export function isProduced(value: unknown): value is Produced {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tree' in value &&
    'home' in value &&
    [value.tree, value.home].every(
      (paths) => Array.isArray(paths) && paths.every((path) => typeof path === 'string'),
    )
  );
}

/** A link or anything else that is no plain file counts by its kind: it is never followed. */
async function contentOf(path: string): Promise<Buffer> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return Buffer.from('absent');
  if (!stats.isFile() || stats.size > KEY_FILE_BYTES_MAX) {
    return Buffer.from(`${stats.mode} ${stats.size} ${stats.mtimeMs}`);
  }
  return createHash('sha256')
    .update(await readFile(path))
    .digest();
}
