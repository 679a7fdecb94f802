/**
 * What reviewers and failing checks of a pull request ask for, read to the end.
 *
 * D1 Text here was written by strangers. It is passed on as data, with who wrote it.
 * D2 Remarks on lines are those of reviews that ask for changes: of others nobody can tell whether
 *    they still stand.
 */
import { z } from 'zod';
import type { Association, Feedback, Remark, Thread } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained, isOfTheHost } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { failedChecks } from './failed-jobs.ts';
import { readRepo } from './repository.ts';
import { asksForChanges, lastWords } from './reviews.ts';
import { pullPath, pullShape, repoPath, reviewShape, type TeaReview } from './shapes.ts';
import { readStatuses } from './statuses.ts';

export async function readFeedback(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const read = await feedback(api, call, target);
  if (read.ok) return read;
  return err(await explained(read.error, () => readRepo(api, call)));
}

async function feedback(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const at = pullPath(call.project, target.number);
  const pull = await api.read(call, at, pullShape);
  if (!pull.ok) return pull;
  const { sha } = pull.value.head;
  const reviews = await api.list(call, `${at}/reviews`, reviewShape);
  if (!reviews.ok) return reviews;
  const statuses = await readStatuses(api, call, sha);
  if (!statuses.ok) return statuses;
  const people = new People(api, call);
  const threads: Thread[] = [];
  const bodies: Remark[] = [];
  for (const review of lastWords(reviews.value.items).filter(asksForChanges)) {
    const remarks = await remarksOf(api, call, `${at}/reviews/${review.id}/comments`, people);
    if (!remarks.ok) return remarks;
    threads.push(...remarks.value);
    const body = review.body ?? '';
    if (body.trim() !== '') bodies.push({ ...(await people.named(review.user)), body });
  }
  const failing = await failedChecks(api, call, sha, statuses.value.items);
  const again = await api.read(call, at, pullShape);
  if (!again.ok) return again;
  const isSame = again.value.head.sha === sha;
  const complete = reviews.value.complete && statuses.value.complete && isSame;
  return ok({ head: sha, threads, bodies, failing, complete });
}

const commentShape = z.object({
  id: z.number(),
  body: maybe(z.string()),
  path: maybe(z.string()),
  position: maybe(z.number()),
  original_position: maybe(z.number()),
  user: maybe(z.object({ login: z.string() })),
  resolver: maybe(z.object({ login: z.string() })),
});

/** D2. Remarks on one line are one thread; the list has no pages. */
async function remarksOf(
  api: RestApi,
  call: RestCall,
  path: string,
  people: People,
): Promise<Result<readonly Thread[], PRStatusError>> {
  const read = await api.read(call, path, z.array(commentShape));
  if (!read.ok) return isOfTheHost(read.error) ? read : ok([]);
  const open = read.value.filter(({ resolver }) => resolver === null);
  const threads = new Map<string, Thread & { readonly comments: Remark[] }>();
  for (const one of open) {
    // Where the line is gone there is only the one it once was.
    const line = one.position || one.original_position;
    const key = JSON.stringify([one.path, line]);
    const remark = { ...(await people.named(one.user)), body: one.body ?? '' };
    const known = threads.get(key);
    if (known !== undefined) {
      known.comments.push(remark);
      continue;
    }
    const outdated = (one.position ?? 0) === 0 && (one.original_position ?? 0) > 0;
    const place = { path: one.path, line, resolved: false, outdated };
    threads.set(key, { id: String(one.id), ...place, comments: [remark] });
  }
  return ok([...threads.values()]);
}

/** What somebody is to the repository, asked once for each. */
class People {
  readonly #api: RestApi;
  readonly #call: RestCall;
  readonly #known = new Map<string, Association>();

  constructor(api: RestApi, call: RestCall) {
    this.#api = api;
    this.#call = call;
  }

  async named(user: TeaReview['user'] | null): Promise<Omit<Remark, 'body'>> {
    const author = user?.login ?? 'ghost';
    return { author, association: user === null ? 'none' : await this.#associationOf(author) };
  }

  async #associationOf(login: string): Promise<Association> {
    const known = this.#known.get(login);
    if (known !== undefined) return known;
    const name = encodeURIComponent(login);
    const path = `${repoPath(this.#call.project)}/collaborators/${name}/permission`;
    const read = await this.#api.read(this.#call, path, z.object({ permission: z.string() }));
    const association = read.ok ? associationFor(read.value.permission) : 'none';
    this.#known.set(login, association);
    return association;
  }
}

function associationFor(permission: string): Association {
  switch (permission) {
    case 'owner':
      return 'owner';
    case 'admin':
    case 'write':
      return 'member';
    case 'read':
      return 'collaborator';
    default:
      return 'none';
  }
}
