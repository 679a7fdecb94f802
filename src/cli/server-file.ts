/**
 * `$GASTOWN_HOME/server.json`: how a command finds the town of its home. Written by the host when
 * it listens, removed when it ends.
 *
 * F1 A file whose process is gone, or that cannot be read, is a town that does not run.
 */
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
  if (typeof found === 'string') throw notRunning(gastownHome, found);
  return found;
}

/** The address, or why there is none. F1 */
export async function readServer(gastownHome: string): Promise<ServerAddress | string> {
  const file = join(gastownHome, 'server.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return `${file} is not there`;
  const said = parsed(text);
  if (said === undefined) return `${file} cannot be read`;
  if (!isAlive(said.pid)) return `${file} names process ${said.pid}, which is gone`;
  const token = await readFile(join(gastownHome, 'token'), 'utf8').catch(() => undefined);
  if (token === undefined) return `${join(gastownHome, 'token')} is not there`;
  return { ...said, token: token.trim() };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

function parsed(text: string): { readonly url: string; readonly pid: number } | undefined {
  try {
    const { url, pid }: { url?: unknown; pid?: unknown } = JSON.parse(text);
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined;
  } catch {
    return undefined;
  }
}
