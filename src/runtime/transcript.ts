/**
 * One attempt's transcript on its way to the town: pieces of a message become one entry, entries
 * become numbered chunks.
 *
 * T1 Adding never waits: an agent is not slowed down by where its words are stored.
 * T2 Memory is bounded. What does not fit is left out, and a note says how much.
 * T3 Chunks are numbered from 0 without gaps and told one at a time, in order.
 */
import type { AttemptId } from '../core/ids.ts';
import type { Fact, TranscriptEntry } from '../core/fact.ts';
import { limits } from '../core/limits.ts';
import type { Clock, Timers } from '../ports/host.ts';
import { shorten, type AgentEvent } from './harness/acp-events.ts';

export interface TranscriptDeps {
  readonly attempt: AttemptId;
  /** Resolves when the fact is stored or given up; never rejects. */
  readonly tell: (fact: Fact) => Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
}

type TextKind = 'prompt' | 'message' | 'thought' | 'plan' | 'stderr' | 'note';

/** Long enough to make one entry of a burst, short enough to follow live. */
const gatherMs = 250;
/** Every entry costs this much besides its text. */
const entryOverheadBytes = 120;
const textBytesMax = limits.transcriptChunkBytesMax - 1024;
const toolTitlesMax = 500;

interface Open {
  readonly entry: TranscriptEntry;
  /** Text that was added after the entry was made; joined when it leaves. */
  readonly more: string[];
  bytes: number;
}

export class Transcript {
  readonly #deps: TranscriptDeps;
  #open: Open[] = [];
  #pendingBytes = 0;
  #totalBytes = 0;
  #leftOutBytes = 0;
  #seq = 0;
  #sending: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  readonly #toolTitles = new Map<string, string>();

  constructor(deps: TranscriptDeps) {
    this.#deps = deps;
  }

  add(event: AgentEvent): void {
    if (event.kind === 'usage') return;
    if (event.kind === 'tool') return this.#addTool(event);
    this.text(event.kind, event.text);
  }

  text(kind: TextKind, text: string): void {
    if (text === '') return;
    const bytes = Buffer.byteLength(text);
    if (this.#isFull(bytes)) return;
    const last = this.#open.at(-1);
    const joins = kind === 'message' || kind === 'thought' || kind === 'stderr';
    if (joins && last?.entry.kind === kind && last.bytes + bytes <= textBytesMax) {
      last.more.push(text);
      last.bytes += bytes;
      this.#count(bytes);
      return;
    }
    for (const piece of piecesOf(text))
      this.#push({ kind, at: this.#deps.clock.now(), text: piece });
  }

  /** Resolves when everything that was added is stored. */
  async close(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    while (this.#open.length > 0 || this.#leftOutBytes > 0 || this.#sending !== null) {
      await (this.#sending ?? this.#send());
    }
  }

  #addTool(event: Extract<AgentEvent, { readonly kind: 'tool' }>): void {
    const known = this.#open.find(
      (open) => open.entry.kind === 'tool' && open.entry.id === event.id,
    );
    const before = known?.entry.kind === 'tool' ? known.entry : null;
    const title = event.title ?? this.#toolTitles.get(event.id) ?? event.id;
    this.#rememberTitle(event.id, title);
    const entry: TranscriptEntry = {
      kind: 'tool',
      at: before?.at ?? this.#deps.clock.now(),
      id: event.id,
      title: shorten(title, 500),
      status: event.status ?? before?.status ?? 'running',
      text: event.text === '' ? (before?.text ?? '') : event.text,
    };
    if (known === undefined) {
      if (!this.#isFull(Buffer.byteLength(entry.text))) this.#push(entry);
      return;
    }
    // Not stored yet: the later state replaces the earlier one.
    const bytes = Buffer.byteLength(entry.text) + entryOverheadBytes;
    this.#pendingBytes += bytes - known.bytes;
    this.#open[this.#open.indexOf(known)] = { entry, more: [], bytes };
  }

  #rememberTitle(id: string, title: string): void {
    this.#toolTitles.delete(id);
    this.#toolTitles.set(id, title);
    if (this.#toolTitles.size <= toolTitlesMax) return;
    const oldest = this.#toolTitles.keys().next();
    if (oldest.done !== true) this.#toolTitles.delete(oldest.value);
  }

  #push(entry: TranscriptEntry): void {
    const bytes = Buffer.byteLength(entry.text) + entryOverheadBytes;
    this.#open.push({ entry, more: [], bytes });
    this.#count(bytes);
  }

  /** T2 */
  #isFull(bytes: number): boolean {
    const full =
      this.#pendingBytes + bytes > limits.transcriptPendingBytesMax ||
      this.#totalBytes + bytes > limits.transcriptBytesMax;
    if (full) this.#leftOutBytes += bytes;
    return full;
  }

  #count(bytes: number): void {
    this.#pendingBytes += bytes;
    this.#totalBytes += bytes;
    if (this.#sending !== null) return;
    if (this.#pendingBytes >= limits.transcriptChunkBytesMax) {
      void this.#send();
      return;
    }
    this.#cancelTimer ??= this.#deps.timers.after(gatherMs, () => {
      this.#cancelTimer = null;
      void this.#send();
    });
  }

  /** One chunk after the other until nothing waits. T3 */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const entries = this.#takeChunk();
      if (entries.length === 0) return;
      const seq = this.#seq;
      this.#seq += 1;
      await this.#deps.tell({ kind: 'transcript', attempt: this.#deps.attempt, seq, entries });
    }
  }

  #takeChunk(): readonly TranscriptEntry[] {
    const taken: TranscriptEntry[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#open[0];
      if (next === undefined) break;
      if (taken.length > 0 && bytes + next.bytes > textBytesMax) return taken;
      this.#open.shift();
      bytes += next.bytes;
      this.#pendingBytes -= next.bytes;
      taken.push({ ...next.entry, text: next.entry.text + next.more.join('') });
    }
    if (this.#leftOutBytes > 0) {
      const text = `${this.#leftOutBytes} bytes left out: written faster than they could be stored`;
      this.#leftOutBytes = 0;
      taken.push({ kind: 'note', at: this.#deps.clock.now(), text });
    }
    return taken;
  }
}

/** Cut so that each fits a chunk whatever its characters are. */
function piecesOf(text: string): readonly string[] {
  if (Buffer.byteLength(text) <= textBytesMax) return [text];
  const size = Math.floor(textBytesMax / 4);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}
