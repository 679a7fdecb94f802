/** Event streams over real HTTP: nothing missed, nothing twice, whatever the client does. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeHome, startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import type {
  BeadResource,
  JournalEntry,
  Page,
  Problem,
  StatusResource,
} from '../protocol/http.ts';
import { attemptId } from '../core/ids.ts';

let town: TestHost;
beforeEach(async () => {
  town = await startTestHost();
  await withRig(town);
});
afterEach(() => town.stop());

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: JournalEntry;
}

/** Reads events one by one. */
class Client {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';
  readonly type: string | null;

  private constructor(response: Response) {
    if (response.body === null) throw new Error('no body');
    this.type = response.headers.get('content-type');
    this.#reader = response.body.getReader();
  }

  static async open(host: TestHost, path: string, lastId?: number): Promise<Client> {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastId !== undefined) headers['last-event-id'] = String(lastId);
    return new Client(await host.raw(path, { headers }));
  }

  /** undefined at the end of the stream. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const event = parsed(block);
        if (event !== null) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  async rest(): Promise<Event[]> {
    return this.take(Infinity);
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

function parsed(block: string): Event | null {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return {
    id: Number(fields.get('id')),
    event: fields.get('event') ?? '',
    data: JSON.parse(data),
  };
}

const sling = (title: string) =>
  town.call<BeadResource>('POST', 'beads', { rig: 'web', title, hold: true });
const seq = async () => (await town.call<StatusResource>('GET', 'status')).body.seq;

describe('the event stream', () => {
  test('without a place tells what comes from now on', async () => {
    const client = await Client.open(town, 'events');
    expect(client.type).toBe('text/event-stream');
    const before = await seq();
    const made = await sling('Now');
    const first = await client.next();
    expect(first?.id).toBe(before + 1);
    expect(first).toMatchObject({ event: 'bead', data: { id: made.body.id, why: 'slung' } });
    await client.close();
  });

  test('from a place replays the journal exactly, then follows', async () => {
    await sling('Before');
    const last = await seq();
    const client = await Client.open(town, 'events?after=0');
    const replayed = await client.take(last);
    const journal = await town.call<Page<JournalEntry>>('GET', 'journal?limit=1000');
    expect(replayed.map(({ data }) => data)).toEqual(journal.body.items);
    const made = await sling('After');
    expect((await client.next())?.data.id).toBe(made.body.id);
    await client.close();
  });

  test('resumes after Last-Event-ID, with what was committed in between', async () => {
    const first = await Client.open(town, 'events');
    await sling('One');
    const seen = await first.next();
    await first.close();
    await sling('Two');
    await sling('Three');
    const again = await Client.open(town, 'events?after=0', seen?.id);
    const last = await seq();
    const missed = await again.take(last - (seen?.id ?? 0));
    expect(missed.map(({ id }) => id)).toEqual(range((seen?.id ?? 0) + 1, last));
    await again.close();
  });

  test('refuses a place that no event ever had', async () => {
    const beyond = (await seq()) + 1;
    for (const [path, headers] of [
      [`events?after=${beyond}`, {}],
      ['events', { 'last-event-id': String(beyond) }],
      ['events', { 'last-event-id': 'x' }],
      [`events?after=0`, { 'last-event-id': '-1' }],
    ] as const) {
      const refused = await town.call<Problem>('GET', path, undefined, headers);
      expect([path, refused.status, refused.body.kind]).toEqual([path, 400, 'bad_value']);
    }
  });

  test('goes on in another life of the server where it ended in this one', async () => {
    const home = makeHome();
    const first = await startTestHost({ home });
    await withRig(first);
    const client = await Client.open(first, 'events?after=0');
    const [seen] = await client.take(1);
    await first.stop();
    expect((await client.rest()).every(({ id }) => id > (seen?.id ?? 0))).toBe(true);
    const second = await startTestHost({ home });
    const again = await Client.open(second, 'events', seen?.id);
    expect((await again.next())?.id).toBe((seen?.id ?? 0) + 1);
    await again.close();
    await second.stop();
  });

  test('does not lose or hold anything for a client that does not read', async () => {
    const client = await Client.open(town, 'events?after=0');
    const before = process.memoryUsage().heapUsed;
    const body = 'x'.repeat(50_000);
    for (let number = 0; number < 60; number += 1) {
      await town.call('POST', 'beads', { rig: 'web', title: `Slow ${number}`, body, hold: true });
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
    const last = await seq();
    const all = await client.take(last);
    expect(all.map(({ id }) => id)).toEqual(range(1, last));
    await client.close();
  });

  test('is told to many clients alike', async () => {
    const clients = await Promise.all(range(1, 20).map(() => Client.open(town, 'events')));
    const made = await sling('For all');
    const seen = await Promise.all(clients.map((client) => client.next()));
    expect(seen.every((event) => event?.data.id === made.body.id)).toBe(true);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('ends when the server stops, and the stop does not wait for clients', async () => {
    const client = await Client.open(town, 'events');
    await town.stop(); // this client reads nothing and ends nothing
    await expect(client.rest()).resolves.toEqual([]);
  });

  test('refuses a place that is no number', async () => {
    const refused = await town.call('GET', 'events?after=x');
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
  });
});

describe('a transcript', () => {
  test('is read by a cursor, followed as it grows, and ends with its attempt', async () => {
    const slung = await town.call<BeadResource>('POST', 'beads', { rig: 'web', title: 'Talk' });
    const attempt = attemptId(`${slung.body.id}.1`);
    await town.until<BeadResource>(`beads/${slung.body.id}`, (bead) => bead.attempt === attempt);
    const say = (number: number, text: string) =>
      town.runner.tell({
        kind: 'transcript',
        attempt,
        seq: number,
        entries: [{ kind: 'message', at: 1_700_000_000_000, text }],
      });
    await say(0, 'hello');
    const page = await town.call('GET', `agents/${attempt}/transcript`);
    const entry = { kind: 'message', at: '2023-11-14T22:13:20.000Z', text: 'hello', tool: null };
    expect(page.body).toEqual({ items: [{ seq: 0, entries: [entry] }], next: null });

    const client = await Client.open(town, `agents/${attempt}/transcript`);
    expect((await client.next())?.id).toBe(0);
    await say(1, 'working');
    expect((await client.next())?.id).toBe(1);
    await town.runner.submit(attempt);
    const [end] = await client.rest();
    expect(end?.event).toBe('end');
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
