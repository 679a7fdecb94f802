/**
 * A modelled agent in its workspace: it starts in phases, works for a while, commits, and then
 * submits, asks, crashes, hangs or lies. The runner around it guards what it hands in.
 *
 * A1 It goes on from what it was given: the round's submission, or what was saved of this bead.
 * A2 After its end it does and says nothing.
 */
import type { StopReason } from '../../core/action.ts';
import type { AttemptEnd, AttemptPhase, Outcome, Usage } from '../../core/attempt.ts';
import type { Failure } from '../../core/failure.ts';
import type { Commit } from '../../core/ids.ts';
import type { LaunchSpec } from '../../core/launch-spec.ts';
import { limits } from '../../core/limits.ts';
import { touchedBy } from '../../core/touched.ts';
import { agentCrashed, agentIdle, agentTimedOut, setupFailed } from './failures.ts';
import { spawnFailed, unreachable } from './failures.ts';
import type { ModelRunner } from './runner.ts';

/** An agent whose tool call was not answered calls again. */
const insistMs = 30_000;

export const stopOutcomes: Readonly<Record<StopReason, Outcome>> = {
  submitted: 'submitted',
  asked: 'asked',
  person: 'cancelled',
  quiet: 'timed_out',
  budget: 'over_budget',
  paused: 'cancelled',
};

export class Agent {
  readonly spec: LaunchSpec;
  readonly #runner: ModelRunner;
  readonly #incarnation: string;
  #over = false;
  #stopping = false;
  #base: Commit | null = null;
  #head: Commit | null = null;
  #usage: Usage = { inputTokens: 0, outputTokens: 0, usd: null };

  constructor(runner: ModelRunner, spec: LaunchSpec) {
    this.#runner = runner;
    this.spec = spec;
    this.#incarnation = runner.incarnation;
  }

  start(): void {
    const { runnerRandom: random, faults } = this.#runner.world;
    this.#later(random.between(200, 8_000), () => {
      const base = this.#checkout();
      if (base === null) return this.end('start_failed', unreachable(this.spec.rig.rig));
      if (faults.happens('setup_failure')) return this.end('start_failed', setupFailed());
      this.#base = base;
      this.#say('workspace_ready');
      this.#later(random.between(100, 2_000), () => this.#spawn());
    });
  }

  /** The town's wish; it has `stopGraceMs` to go. */
  stop(reason: StopReason): void {
    if (this.#over || this.#stopping) return;
    this.#stopping = true;
    const grace = this.#runner.world.runnerRandom.below(limits.stopGraceMs);
    this.#later(grace, () => this.end(stopOutcomes[reason], null));
  }

  end(outcome: Outcome, failure: Failure | null): void {
    if (this.#over) return;
    this.#over = true;
    const end: Omit<AttemptEnd, 'at'> = { outcome, failure, saved: this.#save() };
    this.#runner.agentEnded(this, {
      kind: 'attempt_ended',
      attempt: this.spec.attempt,
      end,
      usage: this.#usage,
    });
  }

  /** Its runner was killed: nobody is told. What was committed lately is on the disk. */
  vanish(): void {
    this.#over = true;
    this.#save();
  }

  #spawn(): void {
    const { runnerRandom: random, faults } = this.#runner.world;
    if (faults.happens('agent_start_failure')) {
      return this.end('start_failed', spawnFailed(this.spec.agent));
    }
    this.#say('spawned');
    this.#later(random.between(50, 3_000), () => {
      this.#say('session_ready');
      this.#later(random.between(10, 500), () => {
        this.#say('turn_started');
        this.#work(random.between(1, 4));
      });
    });
  }

  #work(pieces: number): void {
    const { runnerRandom: random, faults } = this.#runner.world;
    this.#later(random.between(2_000, 120_000), () => {
      if (this.#stopping) return;
      this.#spend(random.between(100, 4_000));
      if (this.#over) return;
      if (faults.happens('agent_hang')) return this.#hang();
      if (faults.happens('agent_crash')) {
        if (random.chance(500)) this.#commit();
        return this.end('crashed', agentCrashed(this.spec.agent));
      }
      if (pieces > 1) return this.#work(pieces - 1);
      this.#finish();
    });
  }

  /** Says nothing more; its runner gives it up in the end. */
  #hang(): void {
    this.#later(limits.quietStopMs, () => {
      if (!this.#stopping) this.end('timed_out', agentTimedOut(this.spec.agent));
    });
  }

  #finish(): void {
    const { faults, plans } = this.#runner.world;
    const plan = plans.of(this.spec.bead);
    if (faults.happens('agent_lie')) {
      // It says it is done and did nothing; the guard refuses an empty change.
      return this.end('idle_without_done', agentIdle(this.spec.agent));
    }
    if (plan.asks && !plan.asked && !plans.healed) {
      plan.asked = true;
      return this.#ask();
    }
    this.#commit();
    this.submit(this.#headNow());
  }

  /** `gt_done`: guarded, copied aside, told; the agent waits for the answer. */
  submit(head: Commit): void {
    const { link } = this.#runner.world;
    this.#runner.disk.submissions.set(this.spec.attempt, head);
    const fact = {
      kind: 'work_submitted',
      attempt: this.spec.attempt,
      head,
      base: this.#base ?? head,
      summary: 'did it',
      touched: touchedBy(this.spec.scope, this.#runner.world.plans.of(this.spec.bead).paths),
    } as const;
    link.tell(fact, (answer) => this.#answered(answer.ok ? 'submitted' : 'evicted'), insistMs);
  }

  #ask(): void {
    const question = { text: 'left or right?', choices: ['left', 'right'] };
    this.#runner.world.link.tell(
      { kind: 'attempt_asked', attempt: this.spec.attempt, question },
      (answer) => this.#answered(answer.ok ? 'asked' : 'evicted'),
      insistMs,
    );
  }

  /** Accepted or over: the runner ends it without being told to, soon or when it gets to it. */
  #answered(outcome: Outcome): void {
    const soon = this.#runner.world.runnerRandom.pick([10, 5_000, 3_600_000]);
    this.#later(soon, () => this.end(outcome, null));
  }

  /** The branch as the next attempt finds it. A1 */
  #checkout(): Commit | null {
    const { git } = this.#runner.world;
    const remote = git.remote(this.spec.rig.rig);
    if (remote.unreachable) return null;
    const saved = this.#runner.disk.saved.get(this.spec.bead) ?? null;
    const base = this.spec.base ?? remote.tip;
    const given = this.spec.head;
    const resumed = saved !== null && (given === null || git.isAncestor(given, saved));
    this.#head = resumed ? saved : given;
    return base;
  }

  #commit(): void {
    const { git, plans } = this.#runner.world;
    const head = this.#headNow();
    const tip = git.remote(this.spec.rig.rig).tip;
    const behind = !git.isAncestor(tip, head);
    const parents = behind && this.spec.head !== null ? [head, tip] : [head];
    this.#head = plans.change(this.spec.bead, parents, tip);
  }

  #headNow(): Commit {
    const head = this.#head ?? this.#base;
    if (head === null) throw new Error('an agent works in a workspace');
    return head;
  }

  #save(): Commit | null {
    if (this.#head === null) return null;
    this.#runner.disk.saved.set(this.spec.bead, this.#head);
    return this.#head;
  }

  #spend(tokens: number): void {
    this.#usage = {
      inputTokens: this.#usage.inputTokens + tokens,
      outputTokens: this.#usage.outputTokens + Math.floor(tokens / 4),
      usd: null,
    };
    const used = this.#usage.inputTokens + this.#usage.outputTokens;
    const max = this.spec.tokensMax;
    if (max !== null && used >= max) return this.end('over_budget', null);
    this.#runner.world.link.tell({
      kind: 'attempt_activity',
      attempt: this.spec.attempt,
      usage: this.#usage,
    });
  }

  #say(phase: AttemptPhase): void {
    this.#runner.world.link.tell({
      kind: 'attempt_phase',
      attempt: this.spec.attempt,
      incarnation: this.#incarnation,
      phase,
      base: this.#base,
      isolation: 'process',
      model: null,
    });
  }

  #later(ms: number, run: () => void): void {
    this.#runner.world.time.after(ms, () => {
      if (!this.#over) run();
    });
  }
}
