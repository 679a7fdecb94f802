/**
 * The `sql` port over Node's own SQLite: one file, one connection, WAL, every commit on disk.
 *
 * S1 A transaction is `begin immediate`; nested ones are savepoints. A commit has reached the disk
 *    (`synchronous=full`) before it returns.
 * S2 A full, read-only or failing disk is `StorageDown`; it ends the outermost transaction, because
 *    SQLite may have rolled it back already. Everything else that is thrown is a bug.
 * S3 Statements are prepared once and kept, so many at most.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { assert } from '../../core/assert.ts';
import { StorageDown, type Sql, type SqlRow, type SqlValue, type Tx } from '../../ports/sql.ts';

const STATEMENTS_MAX = 500;
const PARAMETERS_MAX = 100; // what a Durable Object takes

/** Opens or makes the database. Throws `StorageDown` where it cannot be written. */
export function openSqlite(path: string): Sql {
  return new SqliteDatabase(path);
}

class SqliteDatabase implements Sql {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #tx: Tx;
  #depth = 0;

  constructor(path: string) {
    makePrivate(path);
    this.#db = guarded(() => new DatabaseSync(path, { timeout: 5000 }));
    try {
      guarded(() => {
        this.#db.exec('pragma journal_mode = wal; pragma synchronous = full');
        // A file that cannot be written is found here, not in the first command.
        this.#db.exec('begin immediate; rollback');
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
    const all = this.all.bind(this);
    const get = this.get.bind(this);
    const run = this.#run.bind(this);
    const savepoint = <T>(body: (tx: Tx) => T): T => this.#savepoint(body);
    const tx = { all, get, run, savepoint };
    assert(isTx(tx), 'a transaction has its four verbs');
    this.#tx = tx;
  }

  all(statement: string, ...params: readonly SqlValue[]): readonly SqlRow[] {
    const rows = guarded(() => this.#prepared(statement, params).all(...params));
    assert(areRows(rows), 'rows are objects');
    return rows;
  }

  get(statement: string, ...params: readonly SqlValue[]): SqlRow | undefined {
    const row = guarded(() => this.#prepared(statement, params).get(...params));
    assert(row === undefined || isRow(row), 'a row is an object');
    return row;
  }

  transaction<T>(body: (tx: Tx) => T): T {
    if (this.#depth > 0) return this.#savepoint(body);
    this.#run('begin immediate');
    this.#depth = 1;
    try {
      const value = body(this.#tx);
      this.#run('commit');
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    } finally {
      this.#depth = 0;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #run(statement: string, ...params: readonly SqlValue[]): void {
    guarded(() => this.#prepared(statement, params).run(...params));
  }

  #savepoint<T>(body: (tx: Tx) => T): T {
    assert(this.#depth > 0, 'a savepoint needs an open transaction');
    const name = `s${this.#depth}`;
    this.#run(`savepoint ${name}`);
    this.#depth += 1;
    try {
      const value = body(this.#tx);
      this.#run(`release ${name}`);
      return value;
    } catch (error) {
      if (!(error instanceof StorageDown)) {
        this.#run(`rollback to ${name}`);
        this.#run(`release ${name}`);
      }
      throw error; // S2
    } finally {
      this.#depth -= 1;
    }
  }

  /** S3 */
  #prepared(statement: string, params: readonly SqlValue[]): StatementSync {
    assert(params.length <= PARAMETERS_MAX, `more than ${PARAMETERS_MAX} parameters`);
    const kept = this.#statements.get(statement);
    if (kept !== undefined) return kept;
    if (this.#statements.size >= STATEMENTS_MAX) {
      const oldest = this.#statements.keys().next().value;
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    const prepared = this.#db.prepare(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }
}

/** SQLite's primary result codes that mean the disk, not the statement. S2 */
const down: Readonly<Record<number, 'full' | 'read_only' | 'io'>> = {
  8: 'read_only',
  10: 'io',
  13: 'full',
  14: 'io',
};

/** SQLite makes files everybody may read; its own side files take the mode of this one. */
function makePrivate(path: string): void {
  if (path === ':memory:') return;
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const cause =
      code === 'ENOSPC' ? 'full' : code === 'EROFS' || code === 'EACCES' ? 'read_only' : 'io';
    throw new StorageDown(cause, error instanceof Error ? error.message : String(error));
  }
}

function guarded<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
    const cause = down[code & 0xff];
    if (cause === undefined || !(error instanceof Error)) throw error;
    throw new StorageDown(cause, error.message);
  }
}

/** The mark of an open transaction exists for the compiler only. */
function isTx(value: object): value is Tx {
  return 'run' in value && 'savepoint' in value;
}

/** Without `setReadBigInts`, SQLite's values are those of the port. */
function isRow(value: object): value is SqlRow {
  return !Array.isArray(value);
}

function areRows(value: readonly object[]): value is readonly SqlRow[] {
  return Array.isArray(value);
}
