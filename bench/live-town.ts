/**
 * A town as a person starts it: `./gt up` in a home of its own, spoken to over its API.
 *
 * L1 `stop` may be called at any stage and leaves no process.
 * L2 Nothing outside the given folder is read or written, and no git configuration but our own.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { request, Agent } from 'node:http';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '..');
const gt = join(root, 'gt');
const api = '/api/v1/towns/local';

/** Aborted when the benchmark is cut short: commands that run are asked to stop. */
export const interruption = new AbortController();

const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@example.invalid',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@example.invalid',
};

export class LiveTown {
  readonly home: string;
  readonly #folder: string;
  /** One connection, kept open, as a client that does more than one thing has. */
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #key = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.home = join(folder, name);
  }

  /** Ends when the town is healthy. */
  async up(): Promise<void> {
    await this.gt('up', '--detach', '--port', '0');
  }

  get pid(): number {
    return this.#address().pid;
  }

  get hasServer(): boolean {
    return existsSync(join(this.home, 'server.json'));
  }

  /** L1 */
  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    if (!this.hasServer) return;
    await end(this.pid);
  }

  gt(...args: readonly string[]): Promise<string> {
    return run(gt, [...args, '--json'], this.#folder, { GASTOWN_HOME: this.home, HOME: this.home });
  }

  /** Throws on anything but a success. */
  async ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.text(method, path, body));
  }

  /** The answer as it came. */
  text(method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
    const { url } = this.#address();
    const token = readFileSync(join(this.home, 'token'), 'utf8').trim();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (payload !== undefined) {
      this.#key += 1;
      headers['content-type'] = 'application/json';
      headers['idempotency-key'] = `bench-${process.pid}-${this.#key}`;
    }
    return this.#send(new URL(`${api}${path}`, url), { method, headers }, payload);
  }

  #address(): { readonly url: string; readonly pid: number } {
    return JSON.parse(readFileSync(join(this.home, 'server.json'), 'utf8'));
  }

  #send(
    url: URL,
    options: { readonly method: string; readonly headers: Record<string, string> },
    payload: string | undefined,
  ): Promise<string> {
    return new Promise((done, fail) => {
      const sent = request(url, { ...options, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) done(text);
          else fail(new Error(`${options.method} ${url.pathname}: ${statusCode} ${text}`));
        });
      });
      sent.on('error', fail);
      sent.end(payload);
    });
  }
}

/** Ends every town whose home is somewhere in the folder. */
export async function stopTownsIn(folder: string): Promise<void> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((one) => basename(one) === 'server.json')) {
    const { pid }: { pid: number } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    await end(pid);
  }
}

/** A town that is asked to stop ends what it started; one that does not stop is killed. */
async function end(pid: number): Promise<void> {
  const isGone = (): boolean => !existsSync(`/proc/${pid}`);
  if (isGone()) return;
  process.kill(pid, 'SIGTERM');
  await until(`process ${pid} ends`, isGone).catch(() => process.kill(pid, 'SIGKILL'));
}

/** A small repository with a bare remote; answers the remote's path. */
export async function makeRemote(folder: string): Promise<string> {
  const [remote, seed] = [join(folder, 'remote.git'), join(folder, 'seed')];
  await mkdir(seed);
  await writeFile(join(seed, 'README.md'), '# A small repository\n');
  const git = (...args: readonly string[]) => run('git', args, seed, gitEnv);
  await git('init', '-q', '--bare', '--initial-branch=main', remote);
  await git('init', '-q', '--initial-branch=main');
  await git('add', 'README.md');
  await git('commit', '-q', '-m', 'Begin');
  await git('push', '-q', remote, 'main');
  return remote;
}

/** Answers what it printed; throws with what it said when it does not succeed. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((done, fail) => {
    const { signal } = interruption;
    const options = { cwd, env: { ...process.env, ...gitEnv, ...env }, signal };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`${command} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

/** Asks again until it holds. Throws after `msMax`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  msMax = 30_000,
): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > msMax) throw new Error(`${what}: not within ${msMax} ms`);
    await sleep(20);
  }
}

export { root };
