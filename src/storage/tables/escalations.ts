/**
 * The escalations table. One open escalation per cause is the database's own rule here.
 */
import type { Escalation } from '../../core/escalation.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Escalation>({
  name: 'escalations',
  columns: {
    id: text(),
    status: text(),
    severity: text(),
    subject: text(),
    dedupeKey: text(),
    failure: nullable(json()),
    question: nullable(json()),
    answer: nullable(text()),
    resolveAsked: bool,
    ackAsked: bool,
    remindedAt: nullable(int()),
    reminders: int(),
    waits: json(),
    createdAt: int(),
    updatedAt: int(),
    resolvedAt: nullable(int()),
    parked: nullable(text()),
  },
  indexes: [
    `unique index escalations_open on escalations(dedupe_key) where status <> 'resolved'`,
    `index escalations_by_age on escalations(created_at, id)`,
  ],
});

const clauses = {
  openOfKey: `where dedupe_key = ? and status <> 'resolved'`,
  open: `where status <> 'resolved' order by created_at, id`,
  recent: `order by created_at desc, id desc limit ?`,
};

export const escalations = Object.assign(table, {
  openOfKey: (reader: SqlReader, key: string): Escalation | undefined =>
    table.select(reader, clauses.openOfKey, key)[0],
  open: (reader: SqlReader) => table.select(reader, clauses.open),
  recent: (reader: SqlReader, count: number) => table.select(reader, clauses.recent, count),
  finders: () => Object.values(clauses).map((clause) => table.selectSql(clause)),
});
