/** A database of an older version is brought to this one, with what it knew. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forge } from '../../test/fixtures/pulls.ts';
import { beadWith, requestWith, rigWith } from '../../test/fixtures/rows.ts';
import { beadId, rigId } from '../core/ids.ts';
import { MemorySql } from '../sim/world/memory-sql.ts';
import { migrate, schemaVersion } from './schema.ts';
import { beads } from './tables/beads.ts';
import { claims } from './tables/claims.ts';
import { mergeRequests } from './tables/merge-requests.ts';
import { rigs } from './tables/rigs.ts';

let sql: MemorySql;
beforeEach(() => {
  sql = new MemorySql();
});
afterEach(() => sql.close());

/** As version 1 left it: issues were claimed by their path alone. */
function version1(): void {
  migrate(sql, 1);
  sql.transaction((tx) => {
    tx.run(`drop table claims`);
    tx.run(`delete from migrations`);
    tx.run(`insert into migrations (version, at) values (1, 1)`);
    tx.run(`create table issue_claims (
      issue text not null, bead text not null, let_go integer not null, primary key (issue, bead)
    ) strict, without rowid`);
    tx.run(`create unique index issue_claims_one on issue_claims(issue) where let_go = 0`);
    tx.run(`create index issue_claims_by_bead on issue_claims(bead)`);
    rigs.insert(tx, rigWith({ id: rigId('web'), forge }));
    rigs.insert(tx, rigWith({ id: rigId('api'), forge: null, prefix: 'api' }));
    for (const [rig, number] of [
      ['web', 1],
      ['web', 2],
      ['api', 1],
    ] as const) {
      const id = beadId(`${rig}-${number}`);
      beads.insert(tx, beadWith({ id, rig: rigId(rig), number, attempt: null }));
    }
    const claim = `insert into issue_claims (issue, bead, let_go) values (?, ?, ?)`;
    tx.run(claim, 'team/web#7', 'web-1', 0);
    tx.run(claim, 'team/web#7', 'web-2', 1);
    tx.run(claim, 'api#3', 'api-1', 0);
    tx.run(`alter table beads drop column scope`);
    tx.run(`alter table merge_requests drop column merge_asked`);
    tx.run(`alter table merge_requests drop column dequeued`);
  });
}

test('claims of issues are kept, and say at which forge', () => {
  version1();
  expect(migrate(sql, 2)).toEqual({ ok: true, from: 1 });
  const web = `${forge.origin}/team/web#7`;
  expect(claims.of(sql, web, '', 0)).toBe('web-1');
  expect(claims.of(sql, web, 'web-1', 0)).toBe('web-2');
  expect(claims.of(sql, 'api#3', '', 0)).toBe('api-1');
});

test('its rows are kept, with what they lack', () => {
  version1();
  migrate(sql, 2);
  const [web, api] = [beads.get(sql, 'web-2'), beads.get(sql, 'api-1')];
  expect(web).toMatchObject({ rig: 'web', number: 2, scope: [] });
  expect(api).toMatchObject({ rig: 'api', number: 1, scope: [] });
  sql.transaction((tx) => mergeRequests.insert(tx, requestWith({ bead: beadId('web-2') })));
  expect(mergeRequests.get(sql, 'mr-1')).toMatchObject({ mergeAsked: null, dequeued: null });
});

test('it has the tables and indexes of one that was made new, and is brought there once', () => {
  const shape = (of: MemorySql) =>
    of.all(`select type, name, sql from sqlite_master where sql is not null order by type, name`);
  version1();
  migrate(sql, 2);
  const fresh = new MemorySql();
  migrate(fresh, 1);
  expect(shape(sql)).toEqual(shape(fresh));
  fresh.close();
  expect(migrate(sql, 3)).toEqual({ ok: true, from: schemaVersion });
});

test('one of a newer version is not opened', () => {
  migrate(sql, 1);
  const newer = schemaVersion + 1;
  sql.transaction((tx) => tx.run(`insert into migrations (version, at) values (?, 1)`, newer));
  expect(migrate(sql, 2)).toEqual({ ok: false, found: newer, known: schemaVersion });
});
