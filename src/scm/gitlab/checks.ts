/**
 * A pipeline and its jobs as one tally. Pure.
 *
 * K1 The pipeline's own status is the verdict, the jobs are its reasons: where no job explains a
 *    verdict, the pipeline counts as one check of its own.
 * K2 Jobs that may fail count only when they passed. `skipped` passes; `canceled`, `manual` and
 *    every word we do not know are pending: never green.
 * K3 Required is the whole pipeline where the project says so, nothing where it says not, and null
 *    where its settings could not be read. No pipeline where one is required is missing.
 */
import type { Checks, CheckTally, FailingCheck } from '../../core/pull-request.ts';
import type { Job, Pipeline } from './shapes.ts';

export interface PipelineRule {
  readonly mustSucceed: boolean;
  readonly maySkip: boolean;
}

const NONE: CheckTally = { passed: 0, failed: 0, pending: 0, missing: 0 };

export function checksFrom(
  pipeline: Pipeline | null,
  jobs: readonly Job[],
  rule: PipelineRule | null,
  mergeableNow: boolean,
): Checks {
  const failing = failedJobs(pipeline, jobs);
  const all = { ...tallyOf(pipeline, jobs, failing.length), missing: 0 };
  if (rule === null) return { required: null, all, failing };
  if (!rule.mustSucceed) return { required: NONE, all, failing };
  const isAbsent = pipeline === null || (pipeline.status === 'skipped' && !rule.maySkip);
  const required = { ...all, missing: isAbsent && !mergeableNow ? 1 : 0 };
  return { required, all: required, failing };
}

type Verdict = 'passed' | 'failed' | 'pending';

/** K2 */
export function verdictOf(status: string): Verdict {
  switch (status) {
    case 'success':
    case 'skipped':
      return 'passed';
    case 'failed':
      return 'failed';
    default:
      return 'pending';
  }
}

/** Of a pipeline that explains itself nothing more needs to be read. K1 */
export function isExplained(pipeline: Pipeline, jobs: readonly Job[]): boolean {
  const counted = jobs.filter(counts);
  const verdict = verdictOf(pipeline.status);
  return counted.some((job) => verdictOf(job.status) === verdict);
}

export function failedJobs(
  pipeline: Pipeline | null,
  jobs: readonly Job[],
): readonly (FailingCheck & { readonly job: Job | null })[] {
  const failed = jobs.filter((job) => counts(job) && verdictOf(job.status) === 'failed');
  const found = failed.map((job) => ({
    name: job.name,
    url: job.web_url ?? job.target_url ?? null,
    id: String(job.id),
    job,
  }));
  if (found.length > 0 || pipeline === null || verdictOf(pipeline.status) !== 'failed') {
    return found;
  }
  return [{ name: 'pipeline', url: pipeline.web_url ?? null, id: null, job: null }]; // K1
}

function counts(job: Job): boolean {
  return job.allow_failure !== true || verdictOf(job.status) === 'passed';
}

function tallyOf(
  pipeline: Pipeline | null,
  jobs: readonly Job[],
  failed: number,
): Omit<CheckTally, 'missing'> {
  const counted = jobs.filter(counts).map((job) => verdictOf(job.status));
  const count = (wanted: Verdict): number => counted.filter((one) => one === wanted).length;
  const tally = { passed: count('passed'), failed, pending: count('pending') };
  if (pipeline === null) return tally;
  const verdict = verdictOf(pipeline.status);
  if (verdict === 'pending' && tally.pending === 0) return { ...tally, pending: 1 };
  const isAlone = verdict === 'passed' && pipeline.status !== 'skipped' && counted.length === 0;
  return isAlone ? { ...tally, passed: 1 } : tally;
}
