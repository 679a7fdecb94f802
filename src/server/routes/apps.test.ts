/** Apps over real HTTP, with a development forge that checks what their keys sign. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeHome, startTestHost, type TestHost } from '../../../test/api/host.ts';
import { SeededRandom } from '../../../test/forge/ground.ts';
import { DevForge } from '../../devforge/devforge.ts';
import type { ForgeApp, Installation } from '../../devforge/world.ts';
import type { AppResource, ForgeLook, ForgeStatus, RigDoctorAnswer } from '../../protocol/http.ts';

let town: TestHost;
let forge: DevForge;
let forgeHome: string;
let app: ForgeApp;
let installation: Installation;
let skewMs = 0;

beforeEach(async () => {
  forgeHome = mkdtempSync(join(tmpdir(), 'devforge-'));
  skewMs = 0;
  const clock = { now: () => Date.now() + skewMs };
  forge = new DevForge({ home: forgeHome, clock, random: new SeededRandom() });
  const { origin } = await forge.start();
  forge.addUser('gastown');
  town = await startTestHost({ home: makeHome() });
  await town.call('PATCH', 'settings', { typed: { 'forge.instances': `github=${origin}` } });
  await addRig('web');
  app = forge.world.addApp('gastown');
  installation = forge.world.installApp(app, 'team');
});

afterEach(async () => {
  await town.stop();
  await forge.stop();
  rmSync(town.home, { recursive: true, force: true });
  rmSync(forgeHome, { recursive: true, force: true });
  if (forge.bugs.length > 0) throw new AggregateError(forge.bugs, 'bugs of the forge');
});

async function addRig(name: string): Promise<void> {
  await attach(name, (await forge.addRepo(`team/${name}`)).cloneUrl);
}

async function attach(name: string, source: string): Promise<void> {
  const added = await town.call('POST', 'rigs', { name, source, consent: true });
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
}

interface Saved {
  readonly app: AppResource;
  readonly look: ForgeLook | null;
  readonly what: string;
  readonly evidence: string;
}

const offer = (more: object = {}) => ({
  appId: String(app.id),
  installation: installation.id,
  key: app.privateKey,
  ...more,
});
const put = (more: object = {}, where = 'rigs/web/apps') =>
  town.call<Saved>('PUT', where, offer(more));
const status = async () => (await town.call<ForgeStatus>('GET', 'forge')).body;
const doctor = async (rig = 'web') =>
  (await town.call<RigDoctorAnswer>('GET', `rigs/${rig}/doctor`)).body;
const minted = () => forge.world.tokens.filter(({ kind }) => kind === 'installation');
const pin = (name: string | null, rig = 'web') =>
  town.call('PATCH', `rigs/${rig}/settings`, { set: { 'credentials.pinnedTo': name } });
const gitLogin = async (rig = 'web') => await town.runner.login(rig);

describe('an app of a rig', () => {
  test('is kept sealed, shown by its fingerprint, and works for the API and for git', async () => {
    const saved = await put();
    expect(saved.status).toBe(200);
    expect(saved.body.app).toMatchObject({
      scope: 'rig',
      rig: 'web',
      name: `${app.id}/${installation.id}`,
      origin: forge.origin,
      key: expect.stringMatching(/^\*{4}SHA256:.{44}$/),
    });
    expect(saved.body.look).toMatchObject({ source: 'rig.app', canPush: true, failure: null });
    const token = minted().at(-1); // the one before showed that the app is one
    const ends = new Date(token?.expiresAt ?? 0).toISOString().slice(0, -5);
    expect(saved.body.look?.expiresAt?.slice(0, ends.length - 3)).toBe(ends.slice(0, -3));
    expect((await status()).accounts).toMatchObject([{ rigs: ['web'], source: 'rig.app' }]);
    const login = await gitLogin();
    expect(login).toMatchObject({ is: 'given', credential: { username: 'x-access-token' } });
    expect(login.is === 'given' && login.credential.secret.open()).toBe(token?.secret);
    expect(minted()).toHaveLength(2);
    const body = app.privateKey.split('\n').slice(1, -2);
    const shown = JSON.stringify([saved.body, await status(), await doctor()]);
    for (const secret of [...body, token?.secret ?? 'x']) {
      expect(shown).not.toContain(secret);
      for (const file of ['town.sqlite', 'town.sqlite-wal']) {
        expect(readFileSync(join(town.home, file)).includes(secret)).toBe(false);
      }
    }
  });

  test('keeps its key when the mask is written back, and takes another installation', async () => {
    const { app: shown } = (await put()).body;
    const elsewhere = forge.world.installApp(app, 'gastown');
    const wrong = await put({ key: shown.key, installation: elsewhere.id });
    expect([wrong.status, wrong.body.evidence]).toEqual([400, expect.stringContaining('team/web')]);
    const same = await put({ key: shown.key, installation: null });
    expect(same.body.app).toMatchObject({ name: String(app.id), key: shown.key });
    expect(same.body.look).toMatchObject({ source: 'rig.app', failure: null });
    expect((await put({ key: '****SHA256:other' })).status).toBe(400);
    expect((await put({ key: shown.key }, 'apps')).status).toBe(400);
  });

  test('is forgotten, also with its rig', async () => {
    await put();
    const left = await town.call('DELETE', 'rigs/web/apps');
    expect([left.status, left.body]).toEqual([200, { items: [] }]);
    expect((await town.call('DELETE', 'rigs/web/apps')).status).toBe(404);
    expect((await doctor()).forge?.failure?.kind).toBe('no_token');
    await put();
    await town.call('DELETE', 'rigs/web');
    expect((await status()).apps).toEqual([]);
  });

  test('is asked for one token by all who want one at the same time', async () => {
    await put();
    await town.stop();
    town = await startTestHost({ home: town.home });
    const before = minted().length;
    const logins = await Promise.all(Array.from({ length: 20 }, () => gitLogin()));
    expect(logins.map(({ is }) => is)).toEqual(logins.map(() => 'given'));
    expect(minted()).toHaveLength(before + 1);
  });

  test('whose key cannot be opened fails, and nothing is used in its place', async () => {
    await town.call('PUT', 'credentials', { token: forge.addToken('gastown').secret, url: null });
    await put();
    await town.stop();
    writeFileSync(join(town.home, 'key'), new Uint8Array(32).fill(1));
    town = await startTestHost({ home: town.home });
    const { forge: look } = await doctor();
    expect(look?.failure).toMatchObject({
      kind: 'token_unavailable',
      evidence: expect.stringContaining('bad key'),
      next: expect.stringContaining('Give the app its private key again'),
    });
    const refusal = { source: 'rig.app', cause: 'bad key' };
    expect(await gitLogin()).toMatchObject({ is: 'refused', refusal });
    expect((await put()).body.look).toMatchObject({ source: 'rig.app', failure: null });
  });

  test('whose token is void is asked for another one once, by the API and by git', async () => {
    await put();
    for (const token of minted()) token.revoked = true;
    expect((await doctor()).forge).toMatchObject({ source: 'rig.app', failure: null });
    expect(minted()).toHaveLength(3);
    const before = await gitLogin();
    if (before.is === 'given') before.renew?.();
    await gitLogin();
    expect(minted()).toHaveLength(4);
  });
});

describe('what is no app', () => {
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ofCurve = curve.export({ type: 'sec1', format: 'pem' }).toString();
  const ofOther = other.export({ type: 'pkcs1', format: 'pem' }).toString();

  test.each([
    ['a key that is none', { key: 'ghp_0000' }, 'no PEM block'],
    ['a key of another kind', { key: ofCurve }, 'EC PRIVATE KEY'],
    ['a key of another app', { key: ofOther }, 'a private key of the same app'],
    ['an app that is not there', { appId: '999999' }, 'a private key of the same app'],
    ['an installation that is not there', { installation: 999_999 }, 'an installation of the app'],
    ['another forge', { url: 'https://github.com' }, 'where web is'],
  ])('%s is refused in words, and nothing is kept', async (_name, more, words) => {
    const refused = await put(more);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain(words);
    expect(JSON.stringify(refused.body)).not.toContain('ghp_0000');
    expect((await status()).apps).toEqual([]);
  });

  test('a suspended installation is refused; suspended later it is told', async () => {
    installation.suspendedAt = Date.now();
    const refused = await put();
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('suspended'),
    ]);
    installation.suspendedAt = null;
    await put();
    installation.suspendedAt = Date.now();
    for (const token of minted()) token.revoked = true;
    const { forge: look } = await doctor();
    expect(look?.failure?.kind).toBe('no_token');
    expect(look?.failure?.evidence).toContain('its installation is suspended');
  });

  test('clocks that differ by hours are no reason', async () => {
    skewMs = 5 * 3_600_000;
    const saved = await put();
    expect([saved.status, saved.body.look?.failure ?? null]).toEqual([200, null]);
  });

  test('an issuer that is out is waited for: the app is kept, no other login is used', async () => {
    const path = /access_tokens|installation$/;
    forge.faults.add({ fault: { kind: 'status', status: 502 }, path, times: 100 });
    await town.call('PUT', 'credentials', {
      token: forge.addToken('gastown').secret,
      url: forge.origin,
    });
    const saved = await put();
    expect(saved.status).toBe(200);
    expect(saved.body.look?.failure?.kind).toBe('token_unavailable');
    expect(saved.body.look?.failure?.evidence).toContain('HTTP 502');
    const refusal = { source: 'rig.app', cause: 'HTTP 502' };
    expect(await gitLogin()).toMatchObject({ is: 'refused', refusal });
    forge.faults.clear();
    expect((await doctor()).forge).toMatchObject({ source: 'rig.app', failure: null });
  });
});

describe('an app of the town', () => {
  test('serves the rigs it is installed for, and leaves the others to what there is', async () => {
    await addRig('api');
    forge.world.apps.length = 0;
    app = forge.world.addApp('some');
    installation = forge.world.installApp(app, 'team', { repos: ['team/web'] });
    expect((await put({ url: forge.origin }, 'apps')).body.app.scope).toBe('town');
    expect((await doctor('web')).forge).toMatchObject({ source: 'town.app', failure: null });
    const { forge: look } = await doctor('api');
    expect(look?.failure?.evidence).toContain('it is not installed for this repository');
    expect(await gitLogin('api')).toEqual({ is: 'own' });
  });
});

test('with an app of the town a repository that nobody else may see is attached', async () => {
  const { cloneUrl } = await forge.addRepo('team/hidden', { private: true });
  await put({ url: forge.origin }, 'apps');
  await attach('hidden', cloneUrl);
  expect((await doctor('hidden')).forge).toMatchObject({ source: 'town.app', canRead: true });
});

describe('a rig that is pinned', () => {
  test('uses that app alone, and without it fails closed in words', async () => {
    const name = `${app.id}/${installation.id}`;
    const { secret } = forge.addToken('gastown');
    await town.call('PUT', 'rigs/web/credentials', { token: secret, url: null });
    expect((await doctor()).forge?.source).toBe('rig.token');
    expect((await pin(name)).status).toBe(200);
    const { forge: look } = await doctor();
    expect(look?.failure).toMatchObject({
      kind: 'no_token',
      evidence: expect.stringContaining(`pinned to the app ${name}`),
      next: expect.stringContaining(
        `gt forge login --rig web --app-id ${app.id} --installation ${installation.id} --key-file`,
      ),
    });
    const refusal = { source: null, pinnedTo: name };
    expect(await gitLogin()).toMatchObject({ is: 'refused', refusal });
    await put({ url: forge.origin }, 'apps');
    expect((await doctor()).forge).toMatchObject({ source: 'town.app', failure: null });
    expect((await gitLogin()).is).toBe('given');
  });

  test('has an account of its own, which goes when the pin goes', async () => {
    await addRig('api');
    await pin('12/3');
    const accounts = (await status()).accounts.map(({ id, rigs }) => [id, rigs]);
    expect(accounts).toEqual([
      [forge.origin, ['api']],
      [`${forge.origin}#web`, ['web']],
    ]);
    await town.call('PATCH', 'rigs/web/settings', { set: {}, unset: ['credentials.pinnedTo'] });
    expect((await status()).accounts).toMatchObject([{ rigs: ['api', 'web'] }]);
  });

  test('stays pinned when its town moves, and its app stays behind', async () => {
    await put();
    await pin('12/3');
    const text = await (await town.raw('export')).text();
    await town.stop();
    rmSync(town.home, { recursive: true, force: true });
    town = await startTestHost({ home: makeHome() });
    const headers = { 'content-type': 'application/x-ndjson' };
    await town.raw('import', { method: 'POST', body: text, headers });
    expect((await status()).accounts).toMatchObject([{ id: `${forge.origin}#web`, rigs: ['web'] }]);
    expect((await status()).apps).toEqual([]);
    expect(await gitLogin()).toMatchObject({ is: 'refused', refusal: { pinnedTo: '12/3' } });
  });

  test('to what is no name of an app, or where there are no apps, is refused', async () => {
    expect((await pin('ghp_x y')).status).toBe(400);
    const source = forge.world.repo('team/web').git.path;
    await town.call('POST', 'rigs', { name: 'plain', source, target: 'other', consent: true });
    const refused = await pin('12/3', 'plain');
    expect(refused.body).toMatchObject({ kind: 'settings_conflict' });
    expect(JSON.stringify(refused.body)).toContain('plain is on no forge');
  });
});
