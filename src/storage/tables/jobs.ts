/**
 * The jobs table: pieces of git and gate work, each with its one call id and its result.
 */
import type { RunnerId } from '../../core/ids.ts';
import type { Job } from '../../core/job.ts';
import type { Instant } from '../../core/time.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Job>({
  name: 'jobs',
  columns: {
    id: text(),
    kind: text(),
    rig: text(),
    subject: text(),
    status: text(),
    spec: json(),
    runner: text(),
    callId: text(),
    callDeadline: nullable(int()),
    acceptedAt: nullable(int()),
    deadline: nullable(int()),
    tries: int(),
    notBefore: nullable(int()),
    report: nullable(json()),
    result: nullable(json()),
    cancelAsked: bool,
    waits: json(),
    createdAt: int(),
    startedAt: nullable(int()),
    endedAt: nullable(int()),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [
    `index jobs_live on jobs(runner, id) where status <> 'done'`,
    `index jobs_held on jobs(runner, started_at) where status = 'running'`,
    `index jobs_subject on jobs(subject, created_at, id)`,
  ],
});

const clauses = {
  onRunner: `where status <> 'done' and runner = ? order by id`,
  live: `where status <> 'done' order by runner, id limit ?`,
  ofSubject: `where subject = ? order by created_at, id`,
};

const heldSinceSql = `select min(started_at) as since from jobs
  where status = 'running' and runner = ?`;

export const jobs = Object.assign(table, {
  onRunner: (reader: SqlReader, runner: RunnerId) => table.select(reader, clauses.onRunner, runner),
  live: (reader: SqlReader, count: number) => table.select(reader, clauses.live, count),
  ofSubject: (reader: SqlReader, subject: string) =>
    table.select(reader, clauses.ofSubject, subject),
  /** Since when it holds any running job; null when it holds none. */
  heldSince: (reader: SqlReader, runner: RunnerId): Instant | null =>
    (reader.get(heldSinceSql, runner)?.['since'] ?? null) as Instant | null,
  finders: () => [...Object.values(clauses).map((clause) => table.selectSql(clause)), heldSinceSql],
});
