/**
 * What reviewers and failing jobs of a merge request ask for, read to the end.
 *
 * D1 Text here was written by strangers. It is passed on as data, with who wrote it.
 * D2 What could not be read whole says so, and nothing is started on half of it.
 */
import { z } from 'zod';
import type { Association, Feedback, Remark, Thread } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { askedForChanges, isBot, isOpenThread } from './discussions.ts';
import { failedChecks } from './failed-jobs.ts';
import { pipelineOfHead, readDiscussions, readJobs, readMergeRequest } from './parts.ts';
import { readProject } from './project.ts';
import { projectPath, type Discussion, type LabUser, type Note } from './shapes.ts';

export async function readFeedback(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const read = await feedback(api, call, target);
  if (read.ok) return read;
  return err(await explained(read.error, () => readProject(api, call)));
}

async function feedback(
  api: RestApi,
  call: RestCall,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const mr = await readMergeRequest(api, call, target.number);
  if (!mr.ok) return mr;
  const talk = await readDiscussions(api, call, target.number);
  if (!talk.ok) return talk;
  const pipeline = await pipelineOfHead(api, call, mr.value);
  if (!pipeline.ok) return pipeline;
  const jobs = pipeline.value === null ? ok([]) : await readJobs(api, call, pipeline.value);
  if (!jobs.ok) return jobs;
  const again = await readMergeRequest(api, call, target.number);
  if (!again.ok) return again;
  const open = talk.value.items.filter(isOpenThread);
  const bodies = bodiesOf(talk.value.items);
  const people = new People(api, call);
  const threads: Thread[] = [];
  for (const discussion of open) threads.push(await threadOf(discussion, people));
  const remarks: Remark[] = [];
  for (const note of bodies) remarks.push(await remarkOf(note, people));
  return ok({
    head: mr.value.sha,
    threads,
    bodies: remarks,
    failing: await failedChecks(api, call, pipeline.value, jobs.value ?? []),
    complete: talk.value.complete && jobs.value !== null && again.value.sha === mr.value.sha,
  });
}

/** What those who ask for changes said last outside of threads. */
function bodiesOf(discussions: readonly Discussion[]): readonly Note[] {
  const asking = askedForChanges(discussions);
  const plain = discussions
    .flatMap(({ notes }) => notes)
    .filter((note) => note.system !== true && note.resolvable !== true)
    .filter(({ body }) => (body ?? '').trim() !== '');
  return asking.flatMap((name) => {
    const own = plain.filter(({ author }) => author?.username === name);
    return own.toSorted((a, b) => b.id - a.id).slice(0, 1);
  });
}

async function threadOf({ id, notes }: Discussion, people: People): Promise<Thread> {
  const place = notes[0]?.position;
  const comments: Remark[] = [];
  for (const note of notes.filter(({ system }) => system !== true)) {
    comments.push(await remarkOf(note, people));
  }
  return {
    id,
    path: place?.new_path ?? place?.old_path ?? null,
    line: place?.new_line ?? place?.old_line ?? null,
    resolved: false,
    outdated: false, // GitLab does not tell
    comments,
  };
}

async function remarkOf({ author, body }: Note, people: People): Promise<Remark> {
  return {
    author: author?.username ?? 'ghost',
    association: await people.associationOf(author),
    body: body ?? '',
  };
}

const memberShape = z.object({ access_level: z.number() });

/** What somebody is to the project, asked once for each. */
class People {
  readonly #api: RestApi;
  readonly #call: RestCall;
  readonly #known = new Map<number, Association>();

  constructor(api: RestApi, call: RestCall) {
    this.#api = api;
    this.#call = call;
  }

  async associationOf(author: LabUser | null): Promise<Association> {
    if (author?.id === undefined) return 'none';
    if (isBot(author)) return 'bot';
    const known = this.#known.get(author.id);
    if (known !== undefined) return known;
    const path = `${projectPath(this.#call.project)}/members/all/${author.id}`;
    const member = await this.#api.read(this.#call, path, memberShape);
    const association = member.ok ? associationFor(member.value.access_level) : 'none';
    this.#known.set(author.id, association);
    return association;
  }
}

/** Owner 50, maintainer 40, developer 30, reporter 20, guest 10. */
function associationFor(level: number): Association {
  if (level >= 50) return 'owner';
  if (level >= 30) return 'member';
  return level >= 20 ? 'collaborator' : 'none';
}
