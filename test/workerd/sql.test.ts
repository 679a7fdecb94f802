/**
 * What the town relies on in a Durable Object's SQL, proved without the town: strict tables, and a
 * transaction that leaves nothing behind when it throws.
 */
import { expect, test } from 'vitest';
import { runInObject } from './object.ts';

test('a strict table keeps a row and refuses a value of the wrong type', async () => {
  const seen = await runInObject(({ sql }) => {
    sql.exec('create table bead (id text primary key, rank integer not null) strict');
    sql.exec('insert into bead (id, rank) values (?, ?)', 'gt-1', 7);
    let refusal = '';
    try {
      sql.exec('insert into bead (id, rank) values (?, ?)', 'gt-2', 'high');
    } catch (error) {
      refusal = String(error);
    }
    return { rows: sql.exec('select id, rank from bead').toArray(), refusal };
  });
  expect(seen.rows).toEqual([{ id: 'gt-1', rank: 7 }]);
  expect(seen.refusal).toContain('cannot store TEXT value in INTEGER column');
});

test('a transaction that throws leaves nothing behind', async () => {
  const count = await runInObject((storage) => {
    storage.sql.exec('create table bead (id text primary key) strict');
    try {
      storage.transactionSync(() => {
        storage.sql.exec("insert into bead (id) values ('gt-1')");
        throw new Error('crash');
      });
    } catch {
      // the throw is the point
    }
    return storage.sql.exec('select count(*) as n from bead').one()['n'];
  });
  expect(count).toBe(0);
});
