/**
 * The runner's own git directory of one rig: snapshots, submissions, candidates. It borrows the
 * mirror's objects, is never collected, and no agent's process ever has it writable.
 *
 * S1 Objects of a workspace come in as a pack that git checks (`--strict`), never by a fetch from
 *    the workspace.
 * S2 Whatever is made here hangs on a ref below `refs/gastown/` before anybody is told of it.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { commitOf, type Commit } from '../core/ids.ts';
import { isLockHeld } from './git-errors.ts';
import { GitFailed, type Git, type GitOptions, type GitOutcome } from './git.ts';
import { borrow } from './new-repository.ts';
import type { RunnerPaths } from './paths.ts';
import { sweepLocks } from './stale-locks.ts';

const STORE_MS = 5 * 60_000;
/** Below this a pack becomes loose objects, so that saving often does not pile up packs. */
const UNPACK_BYTES_MAX = 256 * 1024;

export class Store {
  readonly gitDir: string;
  readonly #git: Git;
  /** Whose credential git uses on the network; null: no credential of the town. */
  readonly #rig: string | null;

  constructor(git: Git, gitDir: string, rig: string | null) {
    this.#git = git;
    this.gitDir = gitDir;
    this.#rig = rig;
  }

  async run(args: readonly string[], options: Partial<GitOptions> = {}): Promise<GitOutcome> {
    const credential = this.#rig === null ? {} : { credential: { rig: this.#rig } };
    const all = { gitDir: this.gitDir, timeoutMs: STORE_MS, ...credential, ...options };
    const outcome = await this.#git.run(args, all);
    if (outcome.ok || !isLockHeld(outcome)) return outcome;
    await sweepLocks(this.gitDir);
    return await this.#git.run(args, all);
  }

  async must(args: readonly string[], options: Partial<GitOptions> = {}): Promise<string> {
    const outcome = await this.run(args, options);
    if (!outcome.ok) throw new GitFailed(args[0] ?? 'git', outcome);
    return outcome.out;
  }

  async has(commit: Commit): Promise<boolean> {
    return (await this.run(['cat-file', '-e', `${commit}^{commit}`])).ok;
  }

  async commit(name: string): Promise<Commit | null> {
    const found = await this.run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return found.ok ? commitOf(found.out) : null;
  }

  /** Both must be here; a commit is its own ancestor. */
  async isAncestor(ancestor: Commit, of: Commit): Promise<boolean> {
    return (await this.run(['merge-base', '--is-ancestor', ancestor, of])).ok;
  }

  async mergeBase(a: Commit, b: Commit): Promise<Commit | null> {
    const found = await this.run(['merge-base', a, b]);
    return found.ok ? commitOf(found.out) : null;
  }

  async setRef(ref: string, commit: Commit): Promise<void> {
    await this.must(['update-ref', ref, commit]);
  }

  async lines(args: readonly string[], options: Partial<GitOptions> = {}): Promise<string[]> {
    const text = await this.must(args, { outputBytesMax: 64 * 1024 * 1024, ...options });
    return text === '' ? [] : text.split('\n');
  }

  /** S1 */
  async importPack(file: string): Promise<void> {
    const { size } = await stat(file);
    const args =
      size <= UNPACK_BYTES_MAX
        ? ['unpack-objects', '-q', '--strict']
        : ['index-pack', '--strict', '--stdin', '--fix-thin'];
    await this.must(args, { stdinFile: file });
  }
}

export class Stores {
  readonly #git: Git;
  readonly #paths: RunnerPaths;

  constructor(git: Git, paths: RunnerPaths) {
    this.#git = git;
    this.#paths = paths;
  }

  /** Makes it on first use. Safe to be killed anywhere: it appears whole or not at all. */
  async open(rig: string): Promise<Store> {
    const gitDir = this.#paths.store(rig);
    if (!existsSync(gitDir)) await this.#make(rig, gitDir);
    return new Store(this.#git, gitDir, rig);
  }

  async #make(rig: string, gitDir: string): Promise<void> {
    const format = await objectFormat(this.#git, this.#paths.mirror(rig));
    await initBare(this.#git, gitDir, format, this.#paths.mirror(rig));
  }
}

/** A bare repository that is never collected, with the objects of another borrowed. */
export async function initBare(
  git: Git,
  gitDir: string,
  format: 'sha1' | 'sha256',
  borrowFrom: string | null,
): Promise<void> {
  await mkdir(dirname(gitDir), { recursive: true });
  const fresh = `${gitDir}.new`;
  await rm(fresh, { recursive: true, force: true });
  const options: GitOptions = { timeoutMs: 60_000 };
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`];
  await git.must([...init, '--initial-branch=main', fresh], options);
  const set = async (key: string, value: string): Promise<void> => {
    await git.must(['config', key, value], { gitDir: fresh, timeoutMs: 60_000 });
  };
  await set('gc.auto', '0');
  await set('gc.pruneExpire', 'never');
  // What the town was told of survives a power cut, as its database does.
  await set('core.fsync', 'committed,reference');
  if (borrowFrom !== null) await borrow(fresh, borrowFrom);
  try {
    await rename(fresh, gitDir);
  } catch (error) {
    if (!existsSync(join(gitDir, 'HEAD'))) throw error; // somebody made it meanwhile
    await rm(fresh, { recursive: true, force: true });
  }
}

export async function objectFormat(git: Git, gitDir: string): Promise<'sha1' | 'sha256'> {
  const found = await git.run(['rev-parse', '--show-object-format'], {
    gitDir,
    timeoutMs: 60_000,
  });
  return found.ok && found.out === 'sha256' ? 'sha256' : 'sha1';
}
