/**
 * Brings git objects out of a workspace into the runner's store: git in the sandbox packs them,
 * the runner's own git checks the pack and takes it in.
 *
 * O1 The runner never opens the workspace's git directory itself: what is read there is read by
 *    the contained git, and only bytes come out.
 * O2 Safe to repeat: what is already in the store is not asked for again.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainedGit, ContainedGitOptions, GitOutcome } from './git.ts';
import { GitFailed } from './git.ts';
import type { RunnerPaths } from './paths.ts';
import type { Store } from './store.ts';

const PACK_MS = 5 * 60_000;
const LIST_BYTES_MAX = 256 * 1024 * 1024;

/** The contained git on one workspace's own git directory, or on its tree with the store's. */
export class WorkspaceGit {
  readonly directory: string;
  readonly gitDir: string;
  readonly #git: ContainedGit;
  readonly #mirror: string;

  constructor(git: ContainedGit, directory: string, mirror: string) {
    this.#git = git;
    this.directory = directory;
    this.gitDir = join(directory, '.git');
    this.#mirror = mirror;
  }

  /** On the workspace's own git directory. */
  async own(
    args: readonly string[],
    options: Partial<ContainedGitOptions> = {},
  ): Promise<GitOutcome> {
    return await this.#git.run(args, {
      gitDir: this.gitDir,
      workTree: this.directory,
      writable: [],
      timeoutMs: PACK_MS,
      outputBytesMax: LIST_BYTES_MAX,
      ...options,
      readable: [this.directory, this.#mirror, ...(options.readable ?? [])],
    });
  }

  /** With the store's git directory on the workspace's files: none of its configuration is read. */
  async withStore(
    store: Store,
    args: readonly string[],
    options: { workTree?: string; indexFile: string; input?: Buffer },
  ): Promise<GitOutcome> {
    return await this.#git.run(args, {
      gitDir: store.gitDir,
      workTree: options.workTree ?? this.directory,
      indexFile: options.indexFile,
      ...(options.input === undefined ? {} : { input: options.input }),
      writable: [store.gitDir],
      readable: [this.directory, this.#mirror],
      timeoutMs: PACK_MS,
      outputBytesMax: LIST_BYTES_MAX,
    });
  }
}

export interface Bring {
  readonly store: Store;
  readonly paths: RunnerPaths;
  readonly workspace: WorkspaceGit;
  /** Names the place the pack passes through. */
  readonly bead: string;
  /** Object names that are wanted with everything they reach. */
  readonly wanted: readonly string[];
  /** Commits both sides have. */
  readonly known: readonly string[];
}

/** O2. Objects the workspace lacks too are passed over; the caller checks what it needs. */
export async function bringObjects(bring: Bring): Promise<void> {
  const lacking = await missingFrom(bring.store, bring.wanted);
  if (lacking.length === 0) return;
  const there = await bring.workspace.own(['cat-file', '--batch-check=%(objectname)'], {
    input: lines(lacking),
  });
  const present = there.out.split('\n').filter((line) => /^[0-9a-f]+$/.test(line));
  if (present.length === 0) return;
  const place = join(bring.paths.incoming, bring.bead);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  try {
    // To stdout: written to a file, a pack is first made inside the git directory, and that is
    // read-only here. Bounded by LIST_BYTES_MAX.
    const packed = await bring.workspace.own(
      ['pack-objects', '--quiet', '--revs', '--local', '--stdout'],
      { input: lines([...present, ...bring.known.map((id) => `^${id}`)]) },
    );
    if (!packed.ok || packed.truncated) throw new GitFailed('pack-objects', packed);
    const file = join(place, 'workspace.pack');
    await writeFile(file, packed.bytes);
    await bring.store.importPack(file);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function missingFrom(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const unique = [...new Set(ids)];
  if (unique.length === 0) return [];
  const answers = await store.lines(['cat-file', '--batch-check=%(objectname)'], {
    input: lines(unique),
  });
  return answers
    .filter((line) => line.endsWith(' missing'))
    .map((line) => line.slice(0, -' missing'.length));
}

function lines(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join('');
}
