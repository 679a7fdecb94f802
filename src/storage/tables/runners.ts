/**
 * The runners table: the machines that run agents and jobs for this town.
 */
import type { Runner } from '../../core/runner.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Runner>({
  name: 'runners',
  columns: {
    id: text(),
    status: text(),
    incarnation: text(),
    pastIncarnations: json(),
    inventory: json(),
    drainAsked: bool,
    lastSeenAt: int(),
    askedAt: nullable(int()),
    live: int(),
    waits: json(),
    createdAt: int(),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [],
});

const clauses = { all: `order by id` };

export const runners = Object.assign(table, {
  all: (reader: SqlReader) => table.select(reader, clauses.all),
  finders: () => Object.values(clauses).map((clause) => table.selectSql(clause)),
});
