/**
 * `$GASTOWN_HOME/server.json`: how a command finds the town of its home. Written by the host when
 * it listens, removed when it ends.
 *
 * F1 A file whose process is gone, or that cannot be read, is a town that does not run.
 * F2 No process is ever killed on the word of this file alone.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notRunning } from './problem.ts';

export interface ServerAddress {
  readonly url: string;
  readonly pid: number;
  readonly token: string;
}

/** Throws `not_running`. F1 */
export async function findServer(gastownHome: string): Promise<ServerAddress> {
  const found = await readServer(gastownHome);
  if (typeof found === 'string') throw notRunning(found);
  return found;
}

/** The address, or why there is none. F1 */
export async function readServer(gastownHome: string): Promise<ServerAddress | string> {
  const file = join(gastownHome, 'server.json');
  const read = await textOf(file);
  if (read.text === undefined) return read.why;
  const said = parsed(read.text);
  if (said === undefined) return `${file} has no address in it`;
  if (!isAlive(said.pid)) return `${file} names process ${said.pid}, which is gone`;
  const token = await textOf(join(gastownHome, 'token'));
  if (token.text === undefined) return token.why;
  return { ...said, token: token.text.trim() };
}

type Read = { readonly text: string } | { readonly text: undefined; readonly why: string };

/** A file that may not be read is not one that is missing. F1 */
async function textOf(file: string): Promise<Read> {
  try {
    return { text: await readFile(file, 'utf8') };
  } catch (thrown) {
    const { message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return { text: undefined, why: isMissing ? `${file} is not there` : message };
  }
}

/**
 * Is this process the one that holds the home? A process id may be used again; when it was started
 * is told apart where the system says it. F2
 */
export async function holdsHome(gastownHome: string, pid: number): Promise<boolean> {
  const said = await readFile(join(gastownHome, 'lock.json'), 'utf8').catch(() => '{}');
  try {
    const holder: { pid?: unknown; processStart?: unknown } = JSON.parse(said);
    if (holder.pid !== pid || typeof holder.processStart !== 'string') return false;
    return statOf(pid)[19] === holder.processStart;
  } catch {
    return false;
  }
}

/**
 * One that ended, and that nobody has asked about since, still has its id: where the first process
 * of a container does not ask, for ever.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
  try {
    return statOf(pid)[0] !== 'Z';
  } catch {
    return true; // a system that does not say
  }
}

/** What Linux says of a process, from its state on. Throws elsewhere. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function parsed(text: string): { readonly url: string; readonly pid: number } | undefined {
  try {
    const { url, pid }: { url?: unknown; pid?: unknown } = JSON.parse(text);
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined;
  } catch {
    return undefined;
  }
}
