/**
 * Proves what a credential may do with a repository, before any work depends on it.
 *
 * P1 Nothing is changed. Whether something may be written is asked by requests that lack all they
 *    would need: allowed ones are refused as incomplete (422), forbidden ones as forbidden.
 * P2 What could not be found out is null, never a yes.
 */
import type { PRStatusError } from '../../core/pr-status.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Probe } from '../../ports/forge.ts';
import { z } from 'zod';
import { repoPath, type Call, type GitHubApi } from './api.ts';
import { readRepository, type Repository } from './repository.ts';
import type { RuleBook } from './rules.ts';

/** `ok: null`: could not be found out. P2 */
interface May {
  readonly may: boolean | null;
  readonly missing: readonly string[];
}

export async function probe(
  { api, rules }: { readonly api: GitHubApi; readonly rules: RuleBook },
  asked: Call,
): Promise<Result<Probe, PRStatusError>> {
  const found = await readRepository(api, asked);
  if (!found.ok) return found;
  const repo = found.value;
  const call = { ...asked, project: { ...asked.project, path: repo.full_name } };
  const at = repoPath(call.project);
  const archived = repo.archived === true;
  const branch = repo.default_branch ?? null;
  const commit = `${at}/commits/${encodeURIComponent(branch ?? 'HEAD')}`;
  const runs = await mayRead(api, call, `${commit}/check-runs?per_page=1`, 'checks=read');
  const statuses = await mayRead(api, call, `${commit}/status?per_page=1`, 'statuses=read');
  const write: Call = { ...call, kind: 'write' };
  const refs = archived ? NO : await mayWrite(api, write, `${at}/git/refs`, 'contents=write');
  const pulls = archived ? NO : await mayWrite(api, write, `${at}/pulls`, 'pull_requests=write');
  const branchRules = branch === null ? null : await rules.of(call, branch);
  const push = repo.permissions?.push === false ? NO : refs;
  const all = [runs, statuses, refs, pulls].flatMap(({ missing }) => missing);
  return ok({
    login: await loginOf(api, call),
    canRead: true,
    canPush: push.may,
    canOpen: pulls.may,
    canReadChecks: both(runs.may, statuses.may),
    canMerge: push.may,
    missing: [...new Set(all)],
    archived,
    defaultBranch: branch,
    mergeMethods: methodsOf(repo),
    mergeQueue: branchRules === null ? null : branchRules.mergeQueue,
    movedTo: repo.full_name === asked.project.path ? null : repo.full_name,
  });
}

const NO: May = { may: false, missing: [] };
const YES: May = { may: true, missing: [] };
const UNCLEAR: May = { may: null, missing: [] };

function both(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

async function mayRead(api: GitHubApi, call: Call, path: string, needed: string): Promise<May> {
  // 409 and 422: there is no commit yet, and it was looked for.
  const answer = await api.rest(call, 'GET', path, { answers: [409, 422] });
  return answer.ok ? YES : refusedBy(answer.error, needed);
}

/** P1 */
async function mayWrite(api: GitHubApi, call: Call, path: string, needed: string): Promise<May> {
  const answer = await api.rest(call, 'POST', path, { body: {}, answers: [409, 422] });
  return answer.ok ? YES : refusedBy(answer.error, needed);
}

function refusedBy(error: PRStatusError, needed: string): May {
  if (error.kind !== 'http_error' || error.transient) return UNCLEAR;
  const missing = error.missingPermissions ?? [needed];
  return ['forbidden', 'not_found_or_hidden', 'sso_required'].includes(error.reason)
    ? { may: false, missing }
    : UNCLEAR;
}

const userBody = z.object({ login: z.string() });

/** An app has no login of its own there. */
async function loginOf(api: GitHubApi, call: Call): Promise<string | null> {
  const user = await api.get(call, '/user');
  return user.ok ? (userBody.safeParse(user.value.json).data?.login ?? null) : null;
}

function methodsOf(repo: Repository): Probe['mergeMethods'] {
  const allowed: ('merge' | 'squash' | 'rebase')[] = [];
  if (repo.allow_merge_commit !== false) allowed.push('merge');
  if (repo.allow_squash_merge !== false) allowed.push('squash');
  if (repo.allow_rebase_merge !== false) allowed.push('rebase');
  return allowed;
}
