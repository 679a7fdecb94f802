/**
 * `gt escalation list`: what needs a person, oldest first.
 *
 * L1 Acknowledged ones stay in the list: they are quiet, not answered.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { statusCell } from '../../format.ts';
import { ago, oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';

export interface ListOptions {
  readonly all: boolean;
  readonly limit: number;
}

export async function list(
  { client, output, world }: Context,
  { all, limit }: ListOptions,
): Promise<ExitCode> {
  const query = { all: all ? true : undefined };
  const { items, more } = await client.list('/escalations', query, limit);
  output.result({ items, more }, () => {
    if (items.length === 0) return [all ? 'no escalations' : 'nothing needs you'];
    const rows = items.map((one) => [
      { text: one.id, style: 'bold' as const },
      statusCell(one.severity),
      one.status,
      one.subject,
      ago(Date.parse(one.createdAt), world.now()),
      oneLine(one.question?.text ?? one.failure?.what ?? ''),
    ]);
    const lines = output.table(['id', 'severity', 'status', 'about', 'since', 'says'], rows);
    return more ? [...lines, `… more: --limit ${limit * 10}`] : lines;
  });
  return exitCodes.ok;
}
