/** The SQLite adapter against the port's suite, and what only a real file can show. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sqlConformance } from '../../ports/sql.conformance.ts';
import { StorageDown } from '../../ports/sql.ts';
import { allStatements, migrate } from '../../storage/schema.ts';
import { openSqlite } from './sqlite.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gastown-sqlite-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

sqlConformance('node:sqlite', (body) => {
  const sql = openSqlite(join(folder, 'town.sqlite'));
  try {
    body(sql);
  } finally {
    sql.close();
  }
});

describe('a database file', () => {
  test('keeps what was committed when the process is killed, and nothing else', () => {
    const file = join(folder, 'town.sqlite');
    const script = `
      import { openSqlite } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
      const sql = openSqlite(${JSON.stringify(file)});
      sql.transaction((tx) => {
        tx.run('create table things (id text primary key) strict');
        tx.run("insert into things values ('committed')");
      });
      sql.transaction((tx) => {
        tx.run("insert into things values ('open')");
        process.kill(process.pid, 'SIGKILL');
      });`;
    const child = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script]);
    expect(child.signal).toBe('SIGKILL');
    const sql = openSqlite(file);
    expect(sql.all('select id from things')).toEqual([{ id: 'committed' }]);
    sql.close();
  });

  test('writes ahead and waits for the disk', () => {
    const sql = openSqlite(join(folder, 'town.sqlite'));
    expect(sql.get('pragma journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(sql.get('pragma synchronous')).toEqual({ synchronous: 2 });
    sql.close();
  });

  test('that is full undoes the whole transaction and works again with room', () => {
    const sql = openSqlite(join(folder, 'town.sqlite'));
    sql.transaction((tx) => tx.run('create table things (id text primary key, note text) strict'));
    sql.get('pragma max_page_count = 8');
    const fill = (): void =>
      sql.transaction((tx) => {
        tx.run(`insert into things (id) values ('first')`);
        tx.savepoint((inner) =>
          inner.run('insert into things values (?, ?)', 'big', 'x'.repeat(100_000)),
        );
      });
    expect(fill).toThrow(StorageDown);
    expect(sql.all('select id from things')).toEqual([]);
    sql.get('pragma max_page_count = 100000');
    fill();
    expect(sql.all('select id from things order by id')).toEqual([{ id: 'big' }, { id: 'first' }]);
    sql.close();
  });

  test('in a place that cannot be written is StorageDown', () => {
    expect(() => openSqlite(join(folder, 'missing', 'town.sqlite'))).toThrow(StorageDown);
  });

  test('is opened with every statement the town sends', () => {
    const sql = openSqlite(':memory:');
    expect(migrate(sql, 0)).toEqual({ ok: true, from: 0 });
    for (const statement of allStatements()) {
      const marks = statement.split('?').length - 1;
      // `explain` compiles it and runs nothing.
      expect(() => sql.all(`explain ${statement}`, ...nulls(marks))).not.toThrow();
    }
    sql.close();
  });

  test('is not opened for anybody else', () => {
    const file = join(folder, 'town.sqlite');
    openSqlite(file).close();
    expect(statSync(file).mode & 0o077).toBe(0);
  });
});

function nulls(count: number): null[] {
  return Array.from({ length: count }, () => null);
}
