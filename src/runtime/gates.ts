/**
 * Runs one gate on exactly one commit and says what came of it.
 *
 * G1 Each run has a fresh checkout of that commit, a home with nothing but what setup left there,
 *    and a temporary directory; all are thrown away afterwards.
 * G2 The gate gets no capability and no key. What it can reach depends on the isolation level; see
 *    sandbox.ts, S1 and S2.
 * G3 A setup that fails is told apart: the gate has no verdict then.
 * G4 A gate that failed or ran out of time is run again up to `retries` times; a pass after that
 *    is `flaky`. What could not run or ran nothing would do so again.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import type { Commit } from '../core/ids.ts';
import type { GateReport, JobResult, JobSpec } from '../core/job.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { judgeGate } from './gate-verdict.ts';
import { runShell } from './machine.ts';
import type { Place } from './machine.ts';
import { prepareDirectory } from './setup.ts';
import type { SetupDeps } from './setup.ts';

export type GateSpec = Extract<JobSpec, { readonly kind: 'gate' }>;

export interface GateDeps extends SetupDeps {
  /** Writes exactly the files of a commit into a new directory. */
  readonly checkout: (
    rig: RigRef,
    commit: Commit,
    directory: string,
  ) => Promise<Result<void, Failure>>;
  /** The commit is in the target, so nothing unreviewed is in it. See setup-cache.ts, C2. */
  readonly isInTarget: (rig: RigRef, commit: Commit) => Promise<boolean>;
  /** Where runs have their directories. */
  readonly jobs: string;
  /** What a checkout reads from besides itself, such as a mirror that lends it objects. */
  readonly readable: (rig: RigRef) => readonly string[];
  /** Moves a directory to the trash. */
  readonly discard: (directory: string) => Promise<void>;
  readonly cancel?: AbortSignal;
}

type Run =
  | { readonly is: 'ran'; readonly report: GateReport }
  | { readonly is: 'setup'; readonly failure: Failure }
  | { readonly is: 'failed'; readonly failure: Failure };

export async function runGate(spec: GateSpec, deps: GateDeps): Promise<JobResult> {
  if (spec.isolation.require === 'strong' && deps.machine.level !== 'strong') {
    return { kind: 'failed', failure: notIsolated(deps.machine.isolationNote) };
  }
  let failedBefore = false;
  for (let left = spec.gate.retries; ; left -= 1) {
    const run = await runOnce(spec, deps);
    if (run.is === 'failed') return { kind: 'failed', failure: run.failure };
    if (run.is === 'setup') return setupFailed(spec, run.failure);
    const { result } = run.report;
    const again = result === 'failed' || result === 'timed_out'; // G4
    if (!again || left <= 0) {
      const flaky = result === 'passed' && failedBefore;
      return { kind: 'gate', report: { ...run.report, flaky }, setup: null };
    }
    failedBefore = true;
  }
}

/** G1 */
async function runOnce(spec: GateSpec, deps: GateDeps): Promise<Run> {
  const root = join(deps.jobs, `gate-${deps.machine.random.token(12)}`);
  const place: Place = {
    directory: join(root, 'checkout'),
    home: join(root, 'home'),
    tmp: join(root, 'tmp'),
    readable: deps.readable(spec.rig),
    writable: [],
  };
  await mkdir(place.home, { recursive: true });
  await mkdir(place.tmp, { recursive: true });
  try {
    const checkedOut = await deps.checkout(spec.rig, spec.commit, place.directory);
    if (!checkedOut.ok) return { is: 'failed', failure: checkedOut.error };
    const prepared = await prepareDirectory(
      {
        rig: spec.rig.rig,
        place,
        steps: spec.setup,
        env: spec.env,
        network: spec.isolation.network,
        trusted: await deps.isInTarget(spec.rig, spec.commit),
        scope: spec.commit,
        statePath: null,
        ...cancelOf(deps),
      },
      deps,
    );
    if (isCancelled(deps)) return { is: 'failed', failure: cancelled(spec) };
    if (!prepared.ok) return { is: 'setup', failure: prepared.error };
    return await runCommand(spec, place, deps);
  } finally {
    await deps.discard(root);
  }
}

async function runCommand(spec: GateSpec, place: Place, deps: GateDeps): Promise<Run> {
  const result = await runShell(deps.machine, {
    command: spec.gate.command,
    place,
    role: 'gate',
    subject: `${spec.rig.rig}:${spec.gate.name}`,
    env: spec.env,
    network: spec.isolation.network,
    timeoutMs: Math.min(spec.gate.timeoutMs, limits.gateMsMax),
    outputBytesMax: limits.gateOutputBytesMax,
    ...cancelOf(deps),
  });
  if (result.cancelled) return { is: 'failed', failure: cancelled(spec) };
  const { exitCode, signal, timedOut, output } = result;
  const startFailure = result.startFailure?.message ?? null;
  const verdict = judgeGate({ exitCode, signal, timedOut, startFailure, output });
  return {
    is: 'ran',
    report: {
      gate: spec.gate.name,
      command: spec.gate.command,
      commit: spec.commit,
      result: verdict.result,
      flaky: false,
      exitCode,
      output,
      durationMs: result.durationMs,
      note: verdict.note,
    },
  };
}

/** G3 */
function setupFailed(spec: GateSpec, failure: Failure): JobResult {
  const report: GateReport = {
    gate: spec.gate.name,
    command: spec.gate.command,
    commit: spec.commit,
    result: 'could_not_run',
    flaky: false,
    exitCode: null,
    output: '',
    durationMs: 0,
    note: 'its setup failed',
  };
  return { kind: 'gate', report, setup: failure };
}

function notIsolated(note: string | null): Failure {
  return {
    kind: 'isolation_unavailable',
    helps: 'person',
    required: 'strong',
    available: 'process',
    why: note ?? 'this machine isolates at level process',
  };
}

function cancelled(spec: GateSpec): Failure {
  const step = 'cancelled';
  return { kind: 'job_failed', helps: 'later', job: `gate ${spec.gate.name}`, step, output: '' };
}

function isCancelled(deps: GateDeps): boolean {
  return deps.cancel?.aborted === true;
}

function cancelOf(deps: GateDeps): { readonly cancel?: AbortSignal } {
  return deps.cancel === undefined ? {} : { cancel: deps.cancel };
}
