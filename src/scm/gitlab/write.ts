/**
 * What the town says on a merge request, and what becomes of its branch.
 *
 * W1 A note looks for its hidden marker first, to the end of the list: repeated, it is said once.
 *    What could not be read whole is not written to.
 * W2 A branch is deleted only while it is at the head we know.
 * W3 What was resolved is read again: only then it is done.
 */
import { z } from 'zod';
import type { ForgeWrite } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained, notThere } from '../absent.ts';
import { mismatch, writing, type RestApi, type RestCall } from '../rest-api.ts';
import { oid } from '../wire.ts';
import { isOpenThread } from './discussions.ts';
import { readDiscussions, readMergeRequest } from './parts.ts';
import { readProject } from './project.ts';
import { mergeRequestPath, noteShape, projectPath, type Discussion } from './shapes.ts';
import { isDraft } from './merge-status.ts';

type Done = Result<void, PRStatusError>;

const DONE = ok(undefined);

export async function writeMergeRequest(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  const done = await written(api, call, target, what);
  if (done.ok) return done;
  return err(await explained(done.error, () => readProject(api, call)));
}

async function written(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  const at = mergeRequestPath(target.project, target.number);
  switch (what.do) {
    case 'comment':
      return await comment(api, call, at, what);
    case 'reply':
      return await reply(api, call, target, what);
    case 'resolve':
      return await resolve(api, call, target, what.thread);
    case 'close':
    case 'reopen':
      return done(await api.ask(writing(call), 'PUT', at, { body: { state_event: what.do } }));
    case 'ready':
      return await ready(api, call, target);
    case 'delete_branch':
      return await deleteBranch(api, call, what);
  }
}

/** W1 */
async function comment(
  api: RestApi,
  call: RestCall,
  at: string,
  what: Extract<ForgeWrite, { do: 'comment' }>,
): Promise<Done> {
  const said = await api.list(call, `${at}/notes`, noteShape);
  if (!said.ok) return said;
  if (said.value.items.some(({ body }) => (body ?? '').includes(what.marker))) return DONE;
  if (!said.value.complete) return err(mismatch(call, { notes: 'too many' }));
  const body = { body: `${what.body}\n\n${what.marker}` };
  return done(await api.ask(writing(call), 'POST', `${at}/notes`, { body }));
}

async function readThread(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  id: string,
): Promise<Result<Discussion, PRStatusError>> {
  const list = await readDiscussions(api, call, target.number);
  if (!list.ok) return list;
  const found = list.value.items.find((discussion) => discussion.id === id);
  if (found !== undefined) return ok(found);
  return err(
    list.value.complete ? notThere(call, 'visible') : mismatch(call, { discussions: 'too many' }),
  );
}

function threadPath({ project, number }: PullRequestRef, id: string): string {
  return `${mergeRequestPath(project, number)}/discussions/${encodeURIComponent(id)}`;
}

async function reply(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  what: Extract<ForgeWrite, { do: 'reply' }>,
): Promise<Done> {
  const thread = await readThread(api, call, target, what.thread);
  if (!thread.ok) return thread;
  if (thread.value.notes.some(({ body }) => (body ?? '').includes(what.marker))) return DONE;
  const body = { body: `${what.body}\n\n${what.marker}` };
  const path = `${threadPath(target, what.thread)}/notes`;
  return done(await api.ask(writing(call), 'POST', path, { body }));
}

/** W3 */
async function resolve(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
  id: string,
): Promise<Done> {
  const before = await readThread(api, call, target, id);
  if (!before.ok) return before;
  if (!isOpenThread(before.value)) return DONE;
  const body = { resolved: true };
  const put = await api.ask(writing(call), 'PUT', threadPath(target, id), { body });
  if (!put.ok) return put;
  const after = await readThread(api, call, target, id);
  if (!after.ok) return after;
  return isOpenThread(after.value) ? err(mismatch(call, { resolved: false })) : DONE;
}

/** A draft is one by its title. */
async function ready(api: RestApi, call: RestCall, target: PullRequestRef): Promise<Done> {
  const read = await readMergeRequest(api, call, target.number);
  if (!read.ok) return read;
  if (!isDraft(read.value)) return DONE;
  const title = read.value.title.replace(DRAFT, '');
  const at = mergeRequestPath(target.project, target.number);
  return done(await api.ask(writing(call), 'PUT', at, { body: { title } }));
}

const DRAFT = /^(?:\s*(?:\[draft\]|\(draft\)|draft:|\[wip\]|wip:)\s*)+/i;

const branchShape = z.object({ commit: z.object({ id: oid }) });

/** W2. GitLab deletes what it finds, so the look comes right before. */
async function deleteBranch(
  api: RestApi,
  call: RestCall,
  what: Extract<ForgeWrite, { do: 'delete_branch' }>,
): Promise<Done> {
  const branch = encodeURIComponent(what.branch);
  const path = `${projectPath(call.project)}/repository/branches/${branch}`;
  const read = await api.ask(call, 'GET', path, { answers: [404] });
  if (!read.ok) return read;
  if (read.value.status === 404) {
    const project = await readProject(api, call);
    return project.ok ? DONE : project;
  }
  const found = branchShape.safeParse(read.value.json);
  if (!found.success) return err(mismatch(call, read.value.json));
  if (found.data.commit.id !== what.head) return DONE;
  return done(await api.ask(writing(call), 'DELETE', path, { answers: [404] }));
}

function done<T>(result: Result<T, PRStatusError>): Done {
  return result.ok ? DONE : result;
}
