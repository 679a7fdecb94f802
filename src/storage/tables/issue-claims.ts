/**
 * Which bead is at work on which issue of a forge. Derived from the beads; a bead that is held as
 * a duplicate, or was closed without landing, claims nothing.
 *
 * C1 One bead claims an issue, and those that a person let go all the same: a unique index says so.
 * C2 A bead that landed keeps its claim until another takes its place.
 */
import { beadId, type BeadId } from '../../core/ids.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';

const schema = [
  `create table issue_claims (
     issue text not null, bead text not null, let_go integer not null, primary key (issue, bead)
   ) strict, without rowid`,
  `create unique index issue_claims_one on issue_claims(issue) where let_go = 0`,
  `create index issue_claims_by_bead on issue_claims(bead)`,
];

const statements = {
  add: `insert into issue_claims (issue, bead, let_go) values (?, ?, ?)`,
  removeOf: `delete from issue_claims where bead = ?`,
  retire: `delete from issue_claims where issue = ? and exists
     (select 1 from beads b where b.id = issue_claims.bead and b.status = 'closed')`,
  of: `select c.bead as bead from issue_claims c join beads b on b.id = c.bead
     where c.issue = ? and c.bead <> ? and (b.status <> 'closed' or b.closed_at > ?)
     order by c.let_go, c.bead limit 1`,
};

export const issueClaims = {
  schema: () => schema,
  statements: () => Object.values(statements),

  add(tx: Tx, issue: string, bead: BeadId, isLetGo: boolean): void {
    if (!isLetGo) tx.run(statements.retire, issue); // C2
    tx.run(statements.add, issue, bead, isLetGo ? 1 : 0);
  },
  removeOf: (tx: Tx, bead: BeadId) => tx.run(statements.removeOf, bead),

  /** Another bead at work on it, or one that landed after `since`; null: there is none. */
  of(reader: SqlReader, issue: string, but: string, since: number): BeadId | null {
    const found = reader.get(statements.of, issue, but, since)?.['bead'];
    return typeof found === 'string' ? beadId(found) : null;
  },
};
