/**
 * Starting and stopping the host process of a home: the town, its API and its runner.
 *
 * H1 It is a process group of its own: Ctrl-C in a terminal reaches `gt`, which asks it to stop.
 * H2 Started means listening and ready, as its own health says; a start that fails says in the
 *    host's words why.
 * H3 A second start in a home that has a town changes nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HealthResource } from '../protocol/http.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { failure, Interrupted, refused, Stop, type Problem } from './problem.ts';
import { isAlive, readServer, type ServerAddress } from './server-file.ts';
import type { Context } from './spec.ts';

const LOOK_AGAIN_MS = 25;
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;
const SAID_BYTES_MAX = 4_000;
/**
 * A town mostly waits: a small young generation saves 25 MB and costs nothing measurable, and V8's
 * memory reducer would wake an idle process every 8 s to find that nothing was allocated.
 */
const IDLE_FLAGS = ['--max-semi-space-size=2', '--no-memory-reducer'];

export interface StartedHost {
  readonly server: ServerAddress;
  readonly child: ChildProcess;
  readonly log: string;
}

/** Starts it and waits until it is ready. H2 */
export async function startHost(
  context: Context,
  { port }: { readonly port: number | undefined },
): Promise<StartedHost> {
  const { gastownHome, world } = context;
  const running = await readServer(gastownHome);
  if (typeof running !== 'string' && (await answers(running))) {
    throw alreadyRunning(gastownHome, running); // H3
  }
  const log = join(gastownHome, 'logs', 'start.log');
  const { child, from } = await spawnHost(context, log, port);
  const ended = new Promise<number | null>((done) => {
    child.on('error', () => done(null));
    child.on('exit', (code) => done(code));
  });
  let code: number | null | undefined;
  void ended.then((value) => (code = value));
  for (const start = world.now(); ; await world.sleep(LOOK_AGAIN_MS, world.interrupted)) {
    if (code !== undefined) throw await startFailed(log, from, code);
    const server = await readServer(gastownHome);
    if (typeof server !== 'string' && server.pid === child.pid && (await isReady(server))) {
      return { server, child, log };
    }
    const late = world.now() - start > READY_MS_MAX;
    if (!late && !world.interrupted.aborted) continue;
    child.kill('SIGTERM');
    const gone = new AbortController(); // a timer left behind would keep `gt` itself from ending
    void ended.then(() => gone.abort());
    await world.sleep(STOP_MS_MAX, gone.signal);
    child.kill('SIGKILL'); // a stop that does not come to its end; the next start recovers
    await ended;
    if (world.interrupted.aborted) throw new Interrupted();
    throw notReady(log);
  }
}

/** Waits until the process is gone. Answers false when it still is there after `ms`. */
export async function waitGone({ world }: Context, pid: number, ms: number): Promise<boolean> {
  for (const start = world.now(); isAlive(pid); await world.sleep(LOOK_AGAIN_MS)) {
    if (world.now() - start > ms) return false;
  }
  return true;
}

export async function healthOf(server: ServerAddress): Promise<HealthResource | string> {
  try {
    const response = await fetch(new URL('/health', server.url), {
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    });
    const health: HealthResource = JSON.parse(await response.text());
    return health;
  } catch (thrown) {
    const { cause, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return cause instanceof Error ? cause.message : message;
  }
}

/** Is it the process that wrote the address? A process id may be used again. */
async function answers(server: ServerAddress): Promise<boolean> {
  const health = await healthOf(server);
  return typeof health !== 'string' && health.pid === server.pid;
}

async function isReady(server: ServerAddress): Promise<boolean> {
  const health = await healthOf(server);
  return typeof health !== 'string' && health.ready;
}

/** H1 */
async function spawnHost(
  { gastownHome, world }: Context,
  log: string,
  port: number | undefined,
): Promise<{ readonly child: ChildProcess; readonly from: number }> {
  try {
    await makeFolder(dirname(log));
    await using file = await open(log, 'a', 0o600);
    const { size: from } = await file.stat();
    const main = fileURLToPath(new URL('../hosts/node/main.ts', import.meta.url));
    const flags = ['--detached', ...(port === undefined ? [] : ['--port', String(port)])];
    const child = spawn(
      world.node.path,
      ['--disable-warning=ExperimentalWarning', ...IDLE_FLAGS, main, ...flags],
      {
        cwd: gastownHome,
        env: { ...world.env, GASTOWN_HOME: gastownHome },
        stdio: ['ignore', file.fd, file.fd],
        detached: true,
      },
    );
    return { child, from };
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    throw cannotWrite(gastownHome, thrown.code === 'ENOSPC', thrown.message);
  }
}

/** One level at a time: a recursive `mkdir` never comes back from places such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    await mkdir(folder, { mode: 0o700 }).catch((thrown: unknown) => {
      if (!existsSync(folder)) throw thrown; // another start made it meanwhile
    });
  }
}

async function startFailed(log: string, from: number, code: number | null): Promise<Stop> {
  const said = await saidSince(log, from);
  const problem = problemIn(said);
  if (problem !== undefined) return new Stop(startCode(code), problem);
  const { bavail, bsize } = await statfs(dirname(log));
  const room = bavail * bsize;
  if (room < SAID_BYTES_MAX) {
    // Its last words had no room either.
    return cannotWrite(dirname(dirname(log)), true, `${room} bytes are left on its disk`);
  }
  const evidence = said.trim().slice(-SAID_BYTES_MAX) || `it ended with ${code ?? 'a signal'}`;
  return failure('start_failed', 'the town did not start', evidence, `read ${log}`);
}

function cannotWrite(gastownHome: string, isFull: boolean, evidence: string): Stop {
  return failure(
    isFull ? 'disk_full' : 'home_not_writable',
    isFull ? `the disk of ${gastownHome} is full` : `the home ${gastownHome} cannot be written`,
    evidence,
    `${isFull ? 'make room on it' : 'make it writable'}, or name another home with GASTOWN_HOME`,
  );
}

/** The host ends with the codes of the command line. */
function startCode(code: number | null): ExitCode {
  return Object.values(exitCodes).find((known) => known !== 0 && known === code) ?? 1;
}

async function saidSince(log: string, from: number): Promise<string> {
  const { size } = await stat(log);
  const text = await readFile(log);
  return text.subarray(Math.min(from, size)).toString('utf8');
}

/** The host's last words when it gave up: a line `{"problem": {…}}`. */
function problemIn(said: string): Problem | undefined {
  for (const line of said.split('\n').toReversed()) {
    if (!line.startsWith('{"problem"')) continue;
    try {
      const { problem }: { problem?: Partial<Problem> } = JSON.parse(line);
      if (typeof problem?.what !== 'string') continue;
      const { kind = 'start_failed', what, evidence = '', next = '' } = problem;
      return { kind, what, evidence, next };
    } catch {
      continue; // cut off in the middle
    }
  }
  return undefined;
}

function alreadyRunning(gastownHome: string, server: ServerAddress): Stop {
  return refused(
    'already_running',
    `a town is already running in ${gastownHome}`,
    `process ${server.pid} at ${server.url}`,
    'Use it: gt status. Or stop it first: gt down',
  );
}

function notReady(log: string): Stop {
  const evidence = `it was not ready after ${READY_MS_MAX / 1000} s`;
  return failure('start_failed', 'the town did not start', evidence, `read ${log}`);
}
