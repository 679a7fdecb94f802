/**
 * Proves what a credential may do with a repository, before any work depends on it.
 *
 * P1 Nothing is changed. A token's scopes cannot be asked for: a request to open that lacks all it
 *    would need is refused as incomplete (422) where it is allowed, and as forbidden where not.
 * P2 What could not be found out is null, never a yes.
 */
import { z } from 'zod';
import type { PRStatusError } from '../../core/pr-status.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Probe } from '../../ports/forge.ts';
import { writing, type RestApi, type RestCall } from '../rest-api.ts';
import { methodsOf, readRepo } from './repository.ts';
import { branchPath, branchShape, repoPath } from './shapes.ts';

interface May {
  readonly may: boolean | null;
  readonly missing: readonly string[];
}

export async function probeRepo(
  api: RestApi,
  asked: RestCall,
): Promise<Result<Probe, PRStatusError>> {
  const read = await readRepo(api, asked);
  if (!read.ok) return read;
  const repo = read.value;
  const call = { ...asked, project: { ...asked.project, path: repo.full_name } };
  const archived = repo.archived === true;
  const user = await api.read(call, '/user', z.object({ login: z.string() }));
  const open: May = archived ? { may: false, missing: [] } : await mayOpen(api, call);
  const role = repo.permissions?.push ?? null;
  const push = both(role, open.may);
  const { path } = asked.project;
  return ok({
    login: user.ok ? user.value.login : null,
    canRead: true,
    canPush: push,
    canOpen: open.may,
    canReadChecks: await mayReadChecks(api, call, repo.default_branch),
    canMerge: push === true ? await mayMerge(api, call, repo.default_branch) : push,
    missing: open.missing,
    archived,
    defaultBranch: repo.default_branch,
    mergeMethods: methodsOf(repo),
    mergeQueue: false,
    movedTo: repo.full_name.toLowerCase() === path.toLowerCase() ? null : repo.full_name,
  });
}

function both(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

/** P1 */
async function mayOpen(api: RestApi, call: RestCall): Promise<May> {
  const body = { head: '', base: '', title: '' };
  const path = `${repoPath(call.project)}/pulls`;
  const answer = await api.ask(writing(call), 'POST', path, { body, answers: [404, 409, 422] });
  if (answer.ok) return { may: true, missing: [] };
  const { error } = answer;
  if (error.kind !== 'http_error' || error.reason !== 'forbidden')
    return { may: null, missing: [] };
  return { may: false, missing: error.missingPermissions ?? ['write:repository'] };
}

async function mayReadChecks(
  api: RestApi,
  call: RestCall,
  branch: string | null,
): Promise<boolean | null> {
  if (branch === null) return null;
  const commit = `${repoPath(call.project)}/commits/${encodeURIComponent(branch)}`;
  const answer = await api.ask(call, 'GET', `${commit}/status`);
  if (answer.ok) return true;
  const { error } = answer;
  return error.kind === 'http_error' && error.reason === 'forbidden' ? false : null;
}

/** P2 */
async function mayMerge(
  api: RestApi,
  call: RestCall,
  name: string | null,
): Promise<boolean | null> {
  if (name === null) return true;
  const branch = await api.read(call, branchPath(call.project, name), branchShape);
  return branch.ok ? branch.value.user_can_merge : null;
}
