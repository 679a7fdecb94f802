/**
 * The statuses of a commit, the newest of each context, to the last.
 *
 * S1 They come inside an object with their number, and some servers ignore the page that is asked
 *    for: reading ends when all were seen, or when a page brings nothing new.
 */
import { z } from 'zod';
import type { Commit } from '../../core/ids.ts';
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Listed, RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { repoPath, statusShape, type TeaStatus } from './shapes.ts';

const combinedShape = z.object({
  total_count: maybe(z.number()),
  statuses: maybe(z.array(statusShape)),
});

export async function readStatuses(
  api: RestApi,
  call: RestCall,
  sha: Commit,
): Promise<Result<Listed<TeaStatus>, PRStatusError>> {
  const found = new Map<number, TeaStatus>();
  for (let page = 1; page <= limits.forgePagesMax; page += 1) {
    const path = `${repoPath(call.project)}/commits/${sha}/status?limit=50&page=${page}`;
    const read = await api.read(call, path, combinedShape);
    if (!read.ok) return read;
    const before = found.size;
    for (const status of read.value.statuses ?? []) found.set(status.id, status);
    const isAll = found.size === before || found.size === read.value.total_count; // S1
    if (isAll) return ok({ items: [...found.values()], complete: true });
  }
  return ok({ items: [...found.values()], complete: false });
}
