/**
 * The `sql` port inside workerd: the suite every adapter passes, and the town's whole schema with
 * every statement it sends, compiled by a Durable Object's SQLite.
 */
import { expect, test } from 'vitest';
import { sqlConformance } from '../../src/ports/sql.conformance.ts';
import { allStatements, migrate, schemaVersion } from '../../src/storage/schema.ts';
import { durableSql } from './durable-sql.ts';
import { runInObject } from './object.ts';

sqlConformance('Durable Object SQL', (body) =>
  runInObject((storage) => {
    body(durableSql(storage));
  }),
);

test('the schema is made, and made only once', async () => {
  const seen = await runInObject((storage) => {
    const sql = durableSql(storage);
    return [migrate(sql, 0), migrate(sql, 0)];
  });
  expect(seen).toEqual([
    { ok: true, from: 0 },
    { ok: true, from: schemaVersion },
  ]);
});

test('every statement the town sends compiles', async () => {
  const refused = await runInObject((storage) => {
    const sql = durableSql(storage);
    migrate(sql, 0);
    return allStatements().flatMap((statement) => {
      const params = Array.from({ length: statement.split('?').length - 1 }, () => null);
      try {
        sql.all(`explain ${statement}`, ...params); // compiles it and runs nothing
        return [];
      } catch (error) {
        return [`${statement}: ${String(error)}`];
      }
    });
  });
  expect(refused).toEqual([]);
});

test('a broken statement would have been noticed', async () => {
  const refusal = await runInObject((storage) => {
    const sql = durableSql(storage);
    migrate(sql, 0);
    try {
      sql.all('explain select no_such_column from beads');
      return '';
    } catch (error) {
      return String(error);
    }
  });
  expect(refusal).toContain('no_such_column');
});
