/**
 * Reads pull requests: one GraphQL query for a batch, further pages only where there are any, REST
 * where GraphQL is of no use.
 *
 * R1 One outcome per target, in order; a bad one does not poison the others.
 * R2 Read to the end, or `unknown`: never the first page taken for all.
 * R3 A batch that is too much for the forge is halved; a server without GraphQL is remembered.
 * R4 A credential that is refused, and a pause that is asked for, are answers: no detour is tried.
 */
import { limits } from '../../core/limits.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, type Result } from '../../core/result.ts';
import { after, type Instant } from '../../core/time.ts';
import { isAbsent, notThere } from '../absent.ts';
import type { Call, GitHubApi } from './api.ts';
import { readBatch, type Batch, type Found, type FoundPull } from './batch.ts';
import { ClosedBy } from './closed-by.ts';
import { Glances, type Changed } from './glances.ts';
import { restOfContexts, restOfThreads } from './more-pages.ts';
import { explained } from './not-found.ts';
import { readByRest } from './read-rest.ts';
import { RuleBook } from './rules.ts';
import { isMergeableNow, isOpen, snapshotOf, type Group, type Whole } from './snapshot.ts';
import { ThreadAuthors } from './thread-authors.ts';

const HALVINGS_MAX = 3;

export class PullReader {
  readonly rules: RuleBook;
  readonly #api: GitHubApi;
  readonly #authors: ThreadAuthors;
  readonly #closedBy: ClosedBy;
  readonly #glances: Glances;
  /** By API: until when it is not asked for GraphQL. R3 */
  readonly #absent = new Map<string, Instant>();

  constructor(api: GitHubApi, changed?: Changed) {
    this.#api = api;
    this.#glances = new Glances(changed);
    this.rules = new RuleBook(api);
    this.#authors = new ThreadAuthors(api);
    this.#closedBy = new ClosedBy(api);
  }

  async read(call: Call, targets: readonly PullRequestRef[]): Promise<readonly PRStatusOutcome[]> {
    const outcomes: PRStatusOutcome[] = [];
    let size: number = limits.pullsPerRead;
    let halvings = 0;
    while (outcomes.length < targets.length) {
      const rest = targets.slice(outcomes.length);
      const batch = rest.slice(0, size);
      // A batch that was too much is tried again with nothing beside it.
      const beside = halvings > 0 ? [] : this.#glances.beside(call, targets, this.#api.now);
      const read = await this.#batch(call, batch, beside);
      if (read.ok) {
        this.#glances.seen(call, read.value.glanced);
        outcomes.push(...(await this.#complete(call, batch, read.value.found)));
      } else if (isTooMuch(read.error) && batch.length > 1 && halvings < HALVINGS_MAX) {
        // One that takes too long is tried once smaller: every try waits its whole time.
        halvings += read.error.kind === 'network_error' ? HALVINGS_MAX : 1;
        size = Math.ceil(batch.length / 2);
      } else if (isOfNoUse(read.error)) {
        const { rules } = this;
        outcomes.push(...(await readByRest({ api: this.#api, rules }, call, rest, read.error)));
      } else {
        outcomes.push(...rest.map(() => failed(read.error)));
      }
    }
    return await this.#closedBy.named(call, outcomes);
  }

  async #batch(
    call: Call,
    batch: readonly PullRequestRef[],
    beside: readonly string[],
  ): Promise<Result<Batch, PRStatusError>> {
    const { apiBase } = call.project;
    const absent = this.#absent.get(apiBase);
    if (absent !== undefined && absent > this.#api.now) return err(notThere(call, 'not_probed'));
    const found = await readBatch(this.#api, call, batch, beside);
    const isAbsent = !found.ok && found.error.kind === 'http_error' && found.error.status === 404;
    if (isAbsent) {
      this.#absent.set(apiBase, after(this.#api.now, limits.forgeGraphqlAbsentMs));
    }
    return found;
  }

  async #complete(
    call: Call,
    batch: readonly PullRequestRef[],
    found: readonly Found[],
  ): Promise<readonly PRStatusOutcome[]> {
    const pulls: Result<Read, PRStatusError>[] = [];
    for (const one of found) {
      pulls.push(one.ok ? { ok: true, value: await this.#toTheEnd(call, one.value) } : one);
    }
    await this.#authors.learn(
      call,
      pulls.flatMap((one) => (one.ok ? one.value.threads : [])),
    );
    const outcomes: PRStatusOutcome[] = [];
    const probed = new Map<string, boolean>();
    for (const [index, target] of batch.entries()) {
      const one = pulls[index];
      if (one === undefined) continue;
      if (one.ok) this.#glances.read(call, target, one.value.pull, this.#api.now);
      outcomes.push(
        one.ok
          ? await this.#snapshot(call, target, one.value)
          : failed(await explained(this.#api, call, target, one.error, probed)),
      );
    }
    return outcomes;
  }

  /** R2 */
  async #toTheEnd(call: Call, { pull, unread }: FoundPull): Promise<Read> {
    const gaps = new Map(unread);
    if (!isOpen(pull)) return { pull, contexts: [], threads: [], unread: notNeeded(gaps) };
    const contexts = await restOfContexts(this.#api, call, pull);
    const threads = await restOfThreads(this.#api, call, pull);
    if (!contexts.ok && !gaps.has('checks')) gaps.set('checks', contexts.error);
    if (!threads.ok && !gaps.has('threads')) gaps.set('threads', threads.error);
    if (pull.latestOpinionatedReviews?.pageInfo.hasNextPage !== false) {
      if (!gaps.has('review')) gaps.set('review', 'not_read_whole');
    }
    return {
      pull,
      contexts: contexts.ok ? contexts.value : [],
      threads: threads.ok ? threads.value : [],
      unread: gaps,
    };
  }

  async #snapshot(call: Call, target: PullRequestRef, read: Read): Promise<PRStatusOutcome> {
    const { pull, threads, contexts, unread } = read;
    const [, name] = pull.repository.nameWithOwner.split('/');
    const path = name === undefined ? target.project.path : pull.repository.nameWithOwner;
    const isAsked = isOpen(pull) && !isMergeableNow(pull);
    const here = { ...call, project: { ...target.project, path } };
    const whole: Whole = {
      unread,
      contexts,
      unresolved: threads.length,
      unresolvedByBots: this.#authors.bots(threads),
      rules: isAsked ? await this.rules.of(here, pull.baseRefName) : null,
    };
    return { ok: true, result: snapshotOf(target.project, pull, whole, this.#api.now) };
  }
}

interface Read extends Omit<FoundPull, 'unread'> {
  readonly contexts: Whole['contexts'];
  /** Ids of the unresolved ones. */
  readonly threads: readonly string[];
  readonly unread: ReadonlyMap<Group, string>;
}

/** What is closed is not judged any more. */
function notNeeded(unread: Map<Group, string>): ReadonlyMap<Group, string> {
  for (const group of ['checks', 'review', 'threads', 'queue'] as const) {
    unread.set(group, 'not_open');
  }
  return unread;
}

function failed(error: PRStatusError): PRStatusOutcome {
  return { ok: false, error };
}

/** R3 */
function isTooMuch(error: PRStatusError): boolean {
  if (error.kind === 'network_error') return error.cause === 'timeout';
  return error.kind === 'http_error' && [502, 504].includes(error.status);
}

/** R4 */
function isOfNoUse(error: PRStatusError): boolean {
  if (error.kind === 'network_error') return error.cause === 'timeout';
  if (error.kind === 'invalid_response') return error.reason !== 'redirect';
  return error.kind === 'http_error' && (error.transient || isAbsent(error));
}
