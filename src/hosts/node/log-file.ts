/**
 * The server's log: one JSON object a line, in files of bounded size.
 *
 * L1 A full disk must not stop the town: a line that cannot be written is dropped.
 * L2 What looks like a secret by its name is not written.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { Clock, Log } from '../../ports/host.ts';

const BYTES_MAX = 5 * 1024 * 1024;
const FILES_MAX = 3;
const LINE_CHARS_MAX = 16_000;
const SECRET = /token|secret|password|authorization|cookie|key$/i;

export interface FileLogOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Also told, for a terminal; undefined when detached. */
  readonly echo?: ((line: string) => void) | undefined;
  readonly bytesMax?: number;
}

export class FileLog implements Log {
  readonly #options: FileLogOptions;
  #bytes: number;

  constructor(options: FileLogOptions) {
    this.#options = options;
    this.#bytes = sizeOf(options.path);
  }

  info(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#write('info', event, data);
  }

  error(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#write('error', event, data);
  }

  #write(level: string, event: string, data: Readonly<Record<string, unknown>>): void {
    const at = new Date(this.#options.clock.now()).toISOString();
    const text = JSON.stringify({ at, level, event, ...data }, hidden).slice(0, LINE_CHARS_MAX);
    const line = `${text}\n`;
    if (level === 'error') this.#options.echo?.(line);
    try {
      const { path, bytesMax = BYTES_MAX } = this.#options;
      if (this.#bytes + line.length > bytesMax) this.#rotate(path);
      appendFileSync(path, line, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(line);
    } catch {
      // L1
    }
  }

  /** server.log → server.log.1 → server.log.2; the oldest is overwritten. */
  #rotate(path: string): void {
    for (let number = FILES_MAX - 1; number > 0; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      if (sizeOf(from) > 0) renameSync(from, `${path}.${number}`);
    }
    this.#bytes = 0;
  }
}

/** L2 */
function hidden(name: string, value: unknown): unknown {
  return typeof value === 'string' && SECRET.test(name) ? '‹secret›' : value;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
