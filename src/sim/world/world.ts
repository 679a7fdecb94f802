/**
 * A whole world: time, git, a runner, a link, a server over its disk, people, and what goes
 * wrong. It moves one step at a time; everything in it follows from its seed.
 *
 * O1 A step is one thing happening: a fault, a command, a stranger's push, or the next event.
 * O2 After `heal` nothing goes wrong any more, and what was broken is repaired.
 */
import type { Command } from '../../core/command.ts';
import type { Fact } from '../../core/fact.ts';
import type { Failure } from '../../core/failure.ts';
import { limits } from '../../core/limits.ts';
import { neighbourRules } from '../../core/neighbours.ts';
import type { Result } from '../../core/result.ts';
import { touchedBy } from '../../core/touched.ts';
import { attempts } from '../../storage/tables/attempts.ts';
import { Answering } from './answering.ts';
import { type FaultKind, Faults } from './faults.ts';
import { ForgePeople } from './forge-people.ts';
import { forgePort } from './forge-port.ts';
import { ModelForge } from './forge.ts';
import { ModelGit } from './git.ts';
import { Link } from './link.ts';
import { MemorySql } from './memory-sql.ts';
import { type Options, optionsFor } from './options.ts';
import { Outsiders } from './outsiders.ts';
import { People } from './people.ts';
import { BeadPlans, pathsOf } from './plans.ts';
import { SeededRandom } from './random.ts';
import { RowsReader } from './rows.ts';
import { ModelRunner } from './runner.ts';
import { type Reached, Server } from './server.ts';
import { WorldTime } from './time.ts';

/** The wall clock stays within a day, or answers to commands are forgotten by contract. */
const driftMax = 10 * 3_600_000;

/** After whatever its owner still does. */
const repairIndex = 1_000;

const eventsPerStep = 3;

/** Checks, reviews and reads take their time: a world with a forge needs more of it. */
const eventsPerStepOnForge = 12;

export interface StaleSubmission {
  readonly attempt: string;
  readonly head: string;
  /** A newer attempt had started, or the bead was over. */
  readonly replaced: boolean;
  readonly answer: Result<void, Failure>;
}

export class World {
  readonly seed: number;
  readonly options: Options;
  readonly faults: Faults;
  readonly time = new WorldTime();
  readonly git = new ModelGit();
  readonly disk = new MemorySql();
  readonly rows = new RowsReader(this.disk);
  readonly problems: string[] = [];
  readonly link: Link;
  readonly runner: ModelRunner;
  readonly server: Server;
  readonly people: People;
  readonly forge: ModelForge;
  readonly forgePeople: ForgePeople;
  readonly outsiders: Outsiders;
  readonly plans: BeadPlans;
  /** Submissions the town said yes to: bead → heads, in order. */
  readonly accepted = new Map<string, string[]>();
  readonly stale: StaleSubmission[] = [];
  readonly #random: SeededRandom;
  readonly #answering = new Answering(this);
  #strangers = 0;
  #drift = 0;
  actions = 0;

  constructor(
    seed: number,
    allowed: readonly FaultKind[],
    options = optionsFor(seed),
    rules = neighbourRules,
  ) {
    this.seed = seed;
    this.options = options;
    this.#random = this.stream('world');
    const forgeFaults = this.stream('forge faults');
    const outsiderFaults = this.stream('outsider faults');
    const { others } = options;
    this.faults = new Faults(this.stream('faults'), allowed, forgeFaults, others, outsiderFaults);
    this.plans = new BeadPlans(seed, this.git, options.gates);
    for (const rig of options.rigs) this.git.createRemote(rig.name);
    this.forge = forgeOf(this);
    this.link = new Link({
      time: this.time,
      faults: this.faults,
      linkRandom: this.stream('link'),
      handle: (call) => this.runner.handle(call),
      fact: (fact) => this.fact(fact),
    });
    this.runner = new ModelRunner({
      time: this.time,
      faults: this.faults,
      git: this.git,
      link: this.link,
      plans: this.plans,
      runnerRandom: this.stream('runner'),
      capacity: options.capacity,
      strangerPushes: (rig) => this.strangerPushes(rig),
      problem: (message) => this.problem(message),
    });
    this.server = new Server({
      time: this.time,
      faults: this.faults,
      disk: this.disk,
      rules,
      agendaRandom: this.stream('agenda'),
      townRandom: this.stream('town'),
      runnerPort: (life) => this.link.port(life),
      forgePort: (life) => forgePort(this.forge, life),
      serverUp: () => this.time.after(this.#random.between(10, 3_000), () => this.#dialIn()),
      problem: (message) => this.problem(message),
    });
    this.people = new People(this);
    this.forgePeople = new ForgePeople({
      forge: this.forge,
      random: this.stream('forge people'),
      handedIn: this.accepted,
      ask: (command) => void this.people.ask(command),
    });
    this.outsiders = new Outsiders({
      forge: this.forge,
      random: this.stream('outsiders'),
      rows: () => this.rows.read(),
      ask: (command) => this.people.ask(command),
    });
  }

  stream(name: string): SeededRandom {
    return new SeededRandom(this.seed, name);
  }

  problem(message: string): void {
    this.problems.push(message);
  }

  begin(): void {
    this.server.start();
    this.runner.start();
    this.people.furnish();
  }

  /** O1 */
  step(): void {
    this.actions += 1;
    if (this.#disturb() || this.forgePeople.disturb()) return;
    if (this.server.up && this.outsiders.disturb()) return;
    if (this.forgePeople.cares() && this.#answering.pass()) return;
    if (this.people.waiting && this.server.up && this.#random.chance(400)) {
      this.people.repeat();
      return;
    }
    if (this.#random.chance(this.options.strangers)) {
      this.strangerPushes(this.#random.pick(this.options.rigs).name);
      return;
    }
    if (this.#random.chance(this.options.people)) return this.people.act();
    // Most of what happens is the world going on; several events are one step.
    const events = this.forge.repos.size > 0 ? eventsPerStepOnForge : eventsPerStep;
    this.forge.answered = false;
    for (let i = 0; i < events; i += 1) {
      if (!this.happenNext()) return this.people.act();
      // Time must not run past an answer before it is heard.
      if (!this.server.up || this.forge.answered) return;
    }
  }

  /** The next planned event or the alarm, whichever is first; false when there is neither. */
  happenNext(): boolean {
    const alarm = this.server.alarmAt;
    const alarmAt = alarm === null ? null : this.time.whenWall(alarm);
    const eventAt = this.time.nextAt();
    if (alarmAt === null && eventAt === null) return false;
    if (alarmAt !== null && (eventAt === null || alarmAt <= eventAt)) {
      this.time.advance(Math.max(alarmAt, this.time.now));
      this.server.alarm();
    } else this.time.runNext();
    return true;
  }

  /** Tells the town a fact, and remembers which submissions it accepted. */
  fact(fact: Fact): Reached<Result<void, Failure>> {
    const reached = this.server.fact(fact);
    if (fact.kind === 'work_submitted' && reached.is === 'answered' && reached.value.ok) {
      const bead = fact.attempt.slice(0, fact.attempt.lastIndexOf('.'));
      const heads = this.accepted.get(bead) ?? [];
      if (heads.at(-1) !== fact.head) this.accepted.set(bead, [...heads, fact.head]);
    }
    return reached;
  }

  strangerPushes(rig: string): boolean {
    this.#strangers += 1;
    const remote = this.git.remote(rig);
    const owner = `stranger-${this.#strangers}`;
    const gate = this.options.gates[0];
    const bad = gate !== undefined && !this.faults.healed && this.#random.chance(150);
    const patch = this.git.patch({
      id: owner,
      owner,
      index: 1,
      paths: pathsOf(this.#random),
      breaks: bad ? [gate] : [],
    });
    return this.git.push(remote, this.git.commit([remote.tip], [patch.id]), remote.tip, 'stranger');
  }

  /** O2 */
  heal(): void {
    this.faults.heal();
    this.forge.heal();
    this.plans.healed = true;
    for (const remote of this.git.remotes()) {
      remote.unreachable = false;
    }
    if (!this.link.up) this.#reconnect();
  }

  /**
   * Somebody repairs what is broken there: by strangers, by us before there were gates, or by what
   * was under way when the world was healed.
   */
  repairTargets(): void {
    const { git } = this;
    const broken = git.remotes().flatMap((remote) => {
      return git.broken(remote.tip).map((patch) => ({ remote, patch }));
    });
    for (const { remote, patch } of broken) {
      const fix = git.patch({ ...patch, id: `fix:${patch.id}`, index: repairIndex, breaks: [] });
      git.push(remote, git.commit([remote.tip], [fix.id]), remote.tip, 'stranger');
    }
  }

  /** Spontaneous faults; true when one happened. */
  #disturb(): boolean {
    const { faults } = this;
    if (faults.happens('crash_runner')) {
      this.runner.crash();
      return true;
    }
    if (faults.happens('crash_both')) {
      this.server.kill();
      this.runner.crash();
      return true;
    }
    if (faults.happens('clock_jump_forward')) return this.#jump(1);
    if (faults.happens('clock_jump_back')) return this.#jump(-1);
    if (faults.happens('runner_disconnect')) return this.#disconnect();
    if (faults.happens('remote_unreachable')) return this.#cutRemote();
    if (faults.mayHappen('stale_runner_fact') && this.link.tellStale()) {
      faults.count('stale_runner_fact');
      return true;
    }
    return faults.mayHappen('stale_submission') && this.#submitStale();
  }

  #jump(direction: 1 | -1): boolean {
    const ms = direction * this.#random.between(1_000, this.#random.pick([60_000, 7_200_000]));
    if (Math.abs(this.#drift + ms) > driftMax) return false;
    this.#drift += ms;
    this.time.jump(ms);
    return true;
  }

  #disconnect(): boolean {
    if (!this.link.up) return false;
    this.link.up = false;
    const awayMs = this.#random.pick([20_000, 200_000, 2_000_000]);
    const cut = this.time.now;
    this.time.after(limits.linkGraceMs, () => {
      if (!this.link.up && this.time.now - cut >= limits.linkGraceMs)
        this.runner.stopAll('evicted');
    });
    this.time.after(this.#random.between(1_000, awayMs), () => this.#reconnect());
    return true;
  }

  #reconnect(): void {
    if (this.link.up) return;
    this.link.up = true;
    this.#dialIn();
  }

  #dialIn(): void {
    if (this.link.up && this.server.up) this.runner.connect();
  }

  #cutRemote(): boolean {
    const remote = this.git.remote(this.#random.pick(this.options.rigs).name);
    remote.unreachable = true;
    const awayMs = this.#random.pick([120_000, 900_000, 7_200_000]);
    this.time.after(this.#random.between(10_000, awayMs), () => {
      remote.unreachable = false;
    });
    return true;
  }

  /** An agent that was given up long ago hands in its work. */
  #submitStale(): boolean {
    if (this.disk.commits === 0) return false;
    const ended = attempts.select(this.disk, `where status = 'ended' order by id`);
    const attempt = ended.length === 0 ? undefined : this.#random.pick(ended);
    const base = attempt?.base ?? null;
    if (attempt === undefined || base === null) return false;
    const head = this.plans.change(attempt.bead, [base]);
    const bead = this.rows.read().beads.find((row) => row.id === attempt.bead);
    const replaced = bead === undefined || bead.attempts > attempt.number;
    const reached = this.server.fact({
      kind: 'work_submitted',
      attempt: attempt.id,
      head,
      base,
      summary: 'late',
      touched: touchedBy([], ['late.txt']),
    });
    if (reached.is !== 'answered') return false;
    this.faults.count('stale_submission');
    this.stale.push({ attempt: attempt.id, head, replaced, answer: reached.value });
    return true;
  }
}

function forgeOf(world: World): ModelForge {
  const { time, faults, git, disk, options } = world;
  const random = world.stream('forge');
  const gate = options.gates[0] ?? null;
  const fact = (told: Fact) => world.fact(told);
  const ask = (command: Command) => world.people.ask(command);
  const forge = new ModelForge({ time, faults, git, disk, random, gate, fact, ask });
  for (const { name, forge: rules } of options.rigs) {
    if (rules !== undefined) forge.addRepository(name, rules);
  }
  return forge;
}
