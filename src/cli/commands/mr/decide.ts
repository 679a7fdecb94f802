/**
 * `gt mr decide`: a person's yes or no to a landing.
 *
 * D1 The word counts for the head that is shown; a new head asks again.
 */
import type { MergeRequestResource } from '../../../protocol/http.ts';
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { shortCommit } from '../../format.ts';
import type { Context } from '../../spec.ts';
import { changeOf } from './show.ts';

export interface DecideOptions {
  readonly id: string;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
  readonly dryRun: boolean;
}

export async function decide(
  { client, output }: Context,
  { id, verdict, reason, dryRun }: DecideOptions,
): Promise<ExitCode> {
  const { id: mergeRequest } = await changeOf(client, id);
  const request = { verdict, reason };
  const path = '/merge-requests/{mergeRequest}/decide';
  if (dryRun) {
    const answer = await client.rehearse(path, { mergeRequest }, request);
    const verb = `${verdict} ${mergeRequest}`;
    return foretell(output, answer, verb, [decidedLine(answer.would, verdict)]);
  }
  const change = await client.post(path, { mergeRequest }, request);
  output.result(change, () => [decidedLine(change, verdict)]);
  return exitCodes.ok;
}

function decidedLine(change: MergeRequestResource, verdict: DecideOptions['verdict']): string {
  const head = shortCommit(change.decision?.head ?? change.head) ?? '';
  const did = verdict === 'approve' ? 'approved' : 'sent back';
  return `${change.id}  ${change.stage.replaceAll('_', ' ')}  ${did} at ${head}`;
}
