/**
 * One agent's process: its last words, its end, and how it is brought to one.
 *
 * P1 `end` resolves only when the whole tree is gone.
 * P2 Standard error is always read, so a talkative agent never blocks on it; the tail is kept as
 *    evidence.
 */
import type { ContainedChild, ContainedEnd } from './sandbox.ts';

const tailCharsMax = 4000;

export class AgentProcess {
  readonly #child: ContainedChild;
  #tail = '';
  /** Resolves when the agent and everything it started is gone. */
  readonly ended: Promise<ContainedEnd>;

  constructor(child: ContainedChild, onStderr: (text: string) => void) {
    this.#child = child;
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-tailCharsMax); // P2
      onStderr(text);
    });
    child.stderr.on('error', () => undefined);
    this.ended = child.ended;
  }

  get stdin(): ContainedChild['stdin'] {
    return this.#child.stdin;
  }

  get stdout(): ContainedChild['stdout'] {
    return this.#child.stdout;
  }

  /** The end of what it wrote to standard error. */
  get lastWords(): string {
    return this.#tail.trim();
  }

  /** Asks it to stop, gives it `graceMs`, then kills the tree. P1 */
  async end(graceMs: number): Promise<void> {
    await this.#child.killTree(graceMs);
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
  }
}
