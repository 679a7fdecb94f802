/**
 * A private mount namespace: what a test mounts there is seen by the commands it runs inside, and
 * by nothing else on the machine; it is gone with its last process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { running, type Ran, type TestTown } from './town.ts';

export interface PrivateMounts {
  /** Words before a command that is to run inside. */
  readonly within: readonly string[];
  sh(command: string): Promise<Ran>;
  close(): Promise<void>;
}

/** Answers why not, in words, where the machine does not allow it. */
export async function privateMounts(
  town: TestTown,
  mount: string,
): Promise<PrivateMounts | string> {
  let why = '';
  for (const [unshare, enter] of [
    [['-m'], ['-m']],
    [['-Urm'], ['-U', '--preserve-credentials', '-m']],
  ] as const) {
    const opened = await open(town, mount, unshare, enter);
    if (typeof opened !== 'string') return opened;
    why = opened;
  }
  return `private mounts are not available: ${why}`;
}

async function open(
  town: TestTown,
  mount: string,
  unshare: readonly string[],
  enter: readonly string[],
): Promise<PrivateMounts | string> {
  // It stays until its standard input is closed.
  const holder = spawn('unshare', [...unshare, 'sh', '-ec', `${mount}; echo ready; exec cat`], {
    cwd: town.folder,
    env: { ...town.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((done) => holder.on('close', () => done()));
  let said = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  holder.on('error', (error) => (said += error.message));
  const ready = await Promise.race([once(holder.stdout, 'data'), closed]);
  if (ready === undefined) return said.trim();
  const within = ['nsenter', '-t', String(holder.pid), ...enter, '--'];
  return {
    within,
    sh: (command) => {
      const words = [...within.slice(1), 'sh', '-c', command];
      return running('nsenter', words, { cwd: town.folder, env: town.env }).ended;
    },
    close: async () => {
      holder.stdin.end();
      await closed;
    },
  };
}
