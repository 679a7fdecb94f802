/**
 * What the town itself costs, without a server around it: over a real file, every commit on disk.
 *
 * N1 Towns of all sizes are measured in turn within one run, so that noise hits all alike.
 * N2 A bead's tick is measured as two facts of its agent, the work and the end, each a commit; it
 *    moves the bead into review, its change into line, and grants the slot to the next bead.
 */
import { join } from 'node:path';
import { rigId } from '../src/core/ids.ts';
import { openSqlite } from '../src/hosts/node/sqlite.ts';
import { beads } from '../src/storage/tables/beads.ts';
import { Queries } from '../src/town/queries.ts';
import { bigTown, ModelTown, rigNames, type BigTown } from './model-town.ts';
import { medianOf, spreadOf, timed, times, type Spread } from './spread.ts';

export const sizes = [100, 10_000, 100_000] as const;
type BySize = Readonly<Record<string, Spread>>;

const warmUps = 50;

export interface Created {
  readonly createInProcessMs: Spread;
  readonly createCpuMs: Spread;
  /** One row into an empty database, between the others: what the disk asks of anybody. */
  readonly commitMs: Spread;
}

export async function createInProcess(folder: string): Promise<Created> {
  const model = new ModelTown(openSqlite(join(folder, 'create.sqlite')));
  const bare = openSqlite(join(folder, 'bare.sqlite'));
  bare.transaction((tx) => tx.run('create table rows (n integer) strict'));
  await model.begin(2);
  const [create, cpu, commit]: [number[], number[], number[]] = [[], [], []];
  for (const n of times(300 + warmUps)) {
    const rig = rigNames[n % rigNames.length] ?? rigNames[0];
    const before = process.cpuUsage();
    create.push(timed(() => model.sling(rig)));
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
    await model.rest();
    model.pass(1);
    commit.push(timed(() => bare.transaction((tx) => tx.run('insert into rows values (?)', n))));
  }
  model.close();
  bare.close();
  return {
    createInProcessMs: spreadOf(create.slice(warmUps)),
    createCpuMs: spreadOf(cpu.slice(warmUps)),
    commitMs: spreadOf(commit.slice(warmUps)),
  };
}

/** The page itself, without HTTP. */
export async function listInProcess(folder: string): Promise<Spread> {
  const model = new ModelTown(openSqlite(join(folder, 'list.sqlite')));
  await model.begin(2);
  for (const _ of times(1000)) model.sling(rigNames[0], { hold: true });
  const queries = new Queries(model.sql);
  const samples = times(warmUps + 20).map(() =>
    timed(() => {
      const page = queries.listBeads({}, { limit: 300 });
      if (!page.ok || page.value.items.length !== 300) throw new Error('a page of 300 was asked');
    }),
  );
  model.close();
  return spreadOf(samples.slice(20));
}

export interface BigTowns {
  readonly readyMs: BySize;
  readonly tickMs: BySize;
  readonly tickRatio: Spread;
  /** Processor time only: what is left when the disk is not waited for. */
  readonly tickCpuMs: BySize;
}

export async function bigTowns(folder: string): Promise<BigTowns> {
  const towns: Measured[] = [];
  for (const size of sizes) {
    const big = await bigTown(openSqlite(join(folder, `${size}.sqlite`)), size);
    big.model.sql.all('pragma wal_checkpoint(truncate)');
    towns.push({ size, big, ready: [], tick: [], cpu: [], rounds: [] });
  }
  for (const town of towns) for (const n of times(warmUps)) await oneBead(town.big, n);
  for (const round of times(10)) for (const town of towns) await oneRound(town, round); // N1
  for (const { big } of towns) big.model.close();
  const of = (pick: (town: Measured) => readonly number[]): BySize =>
    Object.fromEntries(towns.map((town) => [String(town.size), spreadOf(pick(town))]));
  const [small, , large] = towns;
  const ratios = times(10).map((n) => (large?.rounds[n] ?? 0) / (small?.rounds[n] ?? 0));
  return {
    readyMs: of((town) => town.ready),
    tickMs: of((town) => town.tick),
    tickRatio: spreadOf(ratios),
    tickCpuMs: of((town) => town.cpu),
  };
}

interface Measured {
  readonly size: number;
  readonly big: BigTown;
  readonly ready: number[];
  readonly tick: number[];
  readonly cpu: number[];
  /** The median of each round. */
  readonly rounds: number[];
}

async function oneRound(town: Measured, round: number): Promise<void> {
  const { big, ready, tick, cpu, rounds } = town;
  const alpha = rigId(rigNames[0]);
  for (const _ of times(30)) ready.push(timed(() => beads.ready(big.model.sql, alpha, 8)));
  const here: number[] = [];
  const before = cpu.length;
  for (const n of times(12)) {
    const sample = await oneBead(big, before + n + round);
    here.push(sample.ms);
    cpu.push(sample.cpuMs);
  }
  tick.push(...here);
  rounds.push(medianOf(here));
}

/** N2. A new bead takes the place of the one that gets the slot, so the town keeps its mix. */
async function oneBead(big: BigTown, n: number): Promise<{ ms: number; cpuMs: number }> {
  const { model, running } = big;
  const attempt = running.shift();
  if (attempt === undefined) throw new Error('nothing runs');
  model.sling(rigNames[n % rigNames.length] ?? rigNames[0]);
  await model.rest();
  const cpu = process.cpuUsage();
  const ms = timed(() => {
    model.submitted(attempt);
    model.ended(attempt);
  });
  const { user, system } = process.cpuUsage(cpu);
  await model.rest();
  const [granted, ...more] = model.started.splice(0);
  if (granted === undefined || more.length > 0) throw new Error('one slot was to be granted');
  model.begun(granted);
  await model.rest();
  running.push(granted);
  model.pass(1);
  return { ms, cpuMs: (user + system) / 1000 };
}
