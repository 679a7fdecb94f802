/**
 * Finds out which isolation level this machine has, by using it: what a version number or a
 * kernel setting promises may be taken back by a security module.
 *
 * I1 `strong` only if bubblewrap really made mounts and a PID namespace just now.
 * I2 Anything else is `process`, with the reason in words a person can act on.
 */
import { spawn } from 'node:child_process';
import type { IsolationLevel } from '../core/launch-spec.ts';
import type { Timers } from '../ports/host.ts';
import { BWRAP } from './sandbox.ts';

export interface ProbeDeps {
  readonly timers: Timers;
  readonly platform: string;
  /** Where bubblewrap is looked for. */
  readonly path: string;
}

const PROBE_MS = 5_000;

const PROBE_ARGS: readonly string[] = [
  '--unshare-pid',
  '--unshare-ipc',
  '--die-with-parent',
  '--new-session',
  '--cap-drop',
  'ALL',
  '--ro-bind',
  '/',
  '/',
  '--proc',
  '/proc',
  '--dev',
  '/dev',
  '--tmpfs',
  '/tmp',
  '--',
  '/bin/sh',
  '-c',
  '[ $$ -lt 10 ]', // a small number: a PID namespace of its own
];

export interface IsolationFound {
  readonly level: IsolationLevel;
  readonly note: string | null;
}

export async function probeIsolation(deps: ProbeDeps): Promise<IsolationFound> {
  if (deps.platform !== 'linux') {
    return { level: 'process', note: `there is no bubblewrap on ${deps.platform}` };
  }
  const { exitCode, output } = await probe(deps);
  if (exitCode === 0) return { level: 'strong', note: null };
  if (exitCode === null && output.includes('ENOENT')) {
    return { level: 'process', note: 'bubblewrap (bwrap) is not installed' };
  }
  const why = output.trim().split('\n')[0] ?? '';
  return { level: 'process', note: `bubblewrap cannot start here: ${why || 'no reason given'}` };
}

function probe(deps: ProbeDeps): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(BWRAP, [...PROBE_ARGS], {
      cwd: '/',
      env: { PATH: deps.path },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const disarm = deps.timers.after(PROBE_MS, () => {
      output = 'it did not answer';
      child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8').slice(0, 1000);
    });
    child.once('error', (error) => {
      disarm();
      resolve({ exitCode: null, output: error.message });
    });
    child.once('close', (exitCode) => {
      disarm();
      resolve({ exitCode, output });
    });
  });
}
