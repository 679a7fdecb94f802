/**
 * The beads table: columns, indexes, and the questions asked of it by name.
 *
 * The ready index is the dispatcher's line: nothing that waits may lie in it, and no other index
 * may compete with it, or the planner takes that one.
 */
import type { Bead, BeadStatus } from '../../core/bead.ts';
import type { BeadId, RigId } from '../../core/ids.ts';
import type { Instant } from '../../core/time.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<Bead>({
  name: 'beads',
  columns: {
    id: text(),
    rig: text(),
    number: int(),
    title: text(),
    body: text(),
    status: text(),
    resolution: nullable(text()),
    priority: int(),
    agent: nullable(text()),
    model: nullable(text()),
    issues: json(),
    scope: json(),
    duplicate: nullable(json()),
    hold: bool,
    closeAs: nullable(text()),
    retryAsked: bool,
    stopAsked: bool,
    openBlockers: int(),
    brokenBlocker: nullable(text()),
    ready: bool,
    readyAt: nullable(int()),
    notBefore: nullable(int()),
    attempt: nullable(text()),
    attempts: int(),
    charged: int(),
    startFailures: int(),
    rounds: json(),
    round: nullable(json()),
    branch: text(),
    base: nullable(text()),
    submission: nullable(json()),
    mergeRequest: nullable(text()),
    reverts: nullable(json()),
    proof: nullable(json()),
    escalation: nullable(text()),
    failure: nullable(json()),
    usage: json(),
    waits: json(),
    createdAt: int(),
    createdBy: text(),
    updatedAt: int(),
    closedAt: nullable(int()),
    parked: nullable(text()),
  },
  indexes: [
    `index beads_ready on beads(rig, priority, created_at, number)
     where status = 'open' and ready = 1 and attempt is null`,
    `index beads_live on beads(created_at, id) where status <> 'closed'`,
    `index beads_by_age on beads(created_at, id)`,
  ],
});

const readyClause = `where rig = ? and status = 'open' and ready = 1 and attempt is null
  order by rig, priority, created_at, number limit ?`;
const liveClause = `where status <> 'closed' and (created_at, id) > (?, ?)
  order by created_at, id limit ?`;
const liveOfRig = `where status <> 'closed' and rig = ? order by created_at, id limit ?`;
const positionSql = `select count(*) as n from beads
  where rig = ? and status = 'open' and ready = 1 and attempt is null
  and (priority, created_at, number) < (?, ?, ?)`;
// The prefix of ids, compared as a range: text below the character after `-`.
const lastOfPrefixSql = `select max(number) as n from beads where id >= ? and id < ?`;
const countsSql = `select status, count(*) as n from beads group by status`;

export interface BeadFilter {
  readonly rig?: RigId;
  readonly status?: BeadStatus;
  /** Closed ones too. */
  readonly all?: boolean;
}

export const beads = Object.assign(table, {
  /** The next beads in line of one rig, first first. An index range, never a scan. */
  ready: (reader: SqlReader, rig: RigId, count: number) =>
    table.select(reader, readyClause, rig, count),

  /** Live beads after a cursor, in order of age, for the resync. */
  liveAfter: (reader: SqlReader, createdAt: number, id: string, count: number) =>
    table.select(reader, liveClause, createdAt, id, count),

  liveOfRig: (reader: SqlReader, rig: RigId, count: number) =>
    table.select(reader, liveOfRig, rig, count),

  /** How many stand before it in its rig's line. For people; never in a tick. */
  ahead: (reader: SqlReader, bead: Bead): number =>
    Number(
      reader.get(positionSql, bead.rig, bead.priority, bead.createdAt, bead.number)?.['n'] ?? 0,
    ),

  /** Newest last; the cursor is the last one's (createdAt, id). */
  list(
    reader: SqlReader,
    filter: BeadFilter,
    cursor: { readonly createdAt: Instant; readonly id: BeadId } | null,
    count: number,
  ): readonly Bead[] {
    const conditions = ['(created_at, id) > (?, ?)'];
    const params: (string | number)[] = [cursor?.createdAt ?? -1, cursor?.id ?? ''];
    if (filter.all !== true && filter.status !== 'closed') conditions.push(`status <> 'closed'`);
    if (filter.rig !== undefined) {
      conditions.push('rig = ?');
      params.push(filter.rig);
    }
    if (filter.status !== undefined) {
      conditions.push('status = ?');
      params.push(filter.status);
    }
    const clause = `where ${conditions.join(' and ')} order by created_at, id limit ?`;
    return table.select(reader, clause, ...params, count);
  },

  /** The first number that no bead of this prefix ever had: a rig may have been removed. */
  nextNumber: (reader: SqlReader, prefix: string): number =>
    Number(reader.get(lastOfPrefixSql, `${prefix}-`, `${prefix}.`)?.['n'] ?? 0) + 1,

  /** Beads by status. For people; never in a tick. */
  counts: (reader: SqlReader): Readonly<Record<string, number>> =>
    Object.fromEntries(
      reader.all(countsSql).map((row) => [String(row['status']), Number(row['n'])]),
    ),

  /** Blockers left, kept beside the dependency rows that it is counted from. */
  setBlockers(tx: Tx, bead: BeadId, open: number, broken: BeadId | null): void {
    table.update(tx, bead, { openBlockers: open, brokenBlocker: broken });
  },

  finders: (): readonly string[] => [
    table.selectSql(readyClause),
    table.selectSql(liveClause),
    table.selectSql(liveOfRig),
    positionSql,
    lastOfPrefixSql,
    countsSql,
  ],
});
