/**
 * `gt feed`: the journal as it grows, resumable by sequence number.
 *
 * F1 With --json one event per line. F2 --after and the last printed `seq` meet without a gap.
 * F3 --once prints what there is and ends; without --after that is everything kept.
 * F4 --bead tells all that becomes of it: gates and landing, not only its own row.
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
  const wanted = options.bead === undefined ? null : await concernsOf(context, options.bead);
  const print = (entry: JournalEntry): void => {
    if (wanted?.has(entry) === false) return;
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

/**
 * Its own changes, its attempts', its merge request's, their jobs'. What belongs to it says so when
 * it is made, and goes by its own name afterwards. F4
 */
export class Concerns {
  readonly #names: Set<string>;

  /** `names`: what is known to belong to the bead, itself first. */
  constructor(...names: readonly string[]) {
    this.#names = new Set(names);
  }

  has({ id, data }: JournalEntry): boolean {
    const owners = [id, id.replace(/\.\d+$/, ''), data['bead'], data['subject']];
    if (!owners.some((owner) => typeof owner === 'string' && this.#names.has(owner))) return false;
    this.#names.add(id);
    return true;
  }
}

/** From a place in the middle, the merge request may have been made before. F4 */
async function concernsOf({ client }: Context, bead: string): Promise<Concerns> {
  const { mergeRequest } = await client.get('/beads/{bead}', { bead });
  return new Concerns(bead, ...(mergeRequest === null ? [] : [mergeRequest]));
}
