/**
 * Runs one program to its end and tells what happened as a value. It never throws for what the
 * program does, and never inherits anything: argv, directory and environment are complete.
 *
 * R1 The child leads its own process group; on timeout, abort and exit the group is killed, so
 *    nothing it started in that group outlives the call. What left the group and keeps the output
 *    open (an ssh master, a credential cache) holds the call up for `LINGER_MS` and no longer.
 * R2 Output is bounded: beyond the bound the middle is left out and `truncated` says so.
 * R3 No shell. What is typed into `args` reaches the program as it is.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Timers } from '../ports/host.ts';
import { BoundedOutput } from './bounded-output.ts';

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Read by the child instead of `input`; a link is refused. */
  readonly stdinFile?: string;
  /** Written by the child instead of being kept in memory; made anew. */
  readonly stdoutFile?: string;
  readonly timeoutMs: number;
  /** Of stdout and stderr each; 1 MiB when absent. R2 */
  readonly outputBytesMax?: number;
  /** From SIGTERM to SIGKILL; 2 s when absent. */
  readonly killGraceMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece as it comes, in order. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Told once the process exists, before anything it prints is read. */
  readonly onSpawn?: (pid: number) => void;
}

/** A command whose data an agent controls: it may see and change only what is listed. */
export interface ContainedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly timeoutMs: number;
  readonly outputBytesMax?: number;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
}

export interface ProcessOutcome {
  /** null when a signal ended it or it never started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** Of stdout. */
  readonly truncated: boolean;
  /** `ENOENT`, `EACCES`, … when it could not be started at all. */
  readonly spawnError: string | null;
}

export type RunProcess = (spec: ProcessSpec) => Promise<ProcessOutcome>;
export type RunContained = (spec: ContainedCommand) => Promise<ProcessOutcome>;

const OUTPUT_BYTES_MAX = 1024 * 1024;
const KILL_GRACE_MS = 2000;
/** What the child itself wrote is in the pipe by its exit and takes no time to read. */
const LINGER_MS = 1000;

export function runProcess(spec: ProcessSpec, timers: Timers): Promise<ProcessOutcome> {
  const opened: number[] = [];
  try {
    const stdin =
      spec.stdinFile === undefined
        ? 'pipe'
        : keep(opened, openSync(spec.stdinFile, constants.O_RDONLY | constants.O_NOFOLLOW));
    const stdout =
      spec.stdoutFile === undefined ? 'pipe' : keep(opened, openSync(spec.stdoutFile, 'w', 0o600));
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: spec.env,
      detached: true, // R1
      stdio: [stdin, stdout, 'pipe'],
    });
    return watch(child, spec, timers);
  } catch (error) {
    return Promise.resolve(notStarted(codeOf(error)));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function keep(opened: number[], descriptor: number): number {
  opened.push(descriptor);
  return descriptor;
}

function watch(child: ChildProcess, spec: ProcessSpec, timers: Timers): Promise<ProcessOutcome> {
  const max = spec.outputBytesMax ?? OUTPUT_BYTES_MAX;
  const stdout = new BoundedOutput(max);
  const stderr = new BoundedOutput(max);
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.add(chunk);
    spec.onOutput?.('stdout', chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    spec.onOutput?.('stderr', chunk);
  });
  return new Promise((resolve) => {
    const stop = new Stop(child, spec, timers);
    child.once('spawn', () => {
      if (child.pid !== undefined) spec.onSpawn?.(child.pid);
      feed(child, spec);
    });
    child.once('error', (error) => {
      stop.over();
      if (child.pid === undefined) resolve(notStarted(codeOf(error)));
    });
    child.once('exit', () => {
      killGroup(child, 'SIGKILL'); // R1: what it left behind goes too
      stop.linger();
    });
    child.once('close', (exitCode, signal) => {
      stop.over();
      resolve({
        exitCode,
        signal,
        stdout: stdout.toBuffer(),
        stderr: stderr.toString(),
        timedOut: stop.why === 'timeout',
        aborted: stop.why === 'abort',
        truncated: stdout.bytes > max,
        spawnError: null,
      });
    });
  });
}

/** Ends the group when the time is up or the caller gives up: first asks, then kills. R1 */
class Stop {
  why: 'timeout' | 'abort' | null = null;
  readonly #child: ChildProcess;
  readonly #timers: Timers;
  readonly #cancels: (() => void)[] = [];

  constructor(child: ChildProcess, spec: ProcessSpec, timers: Timers) {
    this.#child = child;
    this.#timers = timers;
    const end = (why: 'timeout' | 'abort'): void => {
      if (this.why !== null) return;
      this.why = why;
      killGroup(child, 'SIGTERM');
      const grace = spec.killGraceMs ?? KILL_GRACE_MS;
      this.#cancels.push(timers.after(grace, () => killGroup(child, 'SIGKILL')));
    };
    this.#cancels.push(timers.after(spec.timeoutMs, () => end('timeout')));
    const abort = (): void => end('abort');
    spec.signal?.addEventListener('abort', abort, { once: true });
    this.#cancels.push(() => spec.signal?.removeEventListener('abort', abort));
    if (spec.signal?.aborted === true) child.once('spawn', abort);
  }

  /** Call at the exit: its output is over soon, whoever else holds it. R1 */
  linger(): void {
    const { stdout, stderr } = this.#child;
    const close = (): void => [stdout, stderr].forEach((stream) => void stream?.destroy());
    this.#cancels.push(this.#timers.after(LINGER_MS, close));
  }

  over(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}

function feed(child: ChildProcess, spec: ProcessSpec): void {
  const { stdin } = child;
  if (stdin === null) return;
  stdin.on('error', () => undefined); // it stopped reading; its exit says why
  stdin.end(spec.input ?? '');
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is already gone
  }
}

function notStarted(code: string): ProcessOutcome {
  return {
    exitCode: null,
    signal: null,
    stdout: Buffer.alloc(0),
    stderr: '',
    timedOut: false,
    aborted: false,
    truncated: false,
    spawnError: code,
  };
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return String(error);
}
