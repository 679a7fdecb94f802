/** Moving a rig over real HTTP: which repository is there, as a development forge shows it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestHost, type TestHost } from '../../test/api/host.ts';
import { SeededRandom } from '../../test/forge/ground.ts';
import { DevForge } from '../devforge/devforge.ts';
import type { Repo } from '../devforge/repo.ts';
import type { MergeRequestResource, Problem, RigResource } from '../protocol/http.ts';

let town: TestHost;
let forge: DevForge;
let home: string;
let repo: Repo;
const collaborators = { gastown: 'write' } as const;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'devforge-'));
  const clock = { now: () => Date.now() };
  forge = new DevForge({ home, clock, random: new SeededRandom() });
  const { origin } = await forge.start();
  forge.addUser('gastown');
  const { secret: token } = forge.addToken('gastown', { scopes: ['repo'] });
  const made = await forge.addRepo('team/web', { collaborators });
  repo = made.repo;
  town = await startTestHost();
  await town.call('PATCH', 'settings', { typed: { 'forge.instances': `github=${origin}` } });
  await town.call('POST', 'rigs', { name: 'web', source: made.cloneUrl, consent: true });
  await town.until<RigResource>('rigs/web', ({ probing }) => !probing);
  await town.call('PUT', 'rigs/web/credentials', { token });
  await opened(repo, 'greet');
  const url = `${origin}/team/web/pull/1`;
  const adopted = await town.call('POST', 'merge-requests', { url });
  if (adopted.status !== 201) throw new Error(JSON.stringify(adopted.body));
});

afterEach(async () => {
  await town.stop();
  await forge.stop();
  rmSync(home, { recursive: true, force: true });
});

async function opened(where: Repo, branch: string): Promise<void> {
  await where.push('gastown', branch, { [`${branch}.txt`]: 'hi\n' });
  const by = forge.world.user('gastown');
  await where.openPull({ by, title: 'Greet', body: null, head: branch, base: 'main' });
}

const move = (source: string, more: object = {}, key?: string) =>
  town.call<RigResource & Omit<Problem, keyof RigResource>>(
    'POST',
    'rigs/web/move',
    { source, ...more },
    key === undefined ? {} : { 'idempotency-key': key },
  );
const rig = async () => (await town.call<RigResource>('GET', 'rigs/web')).body;

test('a repository under another name is known by its pull request, which follows', async () => {
  await repo.rename('website');
  const moved = await move(forge.cloneUrl(repo), {}, 'key-1');
  expect([moved.status, moved.body.remote]).toEqual([200, forge.cloneUrl(repo)]);
  expect(moved.body.consentAt).not.toBeNull();
  const { body } = await town.call<MergeRequestResource>('GET', 'merge-requests/mr-1');
  expect(body.pr).toMatchObject({ number: 1, url: `${forge.origin}/team/website/pull/1` });
  const again = await move(forge.cloneUrl(repo), {}, 'key-1');
  expect(again.status).toBe(200);
});

test('a private one under another name is read with the credential of the rig alone', async () => {
  repo.makePrivate();
  await repo.rename('website');
  const moved = await move(forge.cloneUrl(repo));
  expect([moved.status, moved.body.remote]).toEqual([200, forge.cloneUrl(repo)]);
});

test.each([
  ['has a pull request of the same number', true],
  ['has none of that number', false],
])('another repository is no new name of it, where it %s', async (_, has) => {
  const { repo: api, cloneUrl } = await forge.addRepo('team/api', { collaborators });
  if (has) await opened(api, 'greet');
  const before = await rig();
  const refused = await move(cloneUrl);
  expect(refused).toMatchObject({ status: 409, body: { kind: 'pulls_elsewhere' } });
  expect(JSON.stringify(refused.body)).toContain('/team/web/pull/1');
  expect((await rig()).remote).toBe(before.remote);
});

test.each([
  ['by git', true, 422, 'remote_not_found'],
  ['through the forge', false, 502, 'pr_unread'],
])(
  'where the new place cannot be read %s, nothing is moved',
  async (_, isPrivate, status, kind) => {
    const { cloneUrl } = await forge.addRepo('team/api', { private: isPrivate });
    if (!isPrivate) await town.call('DELETE', 'rigs/web/credentials');
    const before = await rig();
    const refused = await move(cloneUrl, { leavePulls: true });
    expect(refused).toMatchObject({ status, body: { kind } });
    expect((await rig()).remote).toBe(before.remote);
  },
);

test('what is no address of a repository is refused by name', async () => {
  const refused = await move('../web');
  expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
  expect((await town.call('POST', 'rigs/none/move', { source: '/srv/web' })).status).toBe(404);
});

test('the same place in other words leaves everything as it is', async () => {
  const moved = await move(forge.cloneUrl(repo).replace(/\.git$/, ''));
  expect(moved.status).toBe(200);
  expect(moved.body.consentAt).not.toBeNull();
  const { body } = await town.call<MergeRequestResource>('GET', 'merge-requests/mr-1');
  expect(body.pr).toMatchObject({ number: 1, url: `${forge.origin}/team/web/pull/1` });
});
