/**
 * The runner inside the host process: takes starts and jobs from the town, keeps one supervisor
 * per attempt, tells what comes of them. The whole life on one screen: start, run, drain, stop.
 *
 * N1 Every call is answered at once; what comes of it is a fact. (ports/runner.ts R1)
 * N2 What an earlier life left is killed and saved before anything of this life starts.
 *    Hydration runs once at a time; whoever waits for it is released also when it fails.
 * N3 A higher attempt number stops a lower one first; a lower one is refused. (R3)
 * N4 Heartbeats only while something is held: an idle runner does nothing.
 * N5 What nobody has used for long is put away when the last thing has ended, and at the start;
 *    what starts meanwhile waits for that.
 * N6 How an attempt ended is kept until the town has taken it, and told again by the next life
 *    before that says what it holds. A disk that cannot keep it stops nobody from telling it.
 */
import type { StopReason } from '../core/action.ts';
import { noUsage, type Outcome } from '../core/attempt.ts';
import type { Failure } from '../core/failure.ts';
import { beadOfAttempt } from '../core/ids.ts';
import type { AttemptId, BeadId, CallId, JobId, RunnerId } from '../core/ids.ts';
import type { JobSpec } from '../core/job.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Inventory } from '../core/runner.ts';
import type { Clock, Log, Random, Timers } from '../ports/host.ts';
import type { ReadAnswer, ReadRequest, Refusal, RunnerPort, TellTown } from '../ports/runner.ts';
import { within } from '../ports/within.ts';
import { attemptRecords, type AttemptEnded, type AttemptRecord } from './attempt-record.ts';
import { Heartbeat } from './heartbeat.ts';
import { JobDesk } from './job-desk.ts';
import type { RunnerNeeds } from './needs.ts';
import { SpawnQueue } from './spawn-queue.ts';
import type { Stored } from './stored.ts';
import { Supervisor, type Ending } from './supervisor.ts';
import { tellerOf, type Teller } from './teller.ts';
import { ToolSocket } from './tool-socket.ts';

export interface LocalRunnerOptions {
  readonly home: string;
  readonly id: RunnerId;
  /** This life of the runner: unlike every other. */
  readonly incarnation: string;
  readonly inventory: Inventory;
  readonly cores: number;
  /** The program that runs the scripted agent. */
  readonly node: string;
  readonly tell: TellTown;
  readonly needs: RunnerNeeds;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

interface Live {
  readonly spec: LaunchSpec;
  readonly supervisor: Supervisor;
}

type Answer = Promise<Result<void, Refusal>>;

/** How long the end of an attempt can be asked for again. */
const keepMs = 7 * 24 * 60 * 60 * 1000;

export class LocalRunner implements RunnerPort {
  readonly #options: LocalRunnerOptions;
  readonly #incarnation: string;
  readonly #tell: Teller;
  readonly #socket: ToolSocket;
  readonly #queue: SpawnQueue;
  readonly #desk: JobDesk;
  readonly #heartbeat: Heartbeat;
  readonly #records: Stored<AttemptRecord>;
  readonly #live = new Map<AttemptId, Live>();
  /** The latest attempt of each bead that this life was asked to start. N3 */
  readonly #latest = new Map<BeadId, LaunchSpec>();
  #hydrating: Promise<void> | null = null;
  #isHydrated = false;
  #tidying: Promise<void> = Promise.resolve();
  #tidiedAtMs: number | null = null;
  #isDraining = false;

  constructor(options: LocalRunnerOptions) {
    this.#options = options;
    const { timers, random, log, home, clock, cores } = options;
    this.#incarnation = options.incarnation;
    const isStopping = (): boolean => this.#isDraining;
    this.#tell = tellerOf({ tell: options.tell, timers, log, isStopping });
    this.#socket = new ToolSocket({ random, log });
    this.#queue = new SpawnQueue(cores);
    this.#records = attemptRecords(home);
    const run = options.needs.job;
    const onChange = (): void => this.#changed();
    this.#desk = new JobDesk({ home, cores, run, tell: this.#tell, clock, log, onChange });
    const fact = { kind: 'runner_heartbeat', runner: options.id } as const;
    this.#heartbeat = new Heartbeat({
      timers,
      isBusy: () => this.#live.size > 0 || this.#desk.jobs.length > 0,
      beat: () => void this.#tell({ ...fact, incarnation: this.#incarnation }),
    });
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  /** Resolves when the runner has told the town that it is there. */
  async start(): Promise<void> {
    await this.bootHydration();
  }

  /** Single flight; may be called again after it failed. Rejects when it failed. N2 */
  bootHydration(): Promise<void> {
    this.#hydrating ??= this.#hydrate().finally(() => {
      this.#hydrating = null;
    });
    return this.#hydrating;
  }

  /** Resolves when no hydration is under way, whether it worked or not. N2 */
  async awaitHydration(): Promise<void> {
    if (this.#isHydrated) return;
    await this.bootHydration().catch(() => undefined);
  }

  async startAttempt(_call: CallId, spec: LaunchSpec): Answer {
    if (this.#isDraining) return err({ kind: 'draining' });
    const latest = this.#latest.get(spec.bead);
    if (latest !== undefined && latest.number > spec.number) {
      return err({ kind: 'superseded', by: latest.attempt });
    }
    if (latest?.attempt === spec.attempt) {
      this.#tellEndAgain(spec.attempt); // runs, or has ended: a repeat starts nothing
      return ok(undefined);
    }
    this.#latest.set(spec.bead, spec);
    this.#unwatched(this.#begin(spec, latest?.attempt ?? null));
    return ok(undefined);
  }

  async stopAttempt(_call: CallId, attempt: AttemptId, reason: StopReason): Answer {
    this.#unwatched(this.#stop(attempt, reason));
    return ok(undefined);
  }

  async startJob(call: CallId, job: JobId, spec: JobSpec): Answer {
    if (this.#isDraining) return err({ kind: 'draining' });
    void this.awaitHydration().then(() => {
      if (!this.#isDraining) this.#desk.start(call, job, spec);
    });
    return ok(undefined);
  }

  async cancelJob(_call: CallId, job: JobId): Answer {
    void this.awaitHydration().then(() => this.#desk.cancel(job));
    return ok(undefined);
  }

  async list(call: CallId): Answer {
    void this.awaitHydration().then(() => this.#tellConnected(call));
    return ok(undefined);
  }

  read(request: ReadRequest): Promise<Result<ReadAnswer, Failure>> {
    return this.#options.needs.read(request);
  }

  /** Takes nothing new; saves and ends what runs. Resolves within about `limits.stopGraceMs`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.awaitHydration();
    const all = [...this.#live.values()];
    const ending: Ending = { outcome: 'evicted', failure: null };
    // A git command is not torn apart; the next life repeats its job if it did not end in time.
    const jobs = within(this.#desk.stop(), limits.stopGraceMs, this.#options.timers);
    const tidied = within(this.#tidying, limits.stopGraceMs, this.#options.timers);
    await Promise.all([...all.map((live) => live.supervisor.stop(ending)), jobs, tidied]);
  }

  async stop(): Promise<void> {
    await this.drain();
    this.#heartbeat.close();
    await this.#socket.stop();
  }

  /** After hydration, and after a lower attempt of the bead is over. N2 N3 */
  async #begin(spec: LaunchSpec, before: AttemptId | null): Promise<void> {
    await this.awaitHydration();
    const earlier = before === null ? undefined : this.#live.get(before);
    await earlier?.supervisor.stop({ outcome: 'evicted', failure: null });
    await this.#tidying; // N5
    if (this.#latest.get(spec.bead) !== spec) return; // superseded while it waited
    if (this.#isDraining) {
      this.#latest.delete(spec.bead);
      const end = { outcome: 'evicted', failure: null, saved: null } as const;
      await this.#tell({ kind: 'attempt_ended', attempt: spec.attempt, end, usage: noUsage });
      return;
    }
    const known = this.#records.get(spec.attempt);
    if (known?.ended !== undefined && known.ended !== null) {
      await this.#tell(known.ended); // it ended in an earlier life
      return;
    }
    this.#supervise(spec);
  }

  #supervise(spec: LaunchSpec): void {
    const { needs, clock, timers, log, node } = this.#options;
    const incarnation = this.#incarnation;
    const supervisor = new Supervisor({
      spec,
      incarnation,
      needs,
      clock,
      timers,
      log,
      node,
      socket: this.#socket,
      queue: this.#queue,
      tell: this.#tell,
      onWorkspace: () => this.#keep(spec, true, null),
      onEnded: (fact) => {
        this.#keepEnd(spec, true, fact, false);
        this.#live.delete(spec.attempt); // before the town may start the next one
        this.#changed();
      },
      onTold: (fact) => this.#keepEnd(spec, true, fact, true),
    });
    this.#live.set(spec.attempt, { spec, supervisor });
    this.#changed();
  }

  /** Something began or ended. N4 N5 */
  #changed(): void {
    this.#heartbeat.update();
    const { clock, needs, log } = this.#options;
    const now = clock.monotonicMs();
    const isFree = this.#isHydrated && this.#live.size === 0 && this.#desk.jobs.length === 0;
    const isSoon = this.#tidiedAtMs !== null && now - this.#tidiedAtMs < limits.tidyMs;
    if (!isFree || isSoon || this.#isDraining) return;
    this.#tidiedAtMs = now;
    this.#tidying = needs.tidy().catch((error: unknown) => {
      log.error('tidy', { message: String(error) });
    });
  }

  async #stop(attempt: AttemptId, reason: StopReason): Promise<void> {
    await this.awaitHydration();
    const live = this.#live.get(attempt);
    if (live !== undefined) return live.supervisor.stop(endingOf(reason, live.spec));
    if (this.#tellEndAgain(attempt)) return;
    // Nothing of it is here, so its tree is gone; one that was about to start does not.
    const end = { outcome: outcomeOf(reason), failure: null, saved: null };
    const ended: AttemptEnded = { kind: 'attempt_ended', attempt, end, usage: noUsage };
    const spec = this.#latest.get(beadOfAttempt(attempt));
    if (spec?.attempt === attempt) this.#keepEnd(spec, false, ended, false);
    await this.#tell(ended);
  }

  /** Nobody waits for it, so what it throws is logged and ends nothing else. */
  #unwatched(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.log.error('runner', { message: String(error) }));
  }

  /** N6 */
  #keepEnd(spec: LaunchSpec, hasWorkspace: boolean, ended: AttemptEnded, told: boolean): void {
    try {
      this.#keep(spec, hasWorkspace, ended, told);
    } catch (error) {
      const message = String(error);
      this.#options.log.error('end_not_kept', { attempt: spec.attempt, message });
    }
  }

  /** Throws where the disk takes nothing. */
  #keep(spec: LaunchSpec, hasWorkspace: boolean, ended: AttemptEnded | null, told = false): void {
    const at = this.#options.clock.now();
    const incarnation = this.#incarnation;
    this.#records.put(spec.attempt, { spec, incarnation, hasWorkspace, ended, told, at });
  }

  #tellEndAgain(attempt: AttemptId): boolean {
    const ended = this.#live.has(attempt) ? null : (this.#records.get(attempt)?.ended ?? null);
    if (ended !== null) void this.#tell(ended);
    return ended !== null;
  }

  async #hydrate(): Promise<void> {
    const { needs, log, clock } = this.#options;
    await this.#socket.start();
    const stuck = await needs.containment.killLeftovers();
    if (stuck.length > 0) log.error('leftovers', { stuck });
    for (const name of this.#records.names()) {
      const record = this.#records.get(name);
      const isOld = record === null || clock.now() - record.at > keepMs;
      if (record === null || (record.ended !== null && isOld)) this.#records.remove(name);
      else if (record.told !== true && !this.#live.has(record.spec.attempt)) {
        await this.#endLeftover(record);
      }
    }
    this.#desk.prune();
    await this.#tellConnected(null);
    this.#isHydrated = true;
    this.#changed();
  }

  /** Its tree is gone with the life that ran it; what it left is saved. N6 */
  async #endLeftover(record: AttemptRecord): Promise<void> {
    const { spec, hasWorkspace } = record;
    const ended = record.ended ?? (await this.#endOf(record));
    if (record.ended === null) this.#keepEnd(spec, hasWorkspace, ended, false);
    const taken = await this.#tell(ended);
    if (taken.ok) this.#keepEnd(spec, hasWorkspace, ended, true);
  }

  async #endOf(record: AttemptRecord): Promise<AttemptEnded> {
    const { spec } = record;
    const { workspaces } = this.#options.needs;
    const saved = record.hasWorkspace ? await workspaces.snapshot(spec) : ok(null);
    await workspaces.release(spec);
    if (!saved.ok) this.#options.log.error('leftover_not_saved', { failure: saved.error });
    return {
      kind: 'attempt_ended',
      attempt: spec.attempt,
      end: { outcome: 'evicted', failure: null, saved: saved.ok ? saved.value : null },
      usage: noUsage,
    };
  }

  async #tellConnected(answers: CallId | null): Promise<void> {
    const { id: runner, inventory } = this.#options;
    const incarnation = this.#incarnation;
    const attempts = [...this.#live.keys()];
    const jobs = this.#desk.jobs;
    const kind = 'runner_connected';
    await this.#tell({ kind, runner, incarnation, inventory, attempts, jobs, answers });
  }
}

function outcomeOf(reason: StopReason): Outcome {
  switch (reason) {
    case 'submitted':
    case 'asked':
      return reason;
    case 'person':
    case 'paused':
      return 'cancelled';
    case 'quiet':
      return 'timed_out';
    case 'budget':
      return 'over_budget';
  }
}

function endingOf(reason: StopReason, spec: LaunchSpec): Ending {
  const outcome = outcomeOf(reason);
  if (reason !== 'quiet') return { outcome, failure: null };
  const limitMs = limits.quietStopMs;
  const agent = spec.agent;
  const quietMs = limits.quietStopMs;
  return { outcome, failure: { kind: 'agent_timed_out', helps: 'later', agent, quietMs, limitMs } };
}
