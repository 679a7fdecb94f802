/**
 * What the town says on a pull request, and what becomes of its branch.
 *
 * W1 A comment looks for its hidden marker first: repeated, it is said once.
 * W2 A branch is deleted only while it is at the head we know.
 * W3 A thread can neither be answered nor resolved over this API: an answer is a comment of the
 *    conversation, and resolving is refused without asking.
 */
import { z } from 'zod';
import type { ForgeWrite } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import { placeOf } from '../http.ts';
import { writing, type RestApi, type RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { readRepo } from './repository.ts';
import {
  branchPath,
  branchShape,
  isDraft,
  pullPath,
  pullShape,
  readyTitle,
  repoPath,
} from './shapes.ts';

type Done = Result<void, PRStatusError>;

const DONE = ok(undefined);

export async function writePull(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  const done = await written(api, call, target, what);
  if (done.ok) return done;
  return err(await explained(done.error, () => readRepo(api, call)));
}

async function written(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  const at = pullPath(target.project, target.number);
  switch (what.do) {
    case 'comment':
    case 'reply':
      return await comment(api, call, target, what);
    case 'resolve':
      return err(noThreads(call)); // W3
    case 'close':
    case 'reopen': {
      const body = { state: what.do === 'close' ? 'closed' : 'open' };
      return done(await api.ask(writing(call), 'PATCH', at, { body }));
    }
    case 'ready':
      return await ready(api, call, at);
    case 'delete_branch':
      return await deleteBranch(api, call, what);
  }
}

const comments = z.array(z.object({ body: maybe(z.string()) }));

/** W1. The list of comments has no pages. */
async function comment(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: Extract<ForgeWrite, { do: 'comment' | 'reply' }>,
): Promise<Done> {
  const path = `${repoPath(call.project)}/issues/${target.number}/comments`;
  const said = await api.read(call, path, comments);
  if (!said.ok) return said;
  if (said.value.some(({ body }) => (body ?? '').includes(what.marker))) return DONE;
  const body = { body: `${what.body}\n\n${what.marker}` };
  return done(await api.ask(writing(call), 'POST', path, { body }));
}

/** W3 */
function noThreads({ project, lease }: RestCall): PRStatusError {
  return {
    kind: 'http_error',
    ...placeOf(project),
    status: 405,
    statusText: 'threads cannot be resolved over this API',
    transient: false,
    reason: 'other',
    requestId: null,
    tokenSource: lease.source,
  };
}

/** A draft is one by its title. */
async function ready(api: RestApi, call: RestCall, at: string): Promise<Done> {
  const read = await api.read(call, at, pullShape);
  if (!read.ok) return read;
  if (!isDraft(read.value)) return DONE;
  const body = { title: readyTitle(read.value.title) };
  return done(await api.ask(writing(call), 'PATCH', at, { body }));
}

/** W2. Gitea deletes what it finds, so the look comes right before. */
async function deleteBranch(
  api: RestApi,
  call: RestCall,
  what: Extract<ForgeWrite, { do: 'delete_branch' }>,
): Promise<Done> {
  const path = branchPath(call.project, what.branch);
  const read = await api.ask(call, 'GET', path, { answers: [404] });
  if (!read.ok) return read;
  if (read.value.status === 404) {
    const repo = await readRepo(api, call);
    return repo.ok ? DONE : repo;
  }
  const found = branchShape.safeParse(read.value.json);
  if (found.data?.commit.id !== what.head) return DONE;
  return done(await api.ask(writing(call), 'DELETE', path, { answers: [404] }));
}

function done<T>(result: Result<T, PRStatusError>): Done {
  return result.ok ? DONE : result;
}
