/**
 * What an open merge request has besides itself: pipeline and jobs, approvals, discussions, its
 * place in a merge train, and whose branch it is.
 *
 * P1 The merge request is read first and on its own: only so GitLab shows its pipeline and whether
 *    it is being rebased. P2 A pipeline counts for the head it ran on, or for the trial merge of
 *    that head; one of an older head is none.
 */
import { z } from 'zod';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { Checks, Known, PullRequestSnapshot, Review } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { isAbsent, isOfTheHost, whyUnread } from '../absent.ts';
import type { Listed, RestApi, RestCall } from '../rest-api.ts';
import { maybe, oid } from '../wire.ts';
import { checksFrom, isExplained } from './checks.ts';
import { askedForChanges, threadsOf } from './discussions.ts';
import { isMergeableNow } from './merge-status.ts';
import { mustDescend, pipelineRuleOf, type LabProject, type ProjectBook } from './project.ts';
import {
  approvalsShape,
  discussionShape,
  jobShape,
  mergeRequestPath,
  mergeRequestShape,
  projectPath,
  type Approvals,
  type Discussion,
  type Job,
  type LabMergeRequest,
  type Pipeline,
} from './shapes.ts';
import { isFork, reviewOf, type Groups } from './snapshot.ts';

export interface Read {
  readonly mergeRequest: LabMergeRequest;
  readonly groups: Groups;
}

type Answer<T> = Result<T, PRStatusError>;

export class Parts {
  readonly #api: RestApi;
  readonly #projects: ProjectBook;

  constructor(api: RestApi, projects: ProjectBook) {
    this.#api = api;
    this.#projects = projects;
  }

  async of(call: RestCall, number: number): Promise<Answer<Read>> {
    const known = await this.#projects.of(call);
    if (!known.ok && isOfTheHost(known.error)) return known;
    const project = known.ok ? known.value : null;
    const one = await readMergeRequest(this.#api, call, number, mustDescend(project)); // P1
    if (!one.ok) return one;
    const mr = one.value;
    const [checks, approvals, discussions, reviewers, queue, headProject] = await Promise.all([
      this.#checks(call, mr, project),
      this.#api.read(call, `${mergeRequestPath(call.project, number)}/approvals`, approvalsShape),
      readDiscussions(this.#api, call, number),
      this.#opinions(call, mr),
      readTrain(this.#api, call, number, project),
      this.#headProject(call, mr, project),
    ]);
    const broken = [checks, approvals, discussions].find(
      (part) => !part.ok && isOfTheHost(part.error),
    );
    if (broken !== undefined && !broken.ok) return broken;
    const talk = whole(discussions);
    const groups: Groups = {
      checks: checks.ok ? checks.value : { is: 'unknown', why: whyUnread(checks.error) },
      review: review(mr, approvals, talk, reviewers),
      threads: talk.is === 'complete' ? { is: 'complete', value: threadsOf(talk.value) } : talk,
      queue,
      headProject,
      mustDescend: mustDescend(project),
    };
    return ok({ mergeRequest: mr, groups });
  }

  async #checks(
    call: RestCall,
    mr: LabMergeRequest,
    project: LabProject | null,
  ): Promise<Answer<Known<Checks>>> {
    if (mr.head_pipeline === undefined) {
      return ok({ is: 'unknown', why: 'no_word_of_a_pipeline' });
    }
    const pipeline = await pipelineOfHead(this.#api, call, mr);
    if (!pipeline.ok) return pipeline;
    const jobs = pipeline.value === null ? ok([]) : await readJobs(this.#api, call, pipeline.value);
    if (!jobs.ok) return jobs;
    if (jobs.value === null) return ok({ is: 'unknown', why: 'too_many' });
    const rule = pipelineRuleOf(project);
    const value = checksFrom(pipeline.value, jobs.value, rule, isMergeableNow(mr));
    return ok({ is: 'complete', value });
  }

  /** By name: does a reviewer ask for changes? Empty where this server does not tell. */
  async #opinions(call: RestCall, mr: LabMergeRequest): Promise<ReadonlyMap<string, boolean>> {
    if ((mr.reviewers ?? []).length === 0) return new Map();
    const path = `${mergeRequestPath(call.project, mr.iid)}/reviewers`;
    const list = await this.#api.list(call, path, reviewerShape);
    const rows = list.ok ? list.value.items : [];
    return new Map(rows.map(({ user, state }) => [user.username, state === 'requested_changes']));
  }

  async #headProject(
    call: RestCall,
    mr: LabMergeRequest,
    project: LabProject | null,
  ): Promise<string | null> {
    if (!isFork(mr)) return project?.path_with_namespace ?? call.project.path;
    if (mr.source_project_id === null) return null;
    const shape = z.object({ path_with_namespace: z.string() });
    const fork = await this.#api.read(call, `/projects/${mr.source_project_id}`, shape);
    return fork.ok ? fork.value.path_with_namespace : null;
  }
}

const NO_APPROVALS: Approvals = { approved: null, approvals_left: null, approved_by: null };

const reviewerShape = z.object({
  user: z.object({ username: z.string() }),
  state: maybe(z.string()),
});

/** Its place in the project's merge train. */
export async function readTrain(
  api: RestApi,
  call: RestCall,
  number: number,
  project: LabProject | null,
): Promise<PullRequestSnapshot['queue']> {
  if (project === null) return { is: 'unknown', why: 'settings_not_readable' };
  if (project.merge_trains_enabled !== true) return { is: 'complete', value: 'none' };
  const path = `${projectPath(call.project)}/merge_trains/merge_requests/${number}`;
  const car = await api.read(call, path, z.object({ status: z.string() }));
  if (!car.ok) {
    if (isAbsent(car.error)) return { is: 'complete', value: 'none' };
    return { is: 'unknown', why: whyUnread(car.error) };
  }
  return queueOf(car.value.status);
}

function queueOf(status: string): PullRequestSnapshot['queue'] {
  switch (status) {
    case 'idle':
    case 'stale':
    case 'fresh':
      return { is: 'complete', value: 'queued' };
    case 'merging':
    case 'merged':
    case 'skip_merged':
      return { is: 'complete', value: 'merging' };
    default:
      return { is: 'unknown', why: 'a_word_we_do_not_know' };
  }
}

/** `diverged`: how far it is behind, too. That costs the server something. */
export async function readMergeRequest(
  api: RestApi,
  call: RestCall,
  number: number,
  diverged = false,
): Promise<Answer<LabMergeRequest>> {
  const more = diverged ? '&include_diverged_commits_count=true' : '';
  const path = `${mergeRequestPath(call.project, number)}?include_rebase_in_progress=true${more}`;
  return await api.read(call, path, mergeRequestShape);
}

export async function readDiscussions(
  api: RestApi,
  call: RestCall,
  number: number,
): Promise<Answer<Listed<Discussion>>> {
  const path = `${mergeRequestPath(call.project, number)}/discussions`;
  return await api.list(call, path, discussionShape);
}

/** Of the approvals, what GitLab noted of reviewers, and what it says of them now. */
function review(
  mr: LabMergeRequest,
  approvals: Answer<Approvals>,
  talk: Known<readonly Discussion[]>,
  opinions: ReadonlyMap<string, boolean>,
): Known<Review> {
  if (talk.is !== 'complete') return talk;
  const asks = changesAskedBy(talk.value, opinions).length > 0;
  if (approvals.ok) return reviewOf(mr, approvals.value, asks);
  // Old community servers have no approvals: their word on the whole is the next signal.
  if (isAbsent(approvals.error))
    return asks ? reviewOf(mr, NO_APPROVALS, asks) : { is: 'unsupported' };
  return { is: 'unknown', why: whyUnread(approvals.error) };
}

/** A reviewer's present state is believed before what was noted once. */
export function changesAskedBy(
  discussions: readonly Discussion[],
  opinions: ReadonlyMap<string, boolean>,
): readonly string[] {
  const noted = askedForChanges(discussions).filter((name) => !opinions.has(name));
  const stated = [...opinions].filter(([, asks]) => asks).map(([name]) => name);
  return [...noted, ...stated];
}

function whole<T>(list: Answer<Listed<T>>): Known<readonly T[]> {
  if (!list.ok) return { is: 'unknown', why: whyUnread(list.error) };
  const { items, complete } = list.value;
  return complete ? { is: 'complete', value: items } : { is: 'unknown', why: 'too_many' };
}

const parents = z.object({ parent_ids: z.array(oid) });

/** P2 */
export async function pipelineOfHead(
  api: RestApi,
  call: RestCall,
  { head_pipeline: pipeline, sha }: LabMergeRequest,
): Promise<Answer<Pipeline | null>> {
  if (pipeline === undefined || pipeline === null) return ok(null);
  if (pipeline.sha === sha) return ok(pipeline);
  if (!/^refs\/merge-requests\/\d+\/(?:merge|train)$/.test(pipeline.ref ?? '')) return ok(null);
  const path = `${projectPath(call.project)}/repository/commits/${pipeline.sha}`;
  const trial = await api.read(call, path, parents);
  if (trial.ok) return ok(trial.value.parent_ids.includes(sha) ? pipeline : null);
  return err(trial.error);
}

/** null: more than are read. Statuses from outside only where the jobs do not explain it all. */
export async function readJobs(
  api: RestApi,
  call: RestCall,
  pipeline: Pipeline,
): Promise<Answer<readonly Job[] | null>> {
  const { project_id: id } = pipeline;
  const at = id === null ? projectPath(call.project) : `/projects/${id}`;
  const jobs = await api.list(call, `${at}/pipelines/${pipeline.id}/jobs`, jobShape);
  if (!jobs.ok) return isOfTheHost(jobs.error) ? jobs : ok([]); // its own status is the verdict
  if (!jobs.value.complete) return ok(null);
  if (isExplained(pipeline, jobs.value.items)) return ok(jobs.value.items);
  const path = `${at}/repository/commits/${pipeline.sha}/statuses`;
  const all = await api.list(call, path, jobShape);
  if (!all.ok) return isOfTheHost(all.error) ? all : ok(jobs.value.items);
  if (!all.value.complete) return ok(null);
  const ids = new Set(jobs.value.items.map((job) => job.id));
  const others = all.value.items.filter(
    ({ id, pipeline_id: of }) => !ids.has(id) && (of === null || of === pipeline.id),
  );
  return ok([...jobs.value.items, ...others]);
}
