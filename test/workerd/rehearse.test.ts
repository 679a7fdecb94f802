/** A rehearsal inside a Durable Object: its storage undoes it, and the real command follows. */
import { expect, test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { ok } from '../../src/core/result.ts';
import { instant } from '../../src/core/time.ts';
import { Town } from '../../src/town/town.ts';
import { durableSql } from './durable-sql.ts';
import { runInObject } from './object.ts';

const add: Command = {
  kind: 'rig_add',
  name: 'web',
  prefix: null,
  remote: 'https://git.example.com/team/web.git',
  lends: null,
  target: 'main',
  forge: null,
  updateCheckout: false,
  createTargetFrom: null,
  consent: false,
  report: null,
};
const sling: Command = {
  kind: 'sling',
  rig: 'web',
  title: 'Greet',
  body: '',
  after: [],
  priority: 2,
  hold: false,
  agent: null,
  model: null,
};

test('leaves the rows as they were, and foretells the ids', async () => {
  const seen = await runInObject((storage) => {
    const sql = durableSql(storage);
    const alarms: unknown[] = [];
    const town = new Town({
      sql,
      clock: { now: () => instant(1_800_000_000_000), monotonicMs: () => 0 },
      timers: { after: () => () => undefined },
      random: { below: () => 0, token: (length) => 'x'.repeat(length) },
      alarm: { set: (at) => void alarms.push(at) },
      log: { info: () => undefined, error: () => undefined },
      runner: () => undefined,
      build: 'test',
    });
    const tables = ['beads', 'rigs', 'journal', 'agenda', 'idempotency'];
    const rows = () => JSON.stringify(tables.map((table) => sql.all(`select * from ${table}`)));
    const before = rows();
    const foretold = town.rehearse([add, sling], 'person:ann', ({ id }) =>
      ok({ id, rows: rows() }),
    );
    const [after, armed] = [rows(), alarms.length];
    const done = [add, sling].map((command) => town.command(command, 'person:ann'));
    return { before, after, armed, foretold, done };
  });
  expect(seen.after).toBe(seen.before);
  expect(seen.armed).toBe(0);
  expect(seen.foretold).toMatchObject({ ok: true, value: { id: 'web-1' } });
  expect(seen.done).toMatchObject([{ value: { id: 'web' } }, { value: { id: 'web-1' } }]);
});
