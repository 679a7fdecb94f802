/**
 * The attempts table. A1, one live attempt per bead, is the database's own rule here.
 */
import type { Attempt } from '../../core/attempt.ts';
import type { BeadId, RigId, RunnerId } from '../../core/ids.ts';
import type { Instant } from '../../core/time.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Attempt>({
  name: 'attempts',
  columns: {
    id: text(),
    bead: text(),
    rig: text(),
    number: int(),
    status: text(),
    phase: text(),
    name: text(),
    runner: text(),
    incarnation: nullable(text()),
    spec: json(),
    specHash: text(),
    startCall: text(),
    stopCall: nullable(text()),
    callDeadline: nullable(int()),
    acceptedAt: nullable(int()),
    leaseUntil: int(),
    phaseDeadline: nullable(int()),
    isolation: nullable(text()),
    model: nullable(text()),
    base: nullable(text()),
    submitted: nullable(json()),
    question: nullable(json()),
    stopReason: nullable(text()),
    end: nullable(json()),
    outcome: nullable(text()),
    failure: nullable(json()),
    usage: json(),
    lastActivityAt: int(),
    waits: json(),
    createdAt: int(),
    endedAt: nullable(int()),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [
    `unique index attempts_live on attempts(bead) where status <> 'ended'`,
    `index attempts_runner on attempts(runner, id) where status <> 'ended'`,
    `index attempts_held on attempts(runner, created_at) where status <> 'ended'`,
    `index attempts_bead on attempts(bead, number)`,
    `index attempts_rig on attempts(rig, ended_at) where status = 'ended'`,
    `index attempts_failed on attempts(ended_at)
     where outcome in ('crashed', 'idle_without_done', 'timed_out', 'start_failed')`,
  ],
});

const heldSinceSql = `select min(created_at) as since from attempts
  where status <> 'ended' and runner = ?`;

const clauses = {
  ofBead: `where bead = ? order by number`,
  live: `where status <> 'ended' order by runner, id limit ?`,
  onRunner: `where status <> 'ended' and runner = ? order by id`,
  lastEnded: `where status = 'ended' and rig = ? order by ended_at desc, id desc limit ?`,
  failed: `where outcome in ('crashed', 'idle_without_done', 'timed_out', 'start_failed')
    and ended_at > ? order by ended_at desc limit ?`,
  recent: `order by created_at desc, id desc limit ?`,
};

export const attempts = Object.assign(table, {
  ofBead: (reader: SqlReader, bead: BeadId) => table.select(reader, clauses.ofBead, bead),
  live: (reader: SqlReader, count: number) => table.select(reader, clauses.live, count),
  onRunner: (reader: SqlReader, runner: RunnerId) => table.select(reader, clauses.onRunner, runner),
  /** Since when it holds any live attempt; null when it holds none. */
  heldSince: (reader: SqlReader, runner: RunnerId): Instant | null =>
    (reader.get(heldSinceSql, runner)?.['since'] ?? null) as Instant | null,
  /** The last ended attempts of a rig, newest first. */
  lastEnded: (reader: SqlReader, rig: RigId, count: number) =>
    table.select(reader, clauses.lastEnded, rig, count),
  /** Attempts that were charged or could not start, ended after a moment, newest first. */
  failedSince: (reader: SqlReader, at: number, count: number) =>
    table.select(reader, clauses.failed, at, count),
  /** For people: the newest first, live or ended. */
  recent: (reader: SqlReader, count: number) => table.select(reader, clauses.recent, count),
  finders: () => [...Object.values(clauses).map((clause) => table.selectSql(clause)), heldSinceSql],
});
