/**
 * A repository as it is now: its present name, whether it is archived, and what may be done in it.
 */
import { z } from 'zod';
import type { PRStatusError } from '../../core/pr-status.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { isAbsent } from '../absent.ts';
import { mismatch, repoPath, type Call, type GitHubApi } from './api.ts';

const repositoryBody = z.object({
  full_name: z.string().regex(/^[^/\s]+\/[^/\s]+$/),
  archived: z.boolean().nullish(),
  default_branch: z.string().nullish(),
  permissions: z.object({ push: z.boolean().nullish(), pull: z.boolean().nullish() }).nullish(),
  allow_merge_commit: z.boolean().nullish(),
  allow_squash_merge: z.boolean().nullish(),
  allow_rebase_merge: z.boolean().nullish(),
});

export type Repository = z.infer<typeof repositoryBody>;

export async function readRepository(
  api: GitHubApi,
  call: Call,
): Promise<Result<Repository, PRStatusError>> {
  const read = await api.get(call, repoPath(call.project));
  if (!read.ok) {
    const { error } = read;
    return isAbsent(error) ? err({ ...error, repository: 'hidden_too' }) : read;
  }
  const found = repositoryBody.safeParse(read.value.json);
  if (!found.success) return err(mismatch(call, read.value.json));
  const { full_name: name } = found.data;
  const isSame = name.toLowerCase() === call.project.path.toLowerCase();
  return ok({ ...found.data, full_name: isSame ? call.project.path : name });
}
