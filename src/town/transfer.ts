/**
 * Taking a town with you: everything in its tables as JSON, one document a line, and back.
 *
 * F1 What can change is read at one moment; the journal and the transcripts follow up to it.
 * F2 An import goes into an empty town, whole or not at all: it is cut short without its last line.
 * F3 Two towns never drive the same things: an imported town is paused, its rigs are parked, its
 *    live attempts have ended and its unfinished jobs are gone. The journal says so.
 * F4 What belongs to this process (runners, due names, answered keys) and credentials stay.
 * F5 Commits stay with the runner that has them: what was not merged and is not on a forge, as a
 *    published branch or as somebody's pull request, is done anew.
 */
import type { EntityKind } from '../core/action.ts';
import type { AttemptEnd } from '../core/attempt.ts';
import type { Failure } from '../core/failure.ts';
import type { BeadId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { Sql, SqlReader, SqlRow, SqlValue, Tx } from '../ports/sql.ts';
import { schemaVersion, sinceVersion1 } from '../storage/schema.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { jobs } from '../storage/tables/jobs.ts';
import { journal } from '../storage/tables/journal.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { towns } from '../storage/tables/town.ts';
import { isPinned } from './commands/credentials.ts';
import { claimAll } from './duplicates.ts';
import { iso } from './views.ts';

const PAGE = 500;
const everything = Number.MAX_SAFE_INTEGER;

/** F4 */
const notTheTowns: readonly string[] = [
  'agenda',
  'idempotency',
  'migrations',
  'runners',
  // Sealed with this home's key: worthless elsewhere, and nothing to carry about.
  'secrets',
  'apps',
  // Follow from the beads.
  'claims',
];
/** What older versions exported and this one does not need. */
const formerly: readonly string[] = ['issue_claims'];
/** Versions whose rows this one takes, with what they lack. */
const readable: readonly unknown[] = [1, schemaVersion];
/** F1 */
const growing: readonly string[] = ['journal', 'transcripts'];

export interface Imported {
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
}

/** Chunks of whole lines. */
export function* exportTown(sql: SqlReader, at: Instant, version: string): Generator<string> {
  const tables = tablesOf(sql);
  const lastSeq = journal.lastSeq(sql);
  const fixed = tables.filter((table) => !growing.includes(table.name));
  // One pass without a pause: nothing can be written between two of these tables.
  const captured = fixed.map((table) => Array.from(rowsOf(sql, table)).join(''));
  yield line({ gastown: 'export', schemaVersion, version, at: iso(at), lastSeq });
  let rows = 0;
  for (const chunk of captured) {
    rows += chunk.split('\n').length - 1;
    if (chunk !== '') yield chunk;
  }
  for (const table of tables.filter(({ name }) => growing.includes(name))) {
    for (const chunk of rowsOf(sql, table, lastSeq)) {
      rows += chunk.split('\n').length - 1;
      yield chunk;
    }
  }
  yield line({ end: true, rows });
}

/** F2. `not_empty` when the town has work of its own. */
export function importTown(
  sql: Sql,
  lines: readonly string[],
  at: Instant,
): Result<Imported, Failure | 'not_empty'> {
  if (rigs.all(sql).length > 0 || beads.list(sql, { all: true }, null, 1).length > 0) {
    return err('not_empty');
  }
  const known = new Map(tablesOf(sql).map((table) => [table.name, table]));
  const parsed = parseLines(lines, known);
  if (!parsed.ok) return parsed;
  return sql.transaction((tx) => {
    for (const table of known.values()) tx.run(`delete from ${table.name}`);
    const counts: Record<string, number> = {};
    for (const { table, row } of parsed.value) {
      const whole = { ...sinceVersion1[table], ...row };
      const columns = Object.keys(whole);
      const marks = columns.map(() => '?').join(', ');
      const into = `insert into ${table} (${columns.join(', ')}) values (${marks})`;
      tx.run(into, ...Object.values(whole));
      counts[table] = (counts[table] ?? 0) + 1;
    }
    claimAll(tx);
    standStill(tx, at);
    return ok({ rows: parsed.value.length, tables: counts });
  });
}

interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/** From the database itself: a table that a later version adds is not forgotten. */
function tablesOf(reader: SqlReader): readonly TableShape[] {
  const names = reader
    .all(`select name from sqlite_master where type = 'table' order by name`)
    .map((row) => String(row['name']))
    .filter((name) => /^[a-z][a-z_]*$/.test(name) && !notTheTowns.includes(name))
    .filter((name) => !name.startsWith('sqlite_'));
  return names.map((name) => {
    const columns = reader.all(`select name, pk from pragma_table_info('${name}')`);
    const key = columns
      .filter((column) => Number(column['pk']) > 0)
      .sort((a, b) => Number(a['pk']) - Number(b['pk']));
    const named = (rows: readonly SqlRow[]) => rows.map((row) => String(row['name']));
    return { name, columns: named(columns), key: named(key) };
  });
}

/** Page by page in order of the primary key. */
function* rowsOf(reader: SqlReader, table: TableShape, lastSeq?: number): Generator<string> {
  const { name, key } = table;
  const order = key.join(', ');
  const marks = key.map(() => '?').join(', ');
  let after: readonly SqlValue[] | null = null;
  for (;;) {
    const where: string = after === null ? '' : `where (${order}) > (${marks})`;
    const query: string = `select * from ${name} ${where} order by ${order} limit ${PAGE}`;
    const page: readonly SqlRow[] = reader.all(query, ...(after ?? []));
    const kept =
      name === 'journal' && lastSeq !== undefined
        ? page.filter((row) => Number(row['seq']) <= lastSeq)
        : page;
    if (kept.length > 0) yield kept.map((row) => line({ table: name, row })).join('');
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || kept.length < page.length) return;
    after = key.map((column) => last[column] ?? null);
  }
}

interface ImportedRow {
  readonly table: string;
  readonly row: Readonly<Record<string, SqlValue>>;
}

function parseLines(
  lines: readonly string[],
  known: ReadonlyMap<string, TableShape>,
): Result<readonly ImportedRow[], Failure> {
  const head = objectOf(lines[0] ?? '');
  if (head?.['gastown'] !== 'export') {
    return wrong('line 1', lines[0] ?? '', 'the first line of a `gt export`');
  }
  if (!readable.includes(head['schemaVersion'])) {
    const expected = `an export of schema version ${readable.join(' or ')}`;
    return wrong('schemaVersion', JSON.stringify(head['schemaVersion']), expected);
  }
  const end = objectOf(lines.at(-1) ?? '');
  if (end?.['end'] !== true || end['rows'] !== lines.length - 2) {
    const expected = 'the last line of a `gt export`: this one was cut short';
    return wrong(`line ${lines.length}`, lines.at(-1) ?? '', expected);
  }
  const rows: ImportedRow[] = [];
  for (const [index, text] of lines.slice(1, -1).entries()) {
    const row = rowOf(text, known);
    if (row === 'not_needed') continue;
    if (row === null) return wrong(`line ${index + 2}`, text, 'a row of a table of this version');
    rows.push(row);
  }
  return ok(rows);
}

function rowOf(
  text: string,
  known: ReadonlyMap<string, TableShape>,
): ImportedRow | 'not_needed' | null {
  const parsed = objectOf(text);
  const name = parsed?.['table'];
  if (typeof name === 'string' && formerly.includes(name)) return 'not_needed';
  const table = typeof name === 'string' ? known.get(name) : undefined;
  const given = parsed?.['row'];
  if (table === undefined || typeof given !== 'object' || given === null) return null;
  const row: Record<string, SqlValue> = {};
  for (const [column, value] of Object.entries(given)) {
    if (!table.columns.includes(column)) return null;
    if (typeof value !== 'string' && typeof value !== 'number' && value !== null) return null;
    row[column] = value;
  }
  return { table: table.name, row };
}

/** F3 */
function standStill(tx: Tx, at: Instant): void {
  const turn = journal.lastSeq(tx) + 1;
  const note = (kind: EntityKind, id: string, from: string | undefined, to: string): void => {
    const moved = { op: 'update', who: 'town', why: 'imported', from: from ?? null, to } as const;
    journal.append(tx, { at, turn, kind, id, ...moved, data: {} });
  };
  const before = towns.get(tx, 'town')?.status;
  towns.update(tx, 'town', { status: 'paused', updatedAt: at });
  note('town', 'town', before, 'paused');
  const end: AttemptEnd = { outcome: 'evicted', failure: null, saved: null, at };
  for (const attempt of attempts.live(tx, everything)) {
    const ended = { status: 'ended', outcome: 'evicted', end, endedAt: at, waits: [] } as const;
    attempts.update(tx, attempt.id, { ...ended, updatedAt: at });
    note('attempt', attempt.id, attempt.status, 'ended');
  }
  for (const job of jobs.live(tx, everything)) jobs.delete(tx, job.id);
  for (const request of mergeRequests.live(tx, everything)) {
    const isOnForge = request.published !== null || request.prNumber !== null;
    const waiting = request.stage === 'changes_requested' ? request.stage : 'queued';
    const stage = isOnForge ? waiting : 'abandoned';
    const free = { job: null, targetJob: null, slot: false, wantsSlot: false };
    mergeRequests.update(tx, request.id, { stage, ...free, updatedAt: at });
    if (stage !== request.stage) note('merge_request', request.id, request.stage, stage);
    if (!isOnForge) startOver(tx, request.bead, at, note);
  }
  for (const rig of rigs.all(tx)) {
    const free = { probeJob: null, probeAsked: false, parkAsked: null, live: 0, updatedAt: at };
    const ownCredential = isPinned(rig); // what was stored stayed behind
    rigs.update(tx, rig.id, { status: 'parked', ownCredential, ...free });
    note('rig', rig.id, rig.status, 'parked');
  }
}

/** F5 */
function startOver(
  tx: Tx,
  id: BeadId,
  at: Instant,
  note: (kind: EntityKind, id: string, from: string, to: string) => void,
): void {
  const bead = beads.get(tx, id);
  if (bead === undefined || bead.status === 'closed') return;
  const status =
    bead.status === 'in_review' || bead.status === 'in_progress' ? 'open' : bead.status;
  const anew = { submission: null, round: null, base: null, mergeRequest: null, attempt: null };
  beads.update(tx, id, { ...anew, status, ready: false, readyAt: null, updatedAt: at });
  if (status !== bead.status) note('bead', id, bead.status, status);
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function wrong(field: string, given: string, expected: string): Result<never, Failure> {
  return err({ kind: 'bad_value', helps: 'person', field, given: given.slice(0, 100), expected });
}
