/**
 * Runs jobs for the town: each call once, however often it is asked for.
 *
 * J1 A repeat attaches to the running job, or is told the stored result again.
 * J2 A result is on disk before it is told, so a repeat after a restart gets the same one; where
 *    the disk takes nothing it is told all the same.
 * J3 Gates share the machine with agents: at most half of its cores run gates.
 */
import { join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import type { CallId, JobId } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { Clock, Log } from '../ports/host.ts';
import { bugOf } from './bug.ts';
import type { RunJob } from './needs.ts';
import { SpawnQueue } from './spawn-queue.ts';
import { Stored } from './stored.ts';
import type { Teller } from './teller.ts';

export interface JobDeskDeps {
  readonly home: string;
  readonly cores: number;
  readonly run: RunJob;
  readonly tell: Teller;
  readonly clock: Clock;
  readonly log: Log;
  /** Called whenever the number of running jobs changed. */
  readonly onChange: () => void;
}

interface StoredResult {
  readonly job: JobId;
  readonly callId: CallId;
  readonly result: JobResult;
  readonly at: number;
}

interface Running {
  readonly call: CallId;
  readonly job: JobId;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Longer than the town would ever repeat a call. */
const keepMs = 7 * 24 * 60 * 60 * 1000;
const gitJobsMax = 4;
const stopping = 'the runner stops';

export class JobDesk {
  readonly #deps: JobDeskDeps;
  readonly #running = new Map<CallId, Running>();
  readonly #results: Stored<StoredResult>;
  readonly #gates: SpawnQueue;
  readonly #git = new SpawnQueue(gitJobsMax);

  constructor(deps: JobDeskDeps) {
    this.#deps = deps;
    this.#gates = new SpawnQueue(Math.max(1, Math.floor(deps.cores / 2))); // J3
    this.#results = new Stored(join(deps.home, 'runner', 'results'), isResult);
  }

  get jobs(): readonly JobId[] {
    return [...this.#running.values()].map(({ job }) => job);
  }

  /** Answers at once. J1 */
  start(call: CallId, job: JobId, spec: JobSpec): void {
    if (this.#running.has(call)) return;
    const stored = this.#results.get(call);
    if (stored !== null) {
      void this.#tell(stored);
      return;
    }
    const abort = new AbortController();
    const done = this.#run(call, job, spec, abort.signal);
    this.#running.set(call, { call, job, abort, done });
    this.#deps.onChange();
  }

  /** Stops what runs of this job; its result says that it was cancelled. */
  cancel(job: JobId): void {
    for (const running of this.#running.values()) if (running.job === job) running.abort.abort();
  }

  /** Nothing is told of what is stopped with the runner. */
  async stop(): Promise<void> {
    const all = [...this.#running.values()];
    for (const { abort } of all) abort.abort(stopping);
    await Promise.all(all.map(({ done }) => done));
  }

  /** Results nobody will ask for any more. */
  prune(): void {
    const now = this.#deps.clock.now();
    for (const name of this.#results.names()) {
      const stored = this.#results.get(name);
      if (stored === null || now - stored.at > keepMs) this.#results.remove(name);
    }
  }

  async #run(call: CallId, job: JobId, spec: JobSpec, signal: AbortSignal): Promise<void> {
    const queue = spec.kind === 'gate' ? this.#gates : this.#git;
    const permit = await queue.acquire(1, signal);
    const ran = permit === null ? null : await this.#result(call, spec, signal);
    permit?.release();
    this.#running.delete(call); // before it is told: a repeat finds the stored result
    this.#deps.onChange();
    // The runner stops: the town asks its next life for the same call, which must then run.
    if (signal.reason === stopping) return;
    const result = ran === null || signal.aborted ? failed(cancelled(spec)) : ran;
    const stored: StoredResult = { job, callId: call, result, at: this.#deps.clock.now() };
    if (!signal.aborted) this.#keep(call, stored);
    await this.#tell(stored);
  }

  async #result(call: CallId, spec: JobSpec, signal: AbortSignal): Promise<JobResult> {
    try {
      return await this.#deps.run(call, spec, signal);
    } catch (error) {
      const bug = bugOf(this.#deps.log, 'job', `${spec.kind} job`, error);
      return failed({ ...bug, helps: 'later' });
    }
  }

  /** J2 */
  #keep(call: CallId, stored: StoredResult): void {
    try {
      this.#results.put(call, stored);
    } catch (error) {
      this.#deps.log.error('result_not_kept', { call, message: String(error) });
    }
  }

  async #tell({ job, callId, result }: StoredResult): Promise<void> {
    await this.#deps.tell({ kind: 'job_done', job, callId, result });
  }
}

function failed(failure: Failure): JobResult {
  return { kind: 'failed', failure };
}

function cancelled(spec: JobSpec): Failure {
  return { kind: 'job_failed', helps: 'later', job: spec.kind, step: 'cancelled', output: '' };
}

/** Written by this program only; a file cut short has no result. */
function isResult(value: unknown): value is StoredResult {
  return typeof value === 'object' && value !== null && 'result' in value && 'job' in value;
}
