/**
 * The demonstration's three beads in a town that is killed at random moments, and what must be
 * true of it afterwards.
 *
 * L1 A moment is a number of journal entries and a delay after them, both drawn from a seed, so a
 *    seed names the same moments again as far as the machine allows.
 * L2 A kill is a `kill -9` of the server, of one agent's outermost process, or of both at once;
 *    after one that took the server, `gt up` follows.
 */
import { join } from 'node:path';
import { addTask, fixTask, useTask } from '../../tools/demo/tasks.ts';
import { makeRepository, proveLanded } from '../../tools/demo/repository.ts';
import { git, isAlive, kill, replayed, TestTown, until, type BeadView } from './town.ts';

export interface Moment {
  readonly of: 'server' | 'agent' | 'both';
  /** Journal entries since the last bead was slung. */
  readonly entries: number;
  readonly delayMs: number;
}

const ENTRIES_MAX = 170;
const DELAY_MS_MAX = 250;
const LAND_MS_MAX = 100_000;

/** The moments of one town, in order. L1 */
export function momentsOf(random: () => number, count: number): readonly Moment[] {
  const moments: Moment[] = [];
  for (let n = 0; n < count; n += 1) {
    const of = (['server', 'agent', 'both'] as const)[Math.floor(random() * 3)] ?? 'server';
    const entries = Math.floor(random() * ENTRIES_MAX);
    const delayMs = Math.floor(random() * DELAY_MS_MAX);
    moments.push({ of, entries, delayMs });
  }
  return moments.toSorted((a, b) => a.entries - b.entries);
}

/** The same numbers for the same seed, from 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rejects with what is wrong. Answers what was killed, in words. */
export async function landUnderKills(moments: readonly Moment[]): Promise<readonly string[]> {
  const town = new TestTown();
  const killed: string[] = [];
  try {
    const repository = await makeRepository(town.folder);
    await town.up();
    await town.json(['rig', 'add', 'greet', repository.clone, '--yes']);
    const first = await town.sling('greet', addTask);
    const second = await town.sling('greet', useTask, ['--after', first]);
    const third = await town.sling('greet', fixTask);
    const ids = [first, second, third];
    const start = await seqOf(town);
    for (const moment of moments) {
      await untilMoment(town, moment, start);
      killed.push(await strike(town, moment));
    }
    const beads = await untilLanded(town, ids);
    await checkRemote(town, repository, beads);
    await checkTown(town, beads);
    return killed;
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const why = await explained(town).catch((error: unknown) => String(error));
    throw new Error(`${said}\nkilled: ${killed.join('; ')}\n${why}`, { cause: thrown });
  } finally {
    await town.close();
  }
}

async function seqOf(town: TestTown): Promise<number> {
  return (await town.get<{ readonly seq: number }>('/status')).seq;
}

async function allClosed(town: TestTown): Promise<boolean> {
  return (await town.beads()).every(({ status }) => status === 'closed');
}

/** Also over when everything has landed before: a kill afterwards must do no harm either. L1 */
async function untilMoment(town: TestTown, { entries, delayMs }: Moment, start: number) {
  await until(
    `${entries} journal entries`,
    async () => {
      await retryAfterCrash(town);
      return (await seqOf(town)) - start >= entries || (await allClosed(town));
    },
    LAND_MS_MAX,
  );
  const at = performance.now() + delayMs;
  await until('the moment', () => performance.now() >= at);
}

/** L2. An agent is killed as soon as there is one. */
async function strike(town: TestTown, { of, entries }: Moment): Promise<string> {
  const agent = of === 'server' ? null : await someAgent(town);
  const server = agent === null || of === 'both' ? (town.address()?.pid ?? null) : null;
  if (server !== null) kill(server);
  if (agent !== null) kill(agent);
  if (server !== null) {
    await until('the server is gone', () => !isAlive(server));
    await town.up();
  }
  const names = [server === null ? [] : ['server'], agent === null ? [] : ['agent']].flat();
  return `${names.join(' and ')} at ${entries}`;
}

/** null when everything landed before another one ran. */
async function someAgent(town: TestTown): Promise<number | null> {
  const found = await until(
    'an agent runs',
    async () => {
      const [agent] = town.agents();
      if (agent !== undefined) return { agent };
      await retryAfterCrash(town);
      return (await allClosed(town)) ? { agent: null } : null;
    },
    LAND_MS_MAX,
  );
  return found.agent;
}

/** A crash costs a backoff of half a minute; a person who does not want to wait says so. */
async function retryAfterCrash(town: TestTown): Promise<void> {
  const { items } = await town.get<{
    items: readonly { id: string; waits: readonly { reason: string }[] }[];
  }>('/beads?status=open');
  for (const { id, waits } of items) {
    if (!waits.some(({ reason }) => reason === 'backoff')) continue;
    await town.request(
      'POST',
      `/beads/${id}/retry`,
      {},
      { 'idempotency-key': crypto.randomUUID() },
    );
  }
}

async function untilLanded(town: TestTown, ids: readonly string[]): Promise<readonly BeadView[]> {
  return until(
    'everything has landed',
    async () => {
      await retryAfterCrash(town);
      const beads = await Promise.all(ids.map((id) => town.bead(id)));
      const bad = beads.find(
        ({ status, escalation }) => status === 'failed' || escalation !== null,
      );
      if (bad !== undefined) throw new Error(`${bad.id} is ${bad.status}`);
      return beads.every(({ status }) => status === 'closed') ? beads : null;
    },
    LAND_MS_MAX,
  );
}

/** On the remote, proved, and each exactly once. */
async function checkRemote(
  town: TestTown,
  repository: Awaited<ReturnType<typeof makeRepository>>,
  beads: readonly BeadView[],
): Promise<void> {
  const landed = beads.map(({ id, proof, resolution }) => {
    if (proof === null || resolution !== 'merged') throw new Error(`${id}: no proof of a merge`);
    return { bead: id, commit: proof.commit };
  });
  await proveLanded(repository, landed);
  const fresh = join(town.folder, 'proof');
  const trailer = '%(trailers:key=Gastown-Bead,valueonly,separator=%x2C)';
  const log = await git(fresh, 'log', '--first-parent', `--format=${trailer}`, 'origin/main');
  const seen = log
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
  const wanted = beads.map(({ id }) => id).toSorted();
  if (seen.join() !== wanted.join()) throw new Error(`landed in main: ${seen.join()}`);
  for (const file of ['greetings/danish', 'tests/default.sh', 'greetings/spanish']) {
    const times = await git(
      fresh,
      'log',
      '--no-merges',
      '--diff-filter=A',
      '--format=%H',
      '--',
      file,
    );
    if (times.split('\n').length !== 1)
      throw new Error(`${file} was added more than once: ${times}`);
  }
}

/** Nothing runs, nothing is a bug of ours, and the journal tells the same as the rows. */
async function checkTown(town: TestTown, beads: readonly BeadView[]): Promise<void> {
  const attempts = await town.items<{ id: string; status: string }>('/agents?limit=1000');
  const requests = await town.items<{ id: string; stage: string }>('/merge-requests?limit=1000');
  const statuses = replayed(await town.journal());
  const rows = [
    ...beads.map(({ id, status }) => [`bead ${id}`, status] as const),
    ...attempts.map(({ id, status }) => [`attempt ${id}`, status] as const),
    ...requests.map(({ id, stage }) => [`merge_request ${id}`, stage] as const),
  ];
  for (const [name, status] of rows) {
    const told = statuses.get(name);
    if (told !== status) throw new Error(`${name} is ${status}; its journal says ${told}`);
  }
  type Escalation = { readonly subject: string; readonly failure: { kind: string } | null };
  const escalations = await town.items<Escalation>('/escalations?all=true');
  const bugs = escalations.filter(({ failure }) => failure?.kind === 'gastown_bug');
  if (bugs.length > 0) throw new Error(`bugs of ours: ${JSON.stringify(bugs)}`);
  await until(
    'all attempts have ended and nothing of them runs',
    async () => {
      const live = await town.items<{ status: string }>('/agents?live=true');
      return live.length === 0 && (await town.processes()).length === 0;
    },
    30_000,
  ).catch(async (error: unknown) => {
    throw new Error(`left running: ${(await town.processes()).join('\n')}`, { cause: error });
  });
}

async function explained(town: TestTown): Promise<string> {
  const lines = (await town.journal())
    .filter(({ kind, from, to }) => kind !== 'transcript' && from !== to)
    .map(({ seq, kind, id, from, to, why }) => `${seq} ${kind} ${id} ${from} → ${to} ${why}`);
  const why = await town.run(['why', 'town']);
  return [...lines.slice(-60), why.out, ...(await town.processes())].join('\n');
}
