/**
 * `npm run bench`: what the town costs, measured, with targets. Exit 0 also when one is missed.
 *
 *   forge              instead, what watching pull requests costs
 *   --json             one JSON document on stdout and nothing else
 *   --only name,name   only these figures (and what is measured together with them)
 *
 * B1 Figures that can disturb each other are measured one after the other; an installation runs
 *    while an idle town is watched, whose own counters it does not touch.
 * B2 However it ends, no process and no file of it is left.
 */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFigure, linesOf, meanings, type FigureName, type Figures } from './figures.ts';
import { idle } from './idle.ts';
import { bigTowns, createInProcess, listInProcess } from './in-process.ts';
import { installation } from './installation.ts';
import { interruption, LiveTown, makeRemote, stopTownsIn } from './live-town.ts';
import { coldStart, createHttp, fill, list300, slingToPrompt } from './live.ts';
import { aligned } from './table.ts';

type Found = Partial<Figures>;
type Wants = (...names: readonly FigureName[]) => boolean;

const idleSeconds = 40;

interface Options {
  /** What watching pull requests costs, and nothing else. */
  readonly forge: boolean;
  readonly json: boolean;
  readonly only: readonly FigureName[] | undefined;
}

const options = parse(process.argv.slice(2));
if (typeof options === 'string') {
  const names = Object.keys(meanings).join(' ');
  process.stderr.write(
    `${options}\n  evidence: the figures are ${names}\n` +
      '  next: npm run bench -- [--json] [--only name,name], or npm run bench -- forge [--json]\n',
  );
  process.exitCode = 2;
} else {
  await bench(options);
}

async function bench({ forge, json, only }: Options): Promise<void> {
  const wants: Wants = (...names) =>
    only === undefined || names.some((name) => only.includes(name));
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'gastown-bench-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cutShort(folder));
  }
  try {
    process.stdout.write(await (forge ? ofForge(folder, json) : ofTown(folder, json, wants)));
  } catch (error) {
    if (interruption.signal.aborted) return; // what was under way failed of it
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // B2
  }
}

/** Loaded for itself: the other figures need none of it. */
async function ofForge(folder: string, json: boolean): Promise<string> {
  const { forgeBench, tableOf } = await import('./forge/bench.ts');
  const report = await forgeBench(folder, say);
  return json ? asJson(report) : tableOf(report);
}

async function ofTown(folder: string, json: boolean, wants: Wants): Promise<string> {
  const load = loadavg()[0] ?? 0;
  const found = { ...(await inProcess(folder, wants, say)), ...(await live(folder, wants, say)) };
  return json ? asJson(found) : table(found, load);
}

function asJson(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** B2 */
async function cutShort(folder: string): Promise<void> {
  interruption.abort();
  await stopTownsIn(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(130);
}

async function inProcess(folder: string, wants: Wants, say: (line: string) => void) {
  let found: Found = {};
  if (wants('createInProcessMs', 'createCpuMs', 'commitMs')) {
    say('making beads in process…');
    found = { ...found, ...(await createInProcess(folder)) };
  }
  if (wants('listInProcessMs', 'list300Ms')) {
    found = { ...found, listInProcessMs: await listInProcess(folder) };
  }
  if (wants('readyMs', 'tickMs', 'tickRatio', 'tickCpuMs')) {
    say('ticks in towns of 100, 10,000 and 100,000 beads…');
    found = { ...found, ...(await bigTowns(folder)) };
  }
  return found;
}

async function live(folder: string, wants: Wants, say: (line: string) => void) {
  let found: Found = {};
  if (wants('coldStartMs')) {
    say('starting towns…');
    found = { ...found, coldStartMs: await coldStart(folder) };
  }
  if (wants('slingToPromptMs')) {
    say('from a sling to its prompt…');
    found = { ...found, slingToPromptMs: await slingToPrompt(folder) };
  }
  const resting = wants(
    'idleRssMb',
    'idleCpuPercent',
    'idleWrites',
    'idleWakeUpsPerMinute',
    'idleChildProcesses',
  );
  if (resting || wants('createHttpMs', 'list300Ms')) {
    found = { ...found, ...(await busyThenIdle(folder, wants, resting, say)) };
  } else if (wants('installSeconds', 'installMb')) {
    found = { ...found, ...(await installed(folder, say)) };
  }
  return found;
}

async function busyThenIdle(
  folder: string,
  wants: Wants,
  resting: boolean,
  say: (line: string) => void,
): Promise<Found> {
  const own = join(folder, 'busy');
  await mkdir(own);
  const town = new LiveTown(own, 'home');
  let found: Found = {};
  try {
    await town.up();
    await town.gt('rig', 'add', 'web', await makeRemote(own), '--yes');
    await town.gt('pause');
    say('making and listing beads over HTTP…');
    found = { createHttpMs: await createHttp(town), list300Ms: await list300(town) };
    if (!resting) return found;
    await fill(town);
    await town.gt('resume');
    await town.stop();
    await town.up(); // a town as it is after a start, with its 1,000 beads
    await sleep(5000);
    say(`watching an idle town for ${idleSeconds} s…`);
    const both = wants('installSeconds', 'installMb');
    const [rest, more] = await Promise.all([
      idle(town.pid, town.home, idleSeconds),
      both ? installed(folder, say) : {}, // B1
    ]);
    return { ...found, ...named(rest), ...more };
  } finally {
    await town.stop();
  }
}

function named(rest: Awaited<ReturnType<typeof idle>>): Found {
  return {
    idleRssMb: rest.rssMb,
    idleCpuPercent: rest.cpuPercent,
    idleWrites: rest.writes,
    idleWakeUpsPerMinute: rest.wakeUpsPerMinute,
    idleChildProcesses: rest.childProcesses,
  };
}

async function installed(folder: string, say: (line: string) => void): Promise<Found> {
  say('installing fresh clones…');
  const { seconds, mb } = await installation(folder);
  return { installSeconds: seconds, installMb: mb };
}

function table(found: Found, load: number): string {
  const lines = linesOf(found);
  const rows = lines.map(({ label, spread, unit, target, met }) => {
    const { median, min, max } = spread;
    const aim = target === undefined ? '' : `${target === 0 ? '' : '< '}${target}`;
    const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
    return [label, median, min, max, unit, aim, verdict].map(String);
  });
  const text = aligned([['figure', 'median', 'min', 'max', 'unit', 'target', ''], ...rows], 3);
  const missed = lines.filter(({ met }) => met === false).map(({ label }) => label);
  const last = missed.length === 0 ? 'every target is met' : `missed: ${missed.join('; ')}`;
  const cores = availableParallelism();
  const about = `on ${cores} cores, whose load was ${load.toFixed(1)} when it began`;
  return `${text}\n\n${last} (${about})\n`;
}

function parse(args: readonly string[]): Options | string {
  let only: FigureName[] | undefined;
  let json = false;
  const rest = [...args];
  const forge = rest[0] === 'forge';
  if (forge) rest.shift();
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--json') json = true;
    else if (arg === '--only' || arg.startsWith('--only=')) {
      const names = (arg === '--only' ? (rest.shift() ?? '') : arg.slice('--only='.length)).split(
        ',',
      );
      const unknown = names.find((name) => !isFigure(name));
      if (unknown !== undefined) return `there is no figure "${unknown}"`;
      only = [...(only ?? []), ...names.filter(isFigure)];
    } else return `unknown option ${arg}`;
  }
  if (forge && only !== undefined) return '--only names figures of the town';
  return { forge, json, only };
}
