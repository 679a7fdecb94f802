/** What the home keeps, and the log beside it. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  homePaths,
  makeHome,
  readKey,
  readToken,
  removeAddress,
  takeLock,
  writeAddress,
} from './home.ts';
import { FileLog } from './log-file.ts';
import { systemRandom } from './random.ts';
import { CannotStart } from './start-problem.ts';
import { SteadyClock } from './timers.ts';

let root = '';
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'gastown-home-')), 'deep', 'home');
  makeHome(homePaths(root));
});
afterEach(() => rmSync(join(root, '..', '..'), { recursive: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;
const holder = { pid: 1234, processStart: '99', since: '2026-01-01T00:00:00.000Z' };

describe('a home', () => {
  test('is private to its person', () => {
    expect(mode(root)).toBe(0o700);
    chmodSync(root, 0o755);
    makeHome(homePaths(root));
    expect(mode(root)).toBe(0o700);
  });

  test('is locked by one at a time; the refusal says who holds it', () => {
    const paths = homePaths(root);
    const lock = takeLock(paths, holder);
    let problem: unknown;
    try {
      takeLock(paths, { ...holder, pid: 5678 });
    } catch (error) {
      problem = error instanceof CannotStart ? error.problem : error;
    }
    expect(problem).toMatchObject({ kind: 'already_running', exitCode: 4 });
    expect(JSON.stringify(problem)).toContain('1234');
    lock.release();
    takeLock(paths, holder).release();
  });

  test('is taken over when what an earlier life wrote is still there', () => {
    const paths = homePaths(root);
    writeFileSync(paths.holder, JSON.stringify(holder));
    writeFileSync(paths.lock, '');
    const lock = takeLock(paths, { ...holder, pid: 5678 });
    expect(readFileSync(paths.holder, 'utf8')).toContain('5678');
    lock.release();
    expect(existsSync(paths.holder)).toBe(false);
  });

  test('keeps one token, readable by its person only, and repairs it', () => {
    const paths = homePaths(root);
    const token = readToken(paths, systemRandom);
    expect(token).toMatch(/^[a-z0-9]{48}$/);
    expect(mode(paths.token)).toBe(0o600);
    chmodSync(paths.token, 0o644);
    expect(readToken(paths, systemRandom)).toBe(token);
    expect(mode(paths.token)).toBe(0o600);
    writeFileSync(paths.token, '');
    expect(readToken(paths, systemRandom)).toMatch(/^[a-z0-9]{48}$/);
  });

  test('names its server while there is one', () => {
    const paths = homePaths(root);
    const address = { url: 'http://127.0.0.1:1', pid: 1, version: '1.0.0' };
    writeAddress(paths, address);
    expect(JSON.parse(readFileSync(paths.address, 'utf8'))).toEqual(address);
    removeAddress(paths);
    expect(existsSync(paths.address)).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))(
    'on a disk that was full when its key was made gets a whole one (needs /dev/full)',
    () => {
      const paths = homePaths(root);
      symlinkSync('/dev/full', `${paths.key}.new`);
      expect(() => readKey(paths)).toThrow('ENOSPC');
      expect(existsSync(paths.key)).toBe(false);
      rmSync(`${paths.key}.new`);
      const key = readKey(paths);
      expect(key).toHaveLength(32);
      expect(readKey(paths)).toEqual(key);
      expect(mode(paths.key)).toBe(0o600);
    },
  );
});

describe('the log', () => {
  test('keeps what it is told, a line each, and no secret by its name', () => {
    const path = join(root, 'logs', 'server.log');
    const log = new FileLog({ path, clock: new SteadyClock() });
    log.info('one', { rig: 'web', token: 'abc', nested: { apiKey: 'def' } });
    log.error('two');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['one', 'two']);
    expect(lines.join('')).not.toMatch(/abc|def/);
  });

  test('is of bounded size, newest first', () => {
    const path = join(root, 'logs', 'server.log');
    const log = new FileLog({ path, clock: new SteadyClock(), bytesMax: 1000 });
    for (let number = 0; number < 100; number += 1) log.info('line', { number });
    for (const file of [path, `${path}.1`, `${path}.2`]) {
      expect(statSync(file).size).toBeLessThanOrEqual(1000);
    }
    expect(existsSync(`${path}.3`)).toBe(false);
    expect(readFileSync(path, 'utf8')).toContain('"number":99');
  });

  test('that cannot be written does not throw', () => {
    const log = new FileLog({ path: join(root, 'missing', 'x.log'), clock: new SteadyClock() });
    expect(() => log.info('lost')).not.toThrow();
  });
});
