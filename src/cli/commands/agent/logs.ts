/**
 * `gt agent logs`: what an agent said and did, from the start; with -f until the attempt has ended.
 *
 * L1 With --json one transcript entry per line.
 * L2 A broken stream goes on after the last chunk, also across a restart of the town.
 */
import type { TranscriptChunkView, TranscriptEntryView } from '../../../protocol/http.ts';
import { patiently, streamOf } from '../../events.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { clockTime } from '../../format.ts';
import { clean, type Output, type Style } from '../../output.ts';
import type { Context } from '../../spec.ts';

const CHUNKS_MAX = 100_000;
const RECONNECT_MS = 300;

export interface LogsOptions {
  readonly id: string;
  readonly follow: boolean;
}

const STYLES: Readonly<Record<TranscriptEntryView['kind'], Style | undefined>> = {
  prompt: 'dim',
  message: undefined,
  thought: 'dim',
  tool: 'cyan',
  plan: 'blue',
  stderr: 'red',
  note: 'yellow',
};

export async function logs(context: Context, { id, follow }: LogsOptions): Promise<ExitCode> {
  const { client, output } = context;
  const { id: attempt } = await client.get('/agents/{attempt}', { attempt: id });
  let last: number | undefined; // chunks count from 0
  const show = (chunk: TranscriptChunkView): void => {
    last = chunk.seq;
    for (const entry of chunk.entries) print(output, chunk.seq, entry);
  };
  const path = `/agents/${encodeURIComponent(attempt)}/transcript` as const;
  const { items } = await chunksOf(context, path, undefined);
  items.forEach(show);
  if (follow) await followOn(context, attempt, path, () => last, show);
  if (last === undefined) output.note(`${attempt} said nothing: gt agent show ${attempt}`);
  return exitCodes.ok;
}

async function followOn(
  context: Context,
  attempt: string,
  path: string,
  last: () => number | undefined,
  show: (chunk: TranscriptChunkView) => void,
): Promise<void> {
  const { client, world } = context;
  while (!world.interrupted.aborted) {
    try {
      for await (const event of streamOf(client, path, { after: last() }, world.interrupted)) {
        if (event.data === '' || event.id === '') continue;
        const chunk: TranscriptChunkView = JSON.parse(event.data);
        if (chunk.seq > (last() ?? -1)) show(chunk);
      }
    } catch (thrown) {
      if (!(thrown instanceof TypeError)) throw thrown; // L2: the connection broke
    }
    if (world.interrupted.aborted) return;
    const { status } = await patiently(world, () => client.get('/agents/{attempt}', { attempt }));
    if (status === 'ended') {
      (await chunksOf(context, path, last())).items.forEach(show);
      return;
    }
    await world.sleep(RECONNECT_MS, world.interrupted);
  }
}

async function chunksOf(
  { client }: Context,
  path: string,
  after: number | undefined,
): Promise<{ readonly items: readonly TranscriptChunkView[] }> {
  const items: TranscriptChunkView[] = [];
  let cursor: string | undefined;
  do {
    const query = { after, limit: 1000, cursor };
    const response = await client.send({ method: 'get', path, query });
    const page: { items: TranscriptChunkView[]; next: string | null } = JSON.parse(
      await response.text(),
    );
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < CHUNKS_MAX);
  return { items };
}

function print(output: Output, seq: number, entry: TranscriptEntryView): void {
  if (output.json) {
    output.streamed({ seq, ...entry }); // L1
    return;
  }
  const at = output.paint('dim', clockTime(entry.at));
  const tool = entry.tool === null ? '' : `${clean(entry.tool.title)} (${entry.tool.status}) `;
  const text = `${tool}${clean(entry.text)}`.trimEnd();
  const [first = '', ...rest] = text.split('\n');
  const head = `${at}  ${entry.kind.padEnd(7)}  ${output.paint(STYLES[entry.kind], first)}`;
  const indent = ' '.repeat(19);
  output.lines([head, ...rest.map((line) => indent + output.paint(STYLES[entry.kind], line))]);
}
