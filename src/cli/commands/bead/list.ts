/**
 * `gt bead list`: beads in a table, each with what it waits for.
 *
 * L1 Says when the list was cut and how to see the rest.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { beadStatusOf, firstWait, statusCell } from '../../format.ts';
import { ago, oneLine } from '../../output.ts';
import { usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';

const STATUSES = ['held', 'blocked', 'open', 'in_progress', 'in_review', 'failed', 'closed'];

export interface ListOptions {
  readonly rig: string | undefined;
  readonly statuses: readonly string[];
  readonly all: boolean;
  readonly limit: number;
}

export async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const { output, world } = context;
  const unknown = options.statuses.find((status) => !STATUSES.includes(status));
  if (unknown !== undefined) {
    throw usage(
      `"${unknown}" is no status of a bead`,
      `the statuses are ${STATUSES.join(', ')}`,
      'gt bead list --help',
    );
  }
  const { items, more } = await beads(context, options);
  output.result({ items, more }, () => {
    if (items.length === 0) return [options.all ? 'no beads' : 'no open beads (all: --all)'];
    const rows = items.map((bead) => [
      { text: bead.id, style: 'bold' as const },
      statusCell(beadStatusOf(bead)),
      `P${bead.priority}`,
      ago(Date.parse(bead.updatedAt), world.now()),
      oneLine(bead.title).slice(0, 60),
      { text: firstWait(bead.waits), style: 'dim' as const },
    ]);
    const lines = output.table(['id', 'status', 'prio', 'changed', 'title', 'waits for'], rows);
    return more ? [...lines, `… more: --limit ${options.limit * 10}`] : lines; // L1
  });
  return exitCodes.ok;
}

async function beads({ client }: Context, { rig, statuses, all, limit }: ListOptions) {
  const wanted = statuses.length === 0 ? [undefined] : statuses;
  const lists = await Promise.all(
    wanted.map((status) =>
      client.list(
        '/beads',
        { rig, status, all: all || status === 'closed' ? true : undefined },
        limit,
      ),
    ),
  );
  const items = lists.flatMap((list) => list.items);
  return { items: items.slice(0, limit), more: lists.some((list) => list.more) };
}
