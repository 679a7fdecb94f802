/**
 * `gt mr adopt`: a pull request that somebody else opened is watched, repaired and merged.
 *
 * A1 What was agreed to and cannot be is said: nothing is pushed to a fork.
 */
import type { MergeRequestResource } from '../../../protocol/http.ts';
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences } from '../../format.ts';
import { oneLine, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { repairsText } from './show.ts';

export interface AdoptOptions {
  readonly url: string;
  readonly rig: string | null;
  readonly repairs: boolean;
  readonly dryRun: boolean;
}

export async function adopt(
  { client, output }: Context,
  { url, rig, repairs, dryRun }: AdoptOptions,
): Promise<ExitCode> {
  if (dryRun) {
    const answer = await client.rehearse('/merge-requests', {}, { url, rig, repairs });
    return foretell(output, answer, 'adopt it', adoptedLines(output, answer.would));
  }
  const change = await client.post('/merge-requests', {}, { url, rig, repairs });
  output.result(change, () => [
    ...adoptedLines(output, change),
    ...change.waits.flatMap((wait) => ['', ...sentences(output, wait)]),
    '',
    `gt why ${change.bead}`,
  ]);
  return exitCodes.ok;
}

function adoptedLines(output: Output, change: MergeRequestResource): readonly string[] {
  const { pr } = change;
  return [
    `${output.paint('bold', change.id)}  adopted as ${change.bead}, into ${change.target}`,
    ...output.fields([
      ['pull request', pr === null || pr.number === null ? null : `#${pr.number} ${pr.state}`],
      ['address', pr === null || pr.url === null ? null : oneLine(pr.url)],
      ['repairs', pr === null ? null : repairsText(pr.repairs)],
    ]),
  ];
}
