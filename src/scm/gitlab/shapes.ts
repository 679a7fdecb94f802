/**
 * What GitLab answers, in the shapes it is believed in. Words of an enumeration are strings here:
 * a new one is `unknown` later, and never fails the whole answer.
 */
import { z } from 'zod';
import type { ForgeProject, PullRequestRef } from '../../core/pull-request.ts';
import { dateOf, maybe, oid, ownUrl, webBase } from '../wire.ts';

export const labUser = z.object({
  id: z.number().optional(),
  username: z.string(),
  bot: maybe(z.boolean()),
});
export type LabUser = z.infer<typeof labUser>;

export const pipelineShape = z.object({
  id: z.number(),
  sha: oid,
  ref: maybe(z.string()),
  status: z.string(),
  project_id: maybe(z.number()),
  web_url: maybe(z.string()),
});
export type Pipeline = z.infer<typeof pipelineShape>;

/** As a list shows it, and more of it on its own. */
export const mergeRequestShape = z.object({
  id: z.number(),
  iid: z.number(),
  source_project_id: maybe(z.number()),
  target_project_id: maybe(z.number()),
  title: z.string(),
  description: maybe(z.string()),
  state: z.string(),
  draft: maybe(z.boolean()),
  created_at: maybe(z.string()),
  updated_at: maybe(z.string()),
  author: maybe(labUser),
  merge_user: maybe(labUser),
  merged_by: maybe(labUser),
  closed_by: maybe(labUser),
  reviewers: maybe(z.array(labUser)),
  labels: maybe(z.array(z.string())),
  source_branch: z.string(),
  target_branch: z.string(),
  sha: oid,
  merge_commit_sha: maybe(oid),
  squash_commit_sha: maybe(oid),
  merge_status: maybe(z.string()),
  detailed_merge_status: maybe(z.string()),
  has_conflicts: maybe(z.boolean()),
  blocking_discussions_resolved: maybe(z.boolean()),
  merge_when_pipeline_succeeds: maybe(z.boolean()),
  rebase_in_progress: maybe(z.boolean()),
  diverged_commits_count: maybe(z.number()),
  /** Absent in a list; null where there is none. */
  head_pipeline: pipelineShape.nullish(),
  references: maybe(z.object({ full: maybe(z.string()) })),
  web_url: maybe(z.string()),
});
export type LabMergeRequest = z.infer<typeof mergeRequestShape>;

export const approvalsShape = z.object({
  approved: maybe(z.boolean()),
  approvals_left: maybe(z.number()),
  approved_by: maybe(z.array(z.object({ user: maybe(labUser) }))),
});
export type Approvals = z.infer<typeof approvalsShape>;

export const noteShape = z.object({
  id: z.number(),
  body: maybe(z.string()),
  author: maybe(labUser),
  system: maybe(z.boolean()),
  resolvable: maybe(z.boolean()),
  resolved: maybe(z.boolean()),
  position: maybe(
    z.object({
      new_path: maybe(z.string()),
      old_path: maybe(z.string()),
      new_line: maybe(z.number()),
      old_line: maybe(z.number()),
    }),
  ),
});
export type Note = z.infer<typeof noteShape>;

export const discussionShape = z.object({ id: z.string(), notes: z.array(noteShape) });
export type Discussion = z.infer<typeof discussionShape>;

/** A job, or a status that somebody else's system set on the commit. */
export const jobShape = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  allow_failure: maybe(z.boolean()),
  stage: maybe(z.string()),
  web_url: maybe(z.string()),
  target_url: maybe(z.string()),
  description: maybe(z.string()),
  pipeline_id: maybe(z.number()),
});
export type Job = z.infer<typeof jobShape>;

export function projectPath({ path }: Pick<ForgeProject, 'path'>): string {
  return `/projects/${encodeURIComponent(path)}`;
}

export function mergeRequestPath(project: ForgeProject, number: number): string {
  return `${projectPath(project)}/merge_requests/${number}`;
}

/** Its project's present path: a renamed one still answers to its former name. */
export function refOf(project: ForgeProject, found: LabMergeRequest): PullRequestRef {
  const path = pathOf(project, found.references?.full ?? '');
  const own = `${webBase(project)}/${path}/-/merge_requests/${found.iid}`;
  return {
    project: { ...project, path },
    number: found.iid,
    nodeId: String(found.id),
    url: ownUrl(found.web_url, project.origin, own),
    createdAt: dateOf(found.created_at),
  };
}

/** Of `group/app!12`. Another spelling of the same path is the same. */
function pathOf(project: ForgeProject, reference: string): string {
  const path = /^(.+\/.+)!\d+$/.exec(reference)?.[1];
  const isSame = path === undefined || path.toLowerCase() === project.path.toLowerCase();
  return isSame ? project.path : path;
}
