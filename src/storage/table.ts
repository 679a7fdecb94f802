/**
 * One shape for every table: columns with codecs, from which reading, inserting and updating
 * follow. A table module names its columns once; nothing else in the town spells them.
 *
 * S1 Only `insert` and `update` write an entity's row, and `town/apply.ts` alone calls them.
 * S2 A structured column is JSON of one type; it is parsed here and nowhere else.
 * S3 `update` sets only what changed, so an index costs only when its column moved.
 */
import { assert } from '../core/assert.ts';
import type { SqlReader, SqlRow, SqlValue, Tx } from '../ports/sql.ts';

export interface Codec<T> {
  readonly sqlType: string;
  write(value: T): SqlValue;
  read(value: SqlValue): T;
}

/** A string of a narrower type, such as an id or a status. */
export function text<T extends string>(): Codec<T> {
  return { sqlType: 'text not null', write: (value) => value, read: (value) => value as T };
}

/** A whole number of a narrower type, such as an instant. */
export function int<T extends number>(): Codec<T> {
  return { sqlType: 'integer not null', write: (value) => value, read: (value) => value as T };
}

export const bool: Codec<boolean> = {
  sqlType: 'integer not null',
  write: (value) => (value ? 1 : 0),
  read: (value) => value === 1,
};

export function json<T>(): Codec<T> {
  return {
    sqlType: 'text not null',
    write: (value) => JSON.stringify(value),
    read: (value) => JSON.parse(value as string) as T,
  };
}

export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    sqlType: codec.sqlType.replace(' not null', ''),
    write: (value) => (value === null ? null : codec.write(value)),
    read: (value) => (value === null ? null : codec.read(value)),
  };
}

export type Columns<Row> = { readonly [K in keyof Row]-?: Codec<Row[K]> };

export interface TableSpec<Row> {
  readonly name: string;
  readonly columns: Columns<Row>;
  /** Each without `create`: `unique index attempts_live on attempts(bead) where …`. */
  readonly indexes: readonly string[];
}

/** The table of an entity whose key is its `id`. */
export class Table<Row extends { readonly id: string }> {
  readonly name: string;
  readonly #fields: readonly (keyof Row & string)[];
  readonly #columns: Columns<Row>;
  readonly #names: Readonly<Record<keyof Row & string, string>>;
  readonly #list: string;
  readonly #insert: string;
  readonly #spec: TableSpec<Row>;

  constructor(spec: TableSpec<Row>) {
    this.#spec = spec;
    this.name = spec.name;
    this.#columns = spec.columns;
    this.#fields = Object.keys(spec.columns) as (keyof Row & string)[];
    const names = this.#fields.map((field) => [field, columnName(field)]);
    this.#names = Object.fromEntries(names) as Record<keyof Row & string, string>;
    this.#list = this.#fields.map(columnName).join(', ');
    const marks = this.#fields.map(() => '?').join(', ');
    this.#insert = `insert into ${this.name} (${this.#list}) values (${marks})`;
  }

  /** The statements that make the table and its indexes. */
  schema(): readonly string[] {
    const columns = this.#fields.map((field) => {
      const key = field === 'id' ? ' primary key' : '';
      return `${this.#names[field]} ${this.#columns[field].sqlType}${key}`;
    });
    return [
      `create table ${this.name} (${columns.join(', ')}) strict, without rowid`,
      ...this.#spec.indexes.map((index) => `create ${index}`),
    ];
  }

  /** One of each statement this class can send, for the test that prepares them all. */
  statements(): readonly string[] {
    return [
      this.#selectSql('where id = ?'),
      this.#insert,
      ...this.#fields.map((field) => this.#oneSql(field)),
      ...this.#fields
        .filter((field) => field !== 'id')
        .map((field) => updateSql(this.name, [this.#names[field]])),
    ];
  }

  /**
   * Makes one of an older version what it is now; its rows get `lacking`, as the store has it. It
   * is written anew: an added column would stand elsewhere than in a table that was made new.
   */
  widen(tx: Tx, lacking: Readonly<Record<string, SqlValue>>): void {
    const { name } = this;
    const had = tx.all(`select name from pragma_table_info('${name}')`).map((row) => row['name']);
    const added = Object.entries(lacking).filter(([column]) => !had.includes(column));
    if (added.length === 0) return;
    const columns = [...had, ...added.map(([column]) => column)].join(', ');
    const values = [...had, ...added.map(() => '?')].join(', ');
    const [create = '', ...indexes] = this.schema();
    tx.run(`alter table ${name} rename to ${name}_before`);
    tx.run(create);
    const copy = `insert into ${name} (${columns}) select ${values} from ${name}_before`;
    tx.run(copy, ...added.map(([, value]) => value));
    tx.run(`drop table ${name}_before`); // and its indexes, whose names are free again
    for (const index of indexes) tx.run(index);
  }

  get(reader: SqlReader, id: string): Row | undefined {
    const row = reader.get(this.#selectSql('where id = ?'), id);
    return row === undefined ? undefined : this.fromRow(row);
  }

  /** One column of a row, where the others are not needed; undefined: there is no such row. */
  column<K extends keyof Row & string>(
    reader: SqlReader,
    id: string,
    field: K,
  ): Row[K] | undefined {
    const value = reader.get(this.#oneSql(field), id)?.[this.#names[field]];
    return value === undefined ? undefined : this.#columns[field].read(value);
  }

  /** Rows by a clause written in the table's own module: `where … order by … limit ?`. */
  select(reader: SqlReader, clause: string, ...params: readonly SqlValue[]): readonly Row[] {
    return reader.all(this.#selectSql(clause), ...params).map((row) => this.fromRow(row));
  }

  /** The statement `select` sends for a clause. */
  selectSql(clause: string): string {
    return this.#selectSql(clause);
  }

  insert(tx: Tx, row: Row): void {
    tx.run(this.#insert, ...this.#fields.map((field) => this.#columns[field].write(row[field])));
  }

  update(tx: Tx, id: string, set: Partial<Row>): void {
    const fields = this.#fields.filter((field) => set[field] !== undefined && field !== 'id');
    if (fields.length === 0) return;
    const values = fields.map((field) =>
      this.#columns[field].write(set[field] as Row[typeof field]),
    );
    const columns = fields.map((field) => this.#names[field]);
    tx.run(updateSql(this.name, columns), ...values, id);
  }

  delete(tx: Tx, id: string): void {
    tx.run(`delete from ${this.name} where id = ?`, id);
  }

  fromRow(row: SqlRow): Row {
    const made: Partial<Row> = {};
    for (const field of this.#fields) {
      const value = row[this.#names[field]];
      assert(value !== undefined, `${this.name} has no column ${this.#names[field]}`);
      made[field] = this.#columns[field].read(value);
    }
    return made as Row;
  }

  #oneSql(field: keyof Row & string): string {
    return `select ${this.#names[field]} from ${this.name} where id = ?`;
  }

  #selectSql(clause: string): string {
    return `select ${this.#list} from ${this.name} ${clause}`;
  }
}

function updateSql(table: string, columns: readonly string[]): string {
  return `update ${table} set ${columns.map((column) => `${column} = ?`).join(', ')} where id = ?`;
}

/** `createdAt` → `created_at`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
