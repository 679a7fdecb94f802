/**
 * Why a check failed: the step and the end of its log, and where there is no log, what the check
 * says of itself.
 *
 * F1 All of them are listed; only so many logs are fetched. A log that cannot be read is empty, and
 *    the check is listed all the same.
 */
import { z } from 'zod';
import type { FailedCheck } from '../../core/forge-answers.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';
import { failingOf } from './checks.ts';
import type { ContextNode } from './fields.ts';

const LOGS_MAX = 20;
const LOG_BYTES_MAX = 64 * 1024;

export async function failedChecks(
  api: GitHubApi,
  call: Call,
  failing: readonly ContextNode[],
): Promise<readonly FailedCheck[]> {
  const found: FailedCheck[] = [];
  for (const [index, node] of failing.entries()) {
    const isRead = index < LOGS_MAX;
    found.push(isRead ? await explainedBy(api, call, node) : { ...failingOf(node), ...NOTHING });
  }
  return found;
}

const NOTHING = { step: null, log: '' } as const;

async function explainedBy(api: GitHubApi, call: Call, node: ContextNode): Promise<FailedCheck> {
  const check = failingOf(node);
  if (check.id === null) return { ...check, step: null, log: node.description ?? '' };
  const repo = repoPath(call.project);
  if (node.checkSuite?.app?.slug === 'github-actions') {
    const log = await logOf(api, call, `${repo}/actions/jobs/${check.id}`);
    if (log !== null) return { ...check, ...log };
  }
  return { ...check, step: null, log: await wordsOf(api, call, `${repo}/check-runs/${check.id}`) };
}

const jobBody = z.object({
  steps: z.array(z.object({ name: z.string(), conclusion: z.string().nullish() })).nullish(),
});

async function logOf(
  api: GitHubApi,
  call: Call,
  job: string,
): Promise<Pick<FailedCheck, 'step' | 'log'> | null> {
  const read = await api.get(call, job);
  const steps = read.ok ? (jobBody.safeParse(read.value.json).data?.steps ?? []) : [];
  const step = steps.find(({ conclusion }) => conclusion === 'failure')?.name ?? null;
  const log = await api.rest(call, 'GET', `${job}/logs`, {
    accept: 'text',
    maxBytes: LOG_BYTES_MAX,
    keep: 'end',
    offOrigin: 'bare',
  });
  if (!log.ok || log.value.text === '') return null;
  return { step, log: log.value.text };
}

const runBody = z.object({
  output: z.object({ title: z.string().nullish(), summary: z.string().nullish() }).nullish(),
});

async function wordsOf(api: GitHubApi, call: Call, run: string): Promise<string> {
  const read = await api.get(call, run);
  const said = read.ok ? runBody.safeParse(read.value.json).data?.output : null;
  const words = [said?.title, said?.summary].filter((part) => (part ?? '') !== '');
  return words.join('\n').slice(0, LOG_BYTES_MAX);
}
