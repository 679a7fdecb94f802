/**
 * The entry of the local host: reads the environment and the words of the command line once, runs
 * the town until it is asked to stop, and ends with an exit code that says how it went.
 *
 *   main.ts [--home DIR] [--port N] [--detached]
 *
 * E1 The first SIGINT, SIGTERM or SIGHUP stops in order, at whatever stage; the second at once.
 * E2 A start that fails prints its problem, for people and as one line of JSON for programs.
 */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { availableParallelism, homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotStart, startProblemOf, written, type StartProblem } from './start-problem.ts';

const product = resolve(import.meta.dirname, '../../..');

interface Words {
  readonly home: string;
  readonly port: number | undefined;
  readonly detached: boolean;
}

process.exit(await main());

async function main(): Promise<number> {
  let words: Words | null = null;
  try {
    words = wordsOf(process.argv.slice(2));
    return await run(words);
  } catch (error) {
    const home = words?.home ?? defaultHome();
    const address = `127.0.0.1:${words?.port ?? 7717}`;
    return gaveUp(startProblemOf(error, home, address));
  }
}

async function run({ home, port, detached }: Words): Promise<number> {
  enableCompileCache(join(home, 'cache'));
  const { NodeHost, Stopped } = await import('./serve.ts');
  const host = new NodeHost({
    home,
    port,
    version: versionOf(),
    product,
    personHome: homedir(),
    env: process.env,
    // Not what we are tested with: an agent or a gate would find our tools where it has none.
    searchPath: [dirname(process.execPath)],
    cores: availableParallelism(),
    pid: process.pid,
    node: process.execPath,
    platform: process.platform,
    echo: detached ? undefined : (line) => process.stderr.write(line),
  });
  const failed = { by: false };
  onSignals(() => void host.stop()); // E1
  process.on('uncaughtException', (error) => {
    failed.by = true;
    process.stderr.write(`gastown stops after a bug of its own: ${error.message}\n`);
    void host.failed(error);
  });
  try {
    const { url } = await host.start();
    if (!detached) process.stdout.write(`gastown is ready at ${url} (${home})\n`);
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  }
  if (!host.stopping.aborted) {
    await new Promise((done) => host.stopping.addEventListener('abort', done, { once: true }));
  }
  await host.stop();
  return failed.by ? 1 : 0;
}

/** E1 */
function onSignals(stop: () => void): void {
  let asked = false;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      if (asked) process.exit(128 + number);
      asked = true;
      stop();
    });
  }
}

function wordsOf(args: readonly string[]): Words {
  const options = {
    home: { type: 'string' },
    port: { type: 'string' },
    detached: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    const { home = defaultHome(), detached = false } = values;
    return { home: resolve(home), port: portOf(values.port), detached };
  } catch (error) {
    throw wrongWords(error instanceof Error ? error.message : String(error));
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Error(`--port takes a number from 0 to 65535, not ${text}`);
}

function wrongWords(evidence: string): CannotStart {
  return new CannotStart({
    kind: 'usage',
    what: 'The host does not understand these words.',
    evidence,
    next: 'main.ts [--home DIR] [--port N] [--detached]',
    exitCode: 2,
  });
}

function defaultHome(): string {
  const given = process.env['GASTOWN_HOME'] ?? '';
  return given === '' ? join(homedir(), '.gastown') : given;
}

function versionOf(): string {
  const text = readFileSync(join(product, 'package.json'), 'utf8');
  const parsed: { version?: unknown } = JSON.parse(text);
  return typeof parsed.version === 'string' ? parsed.version : '0.0.0';
}

/** E2 */
function gaveUp(problem: StartProblem): number {
  process.stderr.write(written(problem));
  if (!process.stderr.isTTY) process.stderr.write(`${JSON.stringify({ problem })}\n`);
  return problem.exitCode;
}
