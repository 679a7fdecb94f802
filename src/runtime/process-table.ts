/**
 * The processes of this machine, as far as a process of ours may look at them. Linux is read from
 * /proc; elsewhere `ps` is asked.
 *
 * T1 `startTime` orders processes of one boot and, with the pid, names one for ever: a pid alone
 *    is handed out again. Its unit is the platform's (clock ticks or seconds).
 * T2 A process that is dead and not yet collected (a zombie) is not listed: it runs nothing.
 * T3 What may not be read (another user's environment) carries no marker.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** T1 */
  readonly startTime: number;
}

export interface ProcessTable {
  /** T2 */
  list(): Promise<readonly ProcessEntry[]>;
  /** Those of `entries` whose environment has exactly this `NAME=value`. T3 */
  carriers(entries: readonly ProcessEntry[], variable: string): Promise<readonly ProcessEntry[]>;
  /** At once, so that a child can be named before it can have ended; null: no such process. */
  startTimeOf(pid: number): number | null;
  /** Names this boot: a start time of another boot means nothing. Empty where not needed. */
  bootId(): string;
}

export function processTable(platform: string): ProcessTable {
  return platform === 'linux' ? procTable() : psTable(platform);
}

export function procTable(root = '/proc'): ProcessTable {
  return {
    list: async () => {
      const names = (await readdir(root)).filter((name) => /^\d+$/.test(name));
      const stats = await Promise.all(names.map((name) => readText(`${root}/${name}/stat`)));
      return stats.flatMap((stat) => parseStat(stat) ?? []);
    },
    carriers: async (entries, variable) => {
      const carries = await Promise.all(
        entries.map(async ({ pid }) =>
          (await readText(`${root}/${pid}/environ`)).split('\0').includes(variable),
        ),
      );
      return entries.filter((_, index) => carries[index]);
    },
    startTimeOf: (pid) => {
      const stat = readTextNow(`${root}/${pid}/stat`);
      return startTimeIn(stat.slice(stat.lastIndexOf(')') + 2).split(' '));
    },
    bootId: () => readTextNow(`${root}/sys/kernel/random/boot_id`).trim(),
  };
}

/** macOS and others. `ps` shows the environment of the same user's processes only. T3 */
export function psTable(platform: string): ProcessTable {
  const environment = platform === 'linux' ? 'axeww' : '-axEww';
  return {
    list: async () => {
      const columns = ['-axo', 'pid=,ppid=,pgid=,state=,lstart='];
      return (await ps(columns)).split('\n').flatMap((line) => parsePs(line) ?? []);
    },
    carriers: async (entries, variable) => {
      const lines = (await ps([environment, '-o', 'pid=,command='])).split('\n');
      const found = lines
        .filter((line) => ` ${line} `.includes(` ${variable} `))
        .map((line) => Number.parseInt(line, 10));
      return entries.filter(({ pid }) => found.includes(pid));
    },
    startTimeOf: (pid) => {
      const answer = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env: PS_ENV });
      return secondsOf(String(answer.stdout));
    },
    bootId: () => '',
  };
}

/** `pid (name, which may hold anything) state parent group …`; field 22 is the start time. */
function parseStat(stat: string): ProcessEntry | null {
  const close = stat.lastIndexOf(')');
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(close + 2).split(' ');
  const startTime = startTimeIn(fields);
  const [state, parent, group] = fields;
  if (close < 0 || state === 'Z' || state === 'X' || startTime === null) return null;
  return { pid, parent: Number(parent), group: Number(group), startTime };
}

function startTimeIn(fieldsAfterName: readonly string[]): number | null {
  const field = fieldsAfterName[19];
  return field === undefined ? null : Number(field);
}

function parsePs(line: string): ProcessEntry | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*)$/.exec(line);
  if (match === null || match[4]?.startsWith('Z')) return null;
  const startTime = secondsOf(match[5] ?? '');
  if (startTime === null) return null;
  const [, pid, parent, group] = match.map(Number);
  if (pid === undefined || parent === undefined || group === undefined) return null;
  return { pid, parent, group, startTime };
}

function secondsOf(date: string): number | null {
  const ms = Date.parse(date.trim());
  return Number.isNaN(ms) ? null : ms / 1000;
}

const PS_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

async function ps(args: readonly string[]): Promise<string> {
  const options = { env: PS_ENV, maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)('ps', [...args], options)).stdout;
}

/** Empty when the process has gone or may not be read. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    return '';
  }
}

function readTextNow(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
