/**
 * The town of the demonstration, driven as a person would drive it: by `./gt`, in a home of its
 * own.
 *
 * N1 Every step is a command of the real `gt`; nothing is done behind its back.
 * N2 `down` may be called at any stage, also after an interrupted start, and leaves no process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { DemoTask } from './tasks.ts';
import { gitEnv } from './repository.ts';

const GT = resolve(import.meta.dirname, '../../gt');

export interface Landed {
  readonly bead: string;
  readonly commit: string;
  readonly attempts: number;
  readonly rounds: number;
  readonly gates: readonly { readonly gate: string; readonly result: string }[];
  readonly after: readonly string[];
  /** Of its pull request; null without a forge. */
  readonly pullRequest: number | null;
}

interface Deps {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

interface Bead {
  readonly id: string;
  readonly status: string;
  readonly resolution: string | null;
  readonly attempts: number;
  readonly rounds: number;
  readonly after: readonly string[];
  readonly escalation: string | null;
  readonly proof: { readonly commit: string } | null;
  readonly change: {
    readonly gates: readonly { gate: string; result: string }[];
    readonly pr: { readonly number: number | null } | null;
  } | null;
}

interface Event {
  readonly kind: string;
  readonly id: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly why: string;
}

export class DemoTown {
  readonly home: string;
  readonly #deps: Deps;
  #started = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.home = join(deps.folder, 'home');
  }

  async up(): Promise<void> {
    this.#started = true;
    const { url }: { url: string } = await this.#gt(['up', '--detach']);
    this.#deps.say(`the town is up at ${url}`);
  }

  async addRig(name: string, path: string): Promise<void> {
    interface Step {
      readonly name: string;
      readonly command: string;
    }
    interface Rig {
      readonly report: { readonly setup: readonly Step[]; readonly gates: readonly Step[] } | null;
    }
    const { report }: Rig = await this.#gt(['rig', 'add', name, path, '--yes']);
    const found = (steps: readonly Step[] | undefined): string =>
      (steps ?? []).map(({ command }) => `"${command}"`).join(', ');
    this.#deps.say(`rig ${name}: setup ${found(report?.setup)}, gates ${found(report?.gates)}`);
  }

  /** The forge is named, and the town given a token for it, before its rig is added. */
  async login({ origin, token }: { readonly origin: string; readonly token: string }) {
    await this.#gt(['config', 'set', 'forge.instances', `github=${origin}`]);
    await this.#gt(['config', 'set', 'autoMerge', 'true']);
    await this.#gt(['forge', 'login', '--url', origin, '--token-stdin'], token);
    this.#deps.say(`the town has a token for the forge at ${origin}`);
  }

  async webhook(rig: string): Promise<{ readonly url: string; readonly secret: string }> {
    return await this.#gt(['forge', 'webhook', rig]);
  }

  /** Answers the bead's id. */
  async sling(rig: string, { title, body }: DemoTask, after: readonly string[] = []) {
    const options = [
      '--body',
      body,
      '--agent',
      'scripted',
      ...after.flatMap((id) => ['--after', id]),
    ];
    const { id }: Bead = await this.#gt(['sling', rig, title, ...options]);
    const waits = after.length === 0 ? '' : ` (after ${after.join(', ')})`;
    this.#deps.say(`${id}  slung: ${title}${waits}`);
    return id;
  }

  /** Shows what happens until all are closed. Throws as soon as one cannot be. */
  async untilClosed(beads: readonly string[]): Promise<void> {
    const open = new Set(beads);
    const feed = this.#spawn(['feed', '--after', '0', '--json'], 'ignore');
    const ended = endOf(feed);
    try {
      const lines = feed.stdout === null ? [] : createInterface({ input: feed.stdout });
      for await (const line of lines) {
        const event: Event = JSON.parse(line);
        this.#show(event);
        if (event.kind === 'escalation') throw new Error(await this.#why(beads));
        if (event.kind !== 'bead' || event.from === event.to) continue;
        if (event.to === 'failed') throw new Error(await this.#why([event.id]));
        if (event.to === 'closed') open.delete(event.id);
        if (open.size === 0) return;
      }
      throw new Error('the feed ended before everything had landed');
    } finally {
      feed.kill('SIGTERM');
      await ended;
    }
  }

  async landed(id: string): Promise<Landed> {
    const bead: Bead = await this.#gt(['bead', 'show', id]);
    if (bead.resolution !== 'merged' || bead.proof === null) {
      throw new Error(`${id} is ${bead.resolution ?? bead.status}, not merged`);
    }
    const { attempts, rounds, after } = bead;
    const gates = (bead.change?.gates ?? []).map(({ gate, result }) => ({ gate, result }));
    const pullRequest = bead.change?.pr?.number ?? null;
    return { bead: id, commit: bead.proof.commit, attempts, rounds, gates, after, pullRequest };
  }

  /** N2 */
  async down(): Promise<void> {
    if (!this.#started) return;
    const file = join(this.home, 'server.json');
    if (!existsSync(file)) return;
    const { pid }: { pid: number } = JSON.parse(readFileSync(file, 'utf8'));
    const child = spawn(GT, ['down', '--json'], {
      env: this.#env(),
      stdio: 'ignore',
      detached: true,
    });
    if ((await endOf(child)) !== 0) kill(pid);
  }

  #show({ kind, id, from, to, why }: Event): void {
    if (from === to || to === null || !['bead', 'merge_request', 'attempt'].includes(kind)) return;
    const change = from === null ? to : `${from} → ${to}`;
    this.#deps.say(`${id.padEnd(10)}  ${change.padEnd(32)} ${why}`.trimEnd());
  }

  async #why(beads: readonly string[]): Promise<string> {
    const said: string[] = [];
    for (const bead of beads) {
      const answer: { subject: { status: string }; answer: Record<string, string> } =
        await this.#gt(['why', bead]);
      const { what, evidence, next } = answer.answer;
      said.push(
        `${bead} ${answer.subject.status}: ${what}\n  evidence: ${evidence}\n  next: ${next}`,
      );
    }
    return said.join('\n');
  }

  /** Runs one command, with something on its standard input; its document is the answer. */
  async #gt<T>(args: readonly string[], input = ''): Promise<T> {
    this.#deps.signal.throwIfAborted();
    const child = this.#spawn([...args, '--json']);
    child.stdin?.on('error', () => {}); // it ended without reading; its exit code says why
    child.stdin?.end(input);
    const [out, errors] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      endOf(child),
    ]);
    this.#deps.signal.throwIfAborted();
    if (child.exitCode !== 0) throw new Error(`gt ${args.slice(0, 2).join(' ')}: ${errors.trim()}`);
    const answer: T = JSON.parse(out);
    return answer;
  }

  /** In a group of its own: Ctrl-C in the terminal reaches it through us, once. */
  #spawn(args: readonly string[], stderr: 'pipe' | 'ignore' = 'pipe'): ChildProcess {
    const child = spawn(GT, args, {
      env: this.#env(),
      stdio: ['pipe', 'pipe', stderr],
      detached: true,
    });
    const { signal } = this.#deps;
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    child.on('exit', () => signal.removeEventListener('abort', stop));
    return child;
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, ...gitEnv, GASTOWN_HOME: this.home };
  }
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    child.on('error', () => done(null));
    child.on('close', (code) => done(code));
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  if (stream === null) return '';
  let text = '';
  stream.setEncoding('utf8');
  for await (const part of stream) text += String(part);
  return text;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
