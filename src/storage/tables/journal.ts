/**
 * The journal: one row for every change of a status or a field people see. Append-only; the
 * event stream is its tail, and replaying it gives each row's status at any moment.
 */
import type { EntityKind } from '../../core/action.ts';
import type { Instant } from '../../core/time.ts';
import type { SqlReader, SqlRow, Tx } from '../../ports/sql.ts';

export interface JournalRow {
  readonly seq: number;
  readonly at: Instant;
  /** Rows of one turn were committed together. */
  readonly turn: number;
  readonly kind: EntityKind;
  readonly id: string;
  readonly op: 'insert' | 'update' | 'delete' | 'note';
  /** `person:…`, `town`, `runner:local`. */
  readonly who: string;
  /** One word. */
  readonly why: string;
  /** Statuses (a merge request's stage) before and after; equal when it did not move. */
  readonly from: string | null;
  readonly to: string | null;
  /** The visible columns that changed, or the whole visible row of an insert. */
  readonly data: Readonly<Record<string, unknown>>;
}

const schema = [
  `create table journal (
     seq integer primary key, at integer not null, turn integer not null, kind text not null,
     id text not null, op text not null, who text not null, why text not null,
     from_status text, to_status text, data text not null
   ) strict`,
  `create index journal_of on journal(kind, id, seq)`,
];

const columns = 'seq, at, turn, kind, id, op, who, why, from_status, to_status, data';
const statements = {
  append: `insert into journal (at, turn, kind, id, op, who, why, from_status, to_status, data)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  after: `select ${columns} from journal where seq > ? order by seq limit ?`,
  of: `select ${columns} from journal where kind = ? and id = ? and seq > ?
    order by seq limit ?`,
  lastOf: `select ${columns} from journal where kind = ? and id = ? order by seq desc limit ?`,
  lastSeq: `select coalesce(max(seq), 0) as seq from journal`,
  firstSeq: `select coalesce(min(seq), 0) as seq from journal`,
  prune: `delete from journal where seq <= ?`,
};

const fromRow = (row: SqlRow): JournalRow => ({
  seq: Number(row['seq']),
  at: row['at'] as Instant,
  turn: Number(row['turn']),
  kind: row['kind'] as EntityKind,
  id: String(row['id']),
  op: row['op'] as JournalRow['op'],
  who: String(row['who']),
  why: String(row['why']),
  from: row['from_status'] as string | null,
  to: row['to_status'] as string | null,
  data: JSON.parse(String(row['data'])) as Record<string, unknown>,
});

export const journal = {
  schema: () => schema,
  statements: () => Object.values(statements),

  append(tx: Tx, row: Omit<JournalRow, 'seq'>): void {
    tx.run(
      statements.append,
      row.at,
      row.turn,
      row.kind,
      row.id,
      row.op,
      row.who,
      row.why,
      row.from,
      row.to,
      JSON.stringify(row.data),
    );
  },

  after: (reader: SqlReader, seq: number, count: number): readonly JournalRow[] =>
    reader.all(statements.after, seq, count).map(fromRow),
  of: (reader: SqlReader, kind: EntityKind, id: string, seq: number, count: number) =>
    reader.all(statements.of, kind, id, seq, count).map(fromRow),
  /** The last rows of one entity, newest first. */
  lastOf: (reader: SqlReader, kind: EntityKind, id: string, count: number) =>
    reader.all(statements.lastOf, kind, id, count).map(fromRow),
  lastSeq: (reader: SqlReader): number => Number(reader.get(statements.lastSeq)?.['seq'] ?? 0),
  firstSeq: (reader: SqlReader): number => Number(reader.get(statements.firstSeq)?.['seq'] ?? 0),
  /** Retention by size: everything up to and with `seq` goes. */
  prune: (tx: Tx, seq: number) => tx.run(statements.prune, seq),
};
