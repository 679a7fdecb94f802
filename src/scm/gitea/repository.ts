/**
 * The repository itself: its present name, how it merges, and what a member may do with it.
 */
import type { PRStatusError } from '../../core/pr-status.ts';
import { err, type Result } from '../../core/result.ts';
import type { Probe } from '../../ports/forge.ts';
import { hiddenToo } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { repoPath, repoShape, type TeaRepo } from './shapes.ts';

export async function readRepo(
  api: RestApi,
  call: RestCall,
): Promise<Result<TeaRepo, PRStatusError>> {
  const read = await api.read(call, repoPath(call.project), repoShape);
  return read.ok ? read : err(hiddenToo(read.error));
}

export function methodsOf(repo: TeaRepo): Probe['mergeMethods'] {
  const rebases = repo.allow_rebase !== false || repo.allow_fast_forward_only_merge === true;
  const allowed: ('merge' | 'squash' | 'rebase')[] = [];
  if (repo.allow_merge_commits !== false) allowed.push('merge');
  if (repo.allow_squash_merge !== false) allowed.push('squash');
  if (rebases) allowed.push('rebase');
  return allowed;
}
