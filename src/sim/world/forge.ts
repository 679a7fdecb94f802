/**
 * The modelled forge over the modelled remotes: its repositories and pull requests, and what is
 * wrong with it: outages, limits, hidden repositories, worn tokens. `forge-port.ts` is its door.
 *
 * F2 What it was asked and answered is kept, for the checkers to hold the town to.
 * F3 Its credential is what the town has stored, so only a person's command mends it.
 */
import { assert } from '../../core/assert.ts';
import type { Fact } from '../../core/fact.ts';
import type { MergeAnswer } from '../../core/forge-answers.ts';
import { type Commit, rigId } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { after, instant } from '../../core/time.ts';
import type { ForgeContext } from '../../ports/forge.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import type { Faults } from './faults.ts';
import { forgeProject, httpError, noToken } from './forge-errors.ts';
import { obstacle, type Pull, type Repository } from './forge-pull.ts';
import type { ForgeRules, ShowScene } from './forge-pull.ts';
import type { ModelGit } from './git.ts';
import type { MemorySql } from './memory-sql.ts';
import type { SeededRandom } from './random.ts';
import type { WorldTime } from './time.ts';

export interface ForgeWorld {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly git: ModelGit;
  readonly disk: MemorySql;
  readonly random: SeededRandom;
  readonly gate: string | null;
  fact(fact: Fact): unknown;
}

export type ForgeOp = 'read' | 'probe' | 'feedback' | 'open' | 'merge' | 'write';

/** One request as it arrived. F2 */
export interface ForgeRequest {
  readonly op: ForgeOp;
  readonly at: number;
  readonly rig: string;
  readonly pulls: readonly number[];
  readonly refused: PRStatusError | null;
}

/** A merge the town asked for, with what it knew when the request arrived. F2 */
export interface MergeAsked {
  readonly pull: Pull;
  readonly expectedHead: Commit;
  readonly row: MergeRequest | undefined;
  readonly answer: MergeAnswer;
}

/** What one read showed of a pull request. F2 */
export interface Shown {
  readonly snapshot: PullRequestSnapshot;
  /** Could it truly have been merged then? */
  readonly green: boolean;
}

interface Token {
  readonly expiresAt: number;
  readonly worth: 'good' | 'forbidden';
}

const origin = 'https://forge.example';
/** A window of an outage, a limit or a hidden repository. */
interface Window {
  readonly until: number;
  readonly status: number;
}

export class ModelForge {
  readonly world: ForgeWorld;
  readonly repos = new Map<string, Repository>();
  readonly requests: ForgeRequest[] = [];
  readonly merges: MergeAsked[] = [];
  /** Every creation by the town: trailer and number. */
  readonly created: { readonly trailer: string; readonly rig: string; readonly number: number }[] =
    [];
  readonly shown = new Map<string, Shown[]>();
  hints = 0;
  /** For scripts: what the next requests meet, whatever they are. */
  readonly script: (PRStatusError | null)[] = [];
  /** For scripts: how long the next answers take, in milliseconds. */
  readonly slow: number[] = [];
  readonly #tokens = new Map<string, Token>();
  /** Answers that hang until everything is well again. */
  readonly held: (() => void)[] = [];
  #outage: Window | null = null;
  #limit: Window | null = null;
  #numbers = 0;

  constructor(world: ForgeWorld) {
    this.world = world;
  }

  addRepository(rig: string, rules: ForgeRules): void {
    const project = forgeProject(rules.provider, origin, rig);
    const remote = this.world.git.remote(rig);
    const fresh = { pulls: [], checks: new Map(), hidden: false, healed: false };
    this.repos.set(rig, { rig, rules, project, remote, path: project.path, ...fresh });
  }

  /** A new token, as a person makes one; its name is what the town seals. */
  issue(worth: Token['worth'], hours: number | null): string {
    const name = `token-${this.#tokens.size + 1}-${this.world.random.token(12)}`;
    const expiresAt =
      hours === null ? Number.POSITIVE_INFINITY : this.world.time.now + hours * 3_600_000;
    this.#tokens.set(name, { worth, expiresAt });
    return name;
  }

  /** Those of this bead that were merged; after a person reopened an old one there may be two. */
  mergedPulls(bead: string): readonly Pull[] {
    const all = this.pulls().map(({ pull }) => pull);
    return all.filter(({ trailer, state }) => state === 'merged' && trailer?.endsWith(`/${bead}`));
  }

  /** Ids of a bead's merge requests. */
  requestsOf(bead: string): readonly string[] {
    return mergeRequests.select(this.world.disk, 'where bead = ?', bead).map(({ id }) => id);
  }

  hasGoodToken(rig: string): boolean {
    const project = this.projectOf(rig);
    const token = project === null ? null : this.#tokenOf({ rig, project });
    return token?.worth === 'good' && token.expiresAt > this.world.time.now;
  }

  get secrets(): readonly string[] {
    return [...this.#tokens.keys()];
  }

  get origin(): string {
    return origin;
  }

  projectOf(rig: string): ForgeProject | null {
    return this.repos.get(rig)?.project ?? null;
  }

  pulls(): readonly { readonly repo: Repository; readonly pull: Pull }[] {
    return [...this.repos.values()].flatMap((repo) => repo.pulls.map((pull) => ({ repo, pull })));
  }

  scene(): ShowScene {
    const { time, git, random, gate } = this.world;
    return { git, random, gate, now: time.now, wall: time.wall() };
  }

  /** Branches move by git; the forge notices. R2 */
  sync(): void {
    for (const { repo, pull } of this.pulls()) {
      if (pull.state !== 'open') continue;
      const { git } = this.world;
      const head = repo.remote.branches.get(pull.branch);
      if (head === undefined) this.close(repo, pull, 'somebody');
      else if (head !== pull.head) {
        pull.head = head;
        pull.queued = false; // as forges do: what is pushed is not what was queued
        this.changed(repo, pull);
      }
      if (pull.state === 'open' && git.isAncestor(pull.head, repo.remote.tip)) {
        this.#over(repo, pull, pull.head, 'somebody');
      }
    }
  }

  close(repo: Repository, pull: Pull, who: string): void {
    pull.state = 'closed';
    pull.closedBy = who;
    this.changed(repo, pull);
  }

  /** Makes the commit and moves the target; false where it cannot. */
  mergeNow(repo: Repository, pull: Pull, method: MergeRequest['method'], who: string): boolean {
    const { git } = this.world;
    const { tip } = repo.remote;
    const ours = git.between(tip, pull.head);
    if (git.overlap(ours, git.between(pull.head, tip)).length > 0) return false;
    const brings = ours.map(({ id }) => id);
    const made = method === 'merge' ? git.commit([tip, pull.head], []) : git.commit([tip], brings);
    git.push(repo.remote, made, tip, 'forge');
    this.#over(repo, pull, made, who);
    return true;
  }

  changed(repo: Repository, pull: Pull): void {
    const { time, faults, random } = this.world;
    pull.updatedAt = time.wall();
    if (!repo.rules.webhooks || faults.happens('hint_lost')) return;
    const delay = faults.happens('hint_reordered') ? random.between(60_000, 600_000) : 500;
    const fact = hintOf(repo.rig, [pull.number]);
    time.after(random.below(delay), () => this.hint(fact));
    if (faults.happens('hint_duplicated')) time.after(delay * 3, () => this.hint(fact));
  }

  hint(fact: Fact): void {
    this.hints += 1;
    this.world.fact(fact);
  }

  /** Everything is up again; what hung is answered, what was hidden is visible. */
  heal(): void {
    this.#outage = null;
    this.#limit = null;
    for (const repo of this.repos.values()) {
      repo.hidden = false;
      repo.healed = true;
    }
    for (const answer of this.held.splice(0)) answer();
  }

  startOutage(ms: number): void {
    const status = this.world.random.pick([500, 502, 503]);
    this.#outage = { until: this.world.time.now + ms, status };
  }

  startLimit(ms: number): void {
    this.#limit = { until: this.world.time.now + ms, status: 403 };
  }

  /** Why this request gets nothing but an error. */
  refusal(context: ForgeContext): PRStatusError | null {
    const { time } = this.world;
    const where = this.where(context);
    if (this.script.length > 0) return this.script.shift() ?? null;
    const token = this.#tokenOf(context);
    if (token === null) {
      this.world.faults.count('token_missing');
      return noToken(where);
    }
    if (this.#outage !== null && this.#outage.until > time.now) {
      return httpError(where, this.#outage.status, 'server_error');
    }
    if (this.#limit !== null && this.#limit.until > time.now) {
      const retryAt = after(time.wall(), this.#limit.until - time.now);
      const budget = { limit: 5000, remaining: 0 };
      return { ...where, kind: 'throttled', scope: 'primary', retryAt, budget };
    }
    if (token.expiresAt <= time.now) {
      this.world.faults.count('token_expired');
      return httpError(where, 401, 'unauthenticated');
    }
    if (token.worth === 'forbidden') {
      this.world.faults.count('token_forbidden');
      return httpError(where, 403, 'forbidden');
    }
    if (this.repoOf(context).hidden) return httpError(where, 404, 'not_found_or_hidden');
    return null;
  }

  /** F3 */
  #tokenOf({
    rig,
    project,
  }: Pick<ForgeContext, 'project'> & { readonly rig: string }): Token | null {
    const scopes = [`rig:${rig}`, 'town'];
    const found = scopes
      .flatMap((scope) => secrets.of(this.world.disk, scope))
      .find((one) => one.origin === project.origin);
    return found === undefined ? null : (this.#tokens.get(found.sealed) ?? null);
  }

  where({ project }: ForgeContext) {
    return { provider: project.provider, host: project.origin.slice('https://'.length) };
  }

  repoOf(context: ForgeContext): Repository {
    const repo = this.repos.get(context.rig);
    assert(repo !== undefined, `the forge has a repository for ${context.rig}`);
    return repo;
  }

  create(
    repo: Repository,
    branch: string,
    base: string,
    head: Commit,
    trailer: string | null,
  ): Pull {
    this.#numbers += 1;
    const pull: Pull = {
      rig: repo.rig,
      number: this.#numbers,
      branch,
      base,
      trailer,
      head,
      openedAt: this.world.time.now,
      state: 'open',
      draft: false,
      comments: [],
      changesAsked: false,
      approvals: 0,
      queued: false,
      reopened: false,
      mergeCommit: null,
      mergedAt: null,
      mergedBy: null,
      closedBy: null,
      updatedAt: this.world.time.wall(),
      computed: null,
    };
    repo.pulls.push(pull);
    return pull;
  }

  /** Merged, unless something came up meanwhile: then it is out of the queue, unmerged. */
  leaveQueue(repo: Repository, pull: Pull, method: MergeRequest['method']): void {
    this.sync();
    if (!pull.queued) return;
    pull.queued = false;
    if (pull.state !== 'open') return;
    const out = !this.world.faults.healed && this.world.random.chance(250);
    const why = obstacle(repo, pull, this.scene());
    if (out || why !== null || !this.mergeNow(repo, pull, method, 'queue')) {
      this.changed(repo, pull);
    }
  }

  #over(repo: Repository, pull: Pull, commit: Commit, who: string): void {
    pull.state = 'merged';
    pull.mergeCommit = commit;
    pull.mergedBy = who;
    pull.mergedAt = this.world.time.now;
    pull.queued = false;
    this.changed(repo, pull);
  }

  reopen(repo: Repository, pull: Pull): void {
    pull.state = 'open';
    pull.closedBy = null;
    this.changed(repo, pull);
  }
}

export function hintOf(rig: string, numbers: readonly number[]): Fact {
  return { kind: 'pull_hinted', rig: rigId(rig), numbers, heads: [], bases: [], soon: [] };
}

export function strangersPatch(now: number) {
  const owner = `stranger-at-${instant(now)}`;
  return { id: owner, owner, index: 1 };
}
