/**
 * `gt agent list`: who works on what, how long, and when it last said something.
 *
 * L1 Without --all only attempts whose process may still be there.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { firstWait, statusCell } from '../../format.ts';
import { ago, oneLine, span } from '../../output.ts';
import type { Context } from '../../spec.ts';

export interface ListOptions {
  readonly bead: string | undefined;
  readonly all: boolean;
  readonly limit: number;
}

export async function list(
  { client, output, world }: Context,
  { bead, all, limit }: ListOptions,
): Promise<ExitCode> {
  const query = { bead, live: all ? undefined : true };
  const { items, more } = await client.list('/agents', query, limit);
  output.result({ items, more }, () => {
    if (items.length === 0)
      return [all ? 'no attempts' : 'no agent is at work (ended ones: --all)'];
    const rows = items.map((attempt) => {
      const end = attempt.endedAt === null ? world.now() : Date.parse(attempt.endedAt);
      return [
        { text: attempt.id, style: 'bold' as const },
        attempt.name,
        statusCell(attempt.outcome ?? attempt.status),
        attempt.agent,
        span(end - Date.parse(attempt.startedAt)),
        ago(Date.parse(attempt.lastActivityAt), world.now()),
        firstWait(attempt.waits) || oneLine(attempt.failure?.what ?? ''),
      ];
    });
    const headings = ['id', 'name', 'status', 'agent', 'for', 'last word', ''];
    const lines = output.table(headings, rows);
    return more ? [...lines, `… more: --limit ${limit * 10}`] : lines;
  });
  return exitCodes.ok;
}
