import { expect, test } from 'vitest';
import { sqlConformance } from '../../ports/sql.conformance.ts';
import { MemorySql } from './memory-sql.ts';

sqlConformance('SQLite in memory', (body) => {
  const sql = new MemorySql();
  body(sql);
  sql.close();
});

function disk() {
  const sql = new MemorySql();
  sql.transaction((tx) => tx.run('create table things (id integer primary key) strict'));
  const ids = () => sql.all('select id from things order by id').map((row) => row['id']);
  return { sql, ids };
}

const put = 'insert into things (id) values (?)';

test('a transaction that throws leaves nothing and counts no change', () => {
  const { sql, ids } = disk();
  const before = sql.changes;
  expect(() =>
    sql.transaction((tx) => {
      tx.run(put, 1);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(ids()).toEqual([]);
  expect(sql.changes).toBe(before);
});

test('a savepoint that throws undoes itself only', () => {
  const { sql, ids } = disk();
  sql.transaction((tx) => {
    tx.run(put, 1);
    expect(() =>
      tx.savepoint((inner) => {
        inner.run(put, 2);
        throw new Error('no');
      }),
    ).toThrow('no');
    tx.run(put, 3);
  });
  expect(ids()).toEqual([1, 3]);
});

test('a throw before the commit undoes all of it', () => {
  const { sql, ids } = disk();
  const killed = () => {
    throw new Error('kill -9');
  };
  expect(() => sql.begin((tx) => tx.run(put, 1), killed)).toThrow('kill -9');
  expect(ids()).toEqual([]);
  sql.transaction((tx) => tx.run(put, 2));
  expect(ids()).toEqual([2]);
});
