/**
 * What the command line is given by the process it lives in. `main.ts` builds the real one; tests
 * build their own, so no command touches the process by itself.
 *
 * W1 Environment, working directory, clock and timers come from here only.
 * W2 `interrupted` aborts at Ctrl-C or SIGTERM; whatever waits listens to it.
 */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Of the running process: what children are started with. */
  readonly node: { readonly path: string; readonly version: string };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: TextSource;
  readonly interrupted: AbortSignal;
  /** Wall time in epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Unguessable; for idempotency keys. */
  token(): string;
}

export interface TextSink {
  readonly isTty: boolean;
  /** Columns of the terminal; undefined when it is none. */
  readonly columns: number | undefined;
  write(text: string): void;
}

export interface TextSource {
  readonly isTty: boolean;
  /** Everything until its end; refuses to go on beyond `bytesMax`. */
  readAll(bytesMax: number): Promise<{ readonly text: string; readonly whole: boolean }>;
  /** One line, as typed; undefined at the end of the input or when interrupted. */
  readLine(signal: AbortSignal): Promise<string | undefined>;
  /** As `readLine`, without showing what is typed. Only of a terminal. */
  readSecret(signal: AbortSignal): Promise<string | undefined>;
}
