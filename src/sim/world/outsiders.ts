/**
 * Outsiders: authors who open pull requests of their own, from the repository or a fork, and go on
 * with them as they please; people who have the town take those on, rightly or not; and owners of
 * repositories that get another name or go elsewhere. Once the world is healed, authors put right
 * what nobody else may.
 *
 * E1 What they do is real: branches and targets move by the same git as everything else.
 * E2 They draw from streams of their own, so that all else stays what it was.
 */
import type { Command, CommandAnswer } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import type { Commit } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Result } from '../../core/result.ts';
import type { FaultKind } from './faults.ts';
import { shownBy } from './forge-port.ts';
import { baseTip, isOfFork, obstacle, refOf, target } from './forge-pull.ts';
import type { Pull, Repository } from './forge-pull.ts';
import type { ModelForge } from './forge.ts';
import { outsiderDeeds } from './outsider-deeds.ts';
import { authors, pathsOf } from './plans.ts';
import type { SeededRandom } from './random.ts';
import type { Rows } from './rows.ts';

interface OutsidersScene {
  readonly forge: ModelForge;
  readonly random: SeededRandom;
  readonly rows: () => Rows;
  readonly ask: (command: Command) => Result<CommandAnswer, Failure> | null;
}

type Move = Extract<Command, { readonly kind: 'rig_move' }>;

export interface Found {
  readonly repo: Repository;
  readonly pull: Pull;
}

/** Open at a time in one world: more would leave the town no time for anything else. */
const openMax = 3;
const everMax = 8;

export class Outsiders {
  readonly forge: ModelForge;
  readonly random: SeededRandom;
  readonly rows: OutsidersScene['rows'];
  readonly ask: OutsidersScene['ask'];
  #patches = 0;

  constructor(scene: OutsidersScene) {
    this.forge = scene.forge;
    this.random = scene.random;
    this.rows = scene.rows;
    this.ask = scene.ask;
  }

  /** At most one thing; true when something happened. */
  disturb(): boolean {
    const { repos, world } = this.forge;
    if (repos.size === 0) return false;
    this.forge.sync();
    for (const [kind, deed] of outsiderDeeds) {
      if (!world.faults.mayHappen(kind) || !deed(this)) continue;
      world.faults.count(kind);
      return true;
    }
    return false;
  }

  /** Those of other authors. */
  pulls(): readonly Found[] {
    return this.forge.pulls().filter(({ pull }) => pull.author !== null);
  }

  /** The live request that watches it. */
  requestOf({ repo, pull }: Found): MergeRequest | undefined {
    const { liveRequests } = this.rows();
    return liveRequests.find(({ rig, prNumber }) => rig === repo.rig && prNumber === pull.number);
  }

  pick<T>(all: readonly T[]): T | null {
    return all.length === 0 ? null : this.random.pick(all);
  }

  /** An author opens one; null: there are enough. */
  open(repo: Repository, base = target, isFork = this.random.chance(400)): Found | null {
    const all = this.pulls();
    const open = all.filter(({ pull }) => pull.state === 'open');
    if (open.length >= openMax || all.length >= everMax) return null;
    const { git } = this.forge.world;
    const { tip } = repo.remote;
    if (base !== target && !repo.remote.branches.has(base)) git.moveBranch(repo.remote, base, tip);
    const head = git.commit([tip], [this.patch()]);
    const branch = `topic-${this.#patches}`;
    const fork = isFork ? `eve/${repo.rig}` : null;
    if (fork === null) git.moveBranch(repo.remote, branch, head);
    const author = { fork, forkGone: false };
    return { repo, pull: this.forge.create(repo, branch, base, head, null, author) };
  }

  /** A change of an author's own, which may break a gate. */
  patch(): string {
    this.#patches += 1;
    const { git, gate, faults } = this.forge.world;
    const owner = `${authors}${this.#patches}`;
    const isBad = gate !== null && !faults.healed && this.random.chance(200);
    const breaks = isBad ? [gate] : [];
    return git.patch({ id: owner, owner, index: 1, paths: pathsOf(this.random), breaks }).id;
  }

  /** Moves its branch, wherever that is; false: there is none to move. */
  move({ repo, pull }: Found, head: Commit | null): boolean {
    if (pull.author?.forkGone === true) return false;
    if (!isOfFork(pull)) this.forge.world.git.moveBranch(repo.remote, pull.branch, head);
    else if (head === null) repo.forks.delete(pull.number);
    else repo.forks.set(pull.number, head);
    this.forge.sync();
    return true;
  }

  retarget({ repo, pull }: Found, base: string): void {
    const { git } = this.forge.world;
    const { branches, tip } = repo.remote;
    if (base !== target && !branches.has(base)) git.moveBranch(repo.remote, base, tip);
    pull.base = base;
    this.forge.changed(repo, pull);
  }

  /** The town said yes to it, perhaps long after it was asked: the rig is there from now on. */
  moved({ is, rig, remote, forge }: Move): void {
    const repo = this.forge.repos.get(rig);
    if (is !== 'another' || repo === undefined || forge === null) return;
    if (!repo.remote.urls.has(remote)) this.forge.moveAway(repo, forge.path, remote);
  }

  /** As the host reads it for a command; null: it cannot be read. */
  seen({ repo, pull }: Found) {
    if (repo.hidden || !this.forge.hasGoodToken(repo.rig)) return null;
    return { ref: refOf(repo, pull), snapshot: shownBy(this.forge, repo, pull) };
  }

  /** What waits for an author, and for whoever pointed one at another branch; true: something. */
  tend(): boolean {
    this.forge.sync();
    const watched = this.forge.pulls().filter((found) => this.requestOf(found) !== undefined);
    return watched.map((found) => this.#tendOne(found)).includes(true);
  }

  #tendOne(found: Found): boolean {
    const { repo, pull } = found;
    const request = this.requestOf(found);
    if (pull.state === 'merged' && pull.base !== target) return this.#bringOver(found);
    if (pull.state !== 'open' || request === undefined) return false;
    if (pull.base !== target) {
      this.retarget(found, target);
      return true;
    }
    if (pull.author === null || request.repairs) return false;
    if (request.snapshot?.head !== pull.head) return false; // the last push is still to be seen
    const why = obstacle(repo, pull, this.forge.scene());
    const isStuck = why === 'conflict' || why === 'behind';
    if (!isStuck && request.stage !== 'changes_requested') return false;
    if (this.#putRight(found)) return true;
    this.forge.close(repo, pull, 'its author');
    return true;
  }

  #putRight(found: Found): boolean {
    const { repo, pull } = found;
    const { git } = this.forge.world;
    const fixes = git.broken(pull.head).map((patch) => {
      const id = `${patch.id}+`;
      return git.patch({ ...patch, id, index: patch.index + 1, breaks: [] }).id;
    });
    return this.move(found, git.commit([pull.head, baseTip(repo, pull)], fixes));
  }

  /** The branch it was merged into goes into the target in the end, or its bead is given up. */
  #bringOver({ repo, pull }: Found): boolean {
    const { git } = this.forge.world;
    const { tip } = repo.remote;
    const from = baseTip(repo, pull);
    if (git.isAncestor(from, tip)) return false;
    const bead = this.requestOf({ repo, pull })?.bead;
    if (pull.number % 2 === 0 || bead === undefined) {
      return git.push(repo.remote, git.commit([tip, from], []), tip, 'stranger');
    }
    const reason = 'merged elsewhere';
    return this.ask({ kind: 'bead_close', bead, resolution: 'dropped', reason })?.ok === true;
  }
}

export type Deed = (outsiders: Outsiders) => boolean;

export type OutsiderDeeds = readonly (readonly [FaultKind, Deed])[];
