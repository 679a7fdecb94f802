/**
 * A pull request as REST shows it, and as much of a snapshot as that is enough for.
 *
 * P1 REST does not tell of threads and queues: those groups are unknown, never empty.
 */
import { z } from 'zod';
import { issuesNamed } from '../../core/issue.ts';
import type { Known, Mergeability, PullRequestSnapshot } from '../../core/pull-request.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import type { Instant } from '../../core/time.ts';
import { login, oid } from './fields.ts';
import { dateOf, headProjectOf, oidOf, refOf } from './snapshot.ts';

const labels = z.array(z.object({ name: z.string() })).nullish();

export const restPull = z.object({
  number: z.number(),
  node_id: z.string(),
  html_url: z.string(),
  state: z.string(),
  draft: z.boolean().nullish(),
  title: z.string(),
  body: z.string().nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().nullish(),
  auto_merge: z.object({}).nullish(),
  user: login,
  merged_by: login,
  labels,
  requested_reviewers: z.array(z.object({ login: z.string() })).nullish(),
  head: z.object({
    ref: z.string(),
    sha: oid,
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
});

export type RestPull = z.infer<typeof restPull>;

export const NOT_TOLD = { is: 'unknown', why: 'rest_does_not_tell' } as const;

/** Checks, reviews and threads are left to who has read them. P1 */
export function restSnapshot(
  project: ForgeProject,
  pull: RestPull,
  now: Instant,
): PullRequestSnapshot {
  const merged = (pull.merged_at ?? null) !== null;
  const commit = pull.merge_commit_sha ?? '';
  const ref = refOf(project, {
    path: pull.base.repo?.full_name ?? project.path,
    number: pull.number,
    nodeId: pull.node_id,
    url: pull.html_url,
    createdAt: pull.created_at,
  });
  return {
    ref,
    state: merged ? 'merged' : pull.state === 'closed' ? 'closed' : 'open',
    draft: pull.draft ?? false,
    title: pull.title,
    fixes: issuesNamed(`${pull.title}\n${pull.body ?? ''}`),
    author: pull.user?.login ?? 'ghost',
    head: oidOf(pull.head.sha),
    headBranch: pull.head.ref,
    headProject: headProjectOf(ref, pull.head.repo?.full_name),
    baseBranch: pull.base.ref,
    mergeability: mergeabilityOf(pull),
    mergeableNow: isMergeableNow(pull),
    checks: NOT_TOLD,
    review: NOT_TOLD,
    threads: NOT_TOLD,
    queue: NOT_TOLD,
    nativeAutoMerge: { is: 'complete', value: (pull.auto_merge ?? null) !== null },
    // While it is open this names a trial merge.
    mergeCommit: merged && oid.safeParse(commit).success ? oidOf(commit) : null,
    mergedBy: pull.merged_by?.login ?? null,
    closedBy: null,
    updatedAt: dateOf(pull.updated_at),
    observedAt: now,
  };
}

function isMergeableNow({ state, draft, mergeable, mergeable_state: word }: RestPull): boolean {
  const isReady = ['clean', 'has_hooks', 'unstable'].includes(word ?? '');
  return state === 'open' && draft !== true && mergeable === true && isReady;
}

function mergeabilityOf(pull: RestPull): Known<Mergeability> {
  const { state, draft, mergeable } = pull;
  const word = pull.mergeable_state ?? '';
  if (state !== 'open') return { is: 'unknown', why: 'not_open' };
  if (mergeable === false || word === 'dirty') return { is: 'complete', value: 'conflict' };
  if (draft === true || word === 'draft') return { is: 'complete', value: 'draft' };
  if (mergeable === undefined) return NOT_TOLD;
  if (mergeable === null || word === 'unknown') return { is: 'complete', value: 'computing' };
  switch (word) {
    case 'clean':
    case 'has_hooks':
    case 'unstable':
      return { is: 'complete', value: 'clean' };
    case 'behind':
    case 'blocked':
      return { is: 'complete', value: word };
    default:
      return { is: 'unknown', why: 'a_word_we_do_not_know' };
  }
}
