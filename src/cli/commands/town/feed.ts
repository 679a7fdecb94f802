/**
 * `gt feed`: the journal as it grows, resumable by sequence number.
 *
 * F1 With --json one event per line. F2 --after and the last printed `seq` meet without a gap.
 * F3 --once prints what there is and ends; without --after that is everything kept.
 */
import type { JournalEntry } from '../../../protocol/http.ts';
import { journalEvents } from '../../events.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { eventLine } from '../../format.ts';
import type { Context } from '../../spec.ts';

export interface FeedOptions {
  readonly after: number | undefined;
  readonly once: boolean;
  readonly bead: string | undefined;
}

export async function feed(context: Context, options: FeedOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const print = (entry: JournalEntry): void => {
    if (options.bead !== undefined && !concerns(entry, options.bead)) return;
    if (output.json) output.streamed(entry); // F1
    else output.lines([eventLine(output, entry)]);
  };
  if (options.once) {
    const query = { after: options.after ?? 0 };
    const { items } = await client.list('/journal', query, Number.MAX_SAFE_INTEGER);
    items.forEach(print);
    return exitCodes.ok;
  }
  await client.get('/status', {}); // Not running, or no access: said at once, not tried for ever.
  for await (const entry of journalEvents(world, client, options.after)) print(entry);
  return exitCodes.ok;
}

/** Its own changes, its attempts', its merge request's. */
export function concerns(entry: JournalEntry, bead: string): boolean {
  return (
    entry.id === bead ||
    entry.id.startsWith(`${bead}.`) ||
    entry.data['bead'] === bead ||
    entry.data['subject'] === bead
  );
}
