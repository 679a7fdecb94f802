/**
 * For acceptance tests: the real `./gt` as a child process, in an empty home, with real git that
 * reads nobody's configuration.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const gtFile = resolve(import.meta.dirname, '../../gt');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with a home in it; `end` stops the town and removes everything, and may be repeated. */
export class Place {
  #folder: string | undefined;

  /** Made when it is first asked for: a filtered run leaves nothing behind. */
  get folder(): string {
    this.#folder ??= realpathSync(mkdtempSync(join(tmpdir(), 'gt-real-')));
    return this.#folder;
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NO_COLOR: '1',
      GASTOWN_HOME: this.home,
      HOME: this.folder,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    };
  }

  gt(args: readonly string[], stdin = ''): Promise<Ended> {
    return new Promise((done) => {
      const options = { env: this.env(), cwd: this.folder, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(gtFile, args, options, (_, out, err) => {
        done({ code: child.exitCode, out, err });
      });
      child.stdin?.on('error', () => {}); // it may refuse before it has read everything
      child.stdin?.end(stdin);
    });
  }

  /** With --json; the command must succeed. */
  async json<T>(args: readonly string[]): Promise<T> {
    const ended = await this.gt([...args, '--json']);
    if (ended.code !== 0) throw new Error(`gt ${args.join(' ')}: ${ended.err}`);
    const document: T = JSON.parse(ended.out);
    return document;
  }

  start(args: readonly string[], file = gtFile): ChildProcess {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    return spawn(file, args, { env: this.env(), cwd: this.folder, stdio: [...stdio] });
  }

  git(cwd: string, args: readonly string[]): Promise<string> {
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid'];
    return new Promise((done, fail) => {
      execFile('git', [...identity, ...args], { cwd, env: this.env() }, (error, out, err) => {
        if (error === null) done(out.trim());
        else fail(new Error(`git ${args.join(' ')}: ${err}`));
      });
    });
  }

  /** A repository with one commit on main; with a bare remote unless `alone`. */
  async repository(name: string, { alone = false } = {}): Promise<string> {
    const path = join(this.folder, name);
    mkdirSync(path);
    await this.git(path, ['init', '-q', '-b', 'main']);
    writeFileSync(join(path, 'README.md'), `# ${name}\n`);
    writeFileSync(join(path, '.gastown.json'), JSON.stringify({ gates: ['test -f README.md'] }));
    await this.git(path, ['add', '-A']);
    await this.git(path, ['commit', '-q', '-m', 'Begin']);
    if (alone) return path;
    const remote = `${path}.git`;
    await this.git(this.folder, ['clone', '-q', '--bare', path, remote]);
    await this.git(path, ['remote', 'add', 'origin', remote]);
    return path;
  }

  serverPid(): number | undefined {
    const file = join(this.home, 'server.json');
    if (!existsSync(file)) return undefined;
    const { pid }: { pid: number } = JSON.parse(readFileSync(file, 'utf8'));
    return pid;
  }

  async end(): Promise<void> {
    if (this.#folder === undefined) return;
    if (this.serverPid() !== undefined) await this.gt(['down']);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits for a condition, not for a time. */
export async function when(what: string, condition: () => boolean | Promise<boolean>, ms = 60_000) {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** What a child has printed so far, and its end. */
export function watched(child: ChildProcess): {
  readonly text: () => string;
  readonly ended: Promise<number | null>;
} {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  return { text: () => text, ended };
}
