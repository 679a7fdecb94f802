/**
 * Copies an attempt's branch into the store and guards it. A refusal is a message the agent can
 * act on; nothing of a refused submission is kept under a ref.
 *
 * U1 The branch is read inside the sandbox, and git checks the pack that comes out of it.
 * U2 Refused: uncommitted changes, an operation in progress, no change, history without a common
 *    ancestor with the target, another bead's commits, submodule pointers, new LFS pointers.
 * U3 Another bead's commit is one its recorded submission holds and the target does not, by id or
 *    as a copy (the same patch with the same author and author date).
 * U4 What was published, or taken from the remote's branch, must be below what is handed in.
 * U5 The snapshot is taken before the ref is set, so a snapshot of an attempt that submitted is
 *    never older than its submission.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import { commitOf, type AttemptId, type BeadId, type Commit } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { err, ok, type Result } from '../core/result.ts';
import { publishedHead, SUBMISSIONS } from './branch-records.ts';
import { foreignCommits } from './foreign.ts';
import { caught, excerpt } from './git-errors.ts';
import { shown, splitZ, type ContainedGit } from './git.ts';
import type { RunnerPaths } from './paths.ts';
import type { Snapshots } from './snapshot.ts';
import type { Store, Stores } from './store.ts';
import { bringObjects, WorkspaceGit } from './workspace-objects.ts';

export interface SubmissionSpec {
  readonly rig: RigRef;
  readonly bead: BeadId;
  readonly attempt: AttemptId;
  readonly branch: string;
  readonly base: Commit;
  /** Where the target stood at the last fetch; null when that is not known. */
  readonly target: Commit | null;
}

export interface Collected {
  readonly head: Commit;
  /** Those of the branch that are not in the target, newest first. */
  readonly commits: readonly Commit[];
  readonly files: readonly string[];
}

export interface SubmissionDeps {
  readonly contained: ContainedGit;
  readonly paths: RunnerPaths;
  readonly stores: Stores;
  readonly snapshots: Snapshots;
}

export function submitRef(attempt: string): string {
  return `${SUBMISSIONS}${attempt}`;
}

export class Submissions {
  readonly #deps: SubmissionDeps;

  constructor(deps: SubmissionDeps) {
    this.#deps = deps;
  }

  async collect(spec: SubmissionSpec): Promise<Result<Collected, Failure>> {
    return await caught('workspace', 'submission', async () => {
      const { paths, stores, contained } = this.#deps;
      const store = await stores.open(spec.rig.rig);
      const directory = paths.workspace(spec.bead);
      const workspace = new WorkspaceGit(contained, directory, paths.mirror(spec.rig.rig));
      const dirty = await uncommitted(workspace);
      if (dirty !== null) return err(dirty);
      const head = await this.#bring(store, workspace, spec);
      if (!head.ok) return head;
      const guarded = await guard(store, spec, head.value);
      if (!guarded.ok) return guarded;
      const saved = await this.#deps.snapshots.save({ ...spec, rig: spec.rig.rig }); // U5
      if (!saved.ok) return saved;
      await store.setRef(submitRef(spec.attempt), head.value);
      return guarded;
    });
  }

  /** U1 */
  async #bring(
    store: Store,
    workspace: WorkspaceGit,
    spec: SubmissionSpec,
  ): Promise<Result<Commit, Failure>> {
    const { paths } = this.#deps;
    const ref = `refs/heads/${spec.branch}`;
    const found = await workspace.own(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    if (!found.ok) {
      return err(broken(`the branch ${spec.branch} is not there`, found.stderr));
    }
    const head = commitOf(found.out);
    const known = [spec.base];
    const { bead } = spec;
    await bringObjects({ store, paths, workspace, bead, wanted: [head], known });
    const whole = await store.run(['rev-list', '--objects', '--quiet', head, `^${spec.base}`]);
    if (!whole.ok) return err(broken('objects of the branch are missing', whole.stderr));
    return ok(head);
  }
}

function broken(what: string, output: string): Failure {
  const text = excerpt(`${what}\n${output}`);
  return { kind: 'workspace_failed', helps: 'later', step: 'read the branch', output: text };
}

/** Tracked changes that are not in a commit, or something half done. */
async function uncommitted(workspace: WorkspaceGit): Promise<Failure | null> {
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames'];
  const status = await workspace.own([...args, '--ignore-submodules=all']);
  if (!status.ok) return broken('git status failed in the workspace', status.stderr);
  const files = splitZ(status.bytes).map((entry) => shown(entry.slice(3)));
  const half = HALF_DONE.filter(([file]) => existsSync(join(workspace.gitDir, file)));
  const all = [...files, ...half.map(([, what]) => what)];
  if (all.length === 0) return null;
  return { kind: 'submission_dirty', helps: 'no', files: all.slice(0, FILES_SHOWN) };
}

const FILES_SHOWN = 100;

const HALF_DONE: readonly (readonly [string, string])[] = [
  ['MERGE_HEAD', '(a merge is not finished)'],
  ['rebase-merge', '(a rebase is not finished)'],
  ['rebase-apply', '(a rebase is not finished)'],
  ['CHERRY_PICK_HEAD', '(a cherry-pick is not finished)'],
  ['REVERT_HEAD', '(a revert is not finished)'],
];

/** U2, on what is in the store by now. */
async function guard(
  store: Store,
  spec: SubmissionSpec,
  head: Commit,
): Promise<Result<Collected, Failure>> {
  const { base } = spec;
  const target = spec.target ?? base;
  const fork = await store.mergeBase(head, target);
  if (fork === null) {
    return err({ kind: 'submission_not_descendant', helps: 'no', head, published: base });
  }
  const published = await publishedHead(store, spec.branch); // U4
  if (published !== null && !(await store.isAncestor(published, head))) {
    return err({ kind: 'submission_not_descendant', helps: 'no', head, published });
  }
  const commits = (await store.lines(['rev-list', head, `^${target}`])).map(commitOf);
  const changes = await changedFiles(store, fork, head);
  if (commits.length === 0 || changes.length === 0) {
    return err({ kind: 'submission_empty', helps: 'no', base, head });
  }
  const links = changes.filter((change) => change.isLink).map((change) => change.path);
  if (links.length > 0) {
    return err({ kind: 'submission_submodule', helps: 'no', paths: links });
  }
  const pointers = await lfsPointers(store, fork, changes);
  if (pointers.length > 0) return err({ kind: 'submission_lfs', helps: 'no', paths: pointers });
  const foreign = await foreignCommits(store, spec.bead, commits, target);
  if (foreign !== null) return err({ kind: 'submission_foreign', helps: 'no', ...foreign });
  return ok({ head, commits, files: changes.map((change) => change.path) });
}

interface Change {
  readonly path: string;
  readonly isLink: boolean;
  /** The new blob, or null when the file is gone. */
  readonly blob: string | null;
}

async function changedFiles(store: Store, from: Commit, to: Commit): Promise<readonly Change[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--ignore-submodules=none'];
  const found = await store.run([...args, from, to], { outputBytesMax: 1 << 28 });
  const parts = splitZ(found.bytes);
  const changes: Change[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', , blob = '', status = ''] = (parts[at] ?? '').split(' ');
    changes.push({
      path: shown(parts[at + 1] ?? ''),
      isLink: oldMode === ':160000' || newMode === '160000',
      blob: status.startsWith('D') ? null : blob,
    });
  }
  return changes;
}

const LFS_POINTER_BYTES_MAX = 1024;
const LFS_FIRST_LINE = 'version https://git-lfs.github.com/spec/v1';

/** Small new blobs that begin as a pointer does and were not in the tree before. */
async function lfsPointers(
  store: Store,
  before: Commit,
  changes: readonly Change[],
): Promise<readonly string[]> {
  const named = changes.flatMap(({ path, blob }) => (blob === null ? [] : [{ path, blob }]));
  const sizes = await store.lines(['cat-file', '--batch-check=%(objectsize) %(objecttype)'], {
    input: named.map(({ blob }) => `${blob}\n`).join(''),
  });
  const found: { path: string; blob: string }[] = [];
  for (const [index, one] of named.entries()) {
    const [size = '', type = ''] = (sizes[index] ?? '').split(' ');
    if (type !== 'blob' || Number(size) > LFS_POINTER_BYTES_MAX) continue;
    const text = await store.run(['cat-file', 'blob', one.blob]);
    if (text.out.startsWith(LFS_FIRST_LINE)) found.push(one);
  }
  if (found.length === 0) return [];
  const old = await store.run(['ls-tree', '-r', before], { outputBytesMax: 1 << 28 });
  return found.filter(({ blob }) => !old.out.includes(blob)).map(({ path }) => path);
}
