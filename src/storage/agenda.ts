/**
 * The agenda: names of entities and when each is due. Names only, never reasons, so no rule can
 * depend on having seen an event.
 *
 * G1 Taking a name deletes it in the transaction that decides it: a crash loses none.
 * G2 A second touch keeps the earlier time. G3 Oldest due first, then in order of touching.
 */
import type { EntityKind, EntityName } from '../core/action.ts';
import type { BeadId } from '../core/ids.ts';
import type { Wake } from '../core/neighbours.ts';
import type { Instant } from '../core/time.ts';
import type { SqlReader, Tx } from '../ports/sql.ts';

const schema = [
  `create table agenda (
     kind text not null, id text not null, due_at integer not null, seq integer not null,
     primary key (kind, id)
   ) strict, without rowid`,
  `create index agenda_due on agenda(due_at, seq)`,
];

const keepEarlier = `on conflict (kind, id) do update set due_at = min(due_at, excluded.due_at)`;
const statements = {
  touch: `insert into agenda (kind, id, due_at, seq) values (?, ?, ?, ?) ${keepEarlier}`,
  due: `select kind, id from agenda where due_at <= ? order by due_at, seq limit ?`,
  take: `delete from agenda where kind = ? and id = ?`,
  nextDueAt: `select due_at from agenda order by due_at, seq limit 1`,
  of: `select due_at from agenda where kind = ? and id = ?`,
  lastSeq: `select coalesce(max(seq), 0) as seq from agenda`,
  liveRequestsOfRig: `insert into agenda (kind, id, due_at, seq)
    select 'merge_request', id, ?, ? from merge_requests
    where stage not in ('merged', 'abandoned') and rig = ? ${keepEarlier}`,
  redRequestsOfRig: `insert into agenda (kind, id, due_at, seq)
    select 'merge_request', id, ?, ? from merge_requests
    where stage not in ('merged', 'abandoned') and rig = ? and red is not null ${keepEarlier}`,
  liveRequests: `insert into agenda (kind, id, due_at, seq)
    select 'merge_request', id, ?, ? from merge_requests
    where stage not in ('merged', 'abandoned') ${keepEarlier}`,
  liveAttempts: `insert into agenda (kind, id, due_at, seq)
    select 'attempt', id, ?, ? from attempts where status <> 'ended' ${keepEarlier}`,
  liveJobs: `insert into agenda (kind, id, due_at, seq)
    select 'job', id, ?, ? from jobs where status <> 'done' ${keepEarlier}`,
  attemptsOnRunner: `insert into agenda (kind, id, due_at, seq)
    select 'attempt', id, ?, ? from attempts
    where status <> 'ended' and runner = ? ${keepEarlier}`,
  jobsOnRunner: `insert into agenda (kind, id, due_at, seq)
    select 'job', id, ?, ? from jobs where status <> 'done' and runner = ? ${keepEarlier}`,
  allRigs: `insert into agenda (kind, id, due_at, seq)
    select 'rig', id, ?, ? from rigs where true ${keepEarlier}`,
  liveBeads: `insert into agenda (kind, id, due_at, seq)
    select 'bead', id, ?, ? from beads where status <> 'closed' ${keepEarlier}`,
  liveBeadsOfRig: `insert into agenda (kind, id, due_at, seq)
    select 'bead', id, ?, ? from beads where status <> 'closed' and rig = ? ${keepEarlier}`,
  /** Only those that may act now: their last blocker is gone. */
  unblockedBy: `insert into agenda (kind, id, due_at, seq)
    select 'bead', b.id, ?, ? from beads b join dependencies d on d.bead = b.id
    where d.blocker = ? and b.status = 'blocked' and b.open_blockers = 0 ${keepEarlier}`,
  brokenBy: `insert into agenda (kind, id, due_at, seq)
    select 'bead', b.id, ?, ? from beads b join dependencies d on d.bead = b.id
    where d.blocker = ? and b.status in ('blocked', 'held') ${keepEarlier}`,
  openEscalations: `insert into agenda (kind, id, due_at, seq)
    select 'escalation', id, ?, ? from escalations where status <> 'resolved' ${keepEarlier}`,
  allForgeAccounts: `insert into agenda (kind, id, due_at, seq)
    select 'forge_account', id, ?, ? from forge_accounts where true ${keepEarlier}`,
  allRunners: `insert into agenda (kind, id, due_at, seq)
    select 'runner', id, ?, ? from runners where true ${keepEarlier}`,
};

/** Sets of entities that one change may let act. Each is one statement, whatever its size. */
type Crowd = Extract<Wake, { readonly crowd: string }>;

export const agenda = {
  schema: () => schema,
  statements: () => Object.values(statements),

  touch: (tx: Tx, name: EntityName, dueAt: Instant, seq: number) =>
    tx.run(statements.touch, name.kind, name.id, dueAt, seq),

  touchCrowd(tx: Tx, crowd: Crowd, dueAt: Instant, seq: number): void {
    const key = 'rig' in crowd ? [crowd.rig] : 'runner' in crowd ? [crowd.runner] : [];
    tx.run(statements[crowd.crowd], dueAt, seq, ...key);
  },

  /** Dependents of a bead that ended, as far as they may act on it. */
  touchDependents(tx: Tx, blocker: BeadId, landed: boolean, dueAt: Instant, seq: number): void {
    tx.run(landed ? statements.unblockedBy : statements.brokenBy, dueAt, seq, blocker);
  },

  due: (reader: SqlReader, now: Instant, count: number): readonly EntityName[] =>
    reader.all(statements.due, now, count).map((row) => ({
      kind: row['kind'] as EntityKind,
      id: String(row['id']),
    })),

  take: (tx: Tx, name: EntityName) => tx.run(statements.take, name.kind, name.id),

  nextDueAt: (reader: SqlReader): Instant | null =>
    (reader.get(statements.nextDueAt)?.['due_at'] ?? null) as Instant | null,

  /** The last place handed out in the order of touching. */
  lastSeq: (reader: SqlReader): number => Number(reader.get(statements.lastSeq)?.['seq'] ?? 0),

  dueAtOf: (reader: SqlReader, name: EntityName): Instant | null =>
    (reader.get(statements.of, name.kind, name.id)?.['due_at'] ?? null) as Instant | null,
};
