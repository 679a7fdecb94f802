/**
 * Problems: how the API says that something was refused or failed (RFC 9457), for every surface.
 * The sentences come from `core/explain.ts`; this file says only their shape and status codes.
 *
 * P1 Every kind of failure has one status code, in one exhaustive table.
 * P2 4xx: what was asked must change. 5xx: the same request may succeed later.
 */
import { z } from 'zod';
import type { Failure, FailureKind } from '../core/failure.ts';

export const problemMediaType = 'application/problem+json';

export const problemSchema = z
  .object({
    type: z.string().meta({ description: '`urn:gastown:problem:` and the kind' }),
    title: z.string().meta({ description: 'The kind in words' }),
    status: z.number().int(),
    kind: z.string().meta({ description: 'What scripts compare' }),
    what: z.string().meta({ description: 'What happened, one sentence' }),
    evidence: z.string().meta({ description: 'What was seen; may have several lines' }),
    next: z.string().meta({ description: 'One thing the reader can do' }),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused or failed' });

export type Problem = z.infer<typeof problemSchema>;

/** Kinds that only an HTTP server knows; all others are failures of the town. */
export type HttpProblemKind =
  | 'unauthorized'
  | 'host_refused'
  | 'origin_refused'
  | 'no_such_route'
  | 'method_not_allowed'
  | 'malformed_json'
  | 'wrong_content_type'
  | 'not_ready'
  | 'storage_down'
  | 'town_not_empty'
  | 'internal_error';

export const httpProblemStatus: Readonly<Record<HttpProblemKind, number>> = {
  unauthorized: 401,
  host_refused: 403,
  origin_refused: 403,
  no_such_route: 404,
  method_not_allowed: 405,
  malformed_json: 400,
  wrong_content_type: 415,
  not_ready: 503,
  storage_down: 507,
  town_not_empty: 409,
  internal_error: 500,
};

const failureStatus: Readonly<Record<FailureKind, number>> = {
  // What a person asked that cannot be done.
  pr_poll_failed: 502,
  pr_reads_fail: 502,
  pr_address: 400,
  pr_unread: 502,
  pr_not_adopted: 409,
  pr_closed: 409,
  pr_rival: 409,
  pr_left_behind: 409,
  pr_not_ours: 409,
  pr_refused: 422,
  pr_merge_refused: 409,
  pr_feedback: 409,
  pr_merged_elsewhere: 409,
  pr_merged_without: 409,
  branch_contaminated: 409,
  branch_taken: 409,
  unknown_thing: 404,
  bad_value: 400,
  name_taken: 409,
  too_large: 413,
  cycle: 422,
  not_now: 409,
  settings_conflict: 422,
  consent_needed: 403,
  rig_busy: 409,
  pulls_elsewhere: 409,
  rig_in_use: 409,
  key_reused: 422,
  attempt_over: 409,
  // What a repository or remote said.
  not_a_repository: 422,
  repository_empty: 422,
  target_missing: 422,
  target_checked_out: 422,
  checkout_dirty: 409,
  branch_prefix_taken: 409,
  push_refused: 403,
  remote_needs_login: 422,
  remote_credential_missing: 422,
  remote_not_found: 422,
  remote_unreachable: 502,
  conflict: 409,
  // What agents, gates and jobs came to.
  submission_empty: 422,
  submission_foreign: 422,
  submission_dirty: 422,
  submission_not_descendant: 422,
  submission_submodule: 422,
  submission_lfs: 422,
  gate_failed: 422,
  target_red: 409,
  lost_races: 409,
  attempts_exhausted: 409,
  rounds_exhausted: 409,
  over_budget: 409,
  stopped_by_person: 409,
  rejected_by_person: 409,
  agent_missing: 422,
  agent_start_failed: 502,
  agent_crashed: 502,
  agent_idle: 502,
  agent_timed_out: 504,
  model_mismatch: 422,
  isolation_unavailable: 422,
  setup_failed: 422,
  workspace_failed: 500,
  job_failed: 500,
  job_timed_out: 504,
  runner_lost: 503,
  disk_full: 507,
  gastown_bug: 500,
};

/** P1 */
export function statusOf(failure: Failure): number {
  return failureStatus[failure.kind];
}

/** A problem from its kind and the sentences about it. */
export function problemOf(
  kind: string,
  status: number,
  says: { readonly what: string; readonly evidence: string; readonly next: string },
): Problem {
  const words = kind.replaceAll('_', ' ');
  return {
    type: `urn:gastown:problem:${kind.replaceAll('_', '-')}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status,
    kind,
    what: says.what,
    evidence: says.evidence,
    next: says.next,
  };
}
