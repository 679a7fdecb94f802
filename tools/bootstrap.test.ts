/**
 * The bootstrap as a command: what it runs, what it passes on, and what it says when asked wrongly.
 * Installing is not tried here; a fresh checkout proves that each time `.ci/run` runs in one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from './check.ts';

const SHOW = `console.log(JSON.stringify({
  isMain: import.meta.main,
  args: process.argv.slice(2),
  old: Number(process.versions.node.split('.')[0]) < 24,
}));`;

mkdirSync(join(root, '.build'), { recursive: true });
const folder = mkdtempSync(join(root, '.build', 'bootstrap-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('runs the script as the main module on Node 24 or newer, with its arguments', () => {
  const ran = bootstrap('runtime', script('main.ts', SHOW), 'one', 'two words');
  expect(JSON.parse(ran.stdout)).toEqual({ isMain: true, args: ['one', 'two words'], old: false });
});

test('ends with the exit code of the script', () => {
  expect(bootstrap('all', script('seven.ts', 'process.exitCode = 7;')).status).toBe(7);
});

test('ends with the signal of the script as shells do', () => {
  const dies = script(
    'dies.ts',
    "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 9e3);",
  );
  expect(bootstrap('all', dies).status).toBe(128 + 15);
});

test('says what is wrong and what to run when the level is neither runtime nor all', () => {
  const ran = bootstrap('everything');
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain('the install level is "everything"');
  expect(ran.stderr).toContain('next: run: node tools/bootstrap.mjs all tools/test.ts');
});

function script(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, body);
  return relative(root, file);
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function bootstrap(...args: readonly string[]): Ended {
  const file = join(root, 'tools', 'bootstrap.mjs');
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
}
