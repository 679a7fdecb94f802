/**
 * `gt mr list`: changes on their way into a branch.
 *
 * L1 Without --all only those that a tick may still move.
 */
import type { MergeRequestResource } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { firstWait, statusCell } from '../../format.ts';
import { ago, oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';

export interface ListOptions {
  readonly rig: string | undefined;
  readonly all: boolean;
  readonly failureKind?: string | undefined;
  readonly limit: number;
}

export async function list(
  { client, output, world }: Context,
  { rig, all, failureKind, limit }: ListOptions,
): Promise<ExitCode> {
  const query = { rig, failureKind, live: all ? undefined : true };
  const { items, more } = await client.list('/merge-requests', query, limit);
  output.result({ items, more }, () => {
    if (items.length === 0) return [all ? 'no merge requests' : 'nothing on its way (all: --all)'];
    const rows = items.map((change) => [
      { text: change.id, style: 'bold' as const },
      statusCell(change.stage),
      change.bead,
      change.target,
      change.pr === null || change.pr.number === null
        ? ''
        : `#${change.pr.number} ${change.pr.state}${change.pr.adopted ? ', adopted' : ''}`,
      ago(Date.parse(change.updatedAt), world.now()),
      oneLine(
        change.failure?.failureKind.replaceAll('_', ' ') ??
          unread(change) ??
          firstWait(change.waits),
      ),
    ]);
    const lines = output.table(
      ['id', 'stage', 'bead', 'into', 'pull request', 'changed', 'waits for'],
      rows,
    );
    return more ? [...lines, `… more: --limit ${limit * 10}`] : lines;
  });
  return exitCodes.ok;
}

/** Reads that fail, while nobody gave up: what it waits for was true when it was read last. */
function unread({ failures }: MergeRequestResource): string | undefined {
  return failures.find(({ kind }) => kind === 'pr_reads_fail')?.what;
}
