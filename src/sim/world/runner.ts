/**
 * The modelled runner: a process that holds agents and jobs by name, with a memory that dies with
 * it and a disk that does not. Its answers follow the contract of the port, including the odd ones.
 *
 * N1 A repeat attaches to what runs or tells the stored result again; after a crash it runs again.
 * N2 A higher attempt at a bead ends the lower one first; a lower one is refused.
 * N3 Two agents never work on one bead at the same time on this machine.
 */
import type { Call, StopReason } from '../../core/action.ts';
import { noUsage, type Outcome } from '../../core/attempt.ts';
import type { Fact } from '../../core/fact.ts';
import type { AttemptId, BeadId, CallId, Commit, JobId } from '../../core/ids.ts';
import { beadOfAttempt, runnerId } from '../../core/ids.ts';
import type { JobResult, JobSpec } from '../../core/job.ts';
import type { LaunchSpec } from '../../core/launch-spec.ts';
import { limits } from '../../core/limits.ts';
import type { Refusal } from '../../ports/runner.ts';
import { Agent, stopOutcomes } from './agent.ts';
import type { Faults } from './faults.ts';
import type { ModelGit } from './git.ts';
import { runJob } from './jobs.ts';
import type { Link } from './link.ts';
import type { BeadPlans } from './plans.ts';
import type { SeededRandom } from './random.ts';
import type { WorldTime } from './time.ts';

export type Ended = Extract<Fact, { readonly kind: 'attempt_ended' }>;

/** What survives the process. */
export class RunnerDisk {
  /** Unsubmitted work of a bead, as last saved. */
  readonly saved = new Map<BeadId, Commit>();
  /** Guarded copies of submissions. */
  readonly submissions = new Map<AttemptId, Commit>();
  /** Attempts whose workspace is in use: what a killed process left is ended by the next. */
  readonly running = new Set<AttemptId>();
  /** How attempts ended, for whoever asks again. */
  readonly ended = new Map<AttemptId, Ended>();
}

export interface RunnerWorld {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly git: ModelGit;
  readonly link: Link;
  readonly plans: BeadPlans;
  readonly runnerRandom: SeededRandom;
  readonly capacity: number;
  /** A stranger pushes to a rig's target. */
  strangerPushes(rig: string): boolean;
  problem(message: string): void;
}

/** A runner that is not known to its town says again that it is there. */
const connectInsistMs = 60_000;

interface HeldJob {
  readonly job: JobId;
  readonly call: CallId;
  result: JobResult | null;
}

export class ModelRunner {
  readonly world: RunnerWorld;
  readonly disk = new RunnerDisk();
  readonly id = runnerId('local');
  readonly agents = new Map<AttemptId, Agent>();
  /** The latest attempt of each bead that this life was asked to start. */
  readonly #latest = new Map<BeadId, LaunchSpec>();
  readonly #jobs = new Map<CallId, HeldJob>();
  #life = 0;
  #beating = 0;
  alive = false;
  draining = false;
  /** Every agent process there ever was, for the checkers. */
  started = 0;

  constructor(world: RunnerWorld) {
    this.world = world;
  }

  get incarnation(): string {
    return `life-${this.#life}`;
  }

  start(): void {
    if (this.alive) return;
    this.#life += 1;
    this.alive = true;
    this.draining = false;
    for (const attempt of this.disk.running) this.#endLeftover(attempt);
    this.connect();
  }

  /** kill -9 of the runner; its agents go with it. */
  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const agent of this.agents.values()) agent.vanish();
    this.agents.clear();
    this.#latest.clear();
    this.#jobs.clear();
    this.world.link.forget();
    this.world.time.after(this.world.runnerRandom.between(1_000, 90_000), () => this.start());
  }

  /** Says what it holds, and tells again what was not committed. */
  connect(answers: CallId | null = null): void {
    if (!this.alive) return;
    const first = this.world.runnerRandom.chance(500);
    if (first) this.world.link.retell();
    const fact: Fact = {
      kind: 'runner_connected',
      runner: this.id,
      incarnation: this.incarnation,
      inventory: {
        capacity: this.world.capacity,
        isolation: 'process',
        isolationNote: 'simulated',
        agents: ['modelled'],
        known: [],
      },
      attempts: [...this.agents.keys()],
      jobs: [...this.#jobs.values()].filter((held) => held.result === null).map((h) => h.job),
      answers,
    };
    this.world.link.tell(fact, null, answers === null ? connectInsistMs : null);
    if (!first) this.world.link.retell();
  }

  /** undefined when there is no process to answer. */
  handle(call: Call): Refusal | null | undefined {
    if (!this.alive) return undefined;
    switch (call.op) {
      case 'start_attempt':
        return this.#startAttempt(call.spec);
      case 'stop_attempt':
        return this.#stopAttempt(call.attempt, call.reason);
      case 'start_job':
        return this.#startJob(call.callId, call.job, call.spec);
      case 'cancel_job':
        return this.#cancelJob(call.job);
      case 'list':
        this.connect(call.callId);
        return null;
    }
  }

  get busy(): boolean {
    return this.agents.size > 0 || [...this.#jobs.values()].some((held) => held.result === null);
  }

  /** Called by an agent whose process tree is gone. */
  agentEnded(agent: Agent, fact: Ended): void {
    this.agents.delete(agent.spec.attempt);
    this.#keepEnd(fact);
  }

  /** Without its link for too long: save and stop everything. */
  stopAll(outcome: Outcome): void {
    for (const agent of this.agents.values()) agent.end(outcome, null);
  }

  #keepEnd(fact: Ended): void {
    this.disk.running.delete(fact.attempt);
    this.disk.ended.set(fact.attempt, fact);
    this.world.link.tell(fact);
  }

  /** The tree is gone with the life that ran it; what it left is saved. */
  #endLeftover(attempt: AttemptId): void {
    const saved = this.disk.saved.get(beadOfAttempt(attempt)) ?? null;
    const end = { outcome: 'evicted' as const, failure: null, saved };
    this.#keepEnd({ kind: 'attempt_ended', attempt, end, usage: noUsage });
  }

  /** N2 */
  #startAttempt(spec: LaunchSpec): Refusal | null {
    if (this.draining) return { kind: 'draining' };
    const latest = this.#latest.get(spec.bead);
    if (latest !== undefined && latest.number > spec.number) {
      return { kind: 'superseded', by: latest.attempt };
    }
    this.#latest.set(spec.bead, spec);
    if (this.agents.has(spec.attempt) || this.#tellEndAgain(spec.attempt)) return null;
    if (latest !== undefined) this.agents.get(latest.attempt)?.end('evicted', null);
    this.disk.running.add(spec.attempt);
    this.started += 1;
    const agent = new Agent(this, spec);
    this.agents.set(spec.attempt, agent);
    agent.start();
    this.#beat();
    return null;
  }

  #stopAttempt(attempt: AttemptId, reason: StopReason): Refusal | null {
    const agent = this.agents.get(attempt);
    if (agent !== undefined) agent.stop(reason);
    else if (!this.#tellEndAgain(attempt)) {
      // Nothing of it is here, so its tree is gone.
      const end = { outcome: stopOutcomes[reason], failure: null, saved: null };
      this.world.link.tell({ kind: 'attempt_ended', attempt, end, usage: noUsage });
    }
    return null;
  }

  #tellEndAgain(attempt: AttemptId): boolean {
    const ended = this.disk.ended.get(attempt);
    if (ended !== undefined) this.world.link.tell(ended);
    return ended !== undefined;
  }

  #startJob(call: CallId, job: JobId, spec: JobSpec): Refusal | null {
    const held = this.#jobs.get(call);
    if (held !== undefined) {
      if (held.result !== null) this.#tellJob(held, held.result);
      return null;
    }
    if (this.draining) return { kind: 'draining' };
    const fresh: HeldJob = { job, call, result: null };
    this.#jobs.set(call, fresh);
    this.#beat();
    const life = this.#life;
    this.world.time.after(this.#duration(spec), () => {
      if (!this.alive || life !== this.#life || fresh.result !== null) return;
      const result = runJob(this, spec);
      if (result === 'killed') return this.crash();
      fresh.result = result;
      this.#tellJob(fresh, result);
    });
    return null;
  }

  #cancelJob(job: JobId): Refusal | null {
    for (const held of this.#jobs.values()) {
      if (held.job !== job) continue;
      held.result ??= {
        kind: 'failed',
        failure: { kind: 'stopped_by_person', helps: 'no', reason: 'cancelled' },
      };
      this.#tellJob(held, held.result);
    }
    return null;
  }

  #tellJob(held: HeldJob, result: JobResult): void {
    this.world.link.tell({ kind: 'job_done', job: held.job, callId: held.call, result });
  }

  #duration(spec: JobSpec): number {
    const random = this.world.runnerRandom;
    if (spec.kind === 'gate') return random.between(500, 60_000);
    return random.between(100, 3_000);
  }

  /** One heartbeat for everything it holds; none when it holds nothing. */
  #beat(): void {
    if (this.#beating === this.#life) return;
    const life = this.#life;
    this.#beating = life;
    this.world.time.after(limits.heartbeatMs, () => {
      if (life !== this.#life) return;
      this.#beating = 0;
      if (!this.alive || !this.busy) return;
      const { id, incarnation } = this;
      this.world.link.mention({ kind: 'runner_heartbeat', runner: id, incarnation });
      this.#beat();
    });
  }
}
