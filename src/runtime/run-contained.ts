/**
 * Runs a command in the sandbox to its end: input, bounded output, a time limit, cancelling.
 *
 * R1 When it answers, the whole tree is gone and all its output has been read. What escaped the
 *    tree (level `process`) and keeps the output open is waited for `LINGER_MS` and no longer.
 * R2 Output costs no more memory than `outputBytesMax`, whatever the command prints.
 */
import type { Readable } from 'node:stream';
import { within } from '../ports/within.ts';
import { BoundedOutput } from './bounded-output.ts';
import type { TreeDeps } from './process-tree.ts';
import { spawnContained } from './sandbox.ts';
import type { ContainedEnd, ContainedSpec } from './sandbox.ts';

const LINGER_MS = 1000;

export interface RunSpec extends ContainedSpec {
  readonly timeoutMs: number;
  readonly input?: string | Buffer;
  readonly outputBytesMax: number;
  /** stderr goes into stdout, in the order it came. */
  readonly combined?: boolean;
  /** From asking to killing, at the time limit and on `cancel`. Default 0. */
  readonly graceMs?: number;
  readonly cancel?: AbortSignal;
}

export interface RunResult extends ContainedEnd {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** More was printed than is kept. */
  readonly truncated: boolean;
}

export async function runContained(spec: RunSpec, deps: TreeDeps): Promise<RunResult> {
  const child = spawnContained(spec, deps);
  const out = new BoundedOutput(spec.outputBytesMax);
  const errors = spec.combined === true ? out : new BoundedOutput(spec.outputBytesMax);
  const read = Promise.all([collect(child.stdout, out), collect(child.stderr, errors)]);
  child.stdin.end(spec.input ?? '');

  let stopped: 'timed out' | 'cancelled' | null = null;
  const stop = (why: 'timed out' | 'cancelled'): void => {
    if (stopped !== null) return;
    stopped = why;
    void child.killTree(spec.graceMs ?? 0);
  };
  const disarm = deps.timers.after(spec.timeoutMs, () => stop('timed out'));
  const onCancel = (): void => stop('cancelled');
  spec.cancel?.addEventListener('abort', onCancel);
  if (spec.cancel?.aborted === true) onCancel();

  const end = await child.ended;
  disarm();
  spec.cancel?.removeEventListener('abort', onCancel);
  if ((await within(read, LINGER_MS, deps.timers)) === null) {
    for (const stream of [child.stdout, child.stderr]) stream.destroy(); // R1
  }
  return {
    ...end,
    stdout: out.toBuffer(),
    stderr: spec.combined === true ? Buffer.alloc(0) : errors.toBuffer(),
    timedOut: wasStoppedBy(stopped, 'timed out'),
    cancelled: wasStoppedBy(stopped, 'cancelled'),
    truncated: Math.max(out.bytes, errors.bytes) > spec.outputBytesMax,
  };
}

function collect(stream: Readable, into: BoundedOutput): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => into.add(chunk));
    stream.on('error', () => resolve());
    stream.on('close', () => resolve());
  });
}

/** A closure sets it, which the compiler's narrowing does not see. */
function wasStoppedBy(stopped: string | null, why: string): boolean {
  return stopped === why;
}
