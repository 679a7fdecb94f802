/**
 * The town's own row, and the counters that number what it makes.
 *
 * A counter only grows: a number that was handed out is never used again, also after an import.
 */
import type { Town } from '../../core/town.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';
import { int, json, Table, text } from '../table.ts';

export const towns = new Table<Town>({
  name: 'town',
  columns: {
    id: text(),
    tag: text(),
    name: text(),
    status: text(),
    settings: json(),
    usage: json(),
    createdAt: int(),
    updatedAt: int(),
  },
  indexes: [],
});

export type CounterName = 'job' | 'merge_request' | 'escalation';

const schema = [
  `create table counters (name text primary key, value integer not null) strict, without rowid`,
];
const statements = {
  get: `select value from counters where name = ?`,
  set: `insert into counters (name, value) values (?, ?)
    on conflict (name) do update set value = max(value, excluded.value)`,
  all: `select name, value from counters order by name`,
};

export const counters = {
  schema: () => schema,
  statements: () => Object.values(statements),
  /** The last number handed out; 0 when none was. */
  last: (reader: SqlReader, name: CounterName): number =>
    Number(reader.get(statements.get, name)?.['value'] ?? 0),
  raise: (tx: Tx, name: CounterName, value: number) => tx.run(statements.set, name, value),
  all: (reader: SqlReader): Readonly<Record<string, number>> =>
    Object.fromEntries(
      reader.all(statements.all).map((row) => [String(row['name']), Number(row['value'])]),
    ),
};
