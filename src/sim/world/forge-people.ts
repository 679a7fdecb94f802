/**
 * People on the forge: reviewers who approve or ask for changes, and strangers who merge, close,
 * reopen, push, force-push, comment, hide and delete whenever they please. Once the world is
 * healed they do what is waited for.
 *
 * E1 What they do is real: branches and targets move by the same git as everything else.
 */
import type { Command } from '../../core/command.ts';
import type { Commit } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { checkOf, obstacle, type Pull, type Repository } from './forge-pull.ts';
import { hintOf, type ModelForge } from './forge.ts';
import type { FaultKind } from './faults.ts';
import { withdrawing } from './forge-withdrawing.ts';
import type { SeededRandom } from './random.ts';

interface PeopleScene {
  readonly forge: ModelForge;
  readonly random: SeededRandom;
  /** Heads that were handed in for a bead. */
  readonly handedIn: ReadonlyMap<string, readonly string[]>;
  readonly ask: (command: Command) => void;
}

export interface Found {
  readonly repo: Repository;
  readonly pull: Pull;
}

/** Does something to a pull request; false where there was nothing to do. */
export type Deed = (people: ForgePeople, found: Found) => boolean;

export class ForgePeople {
  readonly forge: ModelForge;
  readonly random: SeededRandom;
  readonly #handedIn: PeopleScene['handedIn'];
  readonly #ask: PeopleScene['ask'];
  #deeds = 0;

  constructor(scene: PeopleScene) {
    this.forge = scene.forge;
    this.random = scene.random;
    this.#handedIn = scene.handedIn;
    this.#ask = scene.ask;
  }

  /** The town's credential, before anything else; not always one that works. */
  furnish(): void {
    const { faults } = this.forge.world;
    if (this.forge.repos.size === 0 || faults.mayHappen('token_missing')) return;
    const hours = faults.mayHappen('token_expired') ? this.random.pick([0.1, 0.5, 2]) : null;
    const worth = faults.mayHappen('token_forbidden') ? 'forbidden' : 'good';
    this.#ask(this.credential(null, worth, hours));
  }

  credential(rig: string | null, worth: 'good' | 'forbidden', hours: number | null): Command {
    const { origin } = this.forge;
    return {
      kind: 'credential_set',
      rig,
      provider: 'github',
      origin,
      apiOrigin: origin,
      sealed: this.forge.tokens.issue(worth, hours),
      mask: '…abcd',
      login: 'gastown',
    };
  }

  /** At most one thing; true when something happened. */
  disturb(): boolean {
    const { repos, world } = this.forge;
    if (repos.size === 0) return false;
    this.forge.sync();
    const { faults } = world;
    if (faults.mayHappen('forge_5xx')) return this.#count('forge_5xx', this.#outage());
    if (faults.mayHappen('forge_throttled')) return this.#count('forge_throttled', this.#limit());
    if (faults.mayHappen('forge_hidden')) return this.#count('forge_hidden', this.#hide());
    if (faults.mayHappen('forge_renamed')) return this.#count('forge_renamed', this.#rename());
    if (faults.mayHappen('hint_forged')) return this.#count('hint_forged', this.#forge());
    const pulls = this.forge.pulls().filter(({ pull }) => pull.trailer !== null);
    if (pulls.length === 0) return false;
    const found = this.random.pick(pulls);
    for (const [kind, deed] of deeds) {
      if (faults.mayHappen(kind)) return this.#count(kind, deed(this, found));
    }
    if (this.random.chance(10)) return this.#rotate();
    return this.random.chance(30) && review(this, found);
  }

  /** Now and then somebody looks at what waits for a person, also while things go wrong. */
  cares(): boolean {
    return this.forge.repos.size > 0 && this.random.chance(30);
  }

  /** What people do on the forge about a pull request that waits for them; true: something. */
  tidy(requests: readonly MergeRequest[]): boolean {
    this.forge.sync();
    const open = this.forge.pulls().filter(({ pull }) => pull.state === 'open');
    return open.map((found) => this.#tidyOne(found, requests)).includes(true);
  }

  push(repo: Repository, pull: Pull, parents: readonly Commit[], brings: readonly string[]): void {
    const { git } = this.forge.world;
    git.moveBranch(repo.remote, pull.branch, git.commit(parents, brings));
    this.forge.sync();
  }

  strangersPatch(): string {
    this.#deeds += 1;
    const id = `stranger-pull-${this.#deeds}`;
    const paths = [this.random.pick(['docs', 'tests', 'extra'])];
    return this.forge.world.git.patch({ id, owner: id, index: 1, paths, breaks: [] }).id;
  }

  /** Another bead's work that is not in the target. */
  foreignHead({ repo, pull }: Found): Commit | null {
    const bead = beadOf(pull);
    const { git } = this.forge.world;
    const owners = [...this.#handedIn].filter(([id]) => id !== bead && isOf(repo, id));
    for (const [id, heads] of owners) {
      const head = git.find(heads.at(-1) ?? '');
      if (head === null) continue;
      const own = git.between(repo.remote.tip, head).some(({ owner }) => owner === id);
      if (own && !git.isAncestor(head, pull.head)) return head;
    }
    return null;
  }

  #tidyOne({ repo, pull }: Found, requests: readonly MergeRequest[]): boolean {
    const row = requests.find(({ rig, prNumber }) => rig === repo.rig && prNumber === pull.number);
    if (pull.author !== null && row === undefined) return false; // nobody waits for it
    if (pull.trailer === null && pull.author === null) {
      this.forge.close(repo, pull, 'its author');
      return true;
    }
    const before = JSON.stringify([pull.draft, pull.approvals, pull.changesAsked, pull.comments]);
    pull.draft = false;
    pull.approvals = Math.max(pull.approvals, repo.rules.approvals);
    pull.changesAsked = false;
    for (const comment of pull.comments) comment.resolved = true;
    const isChanged =
      before !== JSON.stringify([pull.draft, pull.approvals, pull.changesAsked, pull.comments]);
    if (isChanged) this.forge.changed(repo, pull);
    const theirs = row?.waits.some(
      ({ reason, detail }) => reason === 'human' && detail?.['because'] === 'merge',
    );
    if (theirs !== true || obstacle(repo, pull, this.forge.scene()) !== null) return isChanged;
    return this.forge.mergeNow(repo, pull, 'merge', 'ann') || isChanged;
  }

  /** A person sets, or takes away, what the town reads with. */
  #rotate(): boolean {
    const rig = this.random.pick([null, ...this.forge.repos.keys()]);
    const { origin, world } = this.forge;
    if (world.faults.mayHappen('token_missing')) {
      this.#ask({ kind: 'credential_remove', rig, origin });
    } else {
      const hours = world.faults.mayHappen('token_expired') ? 0.2 : null;
      this.#ask(this.credential(rig, 'good', hours));
    }
    return true;
  }

  #count(kind: FaultKind, happened: boolean): boolean {
    if (happened) this.forge.world.faults.count(kind);
    return happened;
  }

  #outage(): boolean {
    this.forge.startOutage(this.random.pick([30_000, 300_000, 2_400_000]));
    return true;
  }

  #limit(): boolean {
    this.forge.startLimit(this.random.pick([60_000, 1_800_000, 9_000_000]));
    return true;
  }

  #hide(): boolean {
    const repo = this.random.pick([...this.forge.repos.values()]);
    if (repo.hidden) return false;
    repo.hidden = true;
    this.forge.world.time.after(this.random.between(60_000, 5_400_000), () => {
      repo.hidden = false;
    });
    return true;
  }

  #rename(): boolean {
    const repo = this.random.pick([...this.forge.repos.values()]);
    this.forge.rename(repo, `team/${repo.rig}-${this.random.token(3)}`);
    return true;
  }

  #forge(): boolean {
    const rig = this.random.pick([...this.forge.repos.keys()]);
    const numbers = [this.random.below(5), this.random.below(1_000)];
    for (let i = 0; i < this.random.pick([1, 1, 5]); i += 1) this.forge.hint(hintOf(rig, numbers));
    return true;
  }
}

/** `web-17` from its trailer. */
export function beadOf(pull: Pull): string | null {
  return pull.trailer === null ? null : pull.trailer.slice(pull.trailer.lastIndexOf('/') + 1);
}

/** Not by the town, and not by the queue it was put into. */
export function isByPerson({ mergedBy }: Pull): boolean {
  return mergedBy !== 'gastown' && mergedBy !== 'queue';
}

function isOf(repo: Repository, bead: string): boolean {
  return bead.slice(0, bead.lastIndexOf('-')) === repo.rig;
}

/** A reviewer looks at it. */
function review({ forge, random }: ForgePeople, { repo, pull }: Found): boolean {
  if (pull.state !== 'open') return false;
  const open = pull.comments.filter(({ resolved }) => !resolved);
  if (pull.changesAsked || open.length > 0) {
    pull.changesAsked = false;
    for (const comment of open) comment.resolved = true;
  } else if (random.chance(300)) pull.changesAsked = true;
  else pull.approvals = Math.max(1, repo.rules.approvals);
  if (checkOf(repo, pull.head, forge.scene()) === 'failed' && random.chance(500)) {
    repo.checks.delete(pull.head);
  }
  forge.changed(repo, pull);
  return true;
}

const whileOpen =
  (deed: (people: ForgePeople, found: Found) => boolean | void): Deed =>
  (people, found) =>
    found.pull.state === 'open' && deed(people, found) !== false;

const deeds: readonly (readonly [FaultKind, Deed])[] = [
  [
    'stranger_merges',
    whileOpen(({ forge, random }, { repo, pull }) =>
      forge.mergeNow(repo, pull, random.pick(['merge', 'squash', 'rebase'] as const), 'bob'),
    ),
  ],
  ['stranger_closes', whileOpen(({ forge }, { repo, pull }) => forge.close(repo, pull, 'bob'))],
  [
    'stranger_reopens',
    ({ forge }, { repo, pull }) => {
      if (pull.state !== 'closed' || !repo.remote.branches.has(pull.branch)) return false;
      pull.reopened = true;
      forge.reopen(repo, pull);
      return true;
    },
  ],
  [
    'stranger_pushes',
    whileOpen((people, { repo, pull }) =>
      people.push(repo, pull, [pull.head], [people.strangersPatch()]),
    ),
  ],
  [
    'stranger_force_pushes',
    whileOpen((people, { repo, pull }) => {
      const { git } = people.forge.world;
      const ours = git.between(repo.remote.tip, pull.head).map(({ id }) => id);
      const kept = people.random.chance(500) ? ours : [];
      people.push(repo, pull, [repo.remote.tip], [...kept, people.strangersPatch()]);
    }),
  ],
  [
    'stranger_contaminates',
    whileOpen((people, found) => {
      const foreign = people.foreignHead(found);
      if (foreign === null) return false;
      people.push(found.repo, found.pull, [found.pull.head, foreign], []);
      return true;
    }),
  ],
  [
    'stranger_comments',
    whileOpen(({ forge, random }, { repo, pull }) => {
      const id = `T_${pull.number}_${pull.comments.length}`;
      pull.comments.push({ id, bot: random.chance(300), resolved: false, replies: [] });
      forge.changed(repo, pull);
    }),
  ],
  [
    'stranger_deletes_branch',
    whileOpen(({ forge }, { repo, pull }) => {
      forge.world.git.moveBranch(repo.remote, pull.branch, null);
      forge.sync();
    }),
  ],
  ...withdrawing,
];
