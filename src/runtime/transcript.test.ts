/** Transcripts: what is joined, how it is cut, and what happens when it comes too fast. */
import { expect, it } from 'vitest';
import { attemptId } from '../core/ids.ts';
import type { Fact, TranscriptEntry } from '../core/fact.ts';
import { limits } from '../core/limits.ts';
import { instant } from '../core/time.ts';
import { Transcript } from './transcript.ts';

function make(tell: (fact: Fact) => Promise<void>): Transcript {
  return new Transcript({
    attempt: attemptId('web-1.1'),
    tell,
    clock: { now: () => instant(1000), monotonicMs: () => 0 },
    timers: { after: () => () => undefined },
  });
}

function recorder() {
  const chunks: Extract<Fact, { kind: 'transcript' }>[] = [];
  const transcript = make(async (fact) => {
    if (fact.kind === 'transcript') chunks.push(fact);
  });
  const entries = (): TranscriptEntry[] => chunks.flatMap((chunk) => chunk.entries);
  return { transcript, chunks, entries };
}

it('joins the pieces of a message and keeps other kinds apart', async () => {
  const { transcript, entries } = recorder();
  for (const text of ['Hel', 'lo ', 'you']) transcript.text('message', text);
  transcript.text('thought', 'hm');
  transcript.text('message', 'again');
  await transcript.close();
  expect(entries().map((entry) => [entry.kind, entry.text])).toEqual([
    ['message', 'Hello you'],
    ['thought', 'hm'],
    ['message', 'again'],
  ]);
});

it('shows a tool call once with its last state while it is not stored', async () => {
  const { transcript, entries } = recorder();
  const call = { kind: 'tool', id: 't1', text: '' } as const;
  transcript.add({ ...call, title: 'run tests', status: 'pending' });
  transcript.add({ ...call, title: null, status: 'running' });
  transcript.add({ ...call, title: null, status: 'completed', text: 'ok' });
  await transcript.close();
  expect(entries()).toEqual([
    { kind: 'tool', at: 1000, id: 't1', title: 'run tests', status: 'completed', text: 'ok' },
  ]);
});

it('cuts long text into numbered chunks of bounded size, and loses nothing', async () => {
  const { transcript, chunks, entries } = recorder();
  const text = 'ä€x'.repeat(80_000);
  transcript.text('prompt', text);
  await transcript.close();
  expect(
    entries()
      .map((entry) => entry.text)
      .join(''),
  ).toBe(text);
  expect(chunks.map((chunk) => chunk.seq)).toEqual(chunks.map((_, index) => index));
  for (const chunk of chunks) {
    const bytes = Buffer.byteLength(JSON.stringify(chunk.entries));
    expect(bytes).toBeLessThanOrEqual(limits.transcriptChunkBytesMax);
  }
});

it('leaves out what comes faster than it can be stored, and says how much', async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const notes: string[] = [];
  let stored = 0;
  const transcript = make(async (fact) => {
    await gate;
    if (fact.kind !== 'transcript') return;
    for (const entry of fact.entries) {
      if (entry.kind === 'note') notes.push(entry.text);
      else stored += entry.text.length;
    }
  });
  const piece = 'x'.repeat(1000);
  const pieces = 5000;
  for (let n = 0; n < pieces; n += 1) transcript.text('message', piece);
  release();
  await transcript.close();
  expect(stored).toBeLessThan(
    limits.transcriptPendingBytesMax + 2 * limits.transcriptChunkBytesMax,
  );
  const leftOut = Number(/^(\d+) bytes left out/.exec(notes.join('\n'))?.[1]);
  expect(stored + leftOut).toBe(pieces * piece.length);
});
