/**
 * Git as the town can see it: commits with real ancestry, contents as sets of patches, conflicts
 * by overlapping paths, and a remote whose target moves only by an atomic compare-and-swap.
 *
 * G1 A patch says whose it is; a commit's content is what its ancestors and itself brought.
 * G2 Whether a gate passes on a commit follows from the commit's content alone.
 * G3 A push either moved the target or did nothing; whoever waits for its answer may not get it.
 */
import { assert } from '../../core/assert.ts';
import { type Commit, commitOf } from '../../core/ids.ts';

export interface Patch {
  readonly id: string;
  /** A bead's id, or a stranger's name. */
  readonly owner: string;
  /** A later patch of the same owner repairs what an earlier one broke. */
  readonly index: number;
  readonly paths: readonly string[];
  /** Gates that fail while this is its owner's last patch in the content. */
  readonly breaks: readonly string[];
}

export interface ModelCommit {
  readonly id: Commit;
  readonly parents: readonly Commit[];
  /** What it brings itself; a merge brings nothing. */
  readonly brings: readonly string[];
  readonly patches: ReadonlySet<string>;
  /** With itself. */
  readonly ancestors: ReadonlySet<Commit>;
}

export interface Landed {
  readonly commit: Commit;
  readonly before: Commit;
  readonly by: 'town' | 'stranger' | 'forge';
}

/** What the town pushed to a branch beside the target. */
export interface Pushed {
  readonly branch: string;
  readonly commit: Commit;
}

/** A rig's remote: its target branch and how it got there, and the branches beside it. */
export interface Remote {
  readonly rig: string;
  /** Addresses that lead to it. */
  readonly urls: Set<string>;
  tip: Commit;
  readonly branches: Map<string, Commit>;
  /** Where the forge shows heads whose branches are elsewhere: `refs/pull/12/head`. */
  readonly refs: Map<string, Commit>;
  /** In order, those that moved a branch. */
  readonly pushed: Pushed[];
  /** Branches that carried another bead's work: never published again. */
  readonly doNotReuse: Set<string>;
  readonly history: Landed[];
  unreachable: boolean;
  protected: boolean;
}

export class ModelGit {
  readonly #commits = new Map<Commit, ModelCommit>();
  readonly #patches = new Map<string, Patch>();
  readonly #remotes = new Map<string, Remote>();
  /** Places that a rig moved away from. */
  readonly #left: Remote[] = [];
  #last = 0;

  createRemote(rig: string): Remote {
    const root = this.commit([], []);
    const remote: Remote = {
      rig,
      urls: new Set([`https://git.example/${rig}.git`]),
      tip: root,
      branches: new Map(),
      refs: new Map(),
      pushed: [],
      doNotReuse: new Set(),
      history: [{ commit: root, before: root, by: 'stranger' }],
      unreachable: false,
      protected: false,
    };
    this.#remotes.set(rig, remote);
    return remote;
  }

  remote(rig: string): Remote {
    const remote = this.#remotes.get(rig);
    assert(remote !== undefined, `the world has a remote for ${rig}`);
    return remote;
  }

  /** The place that a job was made for: the rig may have moved since. */
  remoteAt(rig: string, url: string): Remote {
    return this.#left.find((one) => one.rig === rig && one.urls.has(url)) ?? this.remote(rig);
  }

  /**
   * The rig is elsewhere from now on: its target came along, its other branches did not. What
   * stays behind goes its own way.
   */
  moveAway(remote: Remote, url: string): Remote {
    const { branches, refs, urls } = remote;
    const stays = { branches: new Map(branches), refs: new Map(refs), urls: new Set(urls) };
    const left = {
      ...remote,
      ...stays,
      history: [...remote.history],
      doNotReuse: new Set<string>(),
    };
    this.#left.push(left);
    for (const map of [branches, refs, urls]) map.clear();
    urls.add(url);
    return left;
  }

  remotes(): readonly Remote[] {
    return [...this.#remotes.values()];
  }

  patch(patch: Patch): Patch {
    this.#patches.set(patch.id, patch);
    return patch;
  }

  commit(parents: readonly Commit[], brings: readonly string[]): Commit {
    this.#last += 1;
    const id = commitOf(this.#last.toString(16).padStart(40, '0'));
    const from = parents.map((parent) => this.get(parent));
    const patches = new Set([...from.flatMap((parent) => [...parent.patches]), ...brings]);
    const ancestors = new Set([...from.flatMap((parent) => [...parent.ancestors]), id]);
    this.#commits.set(id, { id, parents, brings, patches, ancestors });
    return id;
  }

  get(id: Commit): ModelCommit {
    const commit = this.#commits.get(id);
    assert(commit !== undefined, `the world has a commit ${id}`);
    return commit;
  }

  /** Its full id as a commit, if there is one. */
  find(id: string): Commit | null {
    return this.#commits.get(commitOf(id))?.id ?? null;
  }

  has(id: Commit): boolean {
    return this.#commits.has(id);
  }

  isAncestor(commit: Commit, of: Commit): boolean {
    return this.#commits.get(of)?.ancestors.has(commit) ?? false;
  }

  patchOf(id: string): Patch {
    const patch = this.#patches.get(id);
    assert(patch !== undefined, `the world has a patch ${id}`);
    return patch;
  }

  /** Patches in `commit` that are not in `without`. */
  between(without: Commit, commit: Commit): readonly Patch[] {
    const known = this.get(without).patches;
    return [...this.get(commit).patches]
      .filter((id) => !known.has(id))
      .map((id) => this.patchOf(id));
  }

  /** Paths of one side that the other side touched as well. */
  overlap(ours: readonly Patch[], theirs: readonly Patch[]): readonly string[] {
    const touched = new Set(theirs.flatMap((patch) => patch.paths));
    return [...new Set(ours.flatMap((patch) => patch.paths))].filter((path) => touched.has(path));
  }

  /** Does the gate pass on exactly this commit? G2 */
  passes(commit: Commit, gate: string): boolean {
    return this.broken(commit).every((patch) => !patch.breaks.includes(gate));
  }

  /** The patches of a commit that break a gate and were not repaired by their owner's next. */
  broken(commit: Commit): readonly Patch[] {
    const last = new Map<string, Patch>();
    for (const id of this.get(commit).patches) {
      const patch = this.patchOf(id);
      if ((last.get(patch.owner)?.index ?? -1) < patch.index) last.set(patch.owner, patch);
    }
    return [...last.values()].filter(({ breaks }) => breaks.length > 0);
  }

  /** Moves the target if it still is where the pusher saw it. G3 */
  push(remote: Remote, commit: Commit, expected: Commit, by: Landed['by']): boolean {
    if (remote.tip !== expected) return false;
    assert(this.isAncestor(expected, commit), 'a push only ever grows the target');
    remote.history.push({ commit, before: remote.tip, by });
    remote.tip = commit;
    return true;
  }

  /** Puts a commit on a branch that still is where the pusher saw it; null: not there. G3 */
  pushBranch(remote: Remote, branch: string, commit: Commit, expected: Commit | null): boolean {
    if ((remote.branches.get(branch) ?? null) !== expected) return false;
    assert(
      expected === null || this.isAncestor(expected, commit),
      'a push of ours only ever grows a branch',
    );
    remote.branches.set(branch, commit);
    remote.pushed.push({ branch, commit });
    return true;
  }

  /** As strangers and forges do: anywhere, or away. */
  moveBranch(remote: Remote, branch: string, commit: Commit | null): void {
    if (commit === null) remote.branches.delete(branch);
    else remote.branches.set(branch, commit);
  }
}
