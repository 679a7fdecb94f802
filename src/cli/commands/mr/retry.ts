/**
 * `gt mr retry`: read its pull request again now, and try again what was refused.
 *
 * R1 It redoes no work: an agent is never started by it.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';
import { changeOf } from './show.ts';

export async function retry(
  { client, output }: Context,
  { id }: { readonly id: string },
): Promise<ExitCode> {
  const { id: mergeRequest } = await changeOf(client, id);
  const path = '/merge-requests/{mergeRequest}/retry';
  const change = await client.post(path, { mergeRequest }, {});
  output.result(change, () => [`${change.id}  ${change.stage}  looked at again now`]);
  return exitCodes.ok;
}
