/**
 * What every adapter of the `sql` port must do, in the dialect both hosts share. Run by the
 * adapter's own test, on Node and inside workerd.
 */
import { describe, expect, test } from 'vitest';
import { undone, type Sql } from './sql.ts';

/** Runs a body against a fresh, empty database. A Durable Object gives one only to a callback. */
export type WithSql = (body: (sql: Sql) => void) => void | Promise<void>;

class Crash extends Error {}

const crash = (): never => {
  throw new Crash('crash');
};

function makeThings(sql: Sql): void {
  sql.transaction((tx) => {
    tx.run(`create table things (
      id text primary key, rank integer not null, share real, bytes blob, note text
    ) strict, without rowid`);
    tx.run(`create unique index things_rank on things(rank) where rank > 0`);
  });
}

function add(sql: Sql, id: string, rank: number): void {
  sql.transaction((tx) => tx.run('insert into things (id, rank) values (?, ?)', id, rank));
}

const ids = (sql: Sql): unknown[] =>
  sql.all('select id from things order by id').map((row) => row['id']);

export function sqlConformance(name: string, withSql: WithSql): void {
  /** A test with a database that has the table `things`. */
  const check = (title: string, body: (sql: Sql) => void): void => {
    // The titles are the literals below.
    // oxlint-disable-next-line vitest/valid-title
    test(title, () =>
      withSql((sql) => {
        makeThings(sql);
        body(sql);
      }),
    );
  };

  describe(`${name}: transactions`, () => {
    check('what was committed is there', (sql) => {
      add(sql, 'a', 1);
      expect(ids(sql)).toEqual(['a']);
    });

    check('a transaction answers what its body answers', (sql) => {
      expect(sql.transaction(() => 42)).toBe(42);
    });

    check('a throw leaves nothing behind and is thrown on', (sql) => {
      const body = (): void =>
        sql.transaction((tx) => {
          tx.run(`insert into things (id, rank) values ('a', 1)`);
          tx.run(`create table more (id text primary key) strict`);
          crash();
        });
      expect(body).toThrow(Crash);
      expect(ids(sql)).toEqual([]);
      expect(sql.get(`select name from sqlite_master where name = 'more'`)).toBeUndefined();
    });

    check('one that is undone on purpose answers what it saw, and leaves nothing', (sql) => {
      add(sql, 'a', 1);
      const seen = undone(sql, (tx) => {
        tx.savepoint((inner) => inner.run(`insert into things (id, rank) values ('b', 2)`));
        tx.run(`delete from things where id = 'a'`);
        return ids(sql);
      });
      expect(seen).toEqual(['b']);
      expect(ids(sql)).toEqual(['a']);
      expect(() => undone(sql, crash)).toThrow(Crash);
      add(sql, 'c', 3);
      expect(ids(sql)).toEqual(['a', 'c']);
    });

    check('a transaction reads what it wrote', (sql) => {
      const seen = sql.transaction((tx) => {
        tx.run(`insert into things (id, rank) values ('a', 7)`);
        return tx.get('select rank from things where id = ?', 'a');
      });
      expect(seen).toEqual({ rank: 7 });
    });

    check('a savepoint that throws undoes only itself', (sql) => {
      sql.transaction((tx) => {
        tx.run(`insert into things (id, rank) values ('before', 1)`);
        expect(() =>
          tx.savepoint((inner) => {
            inner.run(`insert into things (id, rank) values ('inside', 2)`);
            crash();
          }),
        ).toThrow(Crash);
        tx.run(`insert into things (id, rank) values ('later', 3)`);
      });
      expect(ids(sql)).toEqual(['before', 'later']);
    });

    check('savepoints nest', (sql) => {
      sql.transaction((tx) => {
        tx.savepoint((middle) => {
          middle.run(`insert into things (id, rank) values ('middle', 1)`);
          expect(() =>
            middle.savepoint((inner) => {
              inner.run(`insert into things (id, rank) values ('inner', 2)`);
              crash();
            }),
          ).toThrow(Crash);
          middle.savepoint((inner) =>
            inner.run(`insert into things (id, rank) values ('other', 3)`),
          );
        });
      });
      expect(ids(sql)).toEqual(['middle', 'other']);
    });

    check('a savepoint that was kept is undone with its transaction', (sql) => {
      expect(() =>
        sql.transaction((tx) => {
          tx.savepoint((inner) => inner.run(`insert into things (id, rank) values ('a', 1)`));
          crash();
        }),
      ).toThrow(Crash);
      expect(ids(sql)).toEqual([]);
    });

    check('a nested transaction is a savepoint', (sql) => {
      sql.transaction((tx) => {
        tx.run(`insert into things (id, rank) values ('outer', 1)`);
        expect(() =>
          sql.transaction((inner) => {
            inner.run(`insert into things (id, rank) values ('inner', 2)`);
            crash();
          }),
        ).toThrow(Crash);
      });
      expect(ids(sql)).toEqual(['outer']);
    });

    check('a statement that fails inside a savepoint harms nothing around it', (sql) => {
      sql.transaction((tx) => {
        tx.run(`insert into things (id, rank) values ('a', 1)`);
        expect(() =>
          tx.savepoint((inner) => {
            inner.run(`insert into things (id, rank) values ('b', 2)`);
            inner.run(`insert into things (id, rank) values ('c', 1)`);
          }),
        ).toThrow(Error);
      });
      expect(ids(sql)).toEqual(['a']);
    });

    check('after a throw the next transaction works', (sql) => {
      expect(() => sql.transaction(crash)).toThrow(Crash);
      add(sql, 'a', 1);
      expect(ids(sql)).toEqual(['a']);
    });
  });

  describe(`${name}: values`, () => {
    check('text, numbers, bytes and null come back as they went', (sql) => {
      const bytes = new Uint8Array([0, 1, 254, 255]);
      const text = "naïve ☂ \u0000 “quoted” '; drop table things; -- 🦀";
      sql.transaction((tx) => {
        const insert = 'insert into things (id, rank, share, bytes, note) values (?, ?, ?, ?, ?)';
        tx.run(insert, text, -5, 0.1, bytes, null);
        tx.run(insert, '', 0, null, null, 'note');
      });
      const row = sql.get('select * from things where rank = -5');
      expect({ ...row, bytes: null }).toEqual({
        id: text,
        rank: -5,
        share: 0.1,
        bytes: null,
        note: null,
      });
      expect(row?.['bytes']).toBeInstanceOf(Uint8Array);
      expect(Array.from(bytesOf(row?.['bytes']))).toEqual([0, 1, 254, 255]);
      expect(sql.get(`select id, note from things where id = ''`)).toEqual({
        id: '',
        note: 'note',
      });
    });

    check('whole numbers are exact to 2^53 - 1', (sql) => {
      const ends = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Date.UTC(2026, 0, 1)];
      ends.forEach((value, index) => add(sql, `n${index}`, value));
      expect(sql.all('select rank from things order by id').map((row) => row['rank'])).toEqual(
        ends,
      );
      const types = sql.all('select distinct typeof(rank) as type from things');
      expect(types).toEqual([{ type: 'integer' }]);
    });

    check('a strict column refuses a value of another type', (sql) => {
      const body = (): void =>
        sql.transaction((tx) =>
          tx.run('insert into things (id, rank) values (?, ?)', 'a', 'not a number'),
        );
      expect(body).toThrow(Error);
      expect(ids(sql)).toEqual([]);
    });

    check('columns are named as selected', (sql) => {
      expect(sql.get('select 1 as one, 2 as "Two words"')).toEqual({ one: 1, 'Two words': 2 });
    });

    check('get answers undefined when there is no row, all an empty list', (sql) => {
      expect(sql.get('select id from things')).toBeUndefined();
      expect(sql.all('select id from things')).toEqual([]);
    });
  });

  describe(`${name}: the dialect`, () => {
    check('returning answers the rows that were written', (sql) => {
      const rows = sql.transaction((tx) =>
        tx.all('insert into things (id, rank) values (?, ?), (?, ?) returning id', 'a', 1, 'b', 2),
      );
      expect(rows).toEqual([{ id: 'a' }, { id: 'b' }]);
      expect(ids(sql)).toEqual(['a', 'b']);
    });

    check('an upsert keeps one row', (sql) => {
      const upsert = `insert into things (id, rank) values (?, ?)
        on conflict (id) do update set rank = min(rank, excluded.rank)`;
      sql.transaction((tx) => {
        tx.run(upsert, 'a', 5);
        tx.run(upsert, 'a', 3);
        tx.run(upsert, 'a', 9);
      });
      expect(sql.all('select id, rank from things')).toEqual([{ id: 'a', rank: 3 }]);
    });

    check('a partial unique index holds for the rows it covers only', (sql) => {
      add(sql, 'a', 1);
      add(sql, 'z1', 0);
      add(sql, 'z2', 0);
      expect(() => add(sql, 'b', 1)).toThrow(Error);
      expect(ids(sql)).toEqual(['a', 'z1', 'z2']);
    });

    check('row values compare and order', (sql) => {
      ['a', 'b', 'c'].forEach((id, rank) => add(sql, id, rank));
      const after = sql.all(
        'select id from things where (rank, id) > (?, ?) order by rank',
        0,
        'a',
      );
      expect(after).toEqual([{ id: 'b' }, { id: 'c' }]);
    });

    check('insert from select, update by set, and delete work', (sql) => {
      ['a', 'b', 'c'].forEach((id, rank) => add(sql, id, rank));
      sql.transaction((tx) => {
        tx.run(`insert into things (id, rank) select id || '2', rank + 10 from things where true
          on conflict (id) do nothing`);
        tx.run(
          `update things set note = ? where id in (select id from things where rank > ?)`,
          'x',
          9,
        );
        tx.run('delete from things where note is null');
      });
      expect(ids(sql)).toEqual(['a2', 'b2', 'c2']);
    });

    check('JSON can be taken apart', (sql) => {
      const row = sql.get(`select json_extract(?, '$.a[1]') as second`, '{"a":[1,"two"]}');
      expect(row).toEqual({ second: 'two' });
    });

    check('a statement takes 100 parameters', (sql) => {
      const marks = Array.from({ length: 50 }, () => '(?, ?)').join(', ');
      const params = Array.from({ length: 50 }, (_, n) => [`id-${n}`, n]).flat();
      sql.transaction((tx) => tx.run(`insert into things (id, rank) values ${marks}`, ...params));
      expect(ids(sql)).toHaveLength(50);
    });

    check('a statement with 101 parameters is refused', (sql) => {
      const marks = Array.from({ length: 101 }, () => '?').join(', ');
      const params = Array.from({ length: 101 }, (_, n) => `id-${n}`);
      expect(() => sql.all(`select id from things where id in (${marks})`, ...params)).toThrow(
        Error,
      );
    });

    check('a statement that does not parse is thrown, and nothing is broken', (sql) => {
      expect(() => sql.all('selekt 1')).toThrow(Error);
      expect(sql.get('select 1 as one')).toEqual({ one: 1 });
    });

    check('the same statement can be used while another result is held', (sql) => {
      ['a', 'b'].forEach((id, rank) => add(sql, id, rank));
      const seen = sql.all('select id from things order by id').map((row) => {
        const inner = sql.all('select id from things order by id');
        return `${String(row['id'])}${inner.length}`;
      });
      expect(seen).toEqual(['a2', 'b2']);
    });
  });
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
