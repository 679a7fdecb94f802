/** A town is taken out whole, and comes back standing still. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeRepository, startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import type {
  AttemptResource,
  BeadResource,
  MergeRequestResource,
  Page,
  RigResource,
  StatusResource,
} from '../protocol/http.ts';
import { schemaVersion } from '../storage/schema.ts';

let town: TestHost;
let other: TestHost;
beforeEach(async () => {
  [town, other] = await Promise.all([startTestHost(), startTestHost()]);
  await withRig(town);
});
afterEach(() => Promise.all([town.stop(), other.stop()]));

const exported = async (from: TestHost): Promise<string> => {
  const response = await from.raw('export');
  expect(response.status).toBe(200);
  return response.text();
};

const imported = async (into: TestHost, text: string) => {
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await into.raw('import', { method: 'POST', body: text, headers });
  const body: { kind?: string; rows?: number; tables?: object } = JSON.parse(await response.text());
  return { status: response.status, body };
};

/** Beads at every stage: working, submitted, held, closed, blocked. */
async function busyTown(): Promise<void> {
  const sling = (title: string, more: object = {}) =>
    town.call<BeadResource>('POST', 'beads', { rig: 'web', title, ...more });
  await sling('Submitted');
  await town.until<BeadResource>('beads/web-1', ({ attempt }) => attempt === 'web-1.1');
  const spec = town.runner.started[0];
  if (spec !== undefined) await town.runner.submit(spec.attempt);
  await sling('Working');
  await town.until<BeadResource>('beads/web-2', ({ attempt }) => attempt === 'web-2.1');
  await sling('Held “with” ünïcode\n', { hold: true });
  await sling('Blocked', { after: ['web-2'] });
  await sling('Closed', { hold: true });
  await town.call('POST', 'beads/web-5/close', {});
  await town.call('PATCH', 'settings', { set: { branchPrefix: 'agents' } });
}

describe('an export', () => {
  test('holds every table, no token, and says its schema version', async () => {
    await busyTown();
    const text = await exported(town);
    const lines = text.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ gastown: 'export', schemaVersion });
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ end: true, rows: lines.length - 2 });
    const tables = new Set(lines.map((line) => JSON.parse(line).table));
    for (const table of ['town', 'beads', 'attempts', 'journal', 'dependencies', 'rigs']) {
      expect(tables).toContain(table);
    }
    expect(text).not.toContain(town.token);
  });
});

describe('an import', () => {
  test('brings back beads, words, order and settings as they were', async () => {
    await busyTown();
    const done = await imported(other, await exported(town));
    expect([done.status, JSON.stringify(done.body)]).toEqual([201, JSON.stringify(done.body)]);
    const list = (host: TestHost) =>
      host.call<Page<BeadResource>>('GET', 'beads?all=true&limit=100');
    const words = ({ body }: { body: Page<BeadResource> }) =>
      body.items.map(({ id, title, after, resolution, createdAt, branch }) => ({
        id,
        title,
        after,
        resolution,
        createdAt,
        branch,
      }));
    expect(words(await list(other))).toEqual(words(await list(town)));
    const [from, to] = await Promise.all(
      [town, other].map((host) => host.call<StatusResource>('GET', 'status')),
    );
    expect(to?.body.town.tag).toBe(from?.body.town.tag);
    expect(await other.call('GET', 'settings/branchPrefix')).toMatchObject({
      body: { value: 'agents', source: 'town' },
    });
    const next = await other.call<BeadResource>('POST', 'beads', { rig: 'web', title: 'Next' });
    expect(next.body.id).toBe('web-6');
  });

  test('stands still: nothing that was alive is driven by two towns', async () => {
    await busyTown();
    const before = other.runner.jobs.length;
    await imported(other, await exported(town));
    const status = await other.call<StatusResource>('GET', 'status');
    expect(status.body.town.status).toBe('paused');
    expect(status.body.live).toEqual([]);
    const rig = await other.call<RigResource>('GET', 'rigs/web');
    expect(rig.body.status).toBe('parked');
    const attempt = await other.call<AttemptResource>('GET', 'agents/web-2.1');
    expect(attempt.body).toMatchObject({ status: 'ended', outcome: 'evicted' });
    const bead = await other.call<BeadResource>('GET', 'beads/web-2');
    expect(bead.body).toMatchObject({ status: 'open', charged: 0, attempt: null });
    const requests = await other.call<Page<MergeRequestResource>>('GET', 'merge-requests');
    expect(requests.body.items[0]).toMatchObject({ bead: 'web-1', stage: 'abandoned' });
    // Its commits stayed with the other town's runner: the work is done anew, not lost in review.
    const reviewed = await other.call<BeadResource>('GET', 'beads/web-1');
    expect(reviewed.body).toMatchObject({ status: 'open', mergeRequest: null });
    expect(other.runner.started).toEqual([]);
    expect(other.runner.jobs.length).toBe(before);
    expect((await town.call<BeadResource>('GET', 'beads/web-2')).body.status).toBe('in_progress');
  });

  test('goes on when a person says so', async () => {
    await busyTown();
    await imported(other, await exported(town));
    await other.call('POST', 'rigs/web/unpark');
    await other.call('POST', 'resume');
    await other.until<BeadResource>('beads/web-2', ({ attempt }) => attempt === 'web-2.2');
    await other.until<BeadResource>('beads/web-1', ({ attempt }) => attempt === 'web-1.2');
    expect(other.runner.started.map(({ attempt }) => attempt)).toContain('web-2.2');
  });

  test('of version 1 brings back everything, and claims follow from its beads', async () => {
    await town.call('POST', 'beads', { rig: 'web', title: 'Fix it', body: 'Fixes #7' });
    const lines = (await exported(town)).trimEnd().split('\n');
    const claim = { issue: 'web#7', bead: 'web-1', let_go: 0 };
    const old = [
      (lines[0] ?? '').replace(`"schemaVersion":${schemaVersion}`, '"schemaVersion":1'),
      ...lines.slice(1, -1).map((line) => line.replace(/,"scope":"\[\]"/, '')),
      JSON.stringify({ table: 'issue_claims', row: claim }),
      JSON.stringify({ end: true, rows: lines.length - 1 }),
    ];
    const done = await imported(other, `${old.join('\n')}\n`);
    expect(done).toMatchObject({ status: 201, body: { tables: { beads: 1 } } });
    expect(old.join()).not.toContain('scope":"');
    const again = { rig: 'web', title: 'Fix it again', body: 'Fixes #7' };
    const second = await other.call<BeadResource>('POST', 'beads', again);
    expect(second.body).toMatchObject({ status: 'held', duplicate: { of: 'web-1' } });
  });

  test('into a town that has work is refused and changes nothing', async () => {
    const text = await exported(town);
    await withRig(other);
    const refused = await imported(other, text);
    expect(refused).toMatchObject({ status: 409, body: { kind: 'town_not_empty' } });
    expect((await other.call<RigResource>('GET', 'rigs/web')).body.status).toBe('ready');
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -40)],
    ['without its middle', (text: string) => text.split('\n').toSpliced(3, 2).join('\n')],
    ['of something else', () => '{"hello":"world"}\n'],
    [
      'of a newer version',
      (text: string) => text.replace(`"schemaVersion":${schemaVersion}`, '"schemaVersion":99'),
    ],
    ['with a table of its own', (text: string) => text.replace('"table":"rigs"', '"table":"pigs"')],
    ['with a column of its own', (text: string) => text.replace('"prefix":', '"prefix) --":')],
    ['of nothing', () => ''],
  ])('%s is refused and leaves the town as it was', async (_, spoil) => {
    await busyTown();
    const tag = (await other.call<StatusResource>('GET', 'status')).body.town.tag;
    const refused = await imported(other, spoil(await exported(town)));
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
    const status = await other.call<StatusResource>('GET', 'status');
    expect(status.body).toMatchObject({ town: { tag, status: 'running' }, rigs: [] });
  });

  test('is followed by event streams that were open before', async () => {
    const text = await exported(town);
    const response = await other.raw('events');
    const reader = response.body?.getReader();
    await reader?.read();
    await imported(other, text);
    const heard = await reader?.read();
    expect(new TextDecoder().decode(heard?.value)).toContain('event: ');
    await reader?.cancel();
  });

  test('of a large town comes back row for row', async () => {
    const path = makeRepository(town, 'second.git');
    await town.call('POST', 'rigs', { name: 'big', source: path });
    for (let batch = 0; batch < 6; batch += 1) {
      const slings = Array.from({ length: 100 }, (_, number) =>
        town.call('POST', 'beads', { rig: 'big', title: `Bead ${batch} ${number}`, hold: true }),
      );
      await Promise.all(slings);
    }
    const text = await exported(town);
    const done = await imported(other, text);
    expect(done.body.rows).toBe(text.trimEnd().split('\n').length - 2);
    const all = await other.call<Page<BeadResource>>('GET', 'beads?all=true&limit=1000');
    expect(all.body.items).toHaveLength(600);
  });
});
