/**
 * Server-sent events from the town, as values. One reader for the journal and for transcripts.
 *
 * E1 A broken connection is taken up again after the last event that arrived: none is lost or
 *    shown twice.
 * E2 A town that is started again within RESTART_MS_MAX is waited for; then its absence is said.
 * E3 Ends when the signal aborts.
 */
import type { JournalEntry } from '../protocol/http.ts';
import type { Client } from './client.ts';
import { Stop } from './problem.ts';
import type { World } from './world.ts';

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const RECONNECT_MS = 300;
/** A connection that broke after living this long is worth another one at once. */
const STEADY_MS = 5_000;
const RESTART_MS_MAX = 10_000;

/** The journal after `after` (undefined: from this moment), as it grows. E1 */
export async function* journalEvents(
  world: World,
  client: Client,
  after: number | undefined,
  signal: AbortSignal = world.interrupted,
): AsyncGenerator<JournalEntry> {
  let last = after;
  let seenAt = world.now();
  while (!signal.aborted) {
    const connected = world.now();
    try {
      for await (const event of streamOf(client, '/events', { after: last }, signal)) {
        if (event.id === '' || event.data === '') continue;
        const entry: JournalEntry = JSON.parse(event.data);
        last = entry.seq;
        yield entry;
        seenAt = world.now();
      }
      seenAt = world.now();
    } catch (thrown) {
      if (signal.aborted) return;
      const isAway = isNotRunning(thrown) && world.now() - seenAt < RESTART_MS_MAX; // E2
      if (!isAway && !isBroken(thrown)) throw thrown;
      if (isBroken(thrown)) seenAt = world.now();
    }
    if (world.now() - connected < STEADY_MS) await world.sleep(RECONNECT_MS, signal);
  }
}

/** Asks the town, and again while it is being started anew. E2 */
export async function patiently<T>(world: World, ask: () => Promise<T>): Promise<T> {
  for (const start = world.now(); ; await world.sleep(RECONNECT_MS, world.interrupted)) {
    try {
      return await ask();
    } catch (thrown) {
      const isAway = isNotRunning(thrown) && world.now() - start < RESTART_MS_MAX;
      if (!isAway || world.interrupted.aborted) throw thrown;
    }
  }
}

/** One connection; ends when the server ends it. */
export async function* streamOf(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const headers = { accept: 'text/event-stream' };
  const response = await client.send({ method: 'get', path, query, headers, signal });
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of response.body) {
    rest += decoder.decode(bytes, { stream: true }).replaceAll('\r\n', '\n');
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield eventIn(block);
  }
}

function eventIn(block: string): StreamEvent {
  const found = { id: '', event: 'message' };
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at === 0) continue; // a comment that keeps the line open
    const name = at === -1 ? line : line.slice(0, at);
    const value = at === -1 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id') found.id = value;
    else if (name === 'event') found.event = value;
  }
  return { ...found, data: data.join('\n') };
}

function isNotRunning(thrown: unknown): boolean {
  return thrown instanceof Stop && thrown.problem.kind === 'not_running';
}

/** The connection broke in the middle, which is not an answer of the town. */
function isBroken(thrown: unknown): boolean {
  return thrown instanceof TypeError;
}
