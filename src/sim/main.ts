/**
 * `npm run sim -- --seed N | --seeds A..B [--fresh COUNT] [--ticks T] [--faults none|all|list]
 * [--jobs N] [--json]`
 *
 * X1 Exit 1 on any failure, also when a long run hardly injected one of the allowed faults.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { JournalRow } from '../storage/tables/journal.ts';
import { type Outcome, type RunFailure, simulate } from './simulator.ts';
import { type FaultKind, faultKinds, isFaultKind, noCounts } from './world/faults.ts';

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Arguments {
  readonly ranges: readonly Range[];
  readonly step: number;
  readonly ticks: number;
  readonly faults: readonly FaultKind[];
  readonly jobs: number;
  readonly json: boolean;
  readonly worker: boolean;
}

/** A range at least this long must have injected every allowed kind at least so often. */
const provingSeeds = 500;
const injectedMin = 50;

const usage = `usage: sim --seed N | --seeds A..B [--fresh COUNT] [--ticks T]
           [--faults none|all|kind,kind] [--jobs N] [--json]
--fresh draws a range of seeds that no run has seen, alone or after the
others, and says which
fault kinds: ${faultKinds.join(' ')}`;

export class Report {
  seeds = 0;
  ticks = 0;
  actions = 0;
  readonly faults = noCounts();
  readonly failures: RunFailure[] = [];

  add(outcome: Outcome): void {
    this.seeds += 1;
    this.ticks += outcome.ticks;
    this.actions += outcome.actions;
    for (const kind of faultKinds) this.faults[kind] += outcome.faults[kind];
    this.failures.push(...outcome.failures);
  }

  /** X1 */
  judge({ faults, ranges }: Pick<Arguments, 'faults' | 'ranges'>): void {
    if (this.seeds < provingSeeds) return;
    for (const kind of faults) {
      if (this.faults[kind] >= injectedMin) continue;
      const message = `${kind} was injected ${this.faults[kind]} times, fewer than ${injectedMin}`;
      const seed = ranges[0]?.from ?? 0;
      this.failures.push({ seed, step: 0, checker: 'fault_coverage', message });
    }
  }

  toJson(): string {
    const { seeds, ticks, actions, faults } = this;
    const failures = this.failures.map(({ seed, checker, message }) => ({
      seed,
      checker,
      message,
    }));
    return JSON.stringify({ seeds, ticks, actions, faults, failures });
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const args = readArguments(argv);
  if (args === null) {
    console.error(usage);
    return 2;
  }
  if (args.worker) {
    for (const range of args.ranges) {
      await eachSeed(args, range, (outcome) => console.log(JSON.stringify(outcome)));
    }
    return 0;
  }
  const report = new Report();
  const take = (outcome: Outcome) => {
    report.add(outcome);
    if (!args.json && outcome.failures.length > 0) explain(outcome);
  };
  for (const range of args.ranges) {
    if (args.jobs > 1) await inProcesses(args, range, take);
    else await eachSeed(args, range, take);
  }
  report.judge(args);
  if (args.json) console.log(report.toJson());
  else summarize(report);
  return report.failures.length === 0 ? 0 : 1;
}

type Take = (outcome: Outcome) => void;

async function eachSeed(args: Arguments, range: Range, take: Take): Promise<void> {
  const { ticks, faults } = args;
  for (let seed = range.from; seed <= range.to; seed += args.step) {
    take(await simulate({ seed, ticks, faults }));
  }
}

/** Splits the range over processes, each with every n-th seed. */
async function inProcesses(args: Arguments, range: Range, take: Take): Promise<void> {
  const children: ChildProcess[] = [];
  const parts = Array.from({ length: args.jobs }, async (_, part) => {
    const child = spawn(
      process.execPath,
      [
        import.meta.filename,
        `--seeds=${range.from + part}..${range.to}`,
        `--step=${args.jobs}`,
        `--ticks=${args.ticks}`,
        `--faults=${args.faults.join(',') || 'none'}`,
        '--worker',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    for await (const line of createInterface({ input: child.stdout })) take(JSON.parse(line));
    const code = await ended;
    if (code !== 0) throw new Error(`a worker ended with ${code ?? 'a signal'}`);
  });
  const end = () => children.forEach((child) => child.kill());
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    await Promise.all(parts);
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
    end();
  }
}

function explain(outcome: Outcome): void {
  for (const row of outcome.journal) console.log(`  ${line(row)}`);
  for (const { seed, step, checker, message } of outcome.failures) {
    console.log(`seed ${seed}, step ${step}, ${checker}: ${message}`);
  }
  console.log('');
}

function line(row: JournalRow): string {
  const moved = row.from === row.to ? (row.to ?? '') : `${row.from ?? '·'} → ${row.to ?? '·'}`;
  const data = JSON.stringify(row.data);
  const shown = data.length > 160 ? `${data.slice(0, 160)}…` : data;
  return `${row.seq} ${row.at} ${row.kind} ${row.id} ${row.why} by ${row.who}: ${moved} ${shown}`;
}

function summarize(report: Report): void {
  for (const kind of faultKinds) console.log(`${kind.padEnd(28)} ${report.faults[kind]}`);
  const { seeds, ticks, actions, failures } = report;
  console.log(`${seeds} seeds, ${ticks} ticks, ${actions} actions, ${failures.length} failures`);
  for (const { seed, checker, message } of failures.slice(0, 20)) {
    console.log(`seed ${seed}, ${checker}: ${message}`);
  }
}

function readArguments(argv: readonly string[]): Arguments | null {
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      fresh: { type: 'string' },
      step: { type: 'string' },
      ticks: { type: 'string' },
      faults: { type: 'string' },
      jobs: { type: 'string' },
      json: { type: 'boolean' },
      worker: { type: 'boolean' },
    },
  });
  const { fresh } = values;
  const fixed = values['seeds'] ?? values['seed'];
  const asked = [
    ...(fixed === undefined ? [] : [readRange(fixed)]),
    ...(fresh === undefined ? [] : [freshRange(fresh)]),
  ];
  const ranges = asked.filter((range) => range !== null);
  const faults = readFaults(String(values['faults'] ?? 'all'));
  if (ranges.length === 0 || ranges.length < asked.length || faults === null) return null;
  return {
    ranges,
    step: Number(values['step'] ?? 1),
    ticks: Number(values['ticks'] ?? 100),
    faults,
    jobs: Number(values['jobs'] ?? 1),
    json: values['json'] === true,
    worker: values['worker'] === true,
  };
}

function readRange(text: unknown): Range | null {
  const found = /^(\d+)(?:\.\.(\d+))?$/.exec(String(text));
  return found === null ? null : { from: Number(found[1]), to: Number(found[2] ?? found[1]) };
}

function freshRange(count: unknown): Range | null {
  if (typeof count !== 'string' || !/^[1-9]\d{0,6}$/.test(count)) return null;
  const from = randomInt(2 ** 31);
  const range = { from, to: from + Number(count) - 1 };
  console.error(`seeds ${range.from}..${range.to}`);
  return range;
}

function readFaults(text: string): readonly FaultKind[] | null {
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  const kinds = text.split(',');
  return kinds.every(isFaultKind) ? kinds.filter(isFaultKind) : null;
}
