/**
 * What people look at: the diff of a bead, its branch in a clone of their own, a commit's files.
 *
 * V1 Nothing the town knows of is changed. V2 A workspace is looked at through its snapshot, so
 *    no git of ours runs in it, and what is shown is also saved.
 * V3 A clone for a person has all its objects and no tie to the runner's directories.
 */
import { constants, existsSync } from 'node:fs';
import { access, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import { beadId, type Commit } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ReadAnswer, ReadRequest } from '../ports/runner.ts';
import { caught } from './git-errors.ts';
import type { Git } from './git.ts';
import type { Mirrors } from './mirror.ts';
import { writeRepository } from './new-repository.ts';
import type { RunnerPaths } from './paths.ts';
import { latestSnapshot, takeRef } from './snapshot-restore.ts';
import { fillSubmodules, lentBy } from './submodules.ts';
import type { Snapshots } from './snapshot.ts';
import type { Store, Stores } from './store.ts';
import { readLease } from './workspace.ts';

const DIFF_BYTES_MAX = 1024 * 1024;
const CHECKOUT_MS = 10 * 60_000;

type DiffRequest = Extract<ReadRequest, { readonly kind: 'diff' }>;
type CheckoutRequest = Extract<ReadRequest, { readonly kind: 'checkout' }>;

export interface ReadingDeps {
  readonly git: Git;
  readonly paths: RunnerPaths;
  readonly mirrors: Mirrors;
  readonly stores: Stores;
  readonly snapshots: Snapshots;
}

export class Reading {
  readonly #deps: ReadingDeps;

  constructor(deps: ReadingDeps) {
    this.#deps = deps;
  }

  async read(request: ReadRequest): Promise<Result<ReadAnswer, Failure>> {
    return await caught('job', request.kind, async () => {
      if (request.kind === 'diff') return await this.#diff(request);
      return await this.#checkout(request);
    });
  }

  /** Writes exactly the files of a commit into a new directory, as a repository of its own. */
  async checkout(rig: RigRef, commit: Commit, directory: string): Promise<Result<void, Failure>> {
    return await caught('job', 'checkout', async () => {
      const { git, paths, stores } = this.#deps;
      const store = await stores.open(rig.rig);
      const gitDir = join(directory, '.git');
      const at = { gitDir, workTree: directory, cwd: directory, timeoutMs: CHECKOUT_MS };
      await writeRepository({
        gitDir,
        branch: 'main',
        objectNameLength: commit.length,
        settings: [],
        borrowFrom: paths.mirror(rig.rig),
      });
      await withRef(store, commit, async (ref) => {
        await takeRef(git, store, gitDir, ref, 'refs/gastown/commit');
      });
      await git.must(['update-ref', '--no-deref', 'HEAD', commit], at);
      await git.must(['read-tree', '--reset', '-u', commit], at);
      const tip = await this.#deps.mirrors.lastKnown(rig);
      // A change to a submodule is refused, so the target's are the commit's.
      const base = tip === null ? null : await store.mergeBase(commit, tip);
      if (base !== null) await fillSubmodules({ git, paths, rig, store, base, directory });
      return ok(undefined);
    });
  }

  /** As of the last fetch. */
  async isInTarget(rig: RigRef, commit: Commit): Promise<boolean> {
    const tip = await this.#deps.mirrors.lastKnown(rig);
    if (tip === null) return false;
    return await (await this.#deps.stores.open(rig.rig)).isAncestor(commit, tip);
  }

  /** What a checkout reads from besides itself. */
  readable(rig: RigRef): readonly string[] {
    return lentBy(this.#deps.paths, rig.rig);
  }

  async #diff(request: DiffRequest): Promise<Result<ReadAnswer, Failure>> {
    const store = await this.#deps.stores.open(request.rig.rig);
    const sides = await this.#sides(store, request);
    if (sides === null) return ok({ kind: 'diff', text: '', truncated: false });
    if (!sides.ok) return sides;
    const args = ['diff', '--no-ext-diff', '--no-textconv', '--no-color', '--find-renames'];
    const { from, to } = sides.value;
    const shown = await store.run([...args, from, to], { outputBytesMax: DIFF_BYTES_MAX });
    if (!shown.ok) {
      const output = shown.stderr;
      return err({ kind: 'job_failed', helps: 'person', job: 'diff', step: 'diff', output });
    }
    return ok({ kind: 'diff', text: shown.bytes.toString('utf8'), truncated: shown.truncated });
  }

  /** V2. null: there is nothing of the bead yet. */
  async #sides(
    store: Store,
    request: DiffRequest,
  ): Promise<Result<{ from: string; to: string }, Failure> | null> {
    const { base, head } = request;
    const tip = (await this.#deps.mirrors.lastKnown(request.rig)) ?? base;
    const forkOf = async (commit: Commit): Promise<Commit> => {
      if (await store.isAncestor(commit, tip)) return base; // landed already
      return (await store.mergeBase(commit, tip)) ?? base;
    };
    if (head !== null) return ok({ from: await forkOf(head), to: head });
    const bead = beadId(request.bead);
    const lease = await readLease(this.#deps.paths, bead);
    if (lease !== null && existsSync(this.#deps.paths.workspace(bead))) {
      const spec = { ...lease, rig: request.rig.rig, bead };
      const saved = await this.#deps.snapshots.save(spec);
      if (!saved.ok) return saved;
      const from = saved.value.head === null ? base : await forkOf(saved.value.head);
      return ok({ from, to: saved.value.tree });
    }
    const last = await latestSnapshot(store, bead);
    return last === null ? null : ok({ from: base, to: `${last.commit}:tree` });
  }

  /** V3 */
  async #checkout(request: CheckoutRequest): Promise<Result<ReadAnswer, Failure>> {
    const { git, stores, mirrors } = this.#deps;
    const { rig, branch, head, directory } = request;
    const problem = await placeProblem(directory);
    if (problem !== null) return err(problem);
    if (request.dryRun) return ok({ kind: 'checkout', directory, branch });
    const store = await stores.open(rig.rig);
    const fresh = join(dirname(directory), `.gastown-${request.bead}.new`);
    await rm(fresh, { recursive: true, force: true });
    const gitDir = join(fresh, '.git');
    const at = { gitDir, workTree: fresh, cwd: fresh, timeoutMs: CHECKOUT_MS };
    await writeRepository({
      gitDir,
      branch,
      objectNameLength: head.length,
      borrowFrom: null,
      settings: [
        ['remote "origin"', 'url', rig.remote],
        ['remote "origin"', 'fetch', '+refs/heads/*:refs/remotes/origin/*'],
      ],
    });
    await withRef(store, head, async (ref) => {
      await takeRef(git, store, gitDir, ref, `refs/heads/${branch}`);
    });
    const tip = await mirrors.lastKnown(rig);
    if (tip !== null) {
      await withRef(store, tip, async (ref) => {
        await takeRef(git, store, gitDir, ref, `refs/remotes/origin/${rig.target}`);
      });
    }
    await git.must(['read-tree', '--reset', '-u', 'HEAD'], at);
    await rename(fresh, directory);
    return ok({ kind: 'checkout', directory, branch });
  }
}

/** Can something new be put there? */
async function placeProblem(directory: string): Promise<Failure | null> {
  const expected = await whyNot(directory);
  const given = directory;
  if (expected === null) return null;
  return { kind: 'bad_value', helps: 'person', field: 'directory', given, expected };
}

async function whyNot(directory: string): Promise<string | null> {
  const inside = existsSync(directory) ? await readdir(directory).catch(() => null) : [];
  if (inside?.length !== 0) return 'a directory that does not exist yet, or an empty one';
  // The slash asks for a folder: a file can be written to, too.
  const may = access(`${folderOf(directory)}/`, constants.W_OK);
  return await may.then(
    () => null,
    () => 'a place that may be written to',
  );
}

/** The folder there is already that what leads to a path would be made in. */
function folderOf(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) ? parent : folderOf(parent);
}

/** A commit needs a name to be fetched by. It stays: another reader may be using it. */
async function withRef(
  store: Store,
  commit: Commit,
  use: (ref: string) => Promise<void>,
): Promise<void> {
  const ref = `refs/gastown/read/${commit}`;
  await store.setRef(ref, commit);
  await use(ref);
}
