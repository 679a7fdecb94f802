/**
 * The merge requests table. M1 (one live per bead) and M3 (one holds the landing slot of a
 * target) are the database's own rules here.
 */
import type { BeadId, ForgeAccountId, MergeRequestId, RigId } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Instant } from '../../core/time.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { bool, int, json, nullable, Table, text } from '../table.ts';

const table = new Table<MergeRequest>({
  name: 'merge_requests',
  columns: {
    id: text(),
    number: int(),
    bead: text(),
    rig: text(),
    target: text(),
    branch: text(),
    strategy: text(),
    stage: text(),
    pr: text(),
    account: nullable(text()),
    prProject: nullable(text()),
    prNumber: nullable(int()),
    prNodeId: nullable(text()),
    prUrl: nullable(text()),
    published: nullable(text()),
    publishedAt: nullable(int()),
    replaced: nullable(text()),
    snapshot: nullable(json()),
    strikes: json(),
    unobservable: nullable(json()),
    readAt: nullable(int()),
    forgeCall: nullable(json()),
    forgeReport: nullable(json()),
    green: nullable(json()),
    feedbackSeen: nullable(text()),
    answers: json(),
    mergeTries: int(),
    mergeAsked: nullable(json()),
    dequeued: nullable(text()),
    adopted: bool,
    repairs: bool,
    head: nullable(text()),
    submittedBy: nullable(text()),
    reverts: nullable(json()),
    method: text(),
    candidate: nullable(json()),
    gates: json(),
    red: nullable(json()),
    targetJob: nullable(text()),
    job: nullable(text()),
    slot: bool,
    wantsSlot: bool,
    lostRaces: int(),
    decision: nullable(json()),
    proof: nullable(json()),
    failures: json(),
    escalation: nullable(text()),
    notBefore: nullable(int()),
    waits: json(),
    createdAt: int(),
    updatedAt: int(),
    mergedAt: nullable(int()),
    parked: nullable(text()),
  },
  indexes: [
    `unique index merge_requests_live on merge_requests(bead)
     where stage not in ('merged', 'abandoned')`,
    `unique index merge_requests_slot on merge_requests(rig, target) where slot = 1`,
    `index merge_requests_line on merge_requests(rig, target, number) where wants_slot = 1`,
    `unique index merge_requests_pull on merge_requests(account, pr_project, pr_number)
     where pr_number is not null and stage <> 'abandoned'`,
    `unique index merge_requests_branch on merge_requests(rig, branch)
     where stage not in ('merged', 'abandoned')`,
    `index merge_requests_reads on merge_requests(account, read_at, number)
     where read_at is not null and unobservable is null`,
    `index merge_requests_blind on merge_requests(account, read_at, number)
     where read_at is not null and unobservable is not null`,
    `index merge_requests_open on merge_requests(rig, number)
     where stage not in ('merged', 'abandoned')`,
  ],
});

const clauses = {
  liveOfBead: `where bead = ? and stage not in ('merged', 'abandoned')`,
  live: `where stage not in ('merged', 'abandoned') order by rig, number limit ?`,
  liveOfRig: `where stage not in ('merged', 'abandoned') and rig = ? order by rig, number limit ?`,
  due: `where account = ? and read_at is not null and unobservable is null and read_at <= ?
    order by account, read_at, number limit ?`,
  blind: `where account = ? and read_at is not null and unobservable is not null and read_at <= ?
    order by account, read_at, number limit ?`,
  watchedOfRig: `where stage not in ('merged', 'abandoned') and rig = ? and pr_number is not null
    order by rig, number`,
  ofPull: `where account = ? and pr_project = ? and pr_number = ?
    and pr_number is not null and stage <> 'abandoned'`,
  onBranch: `where rig = ? and branch = ? and stage not in ('merged', 'abandoned')`,
  list: `order by number desc limit ? offset ?`,
};
const holderSql = `select id from merge_requests where rig = ? and target = ? and slot = 1`;
const firstSql = `select id from merge_requests
  where rig = ? and target = ? and wants_slot = 1 order by number limit 1`;

const nextReadSql = `select read_at from merge_requests
  where account = ? and read_at is not null and unobservable is null
  order by account, read_at, number limit 1`;
const nextBlindSql = `select read_at from merge_requests
  where account = ? and read_at is not null and unobservable is not null
  order by account, read_at, number limit 1`;

const firstAt = (reader: SqlReader, sql: string, account: ForgeAccountId): Instant | null =>
  (reader.get(sql, account)?.['read_at'] ?? null) as Instant | null;
const idOf = (reader: SqlReader, sql: string, rig: RigId, target: string): MergeRequestId | null =>
  (reader.get(sql, rig, target)?.['id'] ?? null) as MergeRequestId | null;

export const mergeRequests = Object.assign(table, {
  liveOfBead: (reader: SqlReader, bead: BeadId): MergeRequest | undefined =>
    table.select(reader, clauses.liveOfBead, bead)[0],
  live: (reader: SqlReader, count: number) => table.select(reader, clauses.live, count),
  liveOfRig: (reader: SqlReader, rig: RigId, count: number) =>
    table.select(reader, clauses.liveOfRig, rig, count),
  /** Newest first, for people. */
  list: (reader: SqlReader, count: number, offset: number) =>
    table.select(reader, clauses.list, count, offset),
  /** Pull requests of an account that are due and not flagged, longest due first. */
  due: (reader: SqlReader, account: ForgeAccountId, now: Instant, count: number) =>
    table.select(reader, clauses.due, account, now, count),
  /** Those that are due and unobservable. */
  blind: (reader: SqlReader, account: ForgeAccountId, now: Instant, count: number) =>
    table.select(reader, clauses.blind, account, now, count),
  nextReadAt: (reader: SqlReader, account: ForgeAccountId) => firstAt(reader, nextReadSql, account),
  nextBlindAt: (reader: SqlReader, account: ForgeAccountId) =>
    firstAt(reader, nextBlindSql, account),
  /** Live ones of a rig that have a pull request. */
  watchedOfRig: (reader: SqlReader, rig: RigId) => table.select(reader, clauses.watchedOfRig, rig),
  /** Whoever watches this pull request, or saw it merged. */
  ofPull: (reader: SqlReader, account: ForgeAccountId, project: string, number: number) =>
    table.select(reader, clauses.ofPull, account, project, number)[0],
  /** The live one whose branch this is. */
  onBranch: (reader: SqlReader, rig: RigId, branch: string) =>
    table.select(reader, clauses.onBranch, rig, branch)[0],
  slotHolder: (reader: SqlReader, rig: RigId, target: string) =>
    idOf(reader, holderSql, rig, target),
  firstInLine: (reader: SqlReader, rig: RigId, target: string) =>
    idOf(reader, firstSql, rig, target),
  finders: () => [
    ...Object.values(clauses).map((clause) => table.selectSql(clause)),
    holderSql,
    firstSql,
    nextReadSql,
    nextBlindSql,
  ],
});
