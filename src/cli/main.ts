/**
 * The door of `gt`: the only file of the command line that reads the process. It answers
 * `--version` by itself and loads everything else only when a command is chosen.
 *
 * M1 Ctrl-C and SIGTERM abort what runs and let it clean up; the second one ends at once.
 * M2 A closed pipe (`gt feed | head`) is an end, not an error.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import type { TextSink, TextSource, World } from './world.ts';

const argv = process.argv.slice(2);
if (argv[0] === '--version' || argv[0] === '-V') {
  process.stdout.write(`${version(argv.includes('--json'))}\n`);
} else {
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(argv, realWorld());
}

function version(json: boolean): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: number }: { version: string } = JSON.parse(manifest);
  return json ? JSON.stringify({ version: number, node: process.version }) : number;
}

function realWorld(): World {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(130); // M1
      interrupted.abort();
    });
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    node: { path: process.execPath, version: process.version },
    stdout: sink(process.stdout, 1),
    stderr: sink(process.stderr, 2),
    stdin: source(),
    interrupted: interrupted.signal,
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((done) => {
        if (signal?.aborted === true) return done();
        const timer = setTimeout(finish, ms);
        signal?.addEventListener('abort', finish, { once: true });
        function finish(): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', finish);
          done();
        }
      }),
    token: () => randomBytes(12).toString('hex'),
  };
}

function sink(stream: NodeJS.WriteStream, fd: number): TextSink {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // M2
    throw error;
  });
  return {
    isTty: isatty(fd),
    columns: isatty(fd) && stream.columns > 0 ? stream.columns : undefined,
    write: (text) => stream.write(text),
  };
}

/** Unseen: the terminal's own echo is off while readline draws into nothing. */
async function oneLine(signal: AbortSignal, unseen: boolean): Promise<string | undefined> {
  if (unseen && process.stdin.isTTY) process.stdin.setRawMode(true); // before anything is awaited
  const { createInterface } = await import('node:readline');
  const { Writable } = await import('node:stream');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const shown = unseen ? { output: nowhere, terminal: true } : {};
  const lines = createInterface({ input: process.stdin, ...shown });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  signal.addEventListener('abort', () => lines.close(), { once: true });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
  }
}

function source(): TextSource {
  return {
    isTty: isatty(0),
    async readAll(bytesMax) {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of process.stdin) {
        chunks.push(Buffer.from(chunk));
        bytes += chunks.at(-1)?.length ?? 0;
        if (bytes > bytesMax) return { text: '', whole: false };
      }
      return { text: Buffer.concat(chunks).toString('utf8'), whole: true };
    },
    readLine: (signal) => oneLine(signal, false),
    readSecret: (signal) => oneLine(signal, true),
  };
}
