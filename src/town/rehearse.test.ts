/** A rehearsal: what a command would come to, row for row, and nothing of it left behind. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../test/fixtures/forge-town.ts';
import { forge, snapshotOf } from '../../test/fixtures/pulls.ts';
import { commit } from '../../test/fixtures/rows.ts';
import type { Command } from '../core/command.ts';
import { ok } from '../core/result.ts';
import { beads } from '../storage/tables/beads.ts';
import { escalations } from '../storage/tables/escalations.ts';

const hour = 60 * 60_000;

let town: ForgeTown;
beforeEach(async () => {
  town = await ForgeTown.begin();
});
afterEach(() => town.close());

const sling: Command = {
  kind: 'sling',
  rig: 'web',
  title: 'Fix it',
  body: 'Fixes #7',
  after: [],
  priority: 2,
  hold: false,
  agent: null,
  model: null,
};
const place = { remote: '/srv/api.git', lends: null, target: 'main', createTargetFrom: null };
const other = { ...place, forge: null, consent: false } as const;

/** Every row of every table. */
function rows(): unknown {
  const tables = town.sql.all(`select name from sqlite_master where type = 'table' order by name`);
  expect(tables.length).toBeGreaterThan(10);
  return tables.map(({ name }) => [name, town.sql.all(`select * from "${String(name)}"`)]);
}

/** All that a command can leave behind. */
const world = () => ({ rows: rows(), alarmAt: town.alarmAt, jobs: town.jobs.length });

const rehearse = (command: Command, key?: string) =>
  town.town.rehearse([command], 'person:ann', ({ id }) => ok({ id, after: rows() }), key);

const pause = () => town.ask({ kind: 'pause', halt: false });

async function adopted(): Promise<void> {
  const none = { passed: 0, failed: 0, pending: 1, missing: 0 };
  const checks = { is: 'complete', value: { required: none, all: none, failing: [] } } as const;
  town.snapshot = snapshotOf(commit('b'), { headBranch: 'ann/greet', checks });
  town.ask(adoptionOf({ checks }));
  for (let n = 0; n < 6; n += 1) await town.work(answered);
}

async function closedByPerson(): Promise<void> {
  await adopted();
  town.snapshot = snapshotOf(commit('b'), { state: 'closed', closedBy: 'ann' });
  await town.pass(hour);
  expect(escalations.open(town.sql)).toMatchObject([{ id: 'esc-1' }]);
}

/** As a bead is that landed. */
async function merged(): Promise<void> {
  await adopted();
  town.snapshot = snapshotOf(commit('b'), { state: 'merged', mergeCommit: commit('e') });
  await town.pass(hour);
  await town.work(answered);
  town.sql.transaction((tx) => beads.update(tx, 'web-1', { base: commit('a') }));
  expect(beads.get(town.sql, 'web-1')).toMatchObject({ status: 'closed', resolution: 'merged' });
}

const slung = () => void town.ask({ ...sling, hold: true });
const failed = () => {
  slung();
  const status = { status: 'failed', hold: false } as const;
  town.sql.transaction((tx) => beads.update(tx, 'web-1', status));
};
const nothing = () => undefined;

const cases: readonly [string, () => unknown, Command][] = [
  ['sling', nothing, sling],
  ['sling after another', slung, { ...sling, body: '', after: ['web-1'] }],
  ['sling of a duplicate', () => town.ask(sling), sling],
  ['bead_release', slung, { kind: 'bead_release', bead: 'web-1' }],
  ['bead_retry', failed, { kind: 'bead_retry', bead: 'web-1', note: 'again' }],
  [
    'bead_close',
    adopted,
    { kind: 'bead_close', bead: 'web-1', resolution: 'dropped', reason: 'no' },
  ],
  ['bead_revert', merged, { kind: 'bead_revert', bead: 'web-1' }],
  [
    'rig_add',
    nothing,
    { kind: 'rig_add', name: 'api', prefix: null, ...other, updateCheckout: false, report: null },
  ],
  [
    'rig_move',
    nothing,
    { kind: 'rig_move', rig: 'web', ...other, is: 'another', leavePulls: true },
  ],
  [
    'rig_consent',
    () => town.ask({ kind: 'rig_move', rig: 'web', ...other, is: 'another', leavePulls: true }),
    { kind: 'rig_consent', rig: 'web' },
  ],
  ['mr_adopt', nothing, adoptionOf()],
  ['mr_retry', adopted, { kind: 'mr_retry', mergeRequest: 'mr-1' }],
  [
    'mr_decide',
    adopted,
    { kind: 'mr_decide', mergeRequest: 'mr-1', verdict: 'reject', reason: '' },
  ],
  [
    'escalation_resolve',
    closedByPerson,
    { kind: 'escalation_resolve', escalation: 'esc-1', answer: 'drop' },
  ],
  [
    'mr_supersede',
    closedByPerson,
    {
      ...adoptionOf({ headBranch: 'ann/again' }),
      kind: 'mr_supersede',
      escalation: 'esc-1',
      ref: {
        project: forge,
        number: 15,
        nodeId: 'PR_15',
        url: 'https://github.com/team/web/pull/15',
      },
    },
  ],
];

describe.each(cases)('%s', (_, prepare, command) => {
  test('leaves nothing, and is row for row what the command then comes to', async () => {
    pause();
    await prepare();
    await town.pass();
    const before = world();
    const heard: number[] = [];
    town.town.onCommit((seq) => heard.push(seq));
    const seen = rehearse(command, 'key');
    await town.pass();
    expect(world()).toEqual(before);
    expect(heard).toEqual([]);
    expect(seen).toMatchObject({ ok: true });

    const done = town.town.command(command, 'person:ann', 'key');
    expect(done).toMatchObject({ ok: true });
    const value = { id: done.ok ? done.value.id : '', after: rows() };
    expect(seen).toEqual({ ok: true, value });
    expect(value.after).not.toEqual(before.rows);
  });
});

test.each<[string, Command]>([
  ['a rig that is not there', { ...sling, rig: 'wep' }],
  ['no title', { ...sling, title: ' ' }],
  ['a bead that is not there', { kind: 'bead_revert', bead: 'web-9' }],
  [
    'a name that is taken',
    {
      kind: 'rig_add',
      name: 'web',
      prefix: null,
      ...place,
      forge: null,
      consent: true,
      updateCheckout: false,
      report: null,
    },
  ],
])('%s is refused in the words of the command', (_, command) => {
  const before = world();
  const seen = rehearse(command);
  expect(world()).toEqual(before);
  expect(seen).toMatchObject({ ok: false });
  expect(town.ask(command)).toEqual(seen);
});

test('no agent is started by it, although it shows that one would be', async () => {
  const before = world();
  const seen = town.town.rehearse([sling], 'person:ann', ({ id }) => ok(beads.get(town.sql, id)));
  expect(seen).toMatchObject({ ok: true, value: { id: 'web-1', status: 'in_progress' } });
  await town.pass(); // the runner of this town throws when it is asked
  expect(world()).toEqual(before);
});

test('what its look throws is thrown, and it leaves nothing', () => {
  const before = world();
  const look = (): never => {
    throw new Error('a bug');
  };
  expect(() => town.town.rehearse([sling], 'person:ann', look)).toThrow('a bug');
  expect(world()).toEqual(before);
  pause();
  expect(town.ask(sling)).toMatchObject({ ok: true, value: { id: 'web-1' } });
});
