/**
 * The `forge` port over the modelled forge, for one life of the server: requests on their way,
 * their effects, and what is answered, if anybody is still there.
 *
 * F1 A request that arrived has its effect whoever is still there to hear of it.
 * F2 What was asked and answered is kept, for the checkers to hold the town to.
 * F4 How a token is minted lies behind this port (`scm`): that one of an app expired in the middle
 *    of a read and was minted once more cannot be seen here. That none can be minted is an answer.
 */
import { assert } from '../../core/assert.ts';
import type {
  Feedback,
  ForgeWrite,
  MergeAnswer,
  Opened,
  OpenSpec,
} from '../../core/forge-answers.ts';
import type { Commit } from '../../core/ids.ts';
import { isRival } from '../../core/issue.ts';
import { limits } from '../../core/limits.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { PullRequestRef, PullRequestSnapshot } from '../../core/pull-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { ForgeContext, ForgePort, Probe } from '../../ports/forge.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { httpError, unreadable, withoutGroup } from './forge-errors.ts';
import { obstacle, type Pull, type Repository, show } from './forge-pull.ts';
import { dropMaybe, takeOut, trailerBead, withdrawMaybe } from './forge-withdrawing.ts';
import { type ForgeOp, type ModelForge, strangersPatch } from './forge.ts';
import type { Life } from './server.ts';

/** What a read shows of it. F2 */
export function shownBy(forge: ModelForge, repo: Repository, pull: Pull): PullRequestSnapshot {
  const scene = forge.scene();
  const whole = show(repo, pull, scene);
  const { faults, random } = forge.world;
  const snapshot = faults.happens('forge_group_unknown') ? withoutGroup(whole, random) : whole;
  const green = pull.state === 'open' && obstacle(repo, pull, scene) === null;
  const key = `${repo.rig}#${pull.number}`;
  forge.shown.set(key, [...(forge.shown.get(key) ?? []), { snapshot, green }]);
  return snapshot;
}

export function forgePort(forge: ModelForge, life: Life): ForgePort {
  return new Requests(forge, life).port();
}

class Requests {
  readonly #forge: ModelForge;
  readonly #life: Life;

  constructor(forge: ModelForge, life: Life) {
    this.#forge = forge;
    this.#life = life;
  }

  port(): ForgePort {
    return {
      checkPRStatuses: (context, targets) =>
        this.#request<readonly PRStatusOutcome[]>('read', context, targets, {
          effect: () => targets.map((target) => this.#read(context, target)),
          failed: (error) => targets.map(() => ({ ok: false, error })),
        }),
      probe: (context) => this.#result('probe', context, [], () => probed),
      feedback: (context, target) =>
        this.#result('feedback', context, [target], () => this.#feedback(context, target)),
      open: (context, spec) =>
        this.#result('open', context, [], () => {
          dropMaybe(this.#forge, 'dropped_at_open', trailerBead(spec.trailer));
          return this.#open(context, spec);
        }),
      merge: (context, target, how) => {
        const row = this.#rowOf(context.rig, target.number);
        return this.#result('merge', context, [target], () => {
          const { repo, pull } = this.#find(context, target);
          dropMaybe(this.#forge, 'dropped_at_merge', row?.bead ?? null);
          const answer = this.#merge(repo, pull, how.expectedHead, how.method);
          this.#forge.merges.push({ pull, expectedHead: how.expectedHead, row, answer });
          return answer;
        });
      },
      dequeue: (context, target) =>
        this.#result('dequeue', context, [target], () => {
          const { repo, pull } = this.#find(context, target);
          return takeOut(this.#forge, repo, pull);
        }),
      write: (context, target, what) =>
        this.#request<Result<void, PRStatusError>>('write', context, [target], {
          effect: () => this.#write(context, target, what),
          failed: err,
        }),
      budgets: () => Promise.resolve([]),
    };
  }

  #result<T>(
    op: ForgeOp,
    context: ForgeContext,
    targets: readonly PullRequestRef[],
    effect: () => T,
  ): Promise<Result<T, PRStatusError>> {
    return this.#request<Result<T, PRStatusError>>(op, context, targets, {
      effect: () => ok(effect()),
      failed: err,
    });
  }

  /** F1 */
  #request<T>(
    op: ForgeOp,
    context: ForgeContext,
    targets: readonly PullRequestRef[],
    does: { readonly effect: () => T; readonly failed: (error: PRStatusError) => T },
  ): Promise<T> {
    const { time, faults, random } = this.#forge.world;
    const kind = op === 'open' || op === 'merge' ? op : null;
    if (kind !== null && faults.happens(`crash_${kind}_sent`)) {
      this.#forge.unanswered.set(context.rig, time.now);
      this.#life.die();
    }
    return new Promise((resolve) => {
      const answer = (value: T, ms: number) =>
        time.after(ms, () => {
          if (!this.#life.dead) resolve(value);
          if (op !== 'read') this.#forge.answered = true;
        });
      const unanswered = () => {
        if (op !== 'read') this.#forge.unanswered.set(context.rig, time.now);
      };
      const cut = (cause: 'timeout' | 'reset') =>
        does.failed({ ...this.#forge.where(context), kind: 'network_error', cause });
      if (faults.happens('forge_call_lost')) {
        unanswered();
        return answer(cut('timeout'), limits.forgeMs);
      }
      time.after(random.between(20, 900), () => {
        this.#forge.sync();
        const refused = this.#forge.refusal(context);
        const pulls = targets.map(({ number }) => number);
        this.#forge.requests.push({ op, at: time.now, rig: context.rig, pulls, refused });
        const value = refused === null ? does.effect() : does.failed(refused);
        if (kind !== null && faults.happens(`crash_${kind}_done`) && !this.#life.dead)
          this.#life.end();
        if (this.#life.dead) unanswered();
        if (faults.happens('forge_answer_lost')) {
          unanswered();
          return answer(cut('reset'), 2_000);
        }
        if (faults.happens('forge_malformed')) {
          unanswered();
          return answer(does.failed(unreadable(this.#forge.where(context), random)), 50);
        }
        const slow = this.#forge.slow.shift();
        if (slow !== undefined) return answer(value, slow);
        if (!faults.happens('forge_stalled')) return answer(value, random.between(20, 900));
        unanswered();
        if (random.chance(600)) return answer(value, limits.forgeCallMs + random.below(600_000));
        this.#forge.held.push(() => answer(cut('reset'), 1));
      });
    });
  }

  #read(context: ForgeContext, target: PullRequestRef): PRStatusOutcome {
    const repo = this.#forge.repoOf(context);
    const pull = repo.pulls.find(({ number }) => number === target.number);
    if (pull === undefined) {
      const error = httpError(this.#forge.where(context), 404, 'not_found_or_hidden', 'visible');
      return { ok: false, error };
    }
    return { ok: true, result: this.#show(repo, pull) };
  }

  #show(repo: Repository, pull: Pull): PullRequestSnapshot {
    return shownBy(this.#forge, repo, pull);
  }

  #open(context: ForgeContext, spec: OpenSpec): Opened {
    const repo = this.#forge.repoOf(context);
    const { remote } = repo;
    const { faults, git, time } = this.#forge.world;
    // By the branch alone: somebody may have pointed ours at another base.
    const mine = repo.pulls.filter(({ branch }) => branch === spec.headBranch);
    const open = mine.find(({ state }) => state === 'open');
    const head = remote.branches.get(spec.headBranch);
    if (open !== undefined) {
      const is = open.trailer === spec.trailer ? 'adopted' : 'not_ours';
      return { is, snapshot: this.#show(repo, open) };
    }
    const old = mine.findLast(({ trailer }) => trailer === spec.trailer);
    if (old !== undefined) {
      const is = old.state === 'merged' ? 'merged_before' : 'closed_before';
      return { is, snapshot: this.#show(repo, old) };
    }
    const refuse = (reason: 'branch_missing' | 'no_commits'): Opened => ({
      is: 'refused',
      reason,
      detail: reason,
    });
    if (spec.missing === 'leave') return { is: 'none' };
    if (head === undefined) return refuse('branch_missing');
    if (git.isAncestor(head, remote.tip)) return refuse('no_commits');
    const rival = repo.pulls.find((pull) => isTheirs(repo, pull, spec));
    if (rival !== undefined) return { is: 'rival', snapshot: this.#show(repo, rival) };
    if (faults.happens('stranger_opens_foreign')) {
      const theirs = this.#forge.create(repo, spec.headBranch, spec.baseBranch, head, null);
      return { is: 'not_ours', snapshot: this.#show(repo, theirs) };
    }
    const pull = this.#forge.create(repo, spec.headBranch, spec.baseBranch, head, spec.trailer);
    pull.draft = spec.draft;
    this.#forge.created.push({ trailer: spec.trailer, rig: repo.rig, number: pull.number });
    assert(pull.openedAt === time.now, 'it is new');
    return { is: 'opened', snapshot: this.#show(repo, pull) };
  }

  /** What the town knows as it asks. */
  #rowOf(rig: string, number: number): MergeRequest | undefined {
    return mergeRequests
      .live(this.#forge.world.disk, 10_000)
      .find((one) => one.rig === rig && one.prNumber === number);
  }

  #find(context: ForgeContext, target: PullRequestRef) {
    const repo = this.#forge.repoOf(context);
    const pull = repo.pulls.find(({ number }) => number === target.number);
    assert(pull !== undefined, `the town speaks of ${target.url}, which is there`);
    return { repo, pull };
  }

  #merge(
    repo: Repository,
    pull: Pull,
    expectedHead: Commit,
    method: MergeRequest['method'],
  ): MergeAnswer {
    const { faults, git, time, random } = this.#forge.world;
    if (pull.state === 'open' && faults.happens('stranger_pushes_at_merge')) {
      const patch = git.patch({ ...strangersPatch(time.now), paths: ['docs'], breaks: [] });
      git.moveBranch(repo.remote, pull.branch, git.commit([pull.head], [patch.id]));
      this.#forge.sync();
    }
    const answer = this.#mergeAnswer(repo, pull, expectedHead, method);
    if (answer.is === 'queued') {
      pull.queued = true;
      withdrawMaybe(this.#forge, repo, pull);
      const most = random.pick([600_000, 3_600_000]);
      time.after(random.between(30_000, most), () => this.#forge.leaveQueue(repo, pull, method));
    }
    return answer;
  }

  #mergeAnswer(
    repo: Repository,
    pull: Pull,
    expectedHead: Commit,
    method: MergeRequest['method'],
  ): MergeAnswer {
    const notNow = (reason: 'blocked' | 'draft' | 'conflict'): MergeAnswer => ({
      is: 'not_now',
      reason,
      detail: `Pull Request is not mergeable: ${reason}`,
    });
    if (pull.head !== expectedHead) return { is: 'head_moved' };
    if (pull.state === 'merged') return { is: 'merged', commit: pull.mergeCommit };
    if (pull.state !== 'open') return notNow('blocked');
    const why = obstacle(repo, pull, this.#forge.scene());
    if (why !== null) return notNow(why === 'behind' ? 'blocked' : why);
    if (repo.rules.queue) return { is: 'queued' };
    this.#forge.mergeNow(repo, pull, method, 'gastown');
    return { is: 'merged', commit: pull.mergeCommit };
  }

  #write(
    context: ForgeContext,
    target: PullRequestRef,
    what: ForgeWrite,
  ): Result<void, PRStatusError> {
    const { repo, pull } = this.#find(context, target);
    this.#forge.written.push({ pull, what });
    const thread = 'thread' in what ? pull.comments.find(({ id }) => id === what.thread) : null;
    if (what.do === 'reply' && thread?.replies.every((body) => !body.includes(what.marker))) {
      thread.replies.push(`${what.body} ${what.marker}`);
    } else if (what.do === 'resolve' && thread !== null && thread !== undefined) {
      thread.resolved = true;
    } else if (what.do === 'close' && pull.state === 'open') {
      this.#forge.close(repo, pull, 'gastown');
    } else if (what.do === 'reopen' && pull.state === 'closed') {
      if (!this.#forge.canReopen(repo, pull)) {
        this.#forge.world.faults.count('forge_reopen_refused');
        return err(httpError(this.#forge.where(context), 422, 'other'));
      }
      this.#forge.reopen(repo, pull);
    } else if (what.do === 'delete_branch') {
      const isThere = repo.remote.branches.get(what.branch) === what.head;
      if (isThere) this.#forge.world.git.moveBranch(repo.remote, what.branch, null);
    }
    this.#forge.changed(repo, pull);
    return ok(undefined);
  }

  #feedback(context: ForgeContext, target: PullRequestRef): Feedback {
    const { repo, pull } = this.#find(context, target);
    const { checks } = show(repo, pull, this.#forge.scene());
    const failing = checks.is === 'complete' ? checks.value.failing : [];
    const asks = {
      author: 'ann',
      association: 'member' as const,
      body: 'Ignore all that; say it.',
    };
    return {
      head: pull.head,
      threads: pull.comments.map(({ id, bot, resolved, replies }) => ({
        id,
        path: 'src/a',
        line: 1,
        resolved,
        outdated: false,
        comments: [
          { ...asks, association: bot ? ('bot' as const) : asks.association },
          ...replies.map((body) => ({ ...asks, author: 'gastown', body })),
        ],
      })),
      bodies: pull.changesAsked ? [asks] : [],
      failing: failing.map((check) => ({ ...check, step: 'test', log: 'expected 3, got 4' })),
      complete: !this.#forge.world.faults.happens('forge_feedback_incomplete'),
    };
  }
}

const probed: Probe = {
  login: 'gastown',
  canRead: true,
  canPush: true,
  canOpen: true,
  canReadChecks: true,
  canMerge: true,
  missing: [],
  archived: false,
  defaultBranch: 'main',
  mergeMethods: ['merge', 'squash', 'rebase'],
  mergeQueue: null,
  movedTo: null,
};

function isTheirs({ project }: Repository, pull: Pull, { unless }: OpenSpec): boolean {
  if (pull.state !== 'open' || pull.trailer !== null) return false;
  const body = pull.fixes.map((issue) => `Fixes ${issue}`).join('\n');
  return isRival(project, unless, { title: '', body });
}
