/**
 * One agent's process: its last words, its end, and how it is brought to one.
 *
 * P1 `end` resolves only when the whole tree is gone.
 * P2 Standard error is always read, so a talkative agent never blocks on it; the tail is kept as
 *    evidence.
 */
import { limits } from '../core/limits.ts';
import type { Timers } from '../ports/host.ts';
import type { ContainedProcess, Exit } from './needs.ts';

const tailCharsMax = 4000;

export class AgentProcess {
  readonly #child: ContainedProcess;
  readonly #timers: Timers;
  #tail = '';
  #exit: Exit | null = null;
  readonly exited: Promise<Exit>;

  constructor(child: ContainedProcess, timers: Timers, onStderr: (text: string) => void) {
    this.#child = child;
    this.#timers = timers;
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-tailCharsMax); // P2
      onStderr(text);
    });
    child.stderr.on('error', () => undefined);
    this.exited = child.exited.then((exit) => {
      this.#exit = exit;
      return exit;
    });
  }

  get stdin(): ContainedProcess['stdin'] {
    return this.#child.stdin;
  }

  get stdout(): ContainedProcess['stdout'] {
    return this.#child.stdout;
  }

  /** The end of what it wrote to standard error. */
  get lastWords(): string {
    return this.#tail.trim();
  }

  get exit(): Exit | null {
    return this.#exit;
  }

  /** Asks it to stop, gives it `graceMs`, then kills the tree. P1 */
  async end(graceMs: number): Promise<void> {
    if (this.#exit === null) {
      this.#child.terminate();
      await within(this.exited, Math.min(graceMs, limits.stopGraceMs), this.#timers);
    }
    await this.#child.killTree();
    this.#child.stdin.destroy();
  }
}

/** The value, or null when `ms` passed first. */
export function within<T>(work: Promise<T>, ms: number, timers: Timers): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => resolve(null));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
