/** One process to its end: what it leaves running, prints without end, or never answers. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { timers } from '../../test/git-world.ts';
import { runProcess, type ProcessSpec } from './run-process.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gastown-run-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function shell(line: string, more: Partial<ProcessSpec> = {}) {
  const env = { PATH: process.env['PATH'] ?? '' };
  const spec = { command: 'sh', args: ['-c', line], cwd: root, env, timeoutMs: 5000, ...more };
  return runProcess(spec, timers);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has reaped yet is not running.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('tells exit code, output and input', async () => {
  const outcome = await shell('cat; echo oops >&2; exit 3', { input: 'hello' });
  expect(outcome).toMatchObject({ exitCode: 3, stderr: 'oops\n', timedOut: false });
  expect(outcome.stdout.toString()).toBe('hello');
});

test('has nothing in its environment but what it was given', async () => {
  const outcome = await shell('env', { env: { PATH: process.env['PATH'] ?? '', ONE: '1' } });
  const names = outcome.stdout
    .toString()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD', ''].includes(name ?? ''))).toEqual(
    expect.arrayContaining(['ONE', 'PATH']),
  );
  expect(names).not.toContain('HOME');
});

test('a command that is not there is told, not thrown', async () => {
  const outcome = await shell('', { command: join(root, 'missing') });
  expect(outcome).toMatchObject({ spawnError: 'ENOENT', exitCode: null });
});

test('what it started in its group does not outlive it', async () => {
  const outcome = await shell('sleep 60 & echo $!');
  const pid = Number(outcome.stdout.toString());
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test('what left its group and keeps the output open holds nobody up', async () => {
  const away = `setsid sh -c 'touch up; exec sleep 60' &`;
  const outcome = await shell(`${away} until [ -e up ]; do :; done; echo $!; exit 3`);
  expect(outcome).toMatchObject({ exitCode: 3, timedOut: false });
  process.kill(Number(outcome.stdout.toString()), 'SIGKILL'); // it is still there, and not ours
});

test('at its time limit it is ended with its children, also when it does not listen', async () => {
  const line = `trap '' TERM; sh -c "trap '' TERM; echo \\$\\$; sleep 60"; sleep 60`;
  const outcome = await shell(line, { timeoutMs: 300, killGraceMs: 100 });
  expect(outcome).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  await expect.poll(() => isRunning(Number(outcome.stdout.toString()))).toBe(false);
});

test('is ended when the caller gives up', async () => {
  const giveUp = new AbortController();
  const running = shell('echo started; sleep 60', {
    signal: giveUp.signal,
    onOutput: () => giveUp.abort(),
  });
  expect(await running).toMatchObject({ aborted: true, timedOut: false, signal: 'SIGTERM' });
});

test('output beyond the bound loses its middle and says so', async () => {
  const outcome = await shell('seq 1 100000', { outputBytesMax: 1000 });
  expect(outcome.truncated).toBe(true);
  const text = outcome.stdout.toString();
  expect(text.startsWith('1\n2\n')).toBe(true);
  expect(text.endsWith('100000\n')).toBe(true);
  expect(text.length).toBeLessThan(1200);
});

test('reads and writes files, but reads through no link', async () => {
  const from = join(root, 'in');
  const to = join(root, 'out');
  writeFileSync(from, 'bytes');
  await shell('cat', { stdinFile: from, stdoutFile: to });
  expect(readFileSync(to, 'utf8')).toBe('bytes');
  symlinkSync(from, join(root, 'link'));
  const refused = await shell('cat', { stdinFile: join(root, 'link') });
  expect(refused.spawnError).toBe('ELOOP');
  expect(existsSync(from)).toBe(true);
});
