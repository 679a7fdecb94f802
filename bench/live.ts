/**
 * What a person feels: starting a town, making and listing beads over HTTP, from a sling to the
 * agent's prompt. Each through the real `gt` and its API.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveTown, makeRemote, until } from './live-town.ts';
import { spreadOf, timedAsync, times, type Spread } from './spread.ts';

interface Named {
  readonly id: string;
}

/** `gt up --detach` ends when the town is healthy. Files and compiled code are in caches. */
export async function coldStart(folder: string): Promise<Spread> {
  const samples: number[] = [];
  for (const n of times(7)) {
    const town = new LiveTown(folder, `cold-${n}`);
    try {
      samples.push(await timedAsync(() => town.up()));
    } finally {
      await town.stop();
    }
  }
  return spreadOf(samples.slice(1));
}

/** Beads that could start but for the town, which is paused: all of a sling but the agent. */
export async function createHttp(town: LiveTown): Promise<Spread> {
  const samples: number[] = [];
  for (const n of times(330)) {
    samples.push(await timedAsync(() => town.ask('POST', '/beads', bead(n))));
  }
  return spreadOf(samples.slice(30));
}

/** From the request to the last byte of the answer. */
export async function list300(town: LiveTown): Promise<Spread> {
  const samples: number[] = [];
  for (const _ of times(80)) {
    let text = '';
    const ms = await timedAsync(async () => {
      text = await town.text('GET', '/beads?limit=300');
    });
    const page: { items: readonly unknown[] } = JSON.parse(text);
    if (page.items.length !== 300) throw new Error(`the page has ${page.items.length} beads`);
    samples.push(ms);
  }
  return spreadOf(samples.slice(30));
}

/** Brings it to 1,000 live beads, each held or blocked, so that nothing is left to start. */
export async function fill(town: LiveTown): Promise<void> {
  const { items } = await town.ask<{ items: readonly Named[] }>('GET', '/beads?limit=1000');
  for (const { id } of items) await town.ask('POST', `/beads/${id}/hold`, {});
  const first = items[0];
  if (first === undefined) throw new Error('there is no bead');
  for (const n of times(1000 - items.length)) {
    const wait = n % 2 === 0 ? { hold: true } : { after: [first.id] };
    await town.ask('POST', '/beads', { ...bead(n), ...wait });
  }
}

/**
 * From the journal's row of the sling to its row of the turn: both are written by the town, by one
 * clock, in whole milliseconds. One bead at a time.
 */
export async function slingToPrompt(folder: string): Promise<Spread> {
  const town = new LiveTown(folder, 'sling');
  try {
    await town.up();
    await town.gt('rig', 'add', 'web', await makeRemote(folder), '--yes');
    const samples: number[] = [];
    for (const n of times(12)) samples.push(await promptOf(town, n));
    return spreadOf(samples.slice(2));
  } finally {
    await town.stop();
  }
}

async function promptOf(town: LiveTown, n: number): Promise<number> {
  const steps = [{ write: { path: `file-${n}.txt`, text: `${n}\n` } }, { commit: `Add ${n}` }];
  const script = [...steps, { done: 'added' }].map((step) => JSON.stringify(step)).join('\n');
  const body = `\`\`\`gastown-script\n${script}\n\`\`\`\n`;
  const asked = { rig: 'web', title: `Add file ${n}`, body, agent: 'scripted' };
  const { id } = await town.ask<Named>('POST', '/beads', asked);
  await until(`${id} lands`, async () => {
    const { status } = await town.ask<{ status: string }>('GET', `/beads/${id}`);
    return status === 'closed' || status === 'failed';
  });
  const slung = await rowsOf(town, 'bead', id);
  const turns = await rowsOf(town, 'attempt', `${id}.1`);
  const [from, to] = [slung.get('slung'), turns.get('turn_started')];
  if (from === undefined || to === undefined) throw new Error(`${id} never got its prompt`);
  await sleep(100); // what its landing leaves to do is not part of the next one
  return to - from;
}

async function rowsOf(town: LiveTown, kind: string, id: string): Promise<Map<string, number>> {
  interface Row {
    readonly why: string;
    readonly at: string;
  }
  const path = `/journal?kind=${kind}&id=${id}&limit=100`;
  const { items } = await town.ask<{ items: readonly Row[] }>('GET', path);
  return new Map(items.map(({ why, at }) => [why, Date.parse(at)]));
}

function bead(n: number) {
  const body = 'Say what should be true, where to look and how to tell that it is done. '.repeat(3);
  return { rig: 'web', title: `Make list ${n} shorter than it was`, body };
}
