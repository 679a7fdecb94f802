/**
 * The demonstration is a proof: three beads land in a real repository. Interrupted at any stage it
 * leaves no process and no file.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place, watched, when } from './cli-real.ts';
import { isAlive } from './town.ts';

const demo = resolve(import.meta.dirname, '../../tools/demo.ts');
const place = new Place();
let temporary = '';

beforeAll(() => {
  temporary = join(place.folder, 'tmp');
  mkdirSync(temporary);
});
afterAll(() => place.end());

function start(args: readonly string[]) {
  const flags = [`TMPDIR=${temporary}`, process.execPath, '--disable-warning=ExperimentalWarning'];
  const child = place.start([...flags, demo, ...args], 'env');
  return { child, seen: watched(child) };
}

interface Document {
  readonly landed: readonly {
    readonly bead: string;
    readonly commit: string;
    readonly attempts: number;
    readonly rounds: number;
    readonly gates: readonly { readonly result: string }[];
    readonly after: readonly string[];
  }[];
  readonly remote: string;
  readonly home: string;
}

describe('the demonstration', () => {
  test('lands three beads, in order, one of them in a second round', async () => {
    const child = place.start(
      [`TMPDIR=${temporary}`, process.execPath, demo, '--json', '--keep'],
      'env',
    );
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (out += part));
    child.stderr?.resume();
    const code = await new Promise((done) => child.on('close', done));
    expect(code).toBe(0);
    const { landed, remote, home }: Document = JSON.parse(out);
    expect(landed).toMatchObject([
      { bead: 'greet-1', attempts: 1, rounds: 0, after: [], gates: [{ result: 'passed' }] },
      { bead: 'greet-2', attempts: 1, rounds: 0, after: ['greet-1'] },
      { bead: 'greet-3', attempts: 2, rounds: 1, after: [] },
    ]);
    for (const { commit } of landed) {
      await place.git(remote, ['merge-base', '--is-ancestor', commit, 'main']);
    }
    expect(await place.git(remote, ['show', 'main:greetings/spanish'])).toBe('hola');
    expect(readdirSync(home)).toContain('town.sqlite'); // --keep
    expect(readdirSync(home)).not.toContain('server.json');
  });

  test.each([
    ['before the town is up', /a repository with a bare remote/],
    ['while agents work', /greet-1\.1 .*running/],
    ['while a change lands', /mr-1 .*landing/],
  ])('interrupted %s leaves nothing behind', async (_, stage) => {
    const before = readdirSync(temporary);
    const { child, seen } = start([]);
    const pids: number[] = [];
    await when(`stage ${String(stage)}`, () => stage.test(seen.text()));
    for (const folder of readdirSync(temporary).filter((name) => !before.includes(name))) {
      pids.push(...serverPid(join(temporary, folder, 'home', 'server.json')));
    }
    child.kill('SIGINT');
    expect(await seen.ended).toBe(130);
    expect(readdirSync(temporary)).toEqual(before);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

function serverPid(file: string): readonly number[] {
  try {
    const { pid }: { pid: number } = JSON.parse(readFileSync(file, 'utf8'));
    return [pid];
  } catch {
    return []; // not up yet
  }
}
