/**
 * What Gitea and Forgejo answer, in the shapes it is believed in. Words of an enumeration are
 * strings here: a new one is `unknown` later, and never fails the whole answer.
 */
import { z } from 'zod';
import type { ForgeProject, PullRequestRef } from '../../core/pull-request.ts';
import { dateOf, maybe, oid, ownUrl, webBase } from '../wire.ts';

const user = z.object({ id: z.number().optional(), login: z.string() });

const repoName = maybe(z.object({ full_name: z.string() }));

export const pullShape = z.object({
  id: z.number(),
  number: z.number(),
  title: z.string(),
  body: maybe(z.string()),
  state: z.string(),
  draft: maybe(z.boolean()),
  merged: maybe(z.boolean()),
  mergeable: maybe(z.boolean()),
  merge_base: maybe(z.string()),
  merge_commit_sha: maybe(oid),
  merged_by: maybe(user),
  user: maybe(user),
  html_url: maybe(z.string()),
  created_at: maybe(z.string()),
  updated_at: maybe(z.string()),
  labels: maybe(z.array(z.object({ name: z.string() }))),
  head: z.object({ ref: z.string(), sha: oid, repo: repoName }),
  base: z.object({ ref: z.string(), repo: repoName }),
});
export type TeaPull = z.infer<typeof pullShape>;

export const reviewShape = z.object({
  id: z.number(),
  state: z.string(),
  body: maybe(z.string()),
  stale: maybe(z.boolean()),
  official: maybe(z.boolean()),
  dismissed: maybe(z.boolean()),
  comments_count: maybe(z.number()),
  user: maybe(user),
});
export type TeaReview = z.infer<typeof reviewShape>;

export const statusShape = z.object({
  id: z.number(),
  context: z.string(),
  status: z.string(),
  target_url: maybe(z.string()),
  description: maybe(z.string()),
});
export type TeaStatus = z.infer<typeof statusShape>;

export const branchShape = z.object({
  commit: z.object({ id: oid }),
  protected: maybe(z.boolean()),
  required_approvals: maybe(z.number()),
  enable_status_check: maybe(z.boolean()),
  status_check_contexts: maybe(z.array(z.string())),
  user_can_merge: maybe(z.boolean()),
  effective_branch_protection_name: maybe(z.string()),
});
export type TeaBranch = z.infer<typeof branchShape>;

export const repoShape = z.object({
  full_name: z.string(),
  archived: maybe(z.boolean()),
  default_branch: maybe(z.string()),
  permissions: maybe(z.object({ push: maybe(z.boolean()), pull: maybe(z.boolean()) })),
  allow_merge_commits: maybe(z.boolean()),
  allow_squash_merge: maybe(z.boolean()),
  allow_rebase: maybe(z.boolean()),
  allow_fast_forward_only_merge: maybe(z.boolean()),
});
export type TeaRepo = z.infer<typeof repoShape>;

/** Each part safe in a path. */
export function repoPath({ path }: Pick<ForgeProject, 'path'>): string {
  const [owner = '', name = ''] = path.split('/');
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}

export function pullPath(project: ForgeProject, number: number): string {
  return `${repoPath(project)}/pulls/${number}`;
}

/** A branch keeps its slashes there. */
export function branchPath(project: ForgeProject, branch: string): string {
  const name = branch.split('/').map(encodeURIComponent).join('/');
  return `${repoPath(project)}/branches/${name}`;
}

/** Its repository's present path: a renamed one still answers to its former name. */
export function refOf(project: ForgeProject, pull: TeaPull): PullRequestRef {
  const found = pull.base.repo?.full_name ?? project.path;
  const isSame = found.toLowerCase() === project.path.toLowerCase();
  const path = isSame ? project.path : found;
  return {
    project: { ...project, path },
    number: pull.number,
    nodeId: String(pull.id),
    url: ownUrl(pull.html_url, project.origin, `${webBase(project)}/${path}/pulls/${pull.number}`),
    createdAt: dateOf(pull.created_at),
  };
}

export function stateOf({ state, merged }: TeaPull): 'open' | 'merged' | 'closed' {
  if (merged === true) return 'merged';
  return state === 'closed' ? 'closed' : 'open';
}

const DRAFT = /^(?:\s*(?:wip:|\[wip\])\s*)+/i;

/** A draft is a title that begins so; older servers do not tell it in a field. */
export function isDraft({ draft, title }: TeaPull): boolean {
  return draft ?? DRAFT.test(title);
}

export function readyTitle(title: string): string {
  return title.replace(DRAFT, '');
}
