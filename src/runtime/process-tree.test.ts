/** Trees of real processes, and whose processes are left alone. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { random, temporaryDirectory, timers, until } from '../../test/containment/machine.ts';
import { MARKER_NAME } from './child-env.ts';
import { processTable, psTable } from './process-table.ts';
import type { ProcessTable } from './process-table.ts';
import { killRecorded, killTree, readRecord, treeOf, writeRecord } from './process-tree.ts';
import type { ProcessRecord } from './process-tree.ts';

const table = processTable(process.platform);
const PATH = process.env['PATH'] ?? '';

/** Runs a script in a group of its own; it prints a line when it is ready. */
async function start(script: string, marker: string): Promise<[ChildProcess, ProcessRecord]> {
  const env = { PATH, [MARKER_NAME]: marker };
  const child = spawn('/bin/sh', ['-c', script], { detached: true, env });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return [child, recordOf(child, marker)];
}

function recordOf(child: ChildProcess, marker: string): ProcessRecord {
  const pid = child.pid ?? 0;
  return { marker, pid, startTime: table.startTimeOf(pid), bootId: table.bootId() };
}

/** A process that has left its group and lost its parent, and says its pid. */
function stray(directory: string): string {
  return `(setsid sh -c 'echo $$ > "${directory}/new"; mv "${directory}/new" "${directory}/stray"; \
    exec sleep 600' &)`;
}

async function isAlive(child: ChildProcess): Promise<boolean> {
  return (await table.list()).some(({ pid }) => pid === child.pid);
}

describe.each<[string, ProcessTable]>([
  ['the table of the system', table],
  ['the table of ps', psTable(process.platform)],
])('a tree, seen through %s', (_, seen) => {
  const deps = { table: seen, timers };

  test('dies with what has left its group and its parent', async () => {
    const directory = temporaryDirectory();
    const marker = random.token(20);
    const script = `${stray(directory)}; sleep 600 & echo up; wait`;
    const [child] = await start(script, marker);
    const pid = child.pid ?? 0;
    const record = { marker, pid, startTime: seen.startTimeOf(pid), bootId: seen.bootId() };
    await until(() => existsSync(join(directory, 'stray')));
    const astray = Number(readFileSync(join(directory, 'stray'), 'utf8'));
    await until(async () => (await treeOf(record, seen)).length >= 3);

    expect(await killTree(record, deps, 0)).toBe(true);

    expect(await treeOf(record, seen)).toEqual([]);
    const living = await table.list();
    expect(living.filter(({ pid }) => pid === astray)).toEqual([]);
  });
});

describe('a tree', () => {
  const deps = { table, timers };

  test('is asked first, and may end by itself', async () => {
    const directory = temporaryDirectory();
    const trap = `trap 'echo bye > "${directory}/said"; exit 0' TERM`;
    const script = `${trap}; echo up; while :; do sleep 0.05; done`;
    const [, record] = await start(script, random.token(20));
    expect(await killTree(record, deps, 5_000)).toBe(true);
    expect(readFileSync(join(directory, 'said'), 'utf8')).toBe('bye\n');
  });

  test('that does not listen is killed after the grace', async () => {
    const [, record] = await start("trap '' TERM; echo up; while :; do sleep 1; done", 'm1-deaf');
    expect(await killTree(record, deps, 100)).toBe(true);
  });

  test('of a record whose pid is another process now leaves that process alone', async () => {
    const [stranger] = await start('echo up; exec sleep 600', random.token(20));
    const theirs = recordOf(stranger, 'irrelevant');
    const before = {
      ...theirs,
      marker: random.token(20),
      startTime: (theirs.startTime ?? 0) - 500,
    };
    expect(await killTree(before, deps, 0)).toBe(true);
    expect(await isAlive(stranger)).toBe(true);
  });

  test('of another boot is gone already', async () => {
    const [child, record] = await start('echo up; exec sleep 600', random.token(20));
    expect(await killTree({ ...record, bootId: 'another' }, deps, 0)).toBe(true);
    expect(await isAlive(child)).toBe(true);
  });

  test('does not reach a process whose marker only begins alike', async () => {
    const marker = random.token(20);
    const [child] = await start('echo up; exec sleep 600', `${marker}x`);
    await killTree({ marker, pid: null, startTime: null, bootId: table.bootId() }, deps, 0);
    expect(await isAlive(child)).toBe(true);
  });
});

describe('records on disk', () => {
  const deps = { table, timers };

  test('let a later life of the runner kill what an earlier one left', async () => {
    const directory = temporaryDirectory();
    const [child, record] = await start('setsid sleep 600 & echo up; wait', random.token(20));
    writeRecord(join(directory, 'a'), record);
    expect(readRecord(join(directory, 'a'))).toEqual(record);

    expect(await killRecorded(directory, deps)).toEqual([]);

    expect(await treeOf(record, table)).toEqual([]);
    expect(existsSync(join(directory, 'a'))).toBe(false);
    await until(() => child.signalCode === 'SIGKILL');
  });

  test('written before the child had a pid are enough', async () => {
    const directory = temporaryDirectory();
    const marker = random.token(20);
    const [child] = await start('echo up; exec sleep 600', marker);
    const early = { marker, pid: null, startTime: null, bootId: table.bootId() };
    writeRecord(join(directory, 'a'), early);
    await killRecorded(directory, deps);
    await until(() => child.signalCode === 'SIGKILL');
  });

  test.each(['', '{', '{}', '{"marker":"","pid":1,"startTime":1,"bootId":""}', '[1]'])(
    'that are broken (%j) kill nothing and go',
    async (text) => {
      const directory = join(temporaryDirectory(), 'records');
      mkdirSync(directory);
      writeFileSync(join(directory, 'a'), text);
      expect(readRecord(join(directory, 'a'))).toBeNull();
      expect(await killRecorded(directory, deps)).toEqual([]);
      expect(existsSync(join(directory, 'a'))).toBe(false);
    },
  );

  test('may be missing altogether', async () => {
    expect(await killRecorded('/does/not/exist', deps)).toEqual([]);
  });
});
