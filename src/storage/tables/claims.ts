/**
 * Which bead is at work on what: on which issue of a forge, on which words. Derived from the
 * beads; one that is held as a duplicate, or was closed without landing, claims nothing.
 *
 * C1 One bead comes first to a thing: a unique index says so. Beside it stand those that a person
 *    let go all the same, and those that a moved repository brought to it.
 * C2 A bead that landed keeps its claim until another takes its place.
 */
import { beadId, type BeadId, type RigId } from '../../core/ids.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';

const schema = [
  `create table claims (
     name text not null, bead text not null, beside integer not null, primary key (name, bead)
   ) strict, without rowid`,
  `create unique index claims_first on claims(name) where beside = 0`,
  `create index claims_by_bead on claims(bead)`,
];

/** What version 1 had for issues only, and without their forge. */
const sinceVersion1 = [
  `insert into claims (name, bead, beside)
     select coalesce(json_extract(r.forge, '$.origin') || '/', '') || c.issue, c.bead, c.let_go
     from issue_claims c join beads b on b.id = c.bead join rigs r on r.id = b.rig`,
  `drop table issue_claims`,
];

const statements = {
  add: `insert into claims (name, bead, beside) values (?, ?,
     ? or exists (select 1 from claims where name = ? and beside = 0))`,
  removeOf: `delete from claims where bead = ?`,
  retire: `delete from claims where name = ? and exists
     (select 1 from beads b where b.id = claims.bead and b.status = 'closed')`,
  of: `select c.bead as bead from claims c join beads b on b.id = c.bead
     where c.name = ? and c.bead <> ? and (b.status <> 'closed' or b.closed_at > ?)
     order by c.beside, c.bead limit 1`,
  ofRig: `select distinct c.bead as bead from claims c join beads b on b.id = c.bead
     where b.rig = ? order by c.bead`,
};

export const claims = {
  schema: () => schema,
  statements: () => Object.values(statements),

  upgrade(tx: Tx): void {
    for (const statement of [...schema, ...sinceVersion1]) tx.run(statement);
  },

  /** C1. Beside the first one, if there is one. */
  add(tx: Tx, name: string, bead: BeadId, isBeside: boolean): void {
    if (!isBeside) tx.run(statements.retire, name); // C2
    tx.run(statements.add, name, bead, isBeside ? 1 : 0, name);
  },
  removeOf: (tx: Tx, bead: BeadId) => tx.run(statements.removeOf, bead),

  /** Another bead at work on it, or one that landed after `since`; null: there is none. */
  of(reader: SqlReader, name: string, but: string, since: number): BeadId | null {
    const found = reader.get(statements.of, name, but, since)?.['bead'];
    return typeof found === 'string' ? beadId(found) : null;
  },

  /** All beads of a rig that claim something. For a move; never in a tick. */
  ofRig: (reader: SqlReader, rig: RigId): readonly BeadId[] =>
    reader.all(statements.ofRig, rig).map((row) => beadId(String(row['bead']))),
};
