/**
 * Starts a child inside the machine's isolation level and owns its whole tree. Agents, setup
 * steps and gates all start here.
 *
 * S1 `strong`: bubblewrap with its own mounts, PID namespace and private /tmp; it dies with the
 *    runner. The child sees the system read-only and what is listed; the runner's processes,
 *    their environments, the person's home and Gastown's own are not there.
 * S2 `process`: own process group, explicit environment, marker. The child runs with the rights of
 *    the person: it can read any file of theirs by its path and the environment of their other
 *    processes. Nothing better is promised at this level.
 * S3 `ended` resolves once the whole tree is gone; what the child leaves running is killed.
 * S4 Network: `none` is enforced at `strong` only; `model-and-loopback` is not enforced at any
 *    level in this version and is treated as open. `networkNote` says so, for people.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { assert } from '../core/assert.ts';
import type { IsolationLevel } from '../core/launch-spec.ts';
import { killTree, removeRecord, writeRecord } from './process-tree.ts';
import type { ProcessRecord, TreeDeps } from './process-tree.ts';
import { mountArgs } from './sandbox-mounts.ts';
import type { Login } from './sandbox-mounts.ts';

export type Network = 'open' | 'model-and-loopback' | 'none';

export interface ContainedSpec {
  readonly level: IsolationLevel;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete; from `childEnv`. */
  readonly env: Readonly<Record<string, string>>;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  /** The person's home, Gastown's home: not seen, except what is listed and lies inside. */
  readonly hidden: readonly string[];
  readonly logins?: readonly Login[];
  /** Shown as /tmp at `strong`; without it /tmp is in memory. */
  readonly tmp?: string;
  readonly network: Network;
  /** The one in `env`. */
  readonly marker: string;
  /** Written before the child runs, removed when its tree is gone. */
  readonly recordPath?: string;
}

export interface ContainedEnd {
  /** null after a signal, and when nothing ran. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why nothing ran: a command that is not there, or a sandbox that could not be made. */
  readonly startFailure: StartFailure | null;
}

export interface StartFailure {
  readonly cause: 'not_found' | 'not_executable' | 'sandbox' | 'other';
  readonly message: string;
}

export interface ContainedChild {
  /** The outermost process, for logs; null when it could not be started. */
  readonly pid: number | null;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Asks the tree to end, kills it after `graceMs`. Resolves with `ended`. S3 */
  killTree(graceMs: number): Promise<ContainedEnd>;
  readonly ended: Promise<ContainedEnd>;
}

export const BWRAP = 'bwrap';

/** `sh` reports a missing command as 127, where bubblewrap's own word for it would be 1. */
const EXEC = ['/bin/sh', '-c', 'exec "$@"', 'sh'];

export function spawnContained(spec: ContainedSpec, deps: TreeDeps): ContainedChild {
  const bootId = deps.table.bootId();
  const keep = (record: ProcessRecord): ProcessRecord => {
    if (spec.recordPath !== undefined) writeRecord(spec.recordPath, record);
    return record;
  };
  keep({ marker: spec.marker, pid: null, startTime: null, bootId });
  const strong = spec.level === 'strong';
  if (!strong) linkLogins(spec.logins ?? []);
  const child = strong ? spawnStrong(spec) : spawnPlain(spec);
  const { pid } = child;
  const startTime = pid === undefined ? null : deps.table.startTimeOf(pid);
  const record = keep({ marker: spec.marker, pid: pid ?? null, startTime, bootId });
  const { stdin, stdout, stderr } = child;
  assert(stdin !== null && stdout !== null && stderr !== null, 'all three are pipes');
  stdin.on('error', ignore); // A child that ended reads no more.
  const ended = endOf(child, strong).then(async (end) => {
    while (!(await killTree(record, deps, 0)));
    if (spec.recordPath !== undefined) removeRecord(spec.recordPath);
    return end;
  });
  return {
    pid: pid ?? null,
    stdin,
    stdout,
    stderr,
    ended,
    killTree: async (graceMs) => {
      if (pid !== undefined) await killTree(record, deps, graceMs, strong ? pid : null);
      return await ended;
    },
  };
}

/** What people are told about the network of a child, or null when it is as they asked. S4 */
export function networkNote(level: IsolationLevel, network: Network): string | null {
  if (network === 'open') return null;
  if (network === 'none') return level === 'strong' ? null : 'the network is open at level process';
  return 'the network is open: model-and-loopback is not enforced in this version';
}

/** The child's exit, with a start that failed told apart from a command that did. */
function endOf(child: ChildProcess, strong: boolean): Promise<ContainedEnd> {
  const status = strong ? textOf(child.stdio[3]) : Promise.resolve('');
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(failedStart(causeOf(error), error.message));
    });
    child.once('exit', (exitCode, signal) => {
      // The group's number cannot have become another's in the moment since its leader ended.
      if (child.pid !== undefined) killGroup(child.pid);
      void status.then((text) => {
        const ran = !strong || signal !== null || text.includes('"exit-code"');
        if (ran) resolve({ exitCode, signal, startFailure: null });
        else resolve(failedStart('sandbox', 'bubblewrap could not make the sandbox'));
      });
    });
  });
}

function spawnPlain(spec: ContainedSpec): ChildProcess {
  return spawn(spec.command, [...spec.args], {
    cwd: spec.cwd,
    env: { ...spec.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** bubblewrap itself gets the child's environment: its process is visible inside. */
function spawnStrong(spec: ContainedSpec): ChildProcess {
  const isolate = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'];
  const mounts = mountArgs({
    command: spec.command,
    env: spec.env,
    writable: spec.writable,
    readable: spec.readable,
    hidden: spec.hidden,
    logins: spec.logins ?? [],
    tmp: spec.tmp ?? null,
  });
  const args = [
    ...isolate,
    ...(spec.network === 'none' ? ['--unshare-net'] : []),
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    ...mounts,
    '--chdir',
    spec.cwd,
    '--json-status-fd',
    '3',
    '--',
    ...EXEC,
    spec.command,
    ...spec.args,
  ];
  return spawn(BWRAP, args, {
    cwd: '/',
    env: { ...spec.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

/** At level `process` there are no mounts: a link in the child's own home leads to the login. */
function linkLogins(logins: readonly Login[]): void {
  for (const { from, to } of logins) {
    if (from === to || !existsSync(from)) continue;
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to);
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function failedStart(cause: StartFailure['cause'], message: string): ContainedEnd {
  return { exitCode: null, signal: null, startFailure: { cause, message } };
}

function causeOf(error: Error): StartFailure['cause'] {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'not_found';
  return code === 'EACCES' ? 'not_executable' : 'other';
}

function textOf(stream: unknown): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    if (!isReadable(stream)) {
      resolve(text);
      return;
    }
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    stream.on('close', () => {
      resolve(text);
    });
    stream.on('error', ignore);
  });
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'on' in stream && 'read' in stream;
}

function ignore(): void {
  // The stream's `close` tells the same.
}
