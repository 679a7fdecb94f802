/**
 * `gt mr decide`: a person's yes or no to a landing.
 *
 * D1 The word counts for the head that is shown; a new head asks again.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { shortCommit } from '../../format.ts';
import type { Context } from '../../spec.ts';
import { changeOf } from './show.ts';

export interface DecideOptions {
  readonly id: string;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
}

export async function decide(
  { client, output }: Context,
  { id, verdict, reason }: DecideOptions,
): Promise<ExitCode> {
  const { id: mergeRequest } = await changeOf(client, id);
  const request = { verdict, reason };
  const change = await client.post(
    '/merge-requests/{mergeRequest}/decide',
    { mergeRequest },
    request,
  );
  output.result(change, () => {
    const head = shortCommit(change.decision?.head ?? change.head) ?? '';
    const did = verdict === 'approve' ? 'approved' : 'sent back';
    return [`${change.id}  ${change.stage.replaceAll('_', ' ')}  ${did} at ${head}`];
  });
  return exitCodes.ok;
}
