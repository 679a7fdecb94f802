/**
 * The `sql` port: a synchronous SQLite within the dialect that Durable Objects allow.
 *
 * Q1 Nothing here awaits, so what happens inside `transaction` cannot interleave.
 * Q2 Only `transaction` makes a `Tx`; what must be inside one takes it as a parameter.
 * Q3 Values are string, number, null or bytes. Booleans are 0 and 1, instants whole milliseconds.
 *    At most 100 parameters a statement and one statement a call.
 * Q4 A nested `transaction` is a savepoint: its throw undoes only itself and is thrown on.
 *    A full disk or an I/O error (`StorageDown`) ends the outermost one.
 */
export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlReader {
  /** All rows. The object's keys are the selected columns' names. */
  all(statement: string, ...params: readonly SqlValue[]): readonly SqlRow[];
  /** The first row or undefined. */
  get(statement: string, ...params: readonly SqlValue[]): SqlRow | undefined;
}

declare const open: unique symbol;

/** An open transaction. Q2 */
export interface Tx extends SqlReader {
  readonly [open]: true;
  run(statement: string, ...params: readonly SqlValue[]): void;
  /** A savepoint inside this transaction. Q4 */
  savepoint<T>(body: (tx: Tx) => T): T;
}

export interface Sql extends SqlReader {
  transaction<T>(body: (tx: Tx) => T): T;
  close(): void;
}

/** A transaction that is always undone. Answers what its body answers, throws what it throws. */
export function undone<T>(sql: Sql, body: (tx: Tx) => T): T {
  class Undone extends Error {
    readonly value: T;

    constructor(value: T) {
      super('undone on purpose');
      this.value = value;
    }
  }
  try {
    return sql.transaction((tx) => {
      throw new Undone(body(tx));
    });
  } catch (thrown) {
    if (thrown instanceof Undone) return thrown.value;
    throw thrown;
  }
}

/** The store cannot be written: disk full, read-only, I/O error. Nothing was changed. */
export class StorageDown extends Error {
  override readonly name = 'StorageDown';
  readonly cause_: 'full' | 'read_only' | 'io';

  constructor(cause: 'full' | 'read_only' | 'io', message: string) {
    super(message);
    this.cause_ = cause;
  }
}
