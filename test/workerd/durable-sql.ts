/**
 * The `sql` port over a Durable Object's storage. There is one implicit transaction per event in a
 * Durable Object; `transactionSync` makes the savepoints, and nests.
 */
import type { Sql, SqlRow, SqlValue, Tx } from '../../src/ports/sql.ts';

export function durableSql(storage: DurableObjectStorage): Sql {
  return new DurableSql(storage);
}

class DurableSql implements Sql {
  readonly #storage: DurableObjectStorage;
  readonly #tx: Tx;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const tx = {
      all: this.all.bind(this),
      get: this.get.bind(this),
      run: (statement: string, ...params: readonly SqlValue[]): void => {
        this.#exec(statement, params);
      },
      savepoint: <T>(body: (tx: Tx) => T): T => this.transaction(body),
    };
    // The mark of an open transaction exists for the compiler only.
    this.#tx = tx as unknown as Tx;
  }

  all(statement: string, ...params: readonly SqlValue[]): readonly SqlRow[] {
    return this.#exec(statement, params);
  }

  get(statement: string, ...params: readonly SqlValue[]): SqlRow | undefined {
    return this.#exec(statement, params)[0];
  }

  transaction<T>(body: (tx: Tx) => T): T {
    return this.#storage.transactionSync(() => body(this.#tx));
  }

  close(): void {
    // The platform owns the storage.
  }

  #exec(statement: string, params: readonly SqlValue[]): SqlRow[] {
    const cursor = this.#storage.sql.exec(statement, ...params);
    return cursor.toArray().map((row) => {
      const entries = Object.entries(row).map(([key, value]): [string, SqlValue] => [
        key,
        value instanceof ArrayBuffer ? new Uint8Array(value) : value,
      ]);
      return Object.fromEntries(entries);
    });
  }
}
