/**
 * Which bead waits for which. A relation stored once; how many blockers are open is kept on the
 * waiting bead, so that ten thousand dependents cost nothing until their last blocker lands.
 */
import type { BeadId } from '../../core/ids.ts';
import type { SqlReader, SqlRow, Tx } from '../../ports/sql.ts';

const schema = [
  `create table dependencies (
     bead text not null, blocker text not null, primary key (bead, blocker)
   ) strict, without rowid`,
  `create index dependencies_by_blocker on dependencies(blocker, bead)`,
];

const statements = {
  add: `insert into dependencies (bead, blocker) values (?, ?) on conflict do nothing`,
  remove: `delete from dependencies where bead = ? and blocker = ?`,
  blockers: `select blocker from dependencies where bead = ? order by blocker`,
  dependents: `select bead from dependencies where blocker = ? order by bead`,
  all: `select bead, blocker from dependencies order by bead, blocker`,
  blockersOf: `select bead, blocker from json_each(?) as one
     cross join dependencies on bead = one.value order by bead, blocker`,
  dependentsOf: `select bead, blocker from json_each(?) as one
     cross join dependencies on blocker = one.value order by blocker, bead`,
  /** One statement for all dependents of a bead that landed. */
  landed: `update beads set open_blockers = open_blockers - 1
     where id in (select bead from dependencies where blocker = ?) and open_blockers > 0`,
  broken: `update beads set broken_blocker = ?
     where id in (select bead from dependencies where blocker = ?) and broken_blocker is null`,
  firstOpen: `select b.id as id from dependencies d join beads b on b.id = d.blocker
     where d.bead = ? and not (b.status = 'closed' and b.resolution = 'merged')
     order by b.id limit ?`,
  openBlockers: `select count(*) as n from dependencies d join beads b on b.id = d.blocker
     where d.bead = ? and not (b.status = 'closed' and b.resolution = 'merged')`,
  brokenBlocker: `select b.id as id from dependencies d join beads b on b.id = d.blocker
     where d.bead = ? and b.status = 'closed' and b.resolution <> 'merged' order by b.id limit 1`,
};

interface Relations {
  readonly after: readonly BeadId[];
  readonly blocks: readonly BeadId[];
}

const ids = (reader: SqlReader, sql: string, id: BeadId, column: string): readonly BeadId[] =>
  reader.all(sql, id).map((row) => row[column] as BeadId);

export const dependencies = {
  schema: () => schema,
  statements: () => Object.values(statements),

  add: (tx: Tx, bead: BeadId, blocker: BeadId) => tx.run(statements.add, bead, blocker),
  remove: (tx: Tx, bead: BeadId, blocker: BeadId) => tx.run(statements.remove, bead, blocker),
  blockers: (reader: SqlReader, bead: BeadId) => ids(reader, statements.blockers, bead, 'blocker'),
  dependents: (reader: SqlReader, bead: BeadId) => ids(reader, statements.dependents, bead, 'bead'),

  /** Both sides of many beads at once: two statements for a page of a list. */
  around(reader: SqlReader, beads: readonly BeadId[]): (bead: BeadId) => Relations {
    const names = JSON.stringify(beads);
    const after = grouped(reader.all(statements.blockersOf, names), 'bead', 'blocker');
    const blocks = grouped(reader.all(statements.dependentsOf, names), 'blocker', 'bead');
    return (bead) => ({ after: after.get(bead) ?? [], blocks: blocks.get(bead) ?? [] });
  },

  all: (reader: SqlReader): readonly { readonly bead: BeadId; readonly blocker: BeadId }[] =>
    reader.all(statements.all).map((row) => ({
      bead: row['bead'] as BeadId,
      blocker: row['blocker'] as BeadId,
    })),

  /** The first few blockers that have not landed. */
  openBlockers: (reader: SqlReader, bead: BeadId, count: number): readonly BeadId[] =>
    reader.all(statements.firstOpen, bead, count).map((row) => row['id'] as BeadId),

  /** What the counters on a bead must say, counted from the relation. */
  count: (reader: SqlReader, bead: BeadId): { open: number; broken: BeadId | null } => ({
    open: Number(reader.get(statements.openBlockers, bead)?.['n'] ?? 0),
    broken: (reader.get(statements.brokenBlocker, bead)?.['id'] ?? null) as BeadId | null,
  }),

  /** A bead landed: it is counted off its dependents. */
  landed: (tx: Tx, blocker: BeadId) => tx.run(statements.landed, blocker),

  /** A bead ended without landing: its dependents must ask a person. */
  broke: (tx: Tx, blocker: BeadId) => tx.run(statements.broken, blocker, blocker),
};

function grouped(rows: readonly SqlRow[], by: string, column: string): Map<unknown, BeadId[]> {
  const groups = new Map<unknown, BeadId[]>();
  for (const row of rows) {
    const group = groups.get(row[by]);
    const id = row[column] as BeadId;
    if (group === undefined) groups.set(row[by], [id]);
    else group.push(id);
  }
  return groups;
}
