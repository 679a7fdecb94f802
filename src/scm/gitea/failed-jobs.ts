/**
 * Why a check failed: of a job of Gitea's own, the step and the end of its log; of a status from
 * outside, what it says of itself.
 *
 * F1 A status does not name its job: the jobs that ran on this very head are listed, and the one at
 *    the status's address is taken. No log is better than another job's.
 * F2 All are listed; only so many logs are fetched. One that cannot be read is empty.
 */
import { z } from 'zod';
import type { FailedCheck } from '../../core/forge-answers.ts';
import type { Commit } from '../../core/ids.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { failedStatuses, failingOf } from './checks.ts';
import { repoPath, type TeaStatus } from './shapes.ts';

const LOGS_MAX = 20;
const LOG_BYTES_MAX = 64 * 1024;
const JOB_PAGES_MAX = 20;

const runsShape = z.object({
  workflow_runs: maybe(z.array(z.object({ id: z.number(), head_sha: maybe(z.string()) }))),
});
const jobShape = z.object({
  id: z.number(),
  html_url: maybe(z.string()),
  steps: maybe(z.array(z.object({ name: z.string(), conclusion: maybe(z.string()) }))),
});
type TeaJob = z.infer<typeof jobShape>;

export async function failedChecks(
  api: RestApi,
  call: RestCall,
  head: Commit,
  statuses: readonly TeaStatus[],
): Promise<readonly FailedCheck[]> {
  const failed = failedStatuses(statuses);
  const isOwn = failed.some(({ target_url: url }) => OWN_JOB.test(url ?? ''));
  const jobs = isOwn ? await jobsOf(api, call, head) : [];
  const found: FailedCheck[] = [];
  for (const status of failed) {
    const job = jobs.find((one) => isAt(one, status));
    const isRead = job !== undefined && found.length < LOGS_MAX;
    const log = isRead ? await logOf(api, call, job) : null;
    const step = job?.steps?.find(({ conclusion }) => conclusion === 'failure')?.name ?? null;
    const id = job === undefined ? null : String(job.id);
    found.push({ ...failingOf(status), id, step, log: log ?? status.description ?? '' });
  }
  return found;
}

const OWN_JOB = /\/actions\/runs\/\d+\/jobs\/\d+$/;

/** F1. A status may have no host in its address. */
function isAt({ html_url: job }: TeaJob, { target_url: status }: TeaStatus): boolean {
  const pathOf = (url: string | null): string | null =>
    url !== null && URL.canParse(url, 'https://any') ? new URL(url, 'https://any').pathname : null;
  return pathOf(job) !== null && pathOf(job) === pathOf(status);
}

async function jobsOf(api: RestApi, call: RestCall, head: Commit): Promise<readonly TeaJob[]> {
  const at = `${repoPath(call.project)}/actions/runs`;
  const runs = await api.read(call, `${at}?head_sha=${head}&limit=50`, runsShape);
  const jobs: TeaJob[] = [];
  for (const run of runs.ok ? (runs.value.workflow_runs ?? []) : []) {
    if (run.head_sha === head) jobs.push(...(await jobsOfRun(api, call, `${at}/${run.id}/jobs`)));
  }
  return jobs;
}

const jobsShape = z.object({ jobs: maybe(z.array(jobShape)) });

async function jobsOfRun(api: RestApi, call: RestCall, path: string): Promise<readonly TeaJob[]> {
  const jobs = new Map<number, TeaJob>();
  for (let page = 1; page <= JOB_PAGES_MAX; page += 1) {
    const read = await api.read(call, `${path}?limit=50&page=${page}`, jobsShape);
    const before = jobs.size;
    for (const job of read.ok ? (read.value.jobs ?? []) : []) jobs.set(job.id, job);
    if (jobs.size === before) break;
  }
  return [...jobs.values()];
}

async function logOf(api: RestApi, call: RestCall, { id }: TeaJob): Promise<string | null> {
  const log = await api.ask(call, 'GET', `${repoPath(call.project)}/actions/jobs/${id}/logs`, {
    accept: 'text',
    maxBytes: LOG_BYTES_MAX,
    keep: 'end',
    offOrigin: 'bare',
  });
  return log.ok && log.value.text !== '' ? log.value.text : null;
}
