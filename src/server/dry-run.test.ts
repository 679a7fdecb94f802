/** Dry runs over real HTTP: of every route that takes one, everything stays as it was. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeRepository, startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import { noUsage } from '../core/attempt.ts';
import type { AttemptId } from '../core/ids.ts';
import { homePaths } from '../hosts/node/home.ts';
import {
  routes,
  type BeadResource,
  type DryRun,
  type Problem,
  type RigResource,
  type Route,
} from '../protocol/http.ts';

let town: TestHost;
beforeEach(async () => {
  town = await startTestHost();
  await withRig(town);
});
afterEach(() => town.stop());

/** Every row of every table, and every name below the home but those of the log. */
function world(): unknown {
  const db = new DatabaseSync(homePaths(town.home).database, { readOnly: true });
  const tables = db.prepare(`select name from sqlite_master where type = 'table'`).all();
  const rows = tables.map(({ name }) => [
    name,
    db.prepare(`select * from "${String(name)}"`).all(),
  ]);
  db.close();
  expect(rows.length).toBeGreaterThan(10);
  return { rows, files: readdirSync(town.home, { recursive: true }) };
}

async function sling(more: object = {}): Promise<string> {
  const bead = { rig: 'web', title: 'Greet', hold: true, ...more };
  return (await town.call<BeadResource>('POST', 'beads', bead)).body.id;
}

/** A bead with an agent that the runner was asked for. */
async function atWork(): Promise<AttemptId> {
  const id = await sling({ hold: false });
  await town.until<BeadResource>(`beads/${id}`, ({ status }) => status === 'in_progress');
  const spec = town.runner.started.at(-1);
  if (spec === undefined) throw new Error('no agent was started');
  return spec.attempt;
}

const inReview = async () => town.runner.submit(await atWork());

async function asking(): Promise<void> {
  const attempt = await atWork();
  const question = { text: 'Which colour?', choices: ['red', 'blue'] };
  await town.runner.tell({ kind: 'attempt_asked', attempt, question });
  const end = { outcome: 'asked', failure: null, saved: null } as const;
  await town.runner.tell({ kind: 'attempt_ended', attempt, end, usage: noUsage });
}

interface Case {
  readonly prepare: () => Promise<unknown>;
  readonly path: string;
  readonly body: () => object;
  /** Of the real one; a refusal is the same for both. */
  readonly status: number;
}

const nothing = async () => undefined;
const none = () => ({});
const bead = { rig: 'web', title: 'Greet' };
const url = 'https://github.com/team/web/pull/12';

const cases: Readonly<Record<string, Case>> = {
  sling: { prepare: nothing, path: 'beads', body: () => bead, status: 201 },
  closeBead: { prepare: sling, path: 'beads/web-1/close', body: none, status: 200 },
  retryBead: { prepare: inReview, path: 'beads/web-1/retry', body: none, status: 200 },
  revertBead: { prepare: sling, path: 'beads/web-1/revert', body: none, status: 409 },
  releaseBead: { prepare: sling, path: 'beads/web-1/release', body: none, status: 200 },
  checkoutBead: {
    prepare: inReview,
    path: 'beads/web-1/checkout',
    body: () => ({ directory: join(town.home, 'look') }),
    status: 201,
  },
  decideMergeRequest: {
    prepare: inReview,
    path: 'merge-requests/mr-1/decide',
    body: () => ({ verdict: 'reject' }),
    status: 200,
  },
  adoptPull: { prepare: nothing, path: 'merge-requests', body: () => ({ url }), status: 409 },
  retryMergeRequest: {
    prepare: inReview,
    path: 'merge-requests/mr-1/retry',
    body: none,
    status: 200,
  },
  resolveEscalation: {
    prepare: asking,
    path: 'escalations/esc-1/resolve',
    body: () => ({ answer: 'red' }),
    status: 200,
  },
  addRig: {
    prepare: async () => makeRepository(town, 'other.git'),
    path: 'rigs',
    body: () => ({ name: 'api', source: join(town.home, 'other.git') }),
    status: 201,
  },
  moveRig: {
    prepare: async () => makeRepository(town, 'other.git'),
    path: 'rigs/web/move',
    body: () => ({ source: join(town.home, 'other.git') }),
    status: 200,
  },
  consentRig: { prepare: nothing, path: 'rigs/web/consent', body: none, status: 200 },
};

test('every route that takes one is looked at here', () => {
  const all: readonly [string, Route][] = Object.entries(routes);
  const dry = all.filter(([, route]) => route.dryRun === true).map(([name]) => name);
  expect(Object.keys(cases).toSorted()).toEqual(dry.toSorted());
});

describe.each(Object.entries(cases))('%s', (_, { prepare, path, body, status }) => {
  test('answers what would be, changes nothing, and can then be done', async () => {
    await prepare();
    const before = world();
    const dry = await town.call<DryRun<object>>('POST', `${path}?dryRun=true`, body());
    expect(world()).toEqual(before);
    expect(dry.headers.get('gastown-seq')).toBeNull();
    const done = await town.call<object>('POST', path, body());
    expect(done.status).toBe(status);
    const { id, directory }: { id?: string; directory?: string } = done.body;
    const would = id === undefined ? { directory } : { id };
    const foretold = { status: 200, body: { dryRun: true, would } };
    expect(dry).toMatchObject(status < 400 ? foretold : { status, body: done.body });
  });
});

describe('a dry run that is not understood is not carried out', () => {
  test.each([
    ['beads/web-1/hold?dryRun=true', 'dryRun'],
    ['beads/web-1/close?dryrun=true', 'dryrun'],
    ['beads/web-1/close?dryRun=yes', 'dryRun'],
    ['pause?dryRun=true', 'dryRun'],
  ])('%s', async (path, field) => {
    await sling({ hold: false });
    const before = world();
    const refused = await town.call<Problem>('POST', path, {});
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
    expect(refused.body.what + refused.body.evidence).toContain(field);
    expect(world()).toEqual(before);
  });

  test('and one that says it is none is', async () => {
    await sling();
    const closed = await town.call('POST', 'beads/web-1/close?dryRun=false', {});
    expect(closed).toMatchObject({ status: 200, body: { status: 'closed' } });
  });
});

describe('what `gt run` would do', () => {
  const run = (body: object) =>
    town.call<DryRun<{ rig: RigResource; bead: BeadResource }> & Problem>(
      'POST',
      'rehearsals/run',
      body,
    );

  test('is foretold of a repository that is not attached, with its first bead', async () => {
    const attach = { name: 'api', source: makeRepository(town, 'other.git'), consent: true };
    const settings = { set: { defaultAgent: 'scripted' } };
    const before = world();
    const seen = await run({ attach, settings, bead: { ...bead, rig: 'api' } });
    expect(seen.status).toBe(200);
    expect(seen.body.would).toMatchObject({
      rig: { id: 'api', target: 'main', probing: true },
      bead: { id: 'api-1', course: { agent: 'scripted', lands: 'direct', target: 'main' } },
    });
    expect(world()).toEqual(before);
  });

  test('shows consent that would be given on the way', async () => {
    const asked = (await run({ bead })).body.would.bead.course;
    const given = (await run({ consent: true, bead })).body.would.bead.course;
    expect([asked?.consentAt, typeof given?.consentAt]).toEqual([null, 'string']);
  });

  test.each([
    ['the repository', { attach: { name: 'api', source: 'x' }, bead }, 400],
    ['its settings', { settings: { set: { nothing: 1 } }, bead }, 404],
    ['the bead', { bead: { ...bead, title: '' } }, 400],
    ['the rig', { bead: { ...bead, rig: 'wep' } }, 404],
  ])('is refused for %s', async (_, body, status) => {
    const before = world();
    expect((await run(body)).status).toBe(status);
    expect(world()).toEqual(before);
  });
});
