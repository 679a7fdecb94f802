/**
 * The rigs table. Few rows: a town has as many as a team has repositories.
 */
import type { Rig } from '../../core/rig.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Rig>({
  name: 'rigs',
  columns: {
    id: text(),
    prefix: text(),
    status: text(),
    remote: text(),
    lends: nullable(text()),
    target: text(),
    updateCheckout: bool,
    createTargetFrom: nullable(text()),
    forge: nullable(json()),
    ownCredential: bool,
    consentAt: nullable(int()),
    settings: json(),
    report: nullable(json()),
    failure: nullable(json()),
    parkAsked: nullable(bool),
    probeAsked: bool,
    probeJob: nullable(text()),
    probedAt: nullable(int()),
    escalation: nullable(text()),
    setupFailure: nullable(json()),
    targetTip: nullable(text()),
    usage: json(),
    live: int(),
    grantedAt: nullable(int()),
    nextBead: int(),
    waits: json(),
    createdAt: int(),
    updatedAt: int(),
    parked: nullable(text()),
  },
  indexes: [`unique index rigs_prefix on rigs(prefix)`],
});

const clauses = { all: `order by id` };

export const rigs = Object.assign(table, {
  all: (reader: SqlReader) => table.select(reader, clauses.all),
  finders: () => Object.values(clauses).map((clause) => table.selectSql(clause)),
});
