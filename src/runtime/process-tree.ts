/**
 * A child and everything it started, killed as a whole. A shell tool of an agent leaves the
 * process group, so a tree is found three ways: the group, the parents, and a marker in the
 * environment that every descendant inherits.
 *
 * P1 A record is on disk before the child runs; a runner that was killed finds the tree again.
 * P2 Nothing of anybody else's is touched. A pid counts only with the start time it was recorded
 *    with; a marker, which nobody can guess, only on a process no older than the record's; and
 *    each process is looked at again just before its signal.
 * P3 A tree is gone when the table shows none of it; only then may its place be used again.
 * What clears its environment, leaves group and parent, and outlives its parent escapes this at
 * level `process`; at `strong` the kernel kills it with its PID namespace.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Timers } from '../ports/host.ts';
import { MARKER_NAME } from './child-env.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

export interface ProcessRecord {
  readonly marker: string;
  /** null: written before the child ran. P1 */
  readonly pid: number | null;
  readonly startTime: number | null;
  readonly bootId: string;
}

export interface TreeDeps {
  readonly table: ProcessTable;
  readonly timers: Timers;
}

/** After SIGKILL: longer than this means a process hangs inside the kernel. */
const KILL_PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 10;
const LOOK_AGAIN_MS_MAX = 200;

/**
 * Asks every process of the tree to end, and kills after `graceMs` (0: at once). Answers whether
 * the tree is gone. P3. `spare` is not asked, only killed: the sandbox's own parent, which would
 * take everything with it at once.
 */
export async function killTree(
  record: ProcessRecord,
  deps: TreeDeps,
  graceMs: number,
  spare: number | null = null,
): Promise<boolean> {
  if (await endsWhenAsked(record, deps, graceMs, spare)) return true;
  const denied = new Set<number>();
  for (let waited = 0, pause = LOOK_AGAIN_MS; waited < KILL_PATIENCE_MS; waited += pause) {
    const tree = (await treeOf(record, deps.table)).filter(({ pid }) => !denied.has(pid));
    if (tree.length === 0) return true;
    for (const entry of tree) {
      if (signal(entry, 'SIGKILL', deps.table) === 'denied') denied.add(entry.pid);
    }
    pause = Math.min(pause * 2, LOOK_AGAIN_MS_MAX);
    await pauseFor(deps.timers, pause);
  }
  return false;
}

/** The living processes that belong to the record. P2 */
export async function treeOf(
  record: ProcessRecord,
  table: ProcessTable,
): Promise<readonly ProcessEntry[]> {
  if (record.bootId !== table.bootId()) return [];
  const oldest = record.startTime ?? 0;
  const all = (await table.list()).filter(
    ({ pid, startTime }) => pid > 1 && pid !== process.pid && startTime >= oldest,
  );
  const root = all.find((entry) => isRoot(entry, record));
  const members = new Set(await table.carriers(all, `${MARKER_NAME}=${record.marker}`));
  if (root !== undefined) {
    // While the leader lives its group number cannot be another's.
    for (const entry of all) if (entry.group === root.pid) members.add(entry);
    members.add(root);
  }
  addDescendants(members, all);
  return [...members];
}

/** P1: call before the child runs, and again with its pid once it does. */
export function writeRecord(path: string, record: ProcessRecord): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(path: string): void {
  rmSync(path, { force: true });
}

/** null when there is none or it cannot be read as one. */
export function readRecord(path: string): ProcessRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Kills what an earlier life of the runner left running, as its records say. Records of trees
 * that are gone are removed. Answers the paths of those that could not be killed.
 */
export async function killRecorded(directory: string, deps: TreeDeps): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const left = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const record = readRecord(path);
      if (record !== null && !(await killTree(record, deps, 0))) return [path];
      removeRecord(path);
      return [];
    }),
  );
  return left.flat();
}

function isRoot(entry: ProcessEntry, record: ProcessRecord): boolean {
  return entry.pid === record.pid && entry.startTime === record.startTime;
}

function addDescendants(members: Set<ProcessEntry>, all: readonly ProcessEntry[]): void {
  const pids = new Set([...members].map(({ pid }) => pid));
  for (let grew = true; grew;) {
    grew = false;
    for (const entry of all) {
      if (pids.has(entry.pid) || !pids.has(entry.parent)) continue;
      pids.add(entry.pid);
      members.add(entry);
      grew = true;
    }
  }
}

/**
 * P2: the pid may have been handed to another process since it was listed. `denied`: it has become
 * another user's, which is no longer ours to end.
 */
function signal(
  entry: ProcessEntry,
  name: 'SIGTERM' | 'SIGKILL',
  table: ProcessTable,
): 'sent' | 'gone' | 'denied' {
  if (table.startTimeOf(entry.pid) !== entry.startTime) return 'gone';
  try {
    process.kill(entry.pid, name);
    return 'sent';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'denied' : 'gone';
  }
}

/** Asks each process once, also those that are started meanwhile. */
async function endsWhenAsked(
  record: ProcessRecord,
  deps: TreeDeps,
  graceMs: number,
  spare: number | null,
): Promise<boolean> {
  const asked = new Set(spare === null ? [] : [spare]);
  for (let waited = 0, pause = LOOK_AGAIN_MS; waited < graceMs; waited += pause) {
    const tree = await treeOf(record, deps.table);
    if (tree.length === 0) return true;
    for (const entry of tree) {
      if (!asked.has(entry.pid)) signal(entry, 'SIGTERM', deps.table);
      asked.add(entry.pid);
    }
    pause = Math.min(pause * 2, LOOK_AGAIN_MS_MAX, Math.max(graceMs - waited, 1));
    await pauseFor(deps.timers, pause);
  }
  return false;
}

function pauseFor(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

function isRecord(value: unknown): value is ProcessRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'marker' in value &&
    typeof value.marker === 'string' &&
    value.marker !== '' &&
    'pid' in value &&
    (value.pid === null || typeof value.pid === 'number') &&
    'startTime' in value &&
    (value.startTime === null || typeof value.startTime === 'number') &&
    'bootId' in value &&
    typeof value.bootId === 'string'
  );
}
