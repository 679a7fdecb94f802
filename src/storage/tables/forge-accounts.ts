/**
 * The forge accounts table. Few rows: one for each origin and credential.
 */
import type { ForgeAccount } from '../../core/forge-account.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { int, json, nullable, Table, text } from '../table.ts';

const table = new Table<ForgeAccount>({
  name: 'forge_accounts',
  columns: {
    id: text(),
    status: text(),
    origin: text(),
    rig: text(),
    read: nullable(json()),
    reads: int(),
    incidentSince: nullable(int()),
    probeAt: nullable(int()),
    waits: json(),
    createdAt: int(),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [],
});

const clauses = { all: `order by id` };

export const forgeAccounts = Object.assign(table, {
  all: (reader: SqlReader) => table.select(reader, clauses.all),
  finders: () => Object.values(clauses).map((clause) => table.selectSql(clause)),
});
