/** The host as a process: starts, refusals, stops at every stage, and what a kill leaves. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../src/cli/server-file.ts';
import { openSqlite } from '../../src/hosts/node/sqlite.ts';
import type { HealthResource } from '../../src/protocol/http.ts';

const main = resolve(import.meta.dirname, '../../src/hosts/node/main.ts');

let root = '';
let home = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gastown-process-'));
  home = join(root, 'home');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
  }
  rmSync(root, { recursive: true, force: true });
});

const env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

function start(words: readonly string[], wrap: readonly string[] = []): Run {
  const [command = '', ...args] = [...wrap, process.execPath, main, ...words];
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
  return { child, said: () => text, ended };
}

const up = (...words: string[]): Run => start(['--home', home, '--port', '0', ...words]);

interface Address {
  readonly url: string;
  readonly pid: number;
}

function address(): Address | null {
  try {
    return JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'));
  } catch {
    return null;
  }
}

async function until<T>(look: () => Promise<T | null> | T | null, what: () => string): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`it never came: ${what()}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

async function health(): Promise<HealthResource | null> {
  const found = address();
  if (found === null) return null;
  try {
    const signal = AbortSignal.timeout(2000);
    return JSON.parse(await (await fetch(`${found.url}/health`, { signal })).text());
  } catch {
    return null;
  }
}

const ready = (run: Run) =>
  until(
    async () => {
      const found = await health();
      return found?.ready === true && found.pid === run.child.pid ? found : null;
    },
    () => `${run.said()} ${JSON.stringify(address())}`,
  );

describe('a host', () => {
  test('starts, says so, and stops at SIGTERM leaving nothing but its home', async () => {
    const run = up();
    await ready(run);
    expect(run.said()).toContain('gastown is ready at http://127.0.0.1:');
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(join(home, 'server.json'))).toBe(false);
    expect(existsSync(join(home, 'town.sqlite-wal'))).toBe(false);
  });

  test('stops when it is asked over the API', async () => {
    const run = up('--detached');
    await ready(run);
    const token = readFileSync(join(home, 'token'), 'utf8').trim();
    const answer = await fetch(`${address()?.url}/api/v1/towns/local/shutdown`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ ready: false, phase: 'stopping' });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.said()).toBe('');
  });

  test('is refused while another runs in the same home, which goes on', async () => {
    const first = up();
    await ready(first);
    const second = up();
    expect((await second.ended).code).toBe(4);
    expect(second.said()).toContain('already running');
    expect(second.said()).toContain(String(first.child.pid));
    expect((await health())?.pid).toBe(first.child.pid);
  });

  test('of two that start at the same moment, one runs and one is refused', async () => {
    const runs = [up(), up()];
    const loser = await Promise.race(runs.map(async (run) => ({ run, end: await run.ended })));
    expect(loser.end.code).toBe(4);
    const winner = runs.find((run) => run !== loser.run);
    if (winner !== undefined) await ready(winner);
  });

  test('takes over at once what a killed one left', async () => {
    const first = up();
    await ready(first);
    first.child.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    expect(address()?.pid).toBe(first.child.pid); // left behind
    const second = up();
    await ready(second);
    expect(address()?.pid).toBe(second.child.pid);
  });

  test('says which port is in use, and takes another when none was asked for', async () => {
    const server = createServer();
    const port = await new Promise<number>((done) => {
      server.listen(0, '127.0.0.1', () => {
        const bound = server.address();
        done(typeof bound === 'object' && bound !== null ? bound.port : 0);
      });
    });
    const run = start(['--home', home, '--port', String(port)]);
    expect((await run.ended).code).toBe(1);
    expect(run.said()).toContain(`127.0.0.1:${port}`);
    expect(run.said()).toContain('next:');
    expect(JSON.parse(run.said().trim().split('\n').at(-1) ?? '')).toMatchObject({
      problem: { kind: 'port_in_use' },
    });
    server.close();
    expect(existsSync(join(home, 'server.json'))).toBe(false);
  });

  test('refuses a database from a newer version and leaves it as it is', async () => {
    const first = up();
    await ready(first);
    first.child.kill('SIGTERM');
    await first.ended;
    const sql = openSqlite(join(home, 'town.sqlite'));
    sql.transaction((tx) => tx.run('insert into migrations (version, at) values (999, 0)'));
    sql.close();
    const second = up();
    expect((await second.ended).code).toBe(4);
    expect(second.said()).toContain('newer version');
    expect(second.said()).toContain('999');
  });

  test('in a home that is a file, or cannot be made, says so', async () => {
    writeFileSync(home, 'not a directory');
    const run = up();
    expect((await run.ended).code).toBe(1);
    expect(run.said()).toContain('next:');
  });

  test.each([['--port', 'many'], ['--port', '70000'], ['--colour'], ['extra']])(
    'does not understand %s %s',
    async (...words) => {
      const run = start(['--home', home, ...words]);
      expect((await run.ended).code).toBe(2);
      expect(run.said()).toContain('main.ts [--home DIR]');
      expect(existsSync(home)).toBe(false);
    },
  );
});

describe('a stop', () => {
  const onLinux = existsSync('/proc/self/stat');
  test.skipIf(!onLinux)(
    'is over when the process ended, asked about or not (needs /proc)',
    async () => {
      const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], { stdio: 'pipe' });
      children.push(parent);
      let said = '';
      parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const pid = await until(
        () => (said.includes('\n') ? Number(said) : null),
        () => said,
      );
      await until(
        () => (isAlive(pid) ? null : true),
        () => `${pid} stays`,
      );
      expect(existsSync(`/proc/${pid}`)).toBe(true); // not yet reaped
    },
  );

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s at any moment of a start ends in order, and the home starts again',
    async (signal) => {
      const moments = [60, 120, 180, 260, 340];
      for (const moment of moments) {
        const run = up();
        await new Promise((done) => setTimeout(done, moment)); // the moment is what is tested
        run.child.kill(signal);
        const end = await run.ended;
        // Before the handlers are there, the signal ends the process by itself.
        const orderly = end.code === 0 || end.signal === signal;
        const seen = orderly ? 'orderly' : `${moment} ms: ${JSON.stringify(end)} ${run.said()}`;
        expect(seen).toBe('orderly');
        expect(end.code === 0 ? address() : null).toBe(null);
      }
      const after = up();
      await ready(after);
      after.child.kill(signal);
      expect((await after.ended).code).toBe(0);
    },
  );
});

// A disk of our own needs a mount namespace of our own; not every machine gives one.
const mounts = spawnSync('unshare', ['-rm', 'true']).status === 0;
const noMounts = mounts ? '' : ' (needs `unshare -rm`, which this machine refuses)';
describe.skipIf(!mounts)(`a disk${noMounts}`, () => {
  const inMount = (options: string): string[] => [
    'unshare',
    '-rm',
    'sh',
    '-c',
    `mount -t tmpfs -o ${options} tmpfs "$1" && shift && exec "$@"`,
    'sh',
    join(root, 'disk'),
  ];
  beforeEach(() => {
    mkdirSync(join(root, 'disk'));
    home = join(root, 'disk', 'home');
  });

  test('that is read-only is named, with what to do', async () => {
    const run = start(['--home', home, '--port', '0'], inMount('ro'));
    expect((await run.ended).code).toBe(1);
    expect(run.said()).toContain('cannot be written');
    expect(run.said()).toContain('GASTOWN_HOME');
  });

  test('that is full is named, with what to do', async () => {
    const run = start(['--home', home, '--port', '0'], inMount('size=100k'));
    expect((await run.ended).code).toBe(1);
    expect(run.said()).toContain('is full');
    expect(run.said()).toContain('next:');
  });
});
