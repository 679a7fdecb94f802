/**
 * Server-sent events: the journal's tail and an agent's transcript. Each stream is a cursor over
 * the store, not a queue.
 *
 * E1 A batch is read only when the client has taken the one before: a slow reader costs nothing
 *    but its place, and loses nothing.
 * E2 `id` is the sequence number; `Last-Event-ID` goes on after it. What was committed while the
 *    client was away comes first, in order, then what follows.
 * E3 A timer runs only while a client waits.
 * E4 A place that no event ever had is refused: waiting there would never tell of anything.
 */
import type { Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Queries } from '../town/queries.ts';
import type { ServerDeps } from './handler.ts';

const BATCH = 100;
const HEARTBEAT_MS = 15_000;
/** How long a client waits before it comes back. */
const RETRY_MS = 1000;

type Refused = { readonly ok: false; readonly error: Failure };

interface Batch {
  readonly events: readonly {
    readonly id: number;
    readonly event: string;
    readonly data: unknown;
  }[];
  /** Nothing will follow. */
  readonly last: boolean;
}

export function journalStream(
  deps: ServerDeps,
  request: Request,
  after: number | undefined,
): Response | Refused {
  const end = deps.queries().lastSeq();
  const given = lastEventId(request);
  if (!given.ok) return given;
  const from = given.value ?? after ?? end;
  if (from > end) return err(wrongPlace(given.value === undefined, from, `at most ${end}`)); // E4
  const next = (queries: Queries, seq: number): Batch => ({
    events: queries.journalAfter(seq, BATCH).items.map((entry) => ({
      id: entry.seq,
      event: entry.kind,
      data: entry,
    })),
    last: false,
  });
  return stream(deps, request, from, next, (wake) => deps.town().onCommit(wake));
}

export function transcriptStream(
  deps: ServerDeps,
  request: Request,
  attempt: string,
  after: number | undefined,
): Response | Refused {
  const given = lastEventId(request);
  if (!given.ok) return given;
  const from = given.value ?? after ?? -1; // chunks count from 0
  const next = (queries: Queries, seq: number): Batch => {
    const row = queries.attemptRow(attempt);
    const { items } = queries.transcript(attempt, seq, BATCH);
    return {
      events: items.map((chunk) => ({ id: chunk.seq, event: 'transcript', data: chunk })),
      last: items.length === 0 && (!row.ok || row.value.status === 'ended'),
    };
  };
  const listen = (wake: () => void) => {
    const stops = [deps.onTranscript(wake), deps.town().onCommit(wake)];
    return () => stops.forEach((stop) => stop());
  };
  return stream(deps, request, from, next, listen);
}

function stream(
  deps: ServerDeps,
  request: Request,
  from: number,
  next: (queries: Queries, after: number) => Batch,
  listen: (wake: () => void) => () => void,
): Response {
  const encoder = new TextEncoder();
  const bell = new Bell(deps, request.signal, listen);
  let seq = from;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      },
      async pull(controller) {
        for (;;) {
          const batch = bell.ended ? nothingMore : next(deps.queries(), seq);
          if (batch.events.length > 0) {
            seq = batch.events.at(-1)?.id ?? seq;
            controller.enqueue(encoder.encode(batch.events.map(written).join('')));
            return;
          }
          if (batch.last) {
            if (!bell.ended) controller.enqueue(encoder.encode('event: end\ndata: {}\n\n'));
            bell.close();
            controller.close();
            return;
          }
          if ((await bell.wait()) === 'idle') {
            controller.enqueue(encoder.encode(': idle\n\n'));
            return;
          }
        }
      },
      cancel() {
        bell.close();
      },
    },
    { highWaterMark: 0 }, // E1
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
}

const nothingMore: Batch = { events: [], last: true };

/** Waits for news, for the next heartbeat, or for the end. E3 */
class Bell {
  readonly #deps: ServerDeps;
  readonly #signals: readonly AbortSignal[];
  readonly #stop: () => void;
  #rung = false;
  #ring: ((heard: 'news' | 'idle' | 'ended') => void) | null = null;
  ended = false;

  constructor(deps: ServerDeps, gone: AbortSignal, listen: (wake: () => void) => () => void) {
    this.#deps = deps;
    this.#signals = [gone, deps.stopping];
    this.#stop = listen(this.#wake);
    for (const signal of this.#signals) {
      if (signal.aborted) this.close();
      else signal.addEventListener('abort', this.close);
    }
  }

  readonly #wake = (): void => {
    this.#rung = true;
    this.#ring?.('news');
  };

  readonly close = (): void => {
    if (this.ended) return;
    this.ended = true;
    this.#stop();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.close);
    this.#ring?.('ended');
  };

  async wait(): Promise<'news' | 'idle' | 'ended'> {
    if (this.ended) return 'ended';
    if (!this.#rung) {
      let cancel = (): void => {};
      const heard = await new Promise<'news' | 'idle' | 'ended'>((resolve) => {
        this.#ring = resolve;
        cancel = this.#deps.timers.after(HEARTBEAT_MS, () => resolve('idle'));
      });
      cancel();
      this.#ring = null;
      if (heard !== 'news') return heard;
    }
    this.#rung = false;
    return 'news';
  }
}

function written(event: Batch['events'][number]): string {
  return `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

/** E2. Undefined when the client has seen nothing yet. */
function lastEventId(request: Request): Result<number | undefined, Failure> {
  const header = request.headers.get('last-event-id') ?? '';
  if (header === '') return ok(undefined);
  if (/^\d{1,15}$/.test(header)) return ok(Number(header));
  return err(wrongPlace(false, header, 'a whole number')); // E4
}

function wrongPlace(isQuery: boolean, given: string | number, expected: string): Failure {
  const field = isQuery ? 'after' : 'Last-Event-ID';
  const whole = `the id of an event, ${expected}`;
  return { kind: 'bad_value', helps: 'person', field, given: String(given), expected: whole };
}
