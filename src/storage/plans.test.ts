/**
 * P11 in SQLite's own words: what a tick asks is found through an index, whatever the town's size.
 */
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../hosts/node/sqlite.ts';
import type { Sql } from '../ports/sql.ts';
import { allStatements, migrate } from './schema.ts';

/** What may read a whole table or sort, by words of the statement, and why. */
const allowed: Readonly<Record<string, string>> = {
  'from migrations': 'one row a version',
  'max(seq), 0) as seq from journal': 'the end of its key',
  'min(seq), 0) as seq from journal': 'the start of its key',
  'max(seq), 0) as seq from agenda': 'at start',
  'from counters order by name': 'three rows',
  'from rigs order by id': 'as many as a team has repositories',
  'from runners order by id': 'as many as there are machines',
  'from forge_accounts order by id': 'as many as there are forges with credentials',
  'from forge_accounts where true': 'the same',
  'from rigs where true': 'the same, woken at start or by a setting of the town',
  'from runners where true': 'the same',
  'select due_at from agenda order by due_at, seq limit 1': 'the first row of its index',
  "from beads where status <> 'closed' on conflict": 'at start, or a setting of the town',
  "from beads where status <> 'closed' and rig = ? on conflict": 'a setting of a rig',
  "from attempts where status <> 'ended' on conflict": 'at start, or a pause: live ones only',
  "from jobs where status <> 'done' on conflict": 'at start: live ones only',
  "from merge_requests where stage not in ('merged', 'abandoned') on conflict": 'at start, pause',
  "from escalations where status <> 'resolved' on conflict": 'at start: open ones only',
  "from beads where status <> 'closed' and rig = ? order by": 'removing a rig',
  "from attempts where status <> 'ended' order by runner, id limit": 'bounded; live ones only',
  "from jobs where status <> 'done' order by runner, id limit": 'bounded; live ones only',
  "('merged', 'abandoned') order by rig, number limit": 'bounded; live ones only',
  "from escalations where status <> 'resolved' order by": 'for people and the resync',
  'from escalations order by created_at desc': 'a page of its index, for people',
  'from attempts order by created_at desc': 'for people',
  'from merge_requests order by number desc': 'for people',
  'select status, count(*) as n from beads group by status': 'for people',
  'select bead, blocker from dependencies order by': 'export',
  'select bead, blocker from json_each(?)': 'sorts what one page of a list is related to',
  "(b.status = 'closed' and b.resolution = 'merged') order by b.id": 'sorts one bead’s blockers',
  "b.resolution <> 'merged' order by b.id limit 1": 'sorts one bead’s blockers',
  'order by c.beside, c.bead limit 1': 'sorts the few claims of one thing',
  'where b.rig = ? order by c.bead': 'a rig that is moved to another forge',
};

describe('the statements of the town', () => {
  test('find their rows through an index, but for those listed with a reason', () => {
    withSchema((sql) => {
      const found = allStatements().filter((statement) => isCostly(planOf(sql, statement)));
      const words = Object.keys(allowed);
      const surprising = found.filter((text) => !words.some((word) => flat(text).includes(word)));
      expect(surprising.map(flat)).toEqual([]);
      // An entry that nothing needs any more goes.
      expect(words.filter((word) => !found.some((text) => flat(text).includes(word)))).toEqual([]);
    });
  });

  test('take the next bead of a line from the front of an index, unsorted', () => {
    withSchema((sql) => {
      const ready = allStatements().filter((text) =>
        flat(text).endsWith('created_at, number limit ?'),
      );
      expect(ready.map((statement) => planOf(sql, statement))).toEqual([
        ['SEARCH beads USING INDEX beads_ready (rig=?)'],
      ]);
    });
  });
});

function withSchema(body: (sql: Sql) => void): void {
  const sql = openSqlite(':memory:');
  try {
    migrate(sql, 0);
    body(sql);
  } finally {
    sql.close();
  }
}

function planOf(sql: Sql, statement: string): readonly string[] {
  const marks = statement.split('?').length - 1;
  const params = Array.from({ length: marks }, () => null);
  return sql.all(`explain query plan ${statement}`, ...params).map((row) => String(row['detail']));
}

/** A scan, a sort, or a search that names no column to search by, which is a scan. */
function isCostly(plan: readonly string[]): boolean {
  return plan.some(
    (step) =>
      step.startsWith('SCAN') ||
      step.startsWith('USE TEMP B-TREE') ||
      (step.startsWith('SEARCH') && !step.includes('(')),
  );
}

function flat(statement: string): string {
  return statement.replaceAll(/\s+/g, ' ').trim();
}
