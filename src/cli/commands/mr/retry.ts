/**
 * `gt mr retry`: read its pull request again now, and try again what was refused.
 *
 * R1 It redoes no work: an agent is never started by it.
 */
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';
import { changeOf } from './show.ts';

export async function retry(
  { client, output }: Context,
  { id, dryRun }: { readonly id: string; readonly dryRun: boolean },
): Promise<ExitCode> {
  const { id: mergeRequest } = await changeOf(client, id);
  const path = '/merge-requests/{mergeRequest}/retry';
  if (dryRun) {
    const answer = await client.rehearse(path, { mergeRequest }, {});
    const { stage } = answer.would;
    return foretell(output, answer, `look at ${mergeRequest} again, which is ${stage}`, []);
  }
  const change = await client.post(path, { mergeRequest }, {});
  output.result(change, () => [`${change.id}  ${change.stage}  looked at again now`]);
  return exitCodes.ok;
}
