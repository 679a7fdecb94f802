/**
 * The modelled forge over the modelled remotes: its repositories and pull requests, and what is
 * wrong with it: outages, limits, hidden repositories, worn tokens. `forge-port.ts` is its door.
 *
 * F2 What it was asked and answered is kept, for the checkers to hold the town to.
 */
import { assert } from '../../core/assert.ts';
import type { Command } from '../../core/command.ts';
import type { Fact } from '../../core/fact.ts';
import type { ForgeWrite, MergeAnswer } from '../../core/forge-answers.ts';
import { type Commit, rigId } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { after, instant } from '../../core/time.ts';
import type { ForgeContext } from '../../ports/forge.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import type { Faults } from './faults.ts';
import { forgeProject, httpError, noToken } from './forge-errors.ts';
import { baseTip, gitRefOf, headAt, isOfFork, obstacle, target } from './forge-pull.ts';
import type { Author, ForgeRules, Pull, Repository, ShowScene } from './forge-pull.ts';
import { ForgeTokens } from './forge-tokens.ts';
import { mergeArmed } from './forge-withdrawing.ts';
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
  /** What a person asks of the town. */
  ask(command: Command): void;
}

export type ForgeOp = 'read' | 'probe' | 'feedback' | 'open' | 'merge' | 'dequeue' | 'write';

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
  /** Everything the town wrote. F2 */
  readonly written: { readonly pull: Pull; readonly what: ForgeWrite }[] = [];
  /** Repositories that a rig moved away from; nobody works there any more. */
  readonly #left: Repository[] = [];
  readonly tokens: ForgeTokens;
  hints = 0;
  /** Something other than a read was answered: the town hears of it once its promises go on. */
  answered = false;
  /** When something that was asked for this rig, other than a read, was last not answered. */
  readonly unanswered = new Map<string, number>();
  /** For scripts: what the next requests meet, whatever they are. */
  readonly script: (PRStatusError | null)[] = [];
  /** For scripts: how long the next answers take, in milliseconds. */
  readonly slow: number[] = [];
  /** Answers that hang until everything is well again. */
  readonly held: (() => void)[] = [];
  #outage: Window | null = null;
  #limit: Window | null = null;
  /** Until when whoever makes the town's tokens makes none. */
  #noIssuerUntil = 0;
  #numbers = 0;

  constructor(world: ForgeWorld) {
    this.world = world;
    this.tokens = new ForgeTokens(world);
  }

  addRepository(rig: string, rules: ForgeRules): void {
    const project = forgeProject(rules.provider, origin, rig);
    const remote = this.world.git.remote(rig);
    this.#add({ rig, rules, project, remote, path: project.path });
  }

  #add(of: Pick<Repository, 'rig' | 'rules' | 'project' | 'remote' | 'path'>): void {
    const { healed } = this.world.faults;
    const fresh = { pulls: [], checks: new Map(), forks: new Map(), hidden: false };
    this.repos.set(of.rig, { ...of, ...fresh, healed, paths: new Set([of.path]) });
  }

  /** The old path redirects to the new one. */
  rename(repo: Repository, path: string): void {
    repo.path = path;
    repo.paths.add(path);
  }

  /** The rig has another repository from now on: its pull requests stay where they are. */
  moveAway(repo: Repository, path: string, url: string): ForgeProject {
    const { rig, rules, remote } = repo;
    const left = this.world.git.moveAway(remote, url);
    this.#left.push({ ...repo, remote: left, hidden: false });
    const project = { ...repo.project, path };
    this.#add({ rig, rules, project, remote, path });
    return project;
  }

  /** Those of this bead that were merged; after a person reopened an old one there may be two. */
  mergedPulls(bead: string): readonly Pull[] {
    const taken = mergeRequests.select(this.world.disk, 'where bead = ?', bead);
    const isTaken = ({ rig, number }: Pull) =>
      taken.some(({ adopted, prNumber, rig: at }) => adopted && at === rig && prNumber === number);
    const all = [...this.pulls(), ...this.#left.flatMap(pullsOf)].map(({ pull }) => pull);
    return all.filter(
      (pull) => pull.state === 'merged' && (pull.trailer?.endsWith(`/${bead}`) || isTaken(pull)),
    );
  }

  /** Ids of a bead's merge requests. */
  requestsOf(bead: string): readonly string[] {
    return mergeRequests.select(this.world.disk, 'where bead = ?', bead).map(({ id }) => id);
  }

  hasGoodToken(rig: string): boolean {
    const project = this.projectOf(rig);
    return project !== null && this.tokens.isGood({ rig, project });
  }

  get origin(): string {
    return origin;
  }

  projectOf(rig: string): ForgeProject | null {
    return this.repos.get(rig)?.project ?? null;
  }

  pulls(): readonly { readonly repo: Repository; readonly pull: Pull }[] {
    return [...this.repos.values()].flatMap(pullsOf);
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
      const head = headAt(repo, pull);
      if (head === undefined) this.close(repo, pull, 'somebody');
      else if (head !== pull.head) {
        pull.head = head;
        pull.queued = false; // as forges do: what is pushed is not what was queued
        repo.remote.refs.set(gitRefOf(repo, pull.number), head);
        this.changed(repo, pull);
      }
      if (pull.state === 'open' && git.isAncestor(pull.head, baseTip(repo, pull))) {
        this.#over(repo, pull, pull.head, 'somebody');
      }
      mergeArmed(this, repo, pull);
    }
  }

  close(repo: Repository, pull: Pull, who: string): void {
    pull.state = 'closed';
    pull.queued = false;
    pull.armed = false;
    pull.closedBy = who;
    this.changed(repo, pull);
  }

  /** Makes the commit and moves the target; false where it cannot. */
  mergeNow(repo: Repository, pull: Pull, method: MergeRequest['method'], who: string): boolean {
    const { git } = this.world;
    const tip = baseTip(repo, pull);
    const ours = git.between(tip, pull.head);
    if (git.overlap(ours, git.between(pull.head, tip)).length > 0) return false;
    const brings = ours.map(({ id }) => id);
    const made = method === 'merge' ? git.commit([tip, pull.head], []) : git.commit([tip], brings);
    if (pull.base === target) git.push(repo.remote, made, tip, 'forge');
    else git.moveBranch(repo.remote, pull.base, made);
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
    this.#noIssuerUntil = 0;
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

  /** Tokens are minted and renewed behind the port: all it shows of that is that there is none. */
  loseIssuer(ms: number): void {
    this.#noIssuerUntil = this.world.time.now + ms;
  }

  startLimit(ms: number): void {
    this.#limit = { until: this.world.time.now + ms, status: 403 };
  }

  /** Why this request gets nothing but an error. */
  refusal(context: ForgeContext): PRStatusError | null {
    const { time } = this.world;
    const where = this.where(context);
    if (this.script.length > 0) return this.script.shift() ?? null;
    const token = this.tokens.of(context);
    if (token === null) {
      this.world.faults.count('token_missing');
      return noToken(where);
    }
    if (this.#noIssuerUntil > time.now) {
      return { ...where, kind: 'token_unavailable', source: 'town.app', cause: 'HTTP 502' };
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

  /** Would a request of this rig be answered as it was asked? */
  answers(rig: string): boolean {
    const isOver = (window: Window | null) => (window?.until ?? 0) <= this.world.time.now;
    const isThere = this.repos.get(rig)?.hidden === false;
    return isThere && isOver(this.#outage) && isOver(this.#limit) && this.hasGoodToken(rig);
  }

  where({ project }: ForgeContext) {
    return { provider: project.provider, host: project.origin.slice('https://'.length) };
  }

  repoOf({ rig, project }: ForgeContext): Repository {
    const left = this.#left.find((one) => one.rig === rig && one.paths.has(project.path));
    const repo = left ?? this.repos.get(rig);
    assert(repo !== undefined, `the forge has a repository for ${rig}`);
    return repo;
  }

  create(
    repo: Repository,
    branch: string,
    base: string,
    head: Commit,
    trailer: string | null,
    author: Author | null = null,
  ): Pull {
    this.#numbers += 1;
    const pull: Pull = {
      rig: repo.rig,
      number: this.#numbers,
      branch,
      base,
      trailer,
      author,
      fixes: [],
      head,
      openedAt: this.world.time.now,
      state: 'open',
      draft: false,
      comments: [],
      changesAsked: false,
      approvals: 0,
      queued: false,
      armed: false,
      reopened: false,
      mergeCommit: null,
      mergedAt: null,
      mergedBy: null,
      closedBy: null,
      updatedAt: this.world.time.wall(),
      computed: null,
    };
    repo.pulls.push(pull);
    if (isOfFork(pull)) repo.forks.set(pull.number, head);
    repo.remote.refs.set(gitRefOf(repo, pull.number), head);
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
    pull.armed = false;
    this.changed(repo, pull);
  }

  /** Forges want the branch, and no other open one of it. */
  canReopen(repo: Repository, pull: Pull): boolean {
    const isBeside = repo.pulls.some(
      (one) => one !== pull && one.state === 'open' && one.branch === pull.branch,
    );
    return headAt(repo, pull) !== undefined && !isBeside;
  }

  reopen(repo: Repository, pull: Pull): void {
    pull.state = 'open';
    pull.closedBy = null;
    this.changed(repo, pull);
  }
}

function pullsOf(repo: Repository) {
  return repo.pulls.map((pull) => ({ repo, pull }));
}

export function hintOf(rig: string, numbers: readonly number[]): Fact {
  return { kind: 'pull_hinted', rig: rigId(rig), numbers, heads: [], bases: [], soon: [] };
}

export function strangersPatch(now: number) {
  const owner = `stranger-at-${instant(now)}`;
  return { id: owner, owner, index: 1 };
}
