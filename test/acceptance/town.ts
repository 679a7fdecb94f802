/**
 * A town for acceptance tests, driven as a person drives it: the real `./gt` in a temporary home,
 * real git repositories with a bare remote, and a person's empty home. What a test may do besides
 * is kill, look at processes, and ask the API.
 *
 * H1 Nothing of this machine's person is read: HOME, GASTOWN_HOME and git's configuration are the
 *    town's own. H2 `close` ends every process that names the town's folder, and nothing else.
 * H3 Nothing sleeps: `until` looks at a condition until it holds or its deadline is over.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gitEnv } from '../../tools/demo/repository.ts';

export const product = resolve(import.meta.dirname, '../..');
export const GT = join(product, 'gt');
const API = '/api/v1/towns/local';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A `gt` that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** What it has said so far, both streams. */
  said(): string;
}

export interface BeadView {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly resolution: string | null;
  readonly attempts: number;
  readonly charged: number;
  readonly rounds: number;
  readonly escalation: string | null;
  readonly mergeRequest: string | null;
  readonly attempt: string | null;
  readonly proof: { readonly commit: string; readonly by: string } | null;
  readonly failure: { readonly kind: string } | null;
}

export interface JournalView {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly why: string;
  readonly from: string | null;
  readonly to: string | null;
}

export class TestTown {
  readonly folder: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Words before each `gt`, such as those that enter a private mount namespace. */
  within: readonly string[] = [];

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'gastown-acceptance-')));
    this.home = join(this.folder, 'home');
    const person = join(this.folder, 'person');
    mkdirSync(person);
    const { PATH = '/usr/bin:/bin', TMPDIR } = process.env;
    const tmp = TMPDIR === undefined ? {} : { TMPDIR };
    this.env = { PATH, ...tmp, ...gitEnv, HOME: person, GASTOWN_HOME: this.home }; // H1
  }

  /** Runs one command to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return this.start(args, env).ended;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const [command = GT, ...words] = [...this.within, GT, ...args];
    return running(command, words, { cwd: this.folder, env: { ...this.env, ...env } });
  }

  /** The document of a command that must work. */
  async json<T>(args: readonly string[]): Promise<T> {
    const ran = await this.run([...args, '--json']);
    if (ran.code !== 0) throw new Error(`gt ${args.join(' ').slice(0, 200)}: ${ran.err}`);
    const document: T = JSON.parse(ran.out);
    return document;
  }

  async up(): Promise<{ readonly url: string; readonly pid: number }> {
    return this.json(['up', '--detach', '--port', '0']);
  }

  /** Answers the bead's id. */
  async sling(
    rig: string,
    { title, body }: { readonly title: string; readonly body: string },
    options: readonly string[] = [],
  ): Promise<string> {
    const words = ['sling', rig, title, '--body', body, '--agent', 'scripted', ...options];
    return (await this.json<BeadView>(words)).id;
  }

  bead(id: string): Promise<BeadView> {
    return this.get<BeadView>(`/beads/${id}`);
  }

  async beads(): Promise<readonly BeadView[]> {
    return this.items<BeadView>('/beads?all=true');
  }

  /** The whole journal. */
  journal(): Promise<readonly JournalView[]> {
    return this.items<JournalView>('/journal?after=0');
  }

  async items<T>(path: string): Promise<readonly T[]> {
    const all: T[] = [];
    for (let cursor: string | null = null; ;) {
      const more = cursor === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${cursor}`;
      const page: { items: readonly T[]; next: string | null } = await this.get(path + more);
      all.push(...page.items);
      cursor = page.next;
      if (cursor === null) return all;
    }
  }

  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.request('GET', path);
    if (status >= 400) throw new Error(`GET ${path}: ${status} ${body}`);
    const document: T = JSON.parse(body);
    return document;
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    const address = this.address();
    if (address === null) throw new Error('no server is listening');
    const token = readFileSync(join(this.home, 'token'), 'utf8').trim();
    const response = await fetch(`${address.url}${API}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: await response.text() };
  }

  /** Where the server listens, as far as its file says. */
  address(): { readonly url: string; readonly pid: number } | null {
    try {
      const said: { url: string; pid: number } = JSON.parse(
        readFileSync(join(this.home, 'server.json'), 'utf8'),
      );
      return said;
    } catch {
      return null;
    }
  }

  /** kill -9 of the server; resolves when it is gone. */
  async killServer(): Promise<void> {
    const pid = this.address()?.pid;
    if (pid === undefined || !kill(pid)) return;
    await until('the server is gone', () => !isAlive(pid));
  }

  /** The outermost process of every agent that runs now. */
  agents(): readonly number[] {
    const records = join(this.home, 'runner', 'processes');
    if (!existsSync(records)) return [];
    return readdirSync(records).flatMap((name) => {
      const pid = pidIn(join(records, name));
      if (pid === null) return [];
      return textOf(`/proc/${pid}/environ`).includes('GASTOWN_AGENT_ROLE=polecat') ? [pid] : [];
    });
  }

  /** Processes that name this town's folder in their command or environment, but not the server. */
  async processes(): Promise<readonly string[]> {
    const server = this.address()?.pid;
    return (await processesNaming(this.folder))
      .filter(({ pid }) => pid !== server)
      .map(({ pid, command }) => `${pid} ${command}`);
  }

  /** Stops the town in order; it may be down already. */
  async down(): Promise<void> {
    const ran = await this.run(['down', '--json']);
    if (ran.code !== 0 && ran.code !== 5) throw new Error(`gt down: ${ran.err}`);
  }

  /** H2 */
  async close(): Promise<void> {
    await until(
      'no process of the town is left',
      async () => {
        const left = await processesNaming(this.folder);
        for (const { pid } of left) kill(pid);
        return left.length === 0;
      },
      20_000,
    );
    if (process.env['GASTOWN_KEEP'] !== undefined) return;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** H3. Answers what `look` found: anything but false, null and undefined. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limitMs;
  for (let wait = 5; ; wait = Math.min(wait * 1.5, 100)) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** Starts a command in a group of its own, as a terminal does. */
export function running(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Running {
  const child = spawn(command, [...args], {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ran>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, out, err }));
  });
  return { child, ended, said: () => out + err };
}

/** Git as the person runs it; throws with its words. */
export function git(cwd: string, ...args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const env = { ...process.env, ...gitEnv };
    execFile('git', [...args], { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) done(stdout.trimEnd());
      else fail(new Error(`git ${args.join(' ')} failed: ${stderr.trim()}`));
    });
  });
}

/** What a script for the built-in agent looks like in a bead's body. */
export function script(...rounds: readonly (readonly unknown[])[]): string {
  const texts = rounds.map((steps) => steps.map((step) => JSON.stringify(step)).join('\n'));
  return `\`\`\`gastown-script\n${texts.join('\n--- round\n')}\n\`\`\`\n`;
}

/** What the journal says the statuses of all things are. */
export function replayed(journal: readonly JournalView[]): ReadonlyMap<string, string | null> {
  const statuses = new Map<string, string | null>();
  for (const { kind, id, to } of journal) statuses.set(`${kind} ${id}`, to);
  return statuses;
}

/** A zombie has ended: nobody has collected it yet. */
export function isAlive(pid: number): boolean {
  if (!existsSync('/proc/self')) return signal(pid, 0);
  return /^\d+ \(.*\) [^ZX]/s.test(textOf(`/proc/${pid}/stat`));
}

export function kill(pid: number): boolean {
  return signal(pid, 'SIGKILL');
}

export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // gone already
  }
}

async function processesNaming(
  folder: string,
): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  if (existsSync('/proc/self')) {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
      const command = textOf(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      const names = command.includes(folder) || textOf(`/proc/${name}/environ`).includes(folder);
      return names ? [{ pid: Number(name), command }] : [];
    });
  }
  const list = await new Promise<string>((done) => {
    execFile('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: 1 << 26 }, (_, out) =>
      done(out),
    );
  });
  return list.split('\n').flatMap((line) => {
    const pid = Number.parseInt(line, 10);
    return line.includes(folder) && pid !== process.pid ? [{ pid, command: line.trim() }] : [];
  });
}

function pidIn(path: string): number | null {
  try {
    const record: { pid: number | null } = JSON.parse(readFileSync(path, 'utf8'));
    return record.pid;
  } catch {
    return null; // just removed
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
