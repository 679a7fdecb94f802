/**
 * Reads pull requests: the repository's list, then reviews and statuses of each open one.
 *
 * R1 One outcome per target, in order; a bad one does not poison the others.
 * R2 Read to the end, or `unknown`: never the first page taken for all.
 * R3 Heads are read again at the end: what was read around a move is unknown.
 * R4 The list is read only while it is cheaper than asking for each; what it does not show is asked
 *    for by its number.
 */
import { z } from 'zod';
import type { Commit } from '../../core/ids.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { Checks, Known, PullRequestRef, Review } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained, hiddenToo, isOfTheHost, notThere, whyUnread } from '../absent.ts';
import { boundTo, inBatches, oneByOne, openIn } from '../batches.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { checksFrom } from './checks.ts';
import { Conflicts, mergeabilityOf } from './mergeability.ts';
import { reviewOf } from './reviews.ts';
import { RuleBook, type BranchRules } from './rules.ts';
import { pullPath, pullShape, repoPath, reviewShape, stateOf, type TeaPull } from './shapes.ts';
import { isMergeableNow, snapshotOf, unread, type Groups } from './snapshot.ts';
import { readRepo } from './repository.ts';
import { readStatuses } from './statuses.ts';

type Answer<T> = Result<T, PRStatusError>;
type Pulls = ReadonlyMap<number, Answer<TeaPull>>;

/** Up to so many are asked for by number at once. R4 */
const FEW = 2;

export class PullReader {
  readonly conflicts = new Conflicts();
  readonly #api: RestApi;
  readonly #rules: RuleBook;

  constructor(api: RestApi) {
    this.#api = api;
    this.#rules = new RuleBook(api);
  }

  /** R1 */
  async read(
    call: RestCall,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    return await inBatches(call, targets, (here, batch) => this.#batch(here, batch));
  }

  async #batch(
    call: RestCall,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    const numbers = targets.map(({ number }) => number);
    const pulls = await this.#pulls(call, numbers);
    if (!pulls.ok) {
      const error = hiddenToo(pulls.error);
      return targets.map(() => failed(error));
    }
    const branches = new Map<string, Answer<BranchRules | null>>();
    const outcomes = await oneByOne(targets, (target) =>
      this.#one(call, target, pulls.value, branches),
    );
    const open = openIn(outcomes);
    if (open.length === 0) return outcomes;
    const again = await this.#pulls(call, open);
    return boundTo(headsIn(again), outcomes); // R3
  }

  /** R4 */
  async #pulls(call: RestCall, numbers: readonly number[]): Promise<Answer<Pulls>> {
    const found = new Map<number, Answer<TeaPull>>();
    if (numbers.length > FEW) {
      const listed = await this.#listed(call, numbers);
      if (!listed.ok) return listed;
      for (const pull of listed.value) found.set(pull.number, ok(pull));
    }
    for (const number of numbers) {
      if (found.has(number)) continue;
      const one = await this.#api.read(call, pullPath(call.project, number), pullShape);
      if (!one.ok && isOfTheHost(one.error)) return one;
      found.set(number, one.ok ? one : err(await this.#explained(call, one.error)));
    }
    return ok(found);
  }

  async #explained(call: RestCall, error: PRStatusError): Promise<PRStatusError> {
    return await explained(error, () => readRepo(this.#api, call));
  }

  /** Those that are open and were changed last; rows of another shape are asked for alone. */
  async #listed(call: RestCall, numbers: readonly number[]): Promise<Answer<readonly TeaPull[]>> {
    const path = `${repoPath(call.project)}/pulls?state=open&sort=recentupdate`;
    const parse = (rows: readonly unknown[]): readonly TeaPull[] =>
      rows.flatMap((row) => pullShape.safeParse(row).data ?? []);
    const list = await this.#api.list(call, path, z.unknown(), (rows, pages) => {
      const seen = new Set(parse(rows).map(({ number }) => number));
      return pages >= numbers.length || numbers.every((number) => seen.has(number));
    });
    return list.ok ? ok(parse(list.value.items)) : list;
  }

  async #one(
    call: RestCall,
    target: PullRequestRef,
    pulls: Pulls,
    branches: Map<string, Answer<BranchRules | null>>,
  ): Promise<PRStatusOutcome> {
    const found = pulls.get(target.number) ?? err(notThere(call, 'visible'));
    if (!found.ok) return failed(found.error);
    const pull = found.value;
    // Another repository took the name: ours is somewhere else, or gone.
    const isOther = target.nodeId !== null && target.nodeId !== String(pull.id);
    if (isOther) return failed(notThere(call, 'visible'));
    const { project } = target;
    if (stateOf(pull) !== 'open') {
      const result = snapshotOf(project, pull, unread('not_open'), this.#api.now);
      return { ok: true, result };
    }
    const base = pull.base.ref;
    const rules = branches.get(base) ?? (await this.#rules.of(call, base));
    branches.set(base, rules);
    if (!rules.ok) return failed(rules.error);
    const groups = await this.#groups(call, pull, rules.value);
    if (!groups.ok) return failed(groups.error);
    return { ok: true, result: snapshotOf(project, pull, groups.value, this.#api.now) };
  }

  async #groups(call: RestCall, pull: TeaPull, rules: BranchRules | null): Promise<Answer<Groups>> {
    const path = `${pullPath(call.project, pull.number)}/reviews`;
    const [reviews, statuses] = await Promise.all([
      this.#api.list(call, path, reviewShape),
      readStatuses(this.#api, call, pull.head.sha),
    ]);
    for (const part of [reviews, statuses]) {
      if (!part.ok && isOfTheHost(part.error)) return part;
    }
    const checks: Known<Checks> = known(statuses, (items) =>
      complete(checksFrom(items, rules?.requiredChecks ?? null)),
    );
    const review: Known<Review> = known(reviews, (items) =>
      reviewOf(items, rules?.approvals ?? null),
    );
    const isBehind = rules?.mustBeUpToDate === true && pull.merge_base !== rules.tip;
    const place = JSON.stringify([call.project.apiBase, pull.id]);
    if (pull.mergeable === true) this.conflicts.forget(place);
    const isBlocked = rules !== null && !isMergeableNow(checks, review);
    const mergeability = mergeabilityOf(pull, { isBehind, isBlocked }, () =>
      this.conflicts.judge(place, pull, this.#api.now),
    );
    const isClean = mergeability.is === 'complete' && mergeability.value === 'clean';
    return ok({
      checks,
      review,
      mergeability,
      mergeableNow: isClean && isMergeableNow(checks, review),
    });
  }
}

function complete<T>(value: T): Known<T> {
  return { is: 'complete', value };
}

/** R2 */
function known<T, U>(
  list: Answer<{ readonly items: readonly T[]; readonly complete: boolean }>,
  judge: (items: readonly T[]) => Known<U>,
): Known<U> {
  if (!list.ok) return { is: 'unknown', why: whyUnread(list.error) };
  return list.value.complete ? judge(list.value.items) : { is: 'unknown', why: 'too_many' };
}

function headsIn(pulls: Answer<Pulls>): ReadonlyMap<number, Commit> {
  const heads = new Map<number, Commit>();
  for (const [number, pull] of pulls.ok ? pulls.value : []) {
    if (pull.ok) heads.set(number, pull.value.head.sha);
  }
  return heads;
}

function failed(error: PRStatusError): PRStatusOutcome {
  return { ok: false, error };
}
