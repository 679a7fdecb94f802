/**
 * The town's home on disk: one directory, private to its person, with everything in it.
 *
 * M1 One process at a time: it holds a lock that the system itself lets go of when the process
 *    ends in whatever way, so no lock is ever stale. Who holds it stands beside it for people.
 * M2 The token is made once, is readable by its person only, and is repaired if it is not.
 * M4 The key of the secrets is made once, beside the database and never in it; a copy of the
 *    database alone tells nothing. One that was changed by hand is refused, not replaced.
 * M3 `server.json` is there exactly while a server listens; it is written whole or not at all.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Random } from '../../ports/host.ts';
import { CannotStart, codeOf, heldProblem } from './start-problem.ts';

const TOKEN_CHARS = 48;

export interface ServerAddress {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
}

export interface Holder {
  readonly pid: number;
  /** When that process started, in the system's own words: a pid may be used again. */
  readonly processStart: string | null;
  readonly since: string;
}

export interface HomePaths {
  readonly root: string;
  readonly database: string;
  readonly token: string;
  readonly key: string;
  readonly address: string;
  readonly lock: string;
  readonly holder: string;
  readonly log: string;
  readonly cache: string;
}

export function homePaths(root: string): HomePaths {
  return {
    root,
    database: join(root, 'town.sqlite'),
    token: join(root, 'token'),
    key: join(root, 'key'),
    address: join(root, 'server.json'),
    lock: join(root, 'lock'),
    holder: join(root, 'lock.json'),
    log: join(root, 'logs', 'server.log'),
    cache: join(root, 'cache'),
  };
}

/** Makes the home if it is not there. Its own directory is private; those above are not ours. */
export function makeHome(paths: HomePaths): void {
  makeDirectory(paths.root);
  chmodSync(paths.root, 0o700);
  makeDirectory(join(paths.root, 'logs'));
}

/** One level at a time: a recursive `mkdir` hides why a level could not be made. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    makeDirectory(parent);
    mkdirSync(path, { mode: 0o700 });
  }
}

export interface HomeLock {
  release(): void;
}

/** Throws `CannotStart` while another process holds it. M1 */
export function takeLock(paths: HomePaths, holder: Holder): HomeLock {
  const db = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    chmodSync(paths.lock, 0o600);
    db.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    db.close();
    const busy = error instanceof Error && 'errcode' in error && Number(error.errcode) === 5;
    if (!busy) throw error;
    throw new CannotStart(heldProblem(paths.root, heldBy(paths)));
  }
  writeWhole(paths.holder, `${JSON.stringify(holder)}\n`);
  return {
    release() {
      rmSync(paths.holder, { force: true });
      if (db.isOpen) db.close();
    },
  };
}

/** The text of the file, made first if there is none. M2 */
export function readToken(paths: HomePaths, random: Random): string {
  try {
    writeFileSync(paths.token, `${random.token(TOKEN_CHARS)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  if ((statSync(paths.token).mode & 0o077) !== 0) chmodSync(paths.token, 0o600);
  const token = readFileSync(paths.token, 'utf8').trim();
  if (token.length >= TOKEN_CHARS / 2) return token;
  const fresh = random.token(TOKEN_CHARS); // emptied by a full disk or by hand
  writeWhole(paths.token, `${fresh}\n`);
  return fresh;
}

const KEY_BYTES = 32;

/** M4. 32 bytes, made at the first use. */
export function readKey(paths: HomePaths): Uint8Array<ArrayBuffer> {
  // Whole or not at all: half a key, from a full disk, would look like one that was changed.
  if (!existsSync(paths.key)) writeWhole(paths.key, randomBytes(KEY_BYTES));
  if ((statSync(paths.key).mode & 0o077) !== 0) chmodSync(paths.key, 0o600);
  const key = Uint8Array.from(readFileSync(paths.key));
  if (key.length === KEY_BYTES) return key;
  throw new CannotStart({
    kind: 'key_damaged',
    what: 'The key of the stored credentials is not as it was made.',
    evidence: `${paths.key} has ${key.length} bytes, not ${KEY_BYTES}`,
    next: `Put the file back from a copy; or remove it, and give every token again: gt forge login`,
    exitCode: 1,
  });
}

/** M3 */
export function writeAddress(paths: HomePaths, address: ServerAddress): void {
  writeWhole(paths.address, `${JSON.stringify(address)}\n`);
}

/** M3 */
export function removeAddress(paths: HomePaths): void {
  rmSync(paths.address, { force: true });
}

function heldBy(paths: HomePaths): string {
  const parts = [paths.holder, paths.address].flatMap((path) => {
    try {
      return [readFileSync(path, 'utf8').trim()];
    } catch {
      return []; // just started, or just stopped
    }
  });
  return parts.length === 0 ? `${paths.lock} is held by another process` : parts.join('\n');
}

function writeWhole(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, content, { mode: 0o600, flush: true });
  renameSync(fresh, path);
}

/** Linux tells it; elsewhere it is not needed, because the lock itself does not go stale. */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
