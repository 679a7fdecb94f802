/**
 * The machine as a runner uses it for children: its isolation level, the environment it was
 * started with, what stays hidden, and the way a shell command is run as setup and gates are.
 *
 * M1 Setup and gates run as an agent does: same sandbox, no capability, no key, own home. V2
 * M2 Downloads go to the run's own temporary directory, so that what a home keeps is only what a
 *    later run needs.
 */
import { join } from 'node:path';
import type { IsolationLevel } from '../core/launch-spec.ts';
import type { Clock, Random } from '../ports/host.ts';
import { childEnv } from './child-env.ts';
import { killRecorded } from './process-tree.ts';
import type { TreeDeps } from './process-tree.ts';
import { runContained } from './run-contained.ts';
import type { RunResult } from './run-contained.ts';
import type { RunContained } from './run-process.ts';
import type { Network } from './sandbox.ts';

export interface Machine {
  readonly level: IsolationLevel;
  /** Why it is not `strong`; null when it is. */
  readonly isolationNote: string | null;
  /** The host's environment, read at its door. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The person's home and Gastown's own; see `ContainedSpec.hidden`. */
  readonly hidden: readonly string[];
  /** Where records of running children are kept. See process-tree.ts. */
  readonly records: string;
  readonly townId: string;
  readonly tree: TreeDeps;
  readonly clock: Clock;
  readonly random: Random;
}

/** The directories of one run: all three exist and nobody else uses them. */
export interface Place {
  readonly directory: string;
  readonly home: string;
  readonly tmp: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
}

export interface ShellCommand {
  readonly command: string;
  readonly place: Place;
  readonly role: 'setup' | 'gate';
  /** A label: the rig, the bead, the commit. */
  readonly subject: string;
  /** `envVars` of the settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly network: Network;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  readonly cancel?: AbortSignal;
}

export interface ShellResult extends RunResult {
  /** stdout and stderr as they came, shortened from the middle. */
  readonly output: string;
  readonly durationMs: number;
}

/** M1 */
export async function runShell(machine: Machine, run: ShellCommand): Promise<ShellResult> {
  const { place } = run;
  const marker = machine.random.token(24);
  const startedAt = machine.clock.monotonicMs();
  const env = childEnv({
    base: machine.env,
    home: place.home,
    tmp: place.tmp,
    labels: { role: run.role, agentId: run.subject, townId: machine.townId },
    extra: { CI: 'true', ...downloadsIn(place.tmp), ...run.env },
    marker,
    modelKeys: false,
  });
  const result = await runContained(
    {
      level: machine.level,
      command: '/bin/sh',
      args: ['-c', run.command],
      cwd: place.directory,
      env,
      writable: [place.directory, place.home, place.tmp, ...place.writable],
      readable: place.readable,
      hidden: machine.hidden,
      tmp: place.tmp,
      network: run.network,
      marker,
      recordPath: recordPath(machine, marker),
      timeoutMs: run.timeoutMs,
      outputBytesMax: run.outputBytesMax,
      combined: true,
      ...(run.cancel === undefined ? {} : { cancel: run.cancel }),
    },
    machine.tree,
  );
  const durationMs = Math.round(machine.clock.monotonicMs() - startedAt);
  return { ...result, output: result.stdout.toString('utf8'), durationMs };
}

/** For `ContainedGit` and whatever else looks at what an agent wrote. */
export function containedRunner(machine: Machine): RunContained {
  return async (command) => {
    const marker = machine.random.token(24);
    const result = await runContained(
      {
        ...command,
        level: machine.level,
        hidden: machine.hidden,
        network: 'none',
        marker,
        env: { ...command.env, GASTOWN_PROCESS_MARKER: marker },
        recordPath: recordPath(machine, marker),
        outputBytesMax: command.outputBytesMax ?? OUTPUT_BYTES_MAX,
      },
      machine.tree,
    );
    const failure = result.startFailure;
    return {
      exitCode: result.exitCode,
      signal: result.signal,
      stdout: result.stdout,
      stderr: failure?.message ?? result.stderr.toString('utf8'),
      timedOut: result.timedOut,
      aborted: result.cancelled,
      truncated: result.truncated,
      spawnError:
        failure === null ? null : failure.cause === 'not_found' ? 'ENOENT' : failure.cause,
    };
  };
}

export function recordPath(machine: Machine, marker: string): string {
  return join(machine.records, `${marker}.json`);
}

/** Kills what an earlier life of the runner left; answers what could not be killed. */
export function killLeftovers(machine: Machine): Promise<readonly string[]> {
  return killRecorded(machine.records, machine.tree);
}

const OUTPUT_BYTES_MAX = 1024 * 1024;

/** M2. Nothing in an installed tree refers to these afterwards. */
function downloadsIn(tmp: string): Record<string, string> {
  return {
    npm_config_cache: join(tmp, 'npm'),
    npm_config_store_dir: join(tmp, 'pnpm'),
    npm_config_update_notifier: 'false',
    PIP_CACHE_DIR: join(tmp, 'pip'),
    UV_CACHE_DIR: join(tmp, 'uv'),
    COMPOSER_CACHE_DIR: join(tmp, 'composer'),
  };
}
