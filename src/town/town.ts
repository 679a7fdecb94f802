/**
 * The durable actor: one object, one database, one turn at a time. Everything that enters it is
 * a command, a fact or the alarm; each is one transaction that also settles what it set off.
 *
 * U1 No `await` inside a turn. U2 Calls leave only after the commit. U3 After every turn the
 * alarm is armed at the earliest due time, or cleared when nothing is due.
 * U4 What throws leaves nothing half-written: the turn is rolled back and the caller is told.
 * U5 A rehearsal is a command's turn that is always undone: no row, number, call, alarm or listener
 *    is touched by it.
 */
import type { Call, EntityName, ForgeCall } from '../core/action.ts';
import { assert } from '../core/assert.ts';
import { noUsage } from '../core/attempt.ts';
import type { Command, CommandAnswer } from '../core/command.ts';
import type { Fact } from '../core/fact.ts';
import type { Failure } from '../core/failure.ts';
import type { RunnerId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { neighbourRules, type NeighbourRule } from '../core/neighbours.ts';
import { err, ok, type Result } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Alarm, Clock, FeedListener, Log, Random, Timers } from '../ports/host.ts';
import type { ForgePort } from '../ports/forge.ts';
import type { RunnerPort } from '../ports/runner.ts';
import { undone, type Sql, type Tx } from '../ports/sql.ts';
import { agenda } from '../storage/agenda.ts';
import { migrate } from '../storage/schema.ts';
import { dispatches } from '../storage/tables/dispatch.ts';
import { idempotency } from '../storage/tables/idempotency.ts';
import { journal } from '../storage/tables/journal.ts';
import { towns } from '../storage/tables/town.ts';
import { touch, type AgendaOrder, type Turn } from './apply.ts';
import { prune, restartLeases, wakeAll } from './boot.ts';
import { carryOut } from './commands.ts';
import { recordFact } from './facts.ts';
import { Perform } from './perform.ts';
import { answeredBefore, askedText } from './repeats.ts';
import { fromStart, missedWakes, type Cursor } from './resync.ts';
import { bug, first, runTick, type TickDeps } from './tick.ts';

export interface TownDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  /** Ends the wait for a forge that never answers. */
  readonly timers: Timers;
  readonly random: Random;
  readonly alarm: Alarm;
  readonly log: Log;
  readonly runner: (id: RunnerId) => RunnerPort | undefined;
  /** Code hosts; absent where rigs land directly only. */
  readonly forge?: ForgePort;
  /** Names this build in what it parks. */
  readonly build: string;
  /** Which of the due names is next; the simulator shuffles. */
  readonly pickDue?: (due: readonly EntityName[]) => number;
  /** Between two resyncs; the simulator, whose time leaps, looks by a checker of its own. */
  readonly resyncMs?: number;
  /** The simulator takes one away and sees a checker fail. */
  readonly rules?: readonly NeighbourRule[];
}

export class Town {
  readonly #deps: TownDeps;
  readonly #perform: Perform;
  readonly #tick: TickDeps;
  readonly #listeners = new Set<FeedListener>();
  #order = 0;
  #armedAt: Instant | null = null;
  #lastSeq = 0;
  #resyncedAt: Instant = instant(0);
  #resyncCursor: Cursor = fromStart;

  /** Opens the town's database, making it first if it is new. Throws on a newer schema. */
  constructor(deps: TownDeps) {
    this.#deps = deps;
    this.#perform = new Perform({
      runner: deps.runner,
      forge: deps.forge,
      tell: (fact) => void this.fact(fact),
      log: deps.log,
      timers: deps.timers,
    });
    this.#tick = {
      build: deps.build,
      monotonicMs: () => deps.clock.monotonicMs(),
      pickDue: deps.pickDue ?? first,
      decided: new Map(),
    };
    this.#open();
  }

  /** The process started: every footprint is due, leases count from now. */
  boot(): void {
    this.#turn((turn) => {
      wakeAll(turn);
      restartLeases(turn);
      prune(turn);
    });
  }

  /** `key` makes it idempotent: a repeat is answered what the first was. K2 */
  command(command: Command, who: string, key?: string): Result<CommandAnswer, Failure> {
    return this.#turn((turn) => this.#ask(turn, command, who, key));
  }

  /**
   * U5. Each command sees what the ones before came to; the first that is refused ends it. `look`
   * reads what the last one, and what it set off, came to.
   */
  rehearse<T>(
    commands: readonly Command[],
    who: string,
    look: (answer: CommandAnswer) => Result<T, Failure>,
    key?: string,
  ): Result<T, Failure> {
    return undone(this.#deps.sql, (tx) => {
      let order = this.#order;
      const turn = this.#begin(tx, this.#now(), [], { next: () => (order += 1) });
      let answer: Result<CommandAnswer, Failure> | null = null;
      for (const command of commands) {
        answer = this.#ask(turn, command, who, key);
        runTick(turn, { ...this.#tick, decided: new Map() });
        if (!answer.ok) return answer;
      }
      assert(answer !== null, 'a rehearsal is of something');
      return look(answer.value);
    });
  }

  /** Answers `attempt_over` when the fact was fenced: nothing moved, the sender is told. */
  fact(fact: Fact): Result<void, Failure> {
    return this.#turn((turn) => {
      const { refusal } = recordFact(turn, fact);
      return refusal === null ? ok(undefined) : err(refusal);
    });
  }

  /** The host's alarm fired. */
  alarm(): void {
    this.#turn(() => undefined);
  }

  onCommit(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Entities whose decision would act although nothing wakes them. Writes nothing. */
  dryResync(): readonly EntityName[] {
    const { sql } = this.#deps;
    return missedWakes(sql, this.#now(), fromStart, Number.MAX_SAFE_INTEGER).missed;
  }

  close(): void {
    this.#deps.alarm.set(null);
    this.#listeners.clear();
  }

  #open(): void {
    const { sql, random } = this.#deps;
    const now = this.#now();
    const migrated = migrate(sql, now);
    assert(
      migrated.ok,
      migrated.ok ? '' : `database version ${migrated.found} is newer than ${migrated.known}`,
    );
    sql.transaction((tx) => {
      if (towns.get(tx, 'town') !== undefined) return;
      towns.insert(tx, {
        id: 'town',
        tag: tagOf(random),
        name: 'local',
        status: 'running',
        settings: {},
        usage: noUsage,
        createdAt: now,
        updatedAt: now,
      });
      dispatches.insert(tx, {
        id: 'dispatch',
        status: 'granting',
        openedAt: null,
        resetAt: now,
        probe: null,
        resetAsked: false,
        escalation: null,
        waits: [],
        updatedAt: now,
        parked: null,
      });
    });
    this.#order = agenda.lastSeq(sql);
    this.#lastSeq = journal.lastSeq(sql);
  }

  #now(): Instant {
    return this.#deps.clock.now();
  }

  /** K2 */
  #ask(turn: Turn, command: Command, who: string, key?: string): Result<CommandAnswer, Failure> {
    const before = answeredBefore(turn.tx, command, key);
    if (before !== null) return before;
    const answer = carryOut({ turn, who, random: this.#deps.random }, command);
    if (!answer.ok) return answer;
    const value = { id: answer.value, seq: journal.lastSeq(turn.tx) };
    if (key !== undefined) {
      const asked = askedText(command);
      idempotency.put(turn.tx, key, asked, JSON.stringify(value), turn.now);
    }
    return ok(value);
  }

  /** Leases count from now where the machine slept through its alarm. */
  #begin(tx: Tx, now: Instant, calls: Turn['calls'], order: AgendaOrder): Turn {
    const rules = this.#deps.rules ?? neighbourRules;
    const turn: Turn = { tx, now, number: this.#lastSeq + 1, calls, order, rules };
    const slept = this.#armedAt !== null && now - this.#armedAt > limits.leaseMs / 2;
    if (slept) restartLeases(turn);
    return turn;
  }

  /** U1: one transaction of the body and the tick it sets off. U2, U3 after it. */
  #turn<T>(body: (turn: Turn) => T): T {
    const { sql, alarm } = this.#deps;
    const now = this.#now();
    const calls: (Call | ForgeCall)[] = [];
    this.#tick.decided.clear();
    const answer = sql.transaction((tx) => {
      const turn = this.#begin(tx, now, calls, { next: () => (this.#order += 1) });
      const result = body(turn);
      const more = runTick(turn, this.#tick);
      if (!more) this.#resync(turn);
      return { result, dueAt: agenda.nextDueAt(tx), lastSeq: journal.lastSeq(tx) };
    });
    this.#armedAt = answer.dueAt;
    alarm.set(answer.dueAt);
    this.#perform.start(calls);
    this.#announce(answer.lastSeq);
    return answer.result;
  }

  #announce(lastSeq: number): void {
    if (lastSeq === this.#lastSeq) return;
    this.#lastSeq = lastSeq;
    for (const listener of this.#listeners) listener(lastSeq);
  }

  /** One batch after a turn that ran anyway, at most once a minute; no timer of its own. */
  #resync(turn: Turn): void {
    if (turn.now < after(this.#resyncedAt, this.#deps.resyncMs ?? limits.resyncMs)) return;
    this.#resyncedAt = turn.now;
    const found = missedWakes(turn.tx, turn.now, this.#resyncCursor, limits.resyncBatch);
    this.#resyncCursor = found.next;
    for (const name of found.missed) {
      this.#deps.log.error('missed_wake', { ...name });
      touch(turn, name);
      bug(turn, name, `${name.kind} ${name.id} was not woken`, 'missed_wake');
    }
  }
}

/** 4 characters, the first a letter, so that it reads well in a branch. T1 */
function tagOf(random: Random): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz';
  return `${letters[random.below(letters.length)] ?? 'g'}${random.token(3)}`;
}
