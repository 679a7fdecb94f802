/**
 * The only place that writes an entity's row. Every change is one row update, one journal row
 * built from the same object, the derived counters, and the touches that follow from it.
 *
 * P1 A status moves only along its entity's table, and only from the status it was read with.
 * P2 A changed row touches itself (an entity leaves the agenda only by a decision with nothing
 *    to do) and the neighbours that `core/neighbours.ts` names.
 * P3 Derived counters (`live`, `openBlockers`) change in the savepoint of their cause; they are
 *    not journaled, and the resync recounts them.
 * P4 A wait in the past is a bug, not a hot loop.
 */
import type { Action, EntityKind, EntityName, Rows } from '../core/action.ts';
import { assert, unreachable } from '../core/assert.ts';
import { attemptMoves } from '../core/attempt.ts';
import { beadMoves, type Bead } from '../core/bead.ts';
import { dispatchMoves } from '../core/dispatch.ts';
import { escalationMoves, type Escalation } from '../core/escalation.ts';
import { escalationId } from '../core/ids.ts';
import { forgeAccountMoves } from '../core/forge-account.ts';
import { jobMoves } from '../core/job.ts';
import { stageMoves } from '../core/merge-request.ts';
import { type NeighbourRule, type Wake } from '../core/neighbours.ts';
import { rigMoves, type Rig } from '../core/rig.ts';
import { runnerMoves } from '../core/runner.ts';
import { earliest, type Instant } from '../core/time.ts';
import type { Wait } from '../core/wait.ts';
import type { Call, ForgeCall } from '../core/action.ts';
import type { Tx } from '../ports/sql.ts';
import { agenda } from '../storage/agenda.ts';
import { tableOf } from '../storage/table-of.ts';
import { dependencies } from '../storage/tables/dependencies.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { journal } from '../storage/tables/journal.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { counters } from '../storage/tables/town.ts';
import { claimsFollow, claimWork } from './duplicates.ts';

/** One turn: what happens between two commits. */
export interface Turn {
  readonly tx: Tx;
  readonly now: Instant;
  /** The number its journal rows share. */
  readonly number: number;
  /** Collected per savepoint; they leave after the commit. */
  readonly calls: (Call | ForgeCall)[];
  readonly order: AgendaOrder;
  readonly rules: readonly NeighbourRule[];
}

/** Hands out places in the order of touching. */
export interface AgendaOrder {
  next(): number;
}

/** Carries actions out in order. `who` is for the journal; `self` is the deciding entity. */
export function apply(
  turn: Turn,
  actions: readonly Action[],
  who: string,
  self: EntityName | null,
): void {
  for (const action of actions) applyOne(turn, action, who, self);
}

function applyOne(turn: Turn, action: Action, who: string, self: EntityName | null): void {
  switch (action.do) {
    case 'update':
      return updateRow(turn, action.entity, action.id, action.set, action.why, who);
    case 'insert':
      return insertRow(turn, action.entity, action.row, action.why, who);
    case 'touch':
      return touch(turn, action.name);
    case 'wake':
      return wakeOne(turn, action.wake);
    case 'call':
      turn.calls.push(action.call);
      return;
    case 'event':
      return remark(turn, action.about, action.name, who, action.data);
    case 'escalate':
      return escalate(turn, action, who, self);
    case 'resolve': {
      const open = escalations.openOfKey(turn.tx, action.dedupeKey);
      if (open === undefined) return;
      const resolved = { status: 'resolved' as const, resolvedAt: turn.now };
      return updateRow(turn, 'escalation', open.id, resolved, action.why, who);
    }
    default:
      return unreachable(action);
  }
}

export function touch(turn: Turn, name: EntityName, at: Instant = turn.now): void {
  agenda.touch(turn.tx, name, at, turn.order.next());
}

/** The rest of a decision with nothing to do: its waits, and when it looks again. P4 */
export function settle(turn: Turn, name: EntityName, waits: readonly Wait[]): void {
  let dueAt: Instant | null = null;
  for (const wait of waits) {
    if (wait.until === undefined) continue;
    assert(wait.until > turn.now, `${name.kind} ${name.id} waits for ${wait.reason} in the past`);
    dueAt = earliest(dueAt, wait.until);
  }
  if (name.kind === 'town') return;
  const table = tableOf(name.kind);
  const before = table.column(turn.tx, name.id, 'waits');
  if (before === undefined) return;
  if (!same(before, waits)) table.update(turn.tx, name.id, { waits });
  if (dueAt !== null) touch(turn, name, dueAt);
}

type AnyRow = Rows[EntityKind];

function updateRow(
  turn: Turn,
  kind: EntityKind,
  id: string,
  set: Partial<AnyRow>,
  why: string,
  who: string,
): void {
  const table = tableOf(kind);
  const before = table.get(turn.tx, id);
  assert(before !== undefined, `${why}: there is no ${kind} ${id}`);
  const columns = changedColumns(before, set);
  if (Object.keys(columns).length === 0) return;
  const after = { ...before, ...columns, updatedAt: turn.now } as AnyRow;
  const [from, to] = [statusOf(kind, before), statusOf(kind, after)];
  if (from !== to) {
    assert(mayMove(kind, from, to), `${kind} ${id} may not move from ${from} to ${to} (${why})`);
  }
  table.update(turn.tx, id, { ...columns, updatedAt: turn.now });
  const visible = visibleOf(columns);
  if (from !== to || Object.keys(visible).length > 0) {
    note(turn, { kind, id, op: 'update', who, why, from, to, data: visible });
  }
  derive(turn, kind, before, after);
  if (!onlyLater(before, columns)) touchSelf(turn, kind, id);
  wake(turn, kind, before, after);
}

function insertRow(turn: Turn, kind: EntityKind, row: AnyRow, why: string, who: string): void {
  tableOf(kind).insert(turn.tx, row);
  number(turn, kind, row.id);
  const to = statusOf(kind, row);
  const data = visibleOf(row as unknown as Readonly<Record<string, unknown>>);
  note(turn, { kind, id: row.id, op: 'insert', who, why, from: null, to, data });
  derive(turn, kind, null, row);
  touchSelf(turn, kind, row.id);
  wake(turn, kind, null, row);
}

/** Numbers handed out by a view become used when the row is written. */
function number(turn: Turn, kind: EntityKind, id: string): void {
  if (kind !== 'job' && kind !== 'merge_request' && kind !== 'escalation') return;
  counters.raise(turn.tx, kind, Number(id.slice(id.indexOf('-') + 1)));
}

function touchSelf(turn: Turn, kind: EntityKind, id: string): void {
  if (kind !== 'town') touch(turn, { kind, id });
}

function wake(turn: Turn, kind: EntityKind, before: AnyRow | null, after: AnyRow): void {
  for (const rule of turn.rules) {
    if (rule.entity !== kind) continue;
    for (const one of rule.wakes(before, after)) wakeOne(turn, one);
  }
}

function wakeOne(turn: Turn, one: Wake): void {
  if ('kind' in one) return touch(turn, one);
  if ('crowd' in one) return agenda.touchCrowd(turn.tx, one, turn.now, turn.order.next());
  if ('dependentsOf' in one) {
    const { dependentsOf: blocker, landed } = one;
    if (landed) dependencies.landed(turn.tx, blocker);
    else dependencies.broke(turn.tx, blocker);
    return agenda.touchDependents(turn.tx, blocker, landed, turn.now, turn.order.next());
  }
  const first = mergeRequests.firstInLine(turn.tx, one.lineOf, one.target);
  if (first !== null) touch(turn, { kind: 'merge_request', id: first });
}

/** P3: live attempts per rig and runner, claims of work; gate results are kept by `facts`. */
function derive(turn: Turn, kind: EntityKind, before: AnyRow | null, after: AnyRow): void {
  if (isBead(after)) claimWork(turn.tx, before !== null && isBead(before) ? before : null, after);
  if (isRig(after) && before !== null && isRig(before)) claimsFollow(turn.tx, before, after);
  if (kind !== 'attempt') return;
  const attempt = after as Rows['attempt'];
  const was = before === null ? 0 : isLive(before as Rows['attempt']);
  const change = isLive(attempt) - was;
  if (change === 0) return;
  const rig = rigs.get(turn.tx, attempt.rig);
  if (rig !== undefined) rigs.update(turn.tx, rig.id, { live: rig.live + change });
  const runner = runners.get(turn.tx, attempt.runner);
  if (runner === undefined) return;
  runners.update(turn.tx, runner.id, { live: runner.live + change });
  touch(turn, { kind: 'runner', id: runner.id });
}

function isBead(row: AnyRow): row is Bead {
  return 'issues' in row;
}

function isRig(row: AnyRow): row is Rig {
  return 'lends' in row;
}

function isLive(attempt: Rows['attempt']): number {
  return attempt.status === 'ended' ? 0 : 1;
}

function escalate(
  turn: Turn,
  action: Extract<Action, { do: 'escalate' }>,
  who: string,
  self: EntityName | null,
): void {
  const { now, tx } = turn;
  const open = escalations.openOfKey(tx, action.dedupeKey);
  const id = open?.id ?? escalationId(`esc-${counters.last(tx, 'escalation') + 1}`);
  if (open === undefined) {
    const row: Escalation = {
      id,
      status: 'open',
      severity: action.severity,
      subject: action.subject,
      dedupeKey: action.dedupeKey,
      failure: action.failure,
      question: action.question,
      answer: null,
      resolveAsked: false,
      ackAsked: false,
      remindedAt: null,
      reminders: 0,
      waits: [],
      createdAt: now,
      updatedAt: now,
      resolvedAt: null,
      parked: null,
    };
    insertRow(turn, 'escalation', row, 'raised', who);
  }
  if (action.bind && self !== null) {
    updateRow(turn, self.kind, self.id, { escalation: id }, 'escalated', who);
  }
}

function note(turn: Turn, row: Omit<Parameters<typeof journal.append>[1], 'at' | 'turn'>): void {
  journal.append(turn.tx, { at: turn.now, turn: turn.number, ...row });
}

/** A note in the journal that belongs to no changed column: a removal, a person's reason. */
export function remark(
  turn: Turn,
  name: EntityName,
  why: string,
  who: string,
  data: Readonly<Record<string, unknown>>,
  op: 'note' | 'delete' = 'note',
): void {
  note(turn, { ...name, op, who, why, from: null, to: null, data });
}

// What people do not see as a change of the entity: clocks, leases, waits, footprints, counters.
const quiet: ReadonlySet<string> = new Set([
  'updatedAt',
  'waits',
  'leaseUntil',
  'callDeadline',
  'phaseDeadline',
  'acceptedAt',
  'deadline',
  'lastSeenAt',
  'lastActivityAt',
  'usage',
  'live',
  'grantedAt',
  'nextBead',
  'openBlockers',
  'ready',
  'readyAt',
  'report',
  'spec',
  'remindedAt',
  'pastIncarnations',
  'snapshot',
  'strikes',
  'readAt',
  'probeAt',
  'forgeCall',
  'forgeReport',
  'read',
  'reads',
  'green',
  'askedAt',
  'targetTip',
  'wantsSlot',
]);

// Moving only these never lets an entity act sooner, so they touch nothing.
const later: ReadonlySet<string> = new Set([
  'updatedAt',
  'lastSeenAt',
  'lastActivityAt',
  'usage',
  'grantedAt',
  'nextBead',
]);

/** A clock that jumped back moves even these to an earlier time: then the entity looks again. */
function onlyLater(before: AnyRow, columns: Readonly<Record<string, unknown>>): boolean {
  const was = before as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(columns).every(([column, value]) => {
    const old = was[column];
    const back = typeof value === 'number' && typeof old === 'number' && value < old;
    return later.has(column) && (!back || column === 'updatedAt');
  });
}

export function visibleOf(
  columns: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(columns).filter(([column]) => !quiet.has(column)));
}

function changedColumns(before: AnyRow, set: Partial<AnyRow>): Readonly<Record<string, unknown>> {
  const was = before as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(set).filter(([key, value]) => !same(was[key], value)));
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The status of a row; of a merge request, its stage. */
export function statusOf(kind: EntityKind, row: AnyRow): string {
  if (kind === 'merge_request') return (row as Rows['merge_request']).stage;
  return (row as Exclude<AnyRow, Rows['merge_request']>).status;
}

function mayMove(kind: EntityKind, from: string, to: string): boolean {
  if (kind === 'town') return true;
  const moves: Readonly<Record<string, readonly string[]>> = {
    bead: beadMoves,
    attempt: attemptMoves,
    job: jobMoves,
    merge_request: stageMoves,
    rig: rigMoves,
    escalation: escalationMoves,
    runner: runnerMoves,
    dispatch: dispatchMoves,
    forge_account: forgeAccountMoves,
  }[kind];
  return moves[from]?.includes(to) ?? false;
}
