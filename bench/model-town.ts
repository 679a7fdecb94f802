/**
 * The production town over a database, with nobody outside it: its runner takes every call and does
 * nothing, its facts are told by the benchmark. And one of any size, in the mix of a busy town.
 *
 * M1 Rows of a big town are copies of rows that a small one made by itself, with other names, so
 *    they follow the code. `dryResync` says whether they fit together.
 * M2 Wall time stands still unless it is moved, so no lease or resync falls into a measurement.
 */
import type { Fact } from '../src/core/fact.ts';
import {
  attemptIdOf,
  beadId,
  commitOf,
  rigId,
  type AttemptId,
  type CallId,
  type JobId,
} from '../src/core/ids.ts';
import type { JobResult, JobSpec } from '../src/core/job.ts';
import { localRunner } from '../src/core/runner.ts';
import { ok } from '../src/core/result.ts';
import { after, instant, type Instant } from '../src/core/time.ts';
import { touchedBy } from '../src/core/touched.ts';
import { systemRandom } from '../src/hosts/node/random.ts';
import type { RunnerPort } from '../src/ports/runner.ts';
import type { Sql, Tx } from '../src/ports/sql.ts';
import { agenda } from '../src/storage/agenda.ts';
import { attempts } from '../src/storage/tables/attempts.ts';
import { beads } from '../src/storage/tables/beads.ts';
import { dependencies } from '../src/storage/tables/dependencies.ts';
import { journal } from '../src/storage/tables/journal.ts';
import { mergeRequests } from '../src/storage/tables/merge-requests.ts';
import { rigs } from '../src/storage/tables/rigs.ts';
import { runners } from '../src/storage/tables/runners.ts';
import { counters } from '../src/storage/tables/town.ts';
import { visibleOf } from '../src/town/apply.ts';
import { Town } from '../src/town/town.ts';

const incarnation = 'life-1';
const farMs = 30 * 24 * 60 * 60 * 1000;
const person = 'person:bench';
const used = { inputTokens: 0, outputTokens: 0, usd: null };
const body = 'Say what should be true, where to look and how to tell that it is done. '.repeat(3);

export const rigNames = ['alpha', 'beta', 'gamma', 'delta'] as const;

interface Asked {
  readonly job: JobId;
  readonly call: CallId;
  readonly spec: JobSpec;
}

export class ModelTown {
  readonly sql: Sql;
  readonly town: Town;
  /** Started and not yet told about, oldest first. */
  readonly started: AttemptId[] = [];
  readonly #jobs: Asked[] = [];
  /** No two say the same: the second one would be held. */
  #slung = 0;
  #wall: Instant = instant(Date.now());
  #alarmAt: Instant | null = null;

  /** `monotonicMs` is what a tick's time budget is counted by. */
  constructor(sql: Sql, monotonicMs: () => number = () => performance.now()) {
    this.sql = sql;
    this.town = new Town({
      sql: this.sql,
      clock: { now: () => this.#wall, monotonicMs },
      timers: { after: () => () => undefined },
      random: systemRandom,
      alarm: { set: (at) => (this.#alarmAt = at) },
      log: {
        info: () => {},
        error: (event, data) => {
          throw new Error(`the town reports ${event}: ${JSON.stringify(data)}`);
        },
      },
      runner: () => this.#runner(),
      build: 'bench',
    });
  }

  /** A runner with room for so many and a rig of each name, ready. */
  async begin(capacity: number, names: readonly string[] = rigNames): Promise<void> {
    this.tell({
      kind: 'runner_connected',
      runner: localRunner,
      incarnation,
      inventory: {
        capacity,
        isolation: 'process',
        isolationNote: null,
        agents: ['any'],
        known: [],
      },
      attempts: [],
      jobs: [],
      answers: null,
    });
    for (const name of names) this.#addRig(name);
    await this.rest();
    for (const job of this.#jobs.splice(0)) this.#done(job, report());
    await this.rest();
  }

  sling(rig: string, options: { hold?: boolean; after?: readonly string[] } = {}): string {
    this.#slung += 1;
    const answer = this.town.command(
      {
        kind: 'sling',
        rig,
        title: `Make list ${this.#slung} of things shorter than it was`,
        body,
        after: options.after ?? [],
        priority: 2,
        hold: options.hold ?? false,
        agent: null,
        model: null,
      },
      person,
    );
    if (!answer.ok) throw new Error(`sling was refused: ${answer.error.kind}`);
    return answer.value.id;
  }

  tell(fact: Fact): void {
    const answer = this.town.fact(fact);
    if (!answer.ok) throw new Error(`${fact.kind} was refused: ${answer.error.kind}`);
  }

  /** The agent's turn runs. */
  begun(attempt: AttemptId): void {
    this.tell({
      kind: 'attempt_phase',
      attempt,
      incarnation,
      phase: 'turn_started',
      base: commit('b'),
      isolation: 'process',
      model: null,
    });
  }

  submitted(attempt: AttemptId): void {
    const said = { summary: 'Shortened the list.', touched: touchedBy([], ['list.txt']) };
    const work = { attempt, head: commit('c'), base: commit('b'), ...said };
    this.tell({ kind: 'work_submitted', ...work });
  }

  ended(attempt: AttemptId): void {
    const end = { outcome: 'submitted' as const, failure: null, saved: null };
    this.tell({ kind: 'attempt_ended', attempt, end, usage: used });
  }

  /** Until every call was answered and nothing is due. */
  async rest(): Promise<void> {
    do {
      await new Promise((done) => setImmediate(done));
      if (this.#isDue()) this.town.alarm();
    } while (this.#isDue());
  }

  /** M2 */
  pass(ms: number): void {
    this.#wall = after(this.#wall, ms);
  }

  close(): void {
    this.town.close();
    this.sql.close();
  }

  #isDue(): boolean {
    return this.#alarmAt !== null && this.#alarmAt <= this.#wall;
  }

  #addRig(name: string): void {
    const answer = this.town.command(
      {
        kind: 'rig_add',
        name,
        prefix: name,
        remote: `/repositories/${name}.git`,
        lends: null,
        forge: null,
        target: 'main',
        updateCheckout: false,
        createTargetFrom: null,
        consent: true,
        report: null,
      },
      person,
    );
    if (!answer.ok) throw new Error(`the rig was refused: ${answer.error.kind}`);
  }

  #done({ job, call }: Asked, result: JobResult): void {
    this.tell({ kind: 'job_done', job, callId: call, result });
  }

  #runner(): RunnerPort {
    return {
      startAttempt: async (_call, spec) => {
        this.started.push(spec.attempt);
        return ok(undefined);
      },
      startJob: async (call, job, spec) => {
        this.#jobs.push({ job, call, spec });
        return ok(undefined);
      },
      stopAttempt: async () => ok(undefined),
      cancelJob: async () => ok(undefined),
      list: async () => ok(undefined),
      read: () => Promise.reject(new Error('nothing is read here')),
    };
  }
}

function report(): JobResult {
  const checks = (['reachable', 'target', 'push', 'prefix'] as const).map((name) => ({
    name,
    passed: true,
    failure: null,
  }));
  const found = {
    setup: [],
    gates: [],
    detectedFrom: [],
    pullTemplate: null,
    checks,
    defaultBranch: 'main',
  };
  return { kind: 'fetch', report: { remote: '/repositories', targetTip: commit('a'), ...found } };
}

export const commit = (digit: string) => commitOf(digit.repeat(40));

export interface BigTown {
  readonly model: ModelTown;
  /** Attempts whose turn runs, in the order in which they should end. */
  readonly running: AttemptId[];
}

/**
 * A town of `size` live beads: 40 % blocked by two each, 40 % open with every slot taken, 10 % in
 * progress, 10 % in review in the line of their target.
 */
export async function bigTown(
  sql: Sql,
  size: number,
  monotonicMs?: () => number,
): Promise<BigTown> {
  const model = new ModelTown(sql, monotonicMs);
  await model.begin(rigNames.length);
  for (const rig of rigNames) await oneOfEach(model, rig);
  const running = model.sql.transaction((tx) =>
    rigNames.flatMap((rig) => multiply(tx, rig, Math.round(size / rigNames.length))),
  );
  model.sql.transaction((tx) => widen(tx));
  // In turn over the rigs, as agents end in life.
  const order = running.map((id, n) => ({ id, at: n % (running.length / rigNames.length) }));
  return { model, running: order.toSorted((a, b) => a.at - b.at).map(({ id }) => id) };
}

/** Beads 1 and 2 in review, 3 in progress, 4 open, 5 blocked by two. One slot in the rig. */
async function oneOfEach(model: ModelTown, rig: string): Promise<void> {
  const town = model.town.command(
    { kind: 'settings_set', rig, set: { maxPolecatsPerRig: 1 }, unset: [] },
    person,
  );
  if (!town.ok) throw new Error(`the setting was refused: ${town.error.kind}`);
  for (const _ of [1, 2, 3, 4]) model.sling(rig);
  model.sling(rig, { after: [`${rig}-3`, `${rig}-4`] });
  for (const number of [1, 2, 3]) {
    await model.rest();
    const attempt = attemptIdOf(beadId(`${rig}-${number}`), 1);
    if (model.started.shift() !== attempt) throw new Error(`${attempt} was not started`);
    model.begun(attempt);
    if (number === 3) break;
    model.submitted(attempt);
    model.ended(attempt);
  }
  await model.rest();
}

/** Copies beads 2 to 5 of a rig until it has `count` live ones. Answers what runs. */
function multiply(tx: Tx, rig: string, count: number): AttemptId[] {
  const share = (part: number) => Math.round(count * part);
  const queue = copies(tx, rig, 2, 6, share(0.1) - 2);
  const busy = copies(tx, rig, 3, 6 + queue, share(0.1) - 1);
  const open = copies(tx, rig, 4, 6 + queue + busy, share(0.4) - 1);
  const firstOpen = 6 + queue + busy;
  const firstBlocked = firstOpen + open;
  const blocked = copies(tx, rig, 5, firstBlocked, share(0.4) - 1);
  for (let n = 0; n < blocked; n += 1) {
    const [one, two] = [firstOpen + (n % open), firstOpen + ((n + 1) % open)];
    for (const blocker of [one, two]) {
      dependencies.add(tx, beadId(`${rig}-${firstBlocked + n}`), beadId(`${rig}-${blocker}`));
    }
  }
  const own = rigs.get(tx, rigId(rig));
  if (own === undefined) throw new Error(`there is no rig ${rig}`);
  const settings = { ...own.settings, maxPolecatsPerRig: busy + 1 };
  rigs.update(tx, own.id, { live: busy + 1, settings, nextBead: firstBlocked + blocked });
  const ids = Array.from({ length: busy }, (_, n) => beadId(`${rig}-${6 + queue + n}`));
  return [beadId(`${rig}-3`), ...ids].map((id) => attemptIdOf(id, 1));
}

/** M1. `more` renames what only the caller knows of. */
export function copies(
  tx: Tx,
  rig: string,
  of: number,
  first: number,
  count: number,
  more: (text: string, number: number) => string = (text) => text,
): number {
  const original = beads.get(tx, `${rig}-${of}`);
  if (original === undefined) throw new Error(`there is no bead ${rig}-${of}`);
  const request =
    original.mergeRequest === null ? undefined : mergeRequests.get(tx, original.mergeRequest);
  const made = attempts.ofBead(tx, original.id);
  for (let number = first; number < first + count; number += 1) {
    const next = counters.last(tx, 'merge_request') + 1;
    const names = (text: string) => {
      const renamed = text.replaceAll(new RegExp(`\\b${original.id}\\b`, 'g'), `${rig}-${number}`);
      return more(
        request === undefined ? renamed : renamed.replaceAll(`"${request.id}"`, `"mr-${next}"`),
        number,
      );
    };
    const at = instant(original.createdAt + number);
    const bead = { ...copyOf(original, names), number, createdAt: at };
    beads.insert(tx, bead);
    const seen = visibleOf({ ...bead });
    const row = { kind: 'bead' as const, op: 'insert' as const, from: null, to: bead.status };
    journal.append(tx, { ...row, id: bead.id, at, turn: 0, who: person, why: 'slung', data: seen });
    for (const attempt of made) copyAttempt(tx, copyOf(attempt, names));
    if (request === undefined) continue;
    mergeRequests.insert(tx, { ...copyOf(request, names), number: next });
    counters.raise(tx, 'merge_request', next);
  }
  return count;
}

function copyAttempt(tx: Tx, attempt: NonNullable<ReturnType<typeof attempts.get>>): void {
  const leaseUntil = after(attempt.leaseUntil, farMs);
  const waits = attempt.waits.map((wait) => ({ ...wait, until: leaseUntil }));
  attempts.insert(tx, { ...attempt, leaseUntil, waits });
  if (attempt.status === 'ended') return;
  agenda.touch(tx, { kind: 'attempt', id: attempt.id }, leaseUntil, agenda.lastSeq(tx) + 1);
}

/** M1 */
function copyOf<Row>(row: Row, names: (text: string) => string): Row {
  return JSON.parse(names(JSON.stringify(row)));
}

/** The runner has room for exactly what runs on it; its own attempts' leases are long, too. */
function widen(tx: Tx): void {
  const live = rigs.all(tx).reduce((sum, rig) => sum + rig.live, 0);
  const runner = runners.get(tx, localRunner);
  if (runner === undefined) throw new Error('there is no runner');
  const inventory = { ...runner.inventory, capacity: live };
  runners.update(tx, localRunner, { live, inventory });
}
