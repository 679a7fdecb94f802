/**
 * Saves a workspace as it is: files, index, HEAD and what is in progress (a merge, a rebase, a
 * cherry-pick), as one commit in the runner's store: `tree/`, `state/`, `meta.json`, `staged/`
 * (what only the index holds), with the commits the state speaks of as parents, so that one ref
 * holds all of it.
 *
 * N1 The workspace's configuration and hooks are never read, saved or restored.
 * N2 Everything that opens a file of the agent's runs contained and follows no link.
 * N3 Left out: ignored files, repositories inside the tree, and untracked files above
 *    `limits.snapshotFileBytesMax`; they are named in `meta.json`.
 * N4 Saving twice without a change makes nothing new.
 */
import { lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import { commitOf, type AttemptId, type BeadId, type Commit } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { ok, type Result } from '../core/result.ts';
import type { Clock } from '../ports/host.ts';
import { caught } from './git-errors.ts';
import { GitFailed, joinZ, shown, splitZ, type ContainedGit } from './git.ts';
import type { RunnerPaths } from './paths.ts';
import type { Store, Stores } from './store.ts';
import { bringObjects, WorkspaceGit } from './workspace-objects.ts';

export interface SnapshotDeps {
  readonly contained: ContainedGit;
  readonly paths: RunnerPaths;
  readonly stores: Stores;
  readonly clock: Clock;
}

export interface SnapshotSpec {
  readonly rig: string;
  readonly bead: BeadId;
  readonly attempt: AttemptId;
  readonly branch: string;
  readonly base: Commit;
}

export interface Saved {
  readonly commit: Commit;
  /** The commit HEAD stood on. */
  readonly head: Commit | null;
  /** The work tree as a git tree. */
  readonly tree: string;
  /** Something beyond what `head` holds: edits, or an operation in progress. */
  readonly unsaved: boolean;
}

/** N1: the only files of a git directory that are saved. Directories stand for all below them. */
export const STATE: readonly string[] = [
  'HEAD',
  'index',
  'ORIG_HEAD',
  'packed-refs',
  'refs/heads',
  'refs/stash',
  'logs/refs/stash',
  'MERGE_HEAD',
  'MERGE_MSG',
  'MERGE_MODE',
  'MERGE_RR',
  'AUTO_MERGE',
  'SQUASH_MSG',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'REBASE_HEAD',
  'refs/rewritten',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'BISECT_LOG',
  'BISECT_START',
  'BISECT_TERMS',
];

const IN_PROGRESS =
  /^(MERGE_HEAD|CHERRY_PICK_HEAD|REVERT_HEAD|rebase-merge\/|rebase-apply\/|sequencer\/)/;

export function snapshotRef(attempt: string): string {
  return `refs/gastown/snapshot/${attempt}`;
}

export class Snapshots {
  readonly #deps: SnapshotDeps;
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** The last one of each bead, by what it was made of. N4 */
  readonly #last = new Map<string, { readonly of: string; readonly saved: Saved }>();

  constructor(deps: SnapshotDeps) {
    this.#deps = deps;
  }

  /** One at a time for each bead. */
  async save(spec: SnapshotSpec): Promise<Result<Saved, Failure>> {
    const before = this.#lanes.get(spec.bead) ?? Promise.resolve();
    const work = before.then(() => caught('workspace', 'snapshot', () => this.#save(spec)));
    const settled = work.catch(() => undefined);
    this.#lanes.set(spec.bead, settled);
    try {
      return await work;
    } finally {
      if (this.#lanes.get(spec.bead) === settled) this.#lanes.delete(spec.bead);
    }
  }

  async #save(spec: SnapshotSpec): Promise<Result<Saved, Failure>> {
    const { paths, contained, stores } = this.#deps;
    const store = await stores.open(spec.rig);
    const mirror = paths.mirror(spec.rig);
    const workspace = new WorkspaceGit(contained, paths.workspace(spec.bead), mirror);
    const files = await saveFiles(store, workspace, spec);
    const state = await saveState(store, workspace, spec.bead);
    const { bead } = spec;
    const of = [spec.attempt, spec.base, files.tree, state.tree].join(' ');
    const last = this.#last.get(bead);
    if (last?.of === of) return ok(last.saved);
    const wanted = await referenced(store, workspace, state.tree);
    await bringObjects({ store, paths, workspace, bead, wanted: wanted.ids, known: [spec.base] });
    const { head } = wanted;
    const held = await heldBy(store, files.tree, head, wanted.ids);
    const commit = await this.#commit(store, spec, files, state.tree, held);
    const headTree = head === null ? '' : await store.must(['rev-parse', `${head}^{tree}`]);
    const inProgress = state.names.some((name) => IN_PROGRESS.test(name));
    const unsaved = inProgress || headTree !== files.tree;
    const saved: Saved = { commit, head, tree: files.tree, unsaved };
    this.#last.set(bead, { of, saved });
    return ok(saved);
  }

  async #commit(
    store: Store,
    spec: SnapshotSpec,
    files: { readonly tree: string; readonly leftOut: readonly string[] },
    state: string,
    held: Held,
  ): Promise<Commit> {
    const meta = { attempt: spec.attempt, branch: spec.branch, base: spec.base };
    const text = JSON.stringify({ ...meta, leftOut: files.leftOut.map(shown) }, null, 2);
    const blob = await store.must(['hash-object', '-w', '--stdin'], { input: `${text}\n` });
    const entries = [`100644 blob ${blob}\tmeta.json`, `040000 tree ${state}\tstate`];
    const staged = held.staged === null ? [] : [`040000 tree ${held.staged}\tstaged`];
    const all = [...entries, ...staged, `040000 tree ${files.tree}\ttree`];
    const tree = await store.must(['mktree'], { input: all.map((e) => `${e}\n`).join('') });
    const ref = snapshotRef(spec.attempt);
    const last = await store.run(['rev-parse', '--verify', '--quiet', `${ref}^{tree}`]);
    const lastCommit = last.ok && last.out === tree ? await store.commit(ref) : null;
    if (lastCommit !== null) return lastCommit; // N4
    const args = ['commit-tree', tree, '-m', `snapshot of ${spec.attempt}`];
    const env = { ...snapshotIdentity, ...datesAt(this.#deps.clock.now()) };
    const commit = commitOf(
      await store.must([...args, ...held.parents.flatMap((parent) => ['-p', parent])], { env }),
    );
    await store.setRef(ref, commit);
    return commit;
  }
}

const PARENTS_MAX = 64;

const snapshotIdentity: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'Gastown',
  GIT_AUTHOR_EMAIL: 'gastown@localhost',
  GIT_COMMITTER_NAME: 'Gastown',
  GIT_COMMITTER_EMAIL: 'gastown@localhost',
};

function datesAt(ms: number): Record<string, string> {
  const date = `@${Math.floor(ms / 1000)} +0000`;
  return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
}

interface SavedFiles {
  readonly tree: string;
  readonly leftOut: readonly string[];
}

/** The files into the store, through an index of our own that remembers what it has seen. */
async function saveFiles(
  store: Store,
  workspace: WorkspaceGit,
  spec: SnapshotSpec,
): Promise<SavedFiles> {
  const indexFile = await indexOf(store, spec.bead, 'index');
  try {
    return await saveThrough(indexFile, store, workspace, spec);
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    await rm(indexFile, { force: true }); // it only remembers: a damaged one is made again
    return await saveThrough(indexFile, store, workspace, spec);
  }
}

async function saveThrough(
  indexFile: string,
  store: Store,
  workspace: WorkspaceGit,
  spec: SnapshotSpec,
): Promise<SavedFiles> {
  const index = { indexFile };
  if ((await lstat(indexFile).catch(() => null)) === null) {
    await store.must(['read-tree', spec.base], index);
    await dropLinks(store, indexFile);
    // Otherwise every file would be stored once more. 1: some differ, which is what we want.
    await contained(workspace, store, ['update-index', '-q', '--refresh'], index, [0, 1]);
  }
  const list = ['ls-files', '-z', '--others', '--exclude-standard'];
  const untracked = splitZ((await contained(workspace, store, list, index)).bytes);
  const leftOut = await tooLarge(workspace.directory, untracked);
  const input = joinZ(['.', ...leftOut.map((name) => `:(exclude,literal)${name}`)]);
  const add = ['add', '-A', '--ignore-errors', '--pathspec-from-file=-', '--pathspec-file-nul'];
  // 1: a file could not be read or was gone by then; the others are in.
  await contained(workspace, store, add, { ...index, input }, [0, 1]);
  await dropLinks(store, indexFile);
  return { tree: await store.must(['write-tree'], index), leftOut };
}

/** Submodules are filled by the runner; other repositories inside the tree are left out. N3 */
async function dropLinks(store: Store, indexFile: string): Promise<void> {
  const listed = await store.run(['ls-files', '-s', '-z'], { indexFile, outputBytesMax: 1 << 28 });
  const links = splitZ(listed.bytes)
    .filter((entry) => entry.startsWith('160000 '))
    .map((entry) => entry.slice(entry.indexOf('\t') + 1));
  if (links.length === 0) return;
  const input = joinZ(links);
  // Names are taken out of the index only; git wants to be told of a tree all the same.
  const workTree = dirname(indexFile);
  const remove = ['update-index', '--force-remove', '-z', '--stdin'];
  await store.must(remove, { indexFile, input, workTree, cwd: workTree });
}

/** N3. A name that ends in a slash is a repository inside the tree. */
async function tooLarge(directory: string, names: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of names) {
    if (name.endsWith('/')) left.push(name.slice(0, -1));
    else if ((await sizeOf(directory, name)) > limits.snapshotFileBytesMax) left.push(name);
  }
  return left;
}

async function sizeOf(directory: string, name: string): Promise<number> {
  const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);
  const found = await lstat(path).catch(() => null);
  return found === null ? 0 : found.size;
}

/** HEAD, index and what is in progress, as plain files of a tree of their own. */
async function saveState(
  store: Store,
  workspace: WorkspaceGit,
  bead: string,
): Promise<{ tree: string; names: readonly string[] }> {
  const indexFile = await indexOf(store, bead, 'state');
  await rm(indexFile, { force: true });
  const at = { indexFile, workTree: workspace.gitDir };
  const list = ['ls-files', '-z', '--others', '--', ...STATE, ':(glob)sharedindex.*'];
  const found = splitZ((await contained(workspace, store, list, at)).bytes);
  const large = await tooLarge(workspace.gitDir, found);
  const names = found.filter((name) => !large.includes(name) && !name.endsWith('.lock'));
  if (names.length > 0) {
    const input = joinZ(names.map((name) => `:(literal)${name}`));
    const from = ['--pathspec-from-file=-', '--pathspec-file-nul'];
    await contained(
      workspace,
      store,
      ['add', '-f', '--ignore-errors', ...from],
      { ...at, input },
      [0, 1],
    );
  }
  return { tree: await store.must(['write-tree'], { indexFile }), names };
}

/** The objects the index, the refs and the state speak of. */
async function referenced(
  store: Store,
  workspace: WorkspaceGit,
  state: string,
): Promise<{ ids: readonly string[]; head: Commit | null }> {
  const refs = await workspace.own(['show-ref', '--head']);
  const refIds = refs.out.split('\n').map((line) => line.slice(0, line.indexOf(' ')));
  const headLine = refs.out.split('\n').find((line) => line.endsWith(' HEAD'));
  const indexFile = join(workspace.gitDir, 'index');
  const staged = await workspace.withStore(store, ['ls-files', '-s', '-z'], { indexFile });
  const stagedIds = splitZ(staged.bytes)
    .filter((entry) => !entry.startsWith('160000 '))
    .map((entry) => entry.split(' ')[1] ?? '');
  const texts = await store.run(['grep', '-hoE', '[0-9a-f]{40,64}', state, '--', ':!index'], {
    outputBytesMax: 1 << 24,
  });
  const ids = [...refIds, ...stagedIds, ...texts.out.split('\n')].filter(isId);
  const head = headLine === undefined ? null : commitOf(headLine.slice(0, headLine.indexOf(' ')));
  return { ids: [...new Set(ids)], head };
}

/** How a snapshot keeps what the state speaks of: commits as parents, the rest in a tree. */
interface Held {
  readonly parents: readonly string[];
  readonly staged: string | null;
}

async function heldBy(
  store: Store,
  tree: string,
  head: Commit | null,
  ids: readonly string[],
): Promise<Held> {
  const checked = await store.lines(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: ids.map((id) => `${id}\n`).join(''),
  });
  const ofType = (type: string): readonly string[] =>
    checked
      .filter((line) => line.endsWith(` ${type}`))
      .map((line) => line.slice(0, line.indexOf(' ')));
  const parents = ofType('commit').slice(0, PARENTS_MAX);
  const known = new Set<string>();
  for (const root of head === null ? [tree] : [tree, head]) {
    const listed = await store.run(['ls-tree', '-r', '-z', root], { outputBytesMax: 1 << 28 });
    for (const entry of splitZ(listed.bytes)) known.add(entry.split(/[ \t]/)[2] ?? '');
  }
  const entries = [
    ...ofType('blob').map((id) => ['100644 blob', id] as const),
    ...ofType('tree').map((id) => ['040000 tree', id] as const),
  ].filter(([, id]) => !known.has(id));
  if (entries.length === 0) return { parents, staged: null };
  const input = entries.map(([kind, id]) => `${kind} ${id}\t${id}\n`).join('');
  return { parents, staged: await store.must(['mktree'], { input }) };
}

async function contained(
  workspace: WorkspaceGit,
  store: Store,
  args: readonly string[],
  options: { indexFile: string; workTree?: string; input?: Buffer },
  accepted: readonly number[] = [0],
): Promise<{ bytes: Buffer }> {
  const outcome = await workspace.withStore(store, args, options);
  const { exitCode } = outcome;
  if (exitCode === null || !accepted.includes(exitCode) || outcome.truncated) {
    throw new GitFailed(args[0] ?? 'git', outcome);
  }
  return outcome;
}

/** Ours alone; a lock beside it was left by a git that was killed. */
async function indexOf(store: Store, bead: string, kind: 'index' | 'state'): Promise<string> {
  const folder = join(store.gitDir, 'gastown');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${bead}.${kind}`);
  await rm(`${file}.lock`, { force: true });
  return file;
}

function isId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
