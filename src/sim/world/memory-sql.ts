/**
 * The `sql` port over SQLite in memory: the disk that outlives every server process of a world.
 * It counts what is asked of it, so that checkers can tell a quiet tick from a busy one.
 *
 * S1 A transaction that throws leaves nothing; a nested one is a savepoint (Q4 of the port).
 * S2 Statements are prepared once and kept.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { assert } from '../../core/assert.ts';
import { type Sql, type SqlReader, type SqlRow, StorageDown } from '../../ports/sql.ts';
import type { SqlValue, Tx } from '../../ports/sql.ts';

/** Q3 of the port. */
const paramsMax = 100;

interface Writer extends SqlReader {
  run(statement: string, ...params: readonly SqlValue[]): void;
  savepoint<T>(body: (tx: Tx) => T): T;
}

export class MemorySql implements Sql {
  readonly #db = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  /** Statements sent, reads and writes. */
  sent = 0;
  /** Rows changed. */
  changes = 0;
  commits = 0;

  all(statement: string, ...params: readonly SqlValue[]): readonly SqlRow[] {
    const rows: unknown = this.#prepare(statement, params).all(...params);
    assertRows(rows);
    return rows;
  }

  get(statement: string, ...params: readonly SqlValue[]): SqlRow | undefined {
    const row: unknown = this.#prepare(statement, params).get(...params);
    if (row === undefined) return undefined;
    assertRow(row);
    return row;
  }

  run(statement: string, ...params: readonly SqlValue[]): void {
    this.changes += Number(this.#prepare(statement, params).run(...params).changes);
  }

  transaction<T>(body: (tx: Tx) => T): T {
    return this.begin(body, () => undefined);
  }

  savepoint<T>(body: (tx: Tx) => T): T {
    return this.transaction(body);
  }

  /** As `transaction`; `beforeCommit` runs at the end of the outermost one and may throw. */
  begin<T>(body: (tx: Tx) => T, beforeCommit: () => void): T {
    const name = `s${this.#depth}`;
    const outermost = this.#depth === 0;
    const changes = this.changes;
    this.#db.exec(outermost ? 'begin immediate' : `savepoint ${name}`);
    this.#depth += 1;
    try {
      const value = body(openTx(this));
      if (outermost) beforeCommit();
      this.#db.exec(outermost ? 'commit' : `release ${name}`);
      if (outermost) this.commits += 1;
      return value;
    } catch (error) {
      this.#db.exec(outermost ? 'rollback' : `rollback to ${name}`);
      if (!outermost) this.#db.exec(`release ${name}`);
      this.changes = changes;
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(statement: string, params: readonly SqlValue[]): StatementSync {
    assert(params.length <= paramsMax, `a statement takes at most ${paramsMax} parameters`);
    this.sent += 1;
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    const prepared = this.#db.prepare(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }
}

export function diskFull(): StorageDown {
  return new StorageDown('full', 'database or disk is full (injected)');
}

/** The port's mark of an open transaction is a type only; this is where one is opened. */
export function openTx(writer: Writer): Tx {
  assertOpen(writer);
  return writer;
}

/** The database holds no integers beyond 2^53, so it never answers with a bigint. */
function assertRows(rows: unknown): asserts rows is readonly SqlRow[] {
  if (!Array.isArray(rows)) throw new TypeError('rows come as an array');
}

function assertRow(row: unknown): asserts row is SqlRow {
  if (typeof row !== 'object') throw new TypeError('a row is an object');
}

function assertOpen(writer: Writer): asserts writer is Tx {
  if (writer === undefined) throw new TypeError('a transaction is open');
}
