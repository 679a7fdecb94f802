/**
 * One workspace per bead: a repository of its own that borrows the mirror's objects and holds
 * exactly the target, the base and the bead's branch. Locked to one attempt.
 *
 * W1 The runner's git touches a workspace only while it is being made, in a place no agent has
 *    seen; it then appears under its name whole. Later everything goes through the sandbox.
 * W2 The same bead gets the same directory back as it was left: edits, index, a rebase half done.
 * W3 Otherwise it starts from the last snapshot, when that is not older than the submission the
 *    attempt goes on from; else from that submission; else from the base.
 * W4 A head that the town put on the branch since (taken from the remote, or caught up with the
 *    target) is what the next attempt starts from: a workspace that lacks it goes to the trash.
 * W5 The lease file beside it is the runner's knowledge of it. A lease of another life of the
 *    runner is void: that life's agents are gone before this one starts any.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import { attemptId, beadId, commitOf, type AttemptId, type Commit } from '../core/ids.ts';
import type { Author, LaunchSpec } from '../core/launch-spec.ts';
import { err, ok, type Result } from '../core/result.ts';
import { touchedBy } from '../core/touched.ts';
import { refsOfBead, SUBMISSIONS } from './branch-records.ts';
import { caught, excerpt } from './git-errors.ts';
import type { ContainedGit, Git } from './git.ts';
import { fieldsOf } from './harness/fields.ts';
import type { Mirrors } from './mirror.ts';
import type { Submission, Workspace, Workspaces } from './needs.ts';
import type { RunnerPaths } from './paths.ts';
import { latestSnapshot, type Snapshot } from './snapshot-restore.ts';
import type { Snapshots } from './snapshot.ts';
import type { Store, Stores } from './store.ts';
import { submitRef, type Submissions } from './submission.ts';
import { lentBy } from './submodules.ts';
import type { Trash } from './trash.ts';
import { makeWorkspace, type Start } from './workspace-make.ts';
import { WorkspaceGit } from './workspace-objects.ts';

export interface WorkspaceDeps {
  readonly git: Git;
  readonly contained: ContainedGit;
  readonly paths: RunnerPaths;
  readonly mirrors: Mirrors;
  readonly stores: Stores;
  readonly snapshots: Snapshots;
  readonly submissions: Submissions;
  readonly trash: Trash;
  /** This life of the runner. W5 */
  readonly incarnation: string;
  /** Whose name commits carry when the spec says none. */
  readonly author: Author;
}

/** What the runner knows of a workspace. */
export interface Lease {
  readonly rig: string;
  readonly branch: string;
  readonly base: Commit;
  readonly attempt: AttemptId;
  /** null once the attempt gave it up. */
  readonly incarnation: string | null;
}

export class GitWorkspaces implements Workspaces {
  readonly #deps: WorkspaceDeps;

  constructor(deps: WorkspaceDeps) {
    this.#deps = deps;
  }

  async prepare(spec: LaunchSpec, signal: AbortSignal): Promise<Result<Workspace, Failure>> {
    return await caught('workspace', 'prepare', async () => {
      const held = await this.#lockedBy(spec);
      if (held !== null) return err(failed('lock', `attempt ${held} still has the workspace`));
      const fetched = await this.#deps.mirrors.fetchTarget(spec.rig);
      if (!fetched.ok) return fetched;
      if (signal.aborted) return err(failed('prepare', 'cancelled'));
      const { targetTip } = fetched.value;
      const lease = await readLease(this.#deps.paths, spec.bead);
      const intact =
        lease !== null && (await this.#isIntact(spec, lease)) && (await this.#holdsHead(spec));
      const base = intact ? lease.base : await this.#baseOf(spec, targetTip);
      const made = intact ? ok(undefined) : await this.#make(spec, base, targetTip);
      if (!made.ok) return made;
      await this.#writeLease(spec, base, this.#deps.incarnation);
      if (intact) await this.#moveTarget(spec, targetTip);
      return ok(this.#described(spec, base));
    });
  }

  /** null: nothing but what is committed and submitted, or no workspace. */
  async snapshot(spec: LaunchSpec): Promise<Result<Commit | null, Failure>> {
    const lease = await readLease(this.#deps.paths, spec.bead);
    if (lease === null || lease.attempt !== spec.attempt) return ok(null);
    if (!existsSync(this.#deps.paths.workspace(spec.bead))) return ok(null);
    const saved = await this.#deps.snapshots.save(snapshotSpec(spec, lease.base));
    if (!saved.ok) return saved;
    const { commit, head, unsaved } = saved.value;
    if (unsaved) return ok(commit);
    const store = await this.#deps.stores.open(spec.rig.rig);
    const submitted = await store.commit(submitRef(spec.attempt));
    const known = [lease.base, spec.head, submitted];
    return ok(head === null || known.includes(head) ? null : commit);
  }

  async collect(spec: LaunchSpec): Promise<Result<Submission, Failure>> {
    const lease = await readLease(this.#deps.paths, spec.bead);
    if (lease === null || lease.attempt !== spec.attempt) {
      return err({ kind: 'attempt_over', helps: 'no', attempt: spec.attempt });
    }
    const { base } = lease;
    const collected = await this.#deps.submissions.collect({
      ...snapshotSpec(spec, base),
      rig: spec.rig,
      target: await this.#deps.mirrors.lastKnown(spec.rig),
    });
    if (!collected.ok) return collected;
    const { head, files } = collected.value;
    return ok({ head, base, touched: touchedBy(spec.scope, files) });
  }

  async release(spec: LaunchSpec): Promise<void> {
    const lease = await readLease(this.#deps.paths, spec.bead);
    if (lease === null || lease.attempt !== spec.attempt) return;
    await this.#writeLease(spec, lease.base, null);
  }

  /** To the trash, with an expiry. Refused while an attempt has it. */
  async discard(bead: string): Promise<Result<void, Failure>> {
    const lease = await readLease(this.#deps.paths, bead);
    if (lease !== null && lease.incarnation === this.#deps.incarnation) {
      return err(failed('discard', `attempt ${lease.attempt} still has the workspace`));
    }
    await this.#deps.trash.put(this.#deps.paths.workspace(bead));
    await rm(this.#deps.paths.lease(bead), { force: true });
    return ok(undefined);
  }

  /**
   * Discards the workspaces nobody has had since `before` (epoch milliseconds), each only after it
   * was saved: the next attempt at the bead finds its state in the snapshot. Answers their beads.
   */
  async discardIdle(before: number): Promise<readonly string[]> {
    const { paths, snapshots } = this.#deps;
    const discarded: string[] = [];
    for (const name of await readdir(paths.leases).catch(() => [])) {
      if (!name.endsWith('.json')) continue;
      const bead = beadId(name.slice(0, -'.json'.length));
      const lease = await readLease(paths, bead);
      const touched = await stat(paths.lease(bead)).catch(() => null);
      if (lease === null || touched === null || touched.mtimeMs >= before) continue;
      const { rig, branch, base, attempt } = lease;
      const saved = await snapshots.save({ rig, bead, attempt, branch, base });
      if (saved.ok && (await this.discard(bead)).ok) discarded.push(bead);
    }
    return discarded;
  }

  /** The attempt that has it, when that is another one of this life. W5 */
  async #lockedBy(spec: LaunchSpec): Promise<string | null> {
    const lease = await readLease(this.#deps.paths, spec.bead);
    if (lease === null || lease.incarnation !== this.#deps.incarnation) return null;
    return lease.attempt === spec.attempt ? null : lease.attempt;
  }

  /** W2: what cannot be opened any more is made again, and the old one kept in the trash. */
  async #isIntact(spec: LaunchSpec, lease: Lease): Promise<boolean> {
    const gitDir = join(this.#deps.paths.workspace(spec.bead), '.git');
    const found = await lstat(gitDir).catch(() => null);
    if (found === null || !found.isDirectory()) return false;
    const same = lease.rig === spec.rig.rig && lease.branch === spec.branch;
    const based = spec.base === null || spec.base === lease.base;
    if (!same || !based) return false;
    await rm(join(gitDir, 'index.lock'), { force: true }); // the agent that held it is gone
    const opened = await this.#git(spec).own(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
    return opened.ok;
  }

  /** W4. What an attempt handed in came from this workspace. */
  async #holdsHead(spec: LaunchSpec): Promise<boolean> {
    if (spec.head === null) return true;
    const store = await this.#deps.stores.open(spec.rig.rig);
    const refs = await refsOfBead(store, spec.bead, spec.head);
    if (refs.length === 0 || refs.some((ref) => ref.startsWith(SUBMISSIONS))) return true;
    const git = this.#git(spec);
    for (const ref of ['HEAD', `refs/heads/${spec.branch}`]) {
      const below = await git.own(['merge-base', '--is-ancestor', spec.head, ref]);
      if (below.ok) return true;
    }
    return false;
  }

  /** What the town has on record, unless it is nowhere to be had any more. */
  async #baseOf(spec: LaunchSpec, tip: Commit): Promise<Commit> {
    if (spec.base === null) return tip;
    const store = await this.#deps.stores.open(spec.rig.rig);
    return (await store.has(spec.base)) ? spec.base : tip;
  }

  async #make(spec: LaunchSpec, base: Commit, tip: Commit): Promise<Result<void, Failure>> {
    const { paths, trash, stores } = this.#deps;
    const store = await stores.open(spec.rig.rig);
    const start = await startOf(store, spec);
    if (!start.ok) return start;
    const directory = paths.workspace(spec.bead);
    const fresh = join(paths.workspaces, `.new-${spec.bead}`);
    await rm(fresh, { recursive: true, force: true });
    await makeWorkspace(this.#deps, {
      spec,
      store,
      directory: fresh,
      base,
      tip,
      start: start.value,
    });
    if (existsSync(directory)) await trash.put(directory);
    await rename(fresh, directory); // W1
    return ok(undefined);
  }

  /** Shows an agent that goes on in its workspace where the target is by now. In the sandbox. */
  async #moveTarget(spec: LaunchSpec, tip: Commit): Promise<void> {
    const git = this.#git(spec);
    const ref = `refs/remotes/origin/${spec.rig.target}`;
    // It may fail on what the agent left there; the agent can fetch it from the mirror itself.
    await git.own(['update-ref', ref, tip], { writable: [git.directory] });
  }

  #git(spec: LaunchSpec): WorkspaceGit {
    const { contained, paths } = this.#deps;
    const directory = paths.workspace(spec.bead);
    return new WorkspaceGit(contained, directory, paths.mirror(spec.rig.rig));
  }

  async #writeLease(spec: LaunchSpec, base: Commit, incarnation: string | null): Promise<void> {
    const { branch, attempt } = spec;
    const lease: Lease = { rig: spec.rig.rig, branch, base, attempt, incarnation };
    const path = this.#deps.paths.lease(spec.bead);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, `${JSON.stringify(lease, null, 2)}\n`);
    await rename(`${path}.new`, path);
  }

  #described(spec: LaunchSpec, base: Commit): Workspace {
    const { paths } = this.#deps;
    const readable = lentBy(paths, spec.rig.rig);
    return { directory: paths.workspace(spec.bead), base, writable: [], readable };
  }
}

/** W3 */
async function startOf(store: Store, spec: LaunchSpec): Promise<Result<Start, Failure>> {
  const snapshot = await latestSnapshot(store, spec.bead);
  const usable = snapshot !== null && snapshot.branch === spec.branch && spec.number > 1;
  const saved: Snapshot | null = usable ? snapshot : null;
  if (spec.head === null) return ok({ head: null, headRef: null, snapshot: saved });
  const { head } = spec;
  const refs = await refsOfBead(store, spec.bead, head);
  const submitted = refs.filter((ref) => ref.startsWith(SUBMISSIONS));
  const headRef = submitted.at(-1) ?? refs.at(-1) ?? null;
  if (headRef === null && saved === null) {
    return err(failed('find the submission', `${head} is not in this runner's store`));
  }
  // Without a ref of the head, the snapshot is all there is of it.
  const fits = headRef === null || (await goesOnFrom(store, saved, head, submitted));
  return ok({ head, headRef, snapshot: fits ? saved : null });
}

/** Is the snapshot not older than the head? W3, W4 */
async function goesOnFrom(
  store: Store,
  saved: Snapshot | null,
  head: Commit,
  submitted: readonly string[],
): Promise<boolean> {
  if (saved === null) return false;
  const last = submitted.at(-1);
  // A snapshot holds the commits that its state speaks of.
  if (last === undefined) return await store.isAncestor(head, saved.commit);
  return saved.number >= Number(last.slice(last.lastIndexOf('.') + 1));
}

/**
 * null also for one that cannot be read, as after a loss of power: the workspace is made again
 * from what was saved, and the old one kept in the trash.
 */
export async function readLease(paths: RunnerPaths, bead: string): Promise<Lease | null> {
  try {
    const found = fieldsOf(JSON.parse(await readFile(paths.lease(bead), 'utf8')));
    const { incarnation } = found;
    return {
      rig: String(found['rig']),
      branch: String(found['branch']),
      base: commitOf(String(found['base'])),
      attempt: attemptId(String(found['attempt'])),
      incarnation: typeof incarnation === 'string' ? incarnation : null,
    };
  } catch {
    return null;
  }
}

function snapshotSpec(spec: LaunchSpec, base: Commit) {
  const { bead, attempt, branch } = spec;
  return { rig: spec.rig.rig, bead, attempt, branch, base };
}

function failed(step: string, output: string): Failure {
  return { kind: 'workspace_failed', helps: 'later', step, output: excerpt(output) };
}
