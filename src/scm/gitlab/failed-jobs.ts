/**
 * Why a job failed: the section of its script and the end of its log; of a status from outside,
 * what it says of itself.
 *
 * F1 All of them are listed; only so many logs are fetched. A log that cannot be read is empty, and
 *    the job is listed all the same.
 */
import type { FailedCheck } from '../../core/forge-answers.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { failedJobs } from './checks.ts';
import { projectPath, type Job, type Pipeline } from './shapes.ts';

const LOGS_MAX = 20;
const LOG_BYTES_MAX = 64 * 1024;

export async function failedChecks(
  api: RestApi,
  call: RestCall,
  pipeline: Pipeline | null,
  jobs: readonly Job[],
): Promise<readonly FailedCheck[]> {
  const found: FailedCheck[] = [];
  for (const { job, ...check } of failedJobs(pipeline, jobs)) {
    const isRead = job !== null && found.length < LOGS_MAX;
    const log = isRead ? await logOf(api, call, pipeline, job) : null;
    found.push({ ...check, step: log?.step ?? null, log: log?.text ?? job?.description ?? '' });
  }
  return found;
}

async function logOf(
  api: RestApi,
  call: RestCall,
  pipeline: Pipeline | null,
  job: Job,
): Promise<{ readonly step: string | null; readonly text: string } | null> {
  const id = pipeline?.project_id ?? null;
  const at = id === null ? projectPath(call.project) : `/projects/${id}`;
  const log = await api.ask(call, 'GET', `${at}/jobs/${job.id}/trace`, {
    accept: 'text',
    maxBytes: LOG_BYTES_MAX,
    keep: 'end',
    offOrigin: 'bare',
  });
  if (!log.ok || log.value.text === '') return null;
  const { text } = log.value;
  return { step: sectionOf(text) ?? job.stage ?? null, text: plainOf(text) };
}

/** The runner marks its sections; the last one that began is the one that failed. */
function sectionOf(log: string): string | null {
  const begun = [...log.matchAll(/section_start:\d+:(\w+)/g)].map(([, name]) => name ?? '');
  const own = begun.filter((name) => !/^(?:upload|cleanup|after)/.test(name));
  return own.at(-1) ?? null;
}

/** Without the marks and colours. */
function plainOf(log: string): string {
  return log
    .replace(/section_(?:start|end):\d+:\w+(?:\[[^\]]*\])?\r?/g, '')
    .replace(COLOURS, '')
    .replace(/\r\n/g, '\n');
}

const COLOURS = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*[A-Za-z]`, 'g');
