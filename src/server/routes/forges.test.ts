/** Credentials and deliveries over real HTTP, with a development forge behind a rig. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestHost, type TestHost } from '../../../test/api/host.ts';
import { SeededRandom } from '../../../test/forge/ground.ts';
import { DevForge } from '../../devforge/devforge.ts';
import type { Pull } from '../../devforge/pull.ts';
import type { Repo } from '../../devforge/repo.ts';
import type {
  CredentialResource,
  MergeRequestResource,
  Problem,
  ForgeStatus,
  RigDoctorAnswer,
  RigResource,
} from '../../protocol/http.ts';

let town: TestHost;
let forge: DevForge;
let forgeHome: string;
let token: string;

beforeEach(async () => {
  forgeHome = mkdtempSync(join(tmpdir(), 'devforge-'));
  const clock = { now: () => Date.now() };
  forge = new DevForge({ home: forgeHome, clock, random: new SeededRandom() });
  const { origin } = await forge.start();
  forge.addUser('gastown');
  token = forge.addToken('gastown', { scopes: ['repo'] }).secret;
  const { cloneUrl } = await forge.addRepo('team/web', { collaborators: { gastown: 'write' } });
  town = await startTestHost();
  await town.call('PATCH', 'settings', { typed: { 'forge.instances': `github=${origin}` } });
  const added = await town.call('POST', 'rigs', { name: 'web', source: cloneUrl, consent: true });
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  await town.until<RigResource>('rigs/web', ({ probing }) => !probing);
});

afterEach(async () => {
  await town.stop();
  await forge.stop();
  rmSync(forgeHome, { recursive: true, force: true });
});

interface Saved {
  readonly credential: CredentialResource;
  readonly changed: boolean;
}

const put = (body: object, where = 'rigs/web/credentials') =>
  town.call<Saved & { readonly evidence: string }>('PUT', where, body);

describe('a credential', () => {
  test('is kept sealed, shown as a mask, and makes the doctor content', async () => {
    const before = await town.call<RigDoctorAnswer>('GET', 'rigs/web/doctor');
    expect(before.body).toMatchObject({ healthy: false, forge: { failure: { kind: 'no_token' } } });
    const saved = await put({ token });
    expect([saved.status, saved.body.credential.login]).toEqual([200, 'gastown']);
    expect(JSON.stringify(saved.body)).not.toContain(token);
    for (const file of ['town.sqlite', 'town.sqlite-wal']) {
      expect(readFileSync(join(town.home, file)).includes(token)).toBe(false);
    }
    expect(statSync(join(town.home, 'key')).mode & 0o777).toBe(0o600);
    const after = await town.call<RigDoctorAnswer>('GET', 'rigs/web/doctor');
    expect(after.body.forge).toMatchObject({ source: 'rig.token', canPush: true, failure: null });
    expect(after.body.healthy).toBe(true);
  });

  test('that comes back as its mask changes nothing; another mask is refused', async () => {
    const { credential } = (await put({ token })).body;
    expect((await put({ token: credential.mask })).body).toMatchObject({ changed: false });
    expect((await put({ token: '****' })).status).toBe(400);
  });

  test('for another host than the rig’s is refused with both named', async () => {
    const refused = await put({ token, url: 'https://github.com' });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('https://github.com');
    expect(refused.body.evidence).toContain(forge.origin);
    expect(forge.log.entries.filter((entry) => entry.provider === 'github')).toEqual([]);
  });

  test('that the forge does not take is not kept', async () => {
    const refused = await put({ token: 'x'.repeat(200) });
    expect([refused.status, refused.body.evidence]).toEqual([400, expect.stringContaining('401')]);
    const listed = await town.call<{ items: unknown[] }>('GET', 'rigs/web/credentials');
    expect(listed.body.items).toEqual([]);
  });

  test('of the town serves every rig on its forge, and is forgotten', async () => {
    const saved = await put({ token, url: null }, 'credentials');
    expect(saved.body.credential).toMatchObject({ scope: 'town', origin: forge.origin });
    const status = await town.call<ForgeStatus>('GET', 'forge');
    expect(status.body.accounts).toMatchObject([{ rigs: ['web'], source: 'town.token' }]);
    const left = await town.call('DELETE', 'credentials');
    expect(left.body).toEqual({ items: [] });
    const again = await town.call<ForgeStatus>('GET', 'forge');
    expect(again.body.accounts[0]?.source).toBeNull();
  });

  test('that is the town’s CLI token comes before its own, and is forgotten alone', async () => {
    const source = async () => {
      const { body } = await town.call<ForgeStatus>('GET', 'forge');
      return [body.accounts[0]?.source, body.credentials.map(({ cli }) => cli)];
    };
    await put({ token, url: null }, 'credentials');
    forge.addUser('ann');
    const anns = forge.addToken('ann', { scopes: ['repo'] }).secret;
    const saved = await put({ token: anns, url: null, cli: true }, 'credentials');
    expect(saved.body.credential).toMatchObject({ scope: 'town', cli: true, login: 'ann' });
    expect(await source()).toEqual(['town.cli_token', [true, false]]);
    await town.call('DELETE', 'credentials?cli=true');
    expect(await source()).toEqual(['town.token', [false]]);
    expect((await town.call('DELETE', 'credentials?cli=true')).status).toBe(404);
    expect((await put({ token, cli: true })).status).toBe(400);
  });

  test('that is removed again under its key is gone, and under another was not there', async () => {
    await put({ token });
    const remove = (key: string) =>
      town.call<Problem>('DELETE', 'rigs/web/credentials', undefined, { 'idempotency-key': key });
    const first = await remove('key-1');
    const again = await remove('key-1');
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual({ items: [] });
    expect((await remove('key-2')).status).toBe(404);
  });

  test('of a forge where no rig is yet is shown to it as well', async () => {
    const home = mkdtempSync(join(tmpdir(), 'devforge-'));
    const clock = { now: () => Date.now() };
    const other = new DevForge({ home, clock, random: new SeededRandom() });
    try {
      const { origin } = await other.start();
      const user = other.addUser('lab');
      const good = other.addToken(user, { scopes: ['api'], prefix: 'glpat-' }).secret;
      const typed = { 'forge.instances': `github=${forge.origin}\ngitlab=${origin}` };
      await town.call('PATCH', 'settings', { typed });
      const refused = await put({ token: 'glpat-wrong', url: origin }, 'credentials');
      expect([refused.status, refused.body.evidence]).toEqual([
        400,
        expect.stringContaining(`one that ${origin} takes; it answered 401`),
      ]);
      const host = new URL(origin).host;
      const saved = await put({ token: good, url: host }, 'credentials');
      expect(saved.body.credential).toMatchObject({ scope: 'town', origin, login: 'lab' });
      other.faults.add({ fault: { kind: 'status', status: 503 }, path: '/user' });
      const unsure = await put({ token: 'glpat-later', url: host }, 'credentials');
      expect(unsure.body.credential).toMatchObject({ login: null });
    } finally {
      await other.stop();
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('for a forge that is not known is refused without the login in its address', async () => {
    const refused = await put({ token, url: 'https://me:hush@git.example.com' }, 'credentials');
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('gt config set forge.instances github=https');
    expect(JSON.stringify(refused.body)).not.toContain('hush');
  });

  test('is gone with its rig', async () => {
    await put({ token });
    await town.call('DELETE', 'rigs/web');
    const { body } = await town.call<ForgeStatus>('GET', 'forge');
    expect(body.credentials).toEqual([]);
  });
});

test.each([
  ['several in one line', 'github=https://a.example,gitlab=https://b.example'],
  ['dots that lead out of it', 'gitlab=https://git.example.com/../forge'],
  ['a port there cannot be', 'gitlab=https://git.example.com:99999'],
  ['an address of the machine’s cloud', 'gitea=https://169.254.169.254'],
  ['a path where there can be none', 'github=https://git.example.com/forge'],
  ['http beyond this machine', 'gitea=http://git.example.com'],
])('a forge of one’s own with %s is refused when it is set', async (_, typed) => {
  const before = await town.call('GET', 'settings/forge.instances');
  const refused = await town.call('PATCH', 'settings', { typed: { 'forge.instances': typed } });
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain('forge.instances[0]');
  expect((await town.call('GET', 'settings/forge.instances')).body).toEqual(before.body);
});

describe('an adoption', () => {
  let repo: Repo;
  let pull: Pull;
  beforeEach(async () => {
    repo = forge.world.repo('team/web');
    await repo.push('gastown', 'greet', { 'greet.txt': 'hi\n' });
    const by = forge.world.user('gastown');
    pull = await repo.openPull({ by, title: 'Greet', body: null, head: 'greet', base: 'main' });
  });

  const url = () => `${forge.origin}/team/web/pull/${pull.number}`;
  const adopt = (body: object, key?: string) =>
    town.call<MergeRequestResource & Problem>(
      'POST',
      'merge-requests',
      body,
      key === undefined ? {} : { 'idempotency-key': key },
    );

  test('reads the pull request with the rig’s credential, and makes its bead', async () => {
    await put({ token });
    const made = await adopt({ url: url() });
    expect([made.status, made.body]).toMatchObject([
      201,
      { id: 'mr-1', bead: 'web-1', head: pull.headSha, pr: { adopted: true, number: 1 } },
    ]);
    expect(made.headers.get('gastown-seq')).toMatch(/^\d+$/);
  });

  test('that is repeated under its key reads nothing and answers as the first did', async () => {
    await put({ token });
    const first = await adopt({ url: url() }, 'key-1');
    pull.close('gastown');
    await town.call('DELETE', 'rigs/web/credentials');
    const again = await adopt({ url: url() }, 'key-1');
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    const other = await adopt({ url: url(), repairs: true }, 'key-1');
    expect([other.status, other.body.kind]).toEqual([422, 'key_reused']);
  });

  test('without a credential says where one was looked for, and makes nothing', async () => {
    const refused = await adopt({ url: url() });
    expect([refused.status, refused.body]).toMatchObject([
      502,
      {
        kind: 'pr_unread',
        what: expect.stringContaining('There is no credential for GitHub'),
        evidence: expect.stringContaining('rig.token'),
        next: 'Give it a token: gt forge login --rig web',
      },
    ]);
    const { body } = await town.call<{ items: unknown[] }>('GET', 'beads?all=true');
    expect(body.items).toEqual([]);
  });

  test.each([
    [{ url: 'web#1' }, 400, 'pr_address'],
    [{ url: 'https://github.com/team/web/pull/1' }, 409, 'pr_not_adopted'],
    [{ url: '' }, 400, 'bad_value'],
    [{ url: 'https://github.com/team/web/pull/1', rig: 'wep' }, 404, 'unknown_thing'],
  ])('of %o is refused without a request', async (body, status, kind) => {
    const before = forge.log.entries.length;
    const refused = await adopt(body);
    expect([refused.status, refused.body.kind]).toEqual([status, kind]);
    expect(refused.body.next).not.toBe('');
    expect(forge.log.entries).toHaveLength(before);
  });
});

describe('a delivery', () => {
  const path = '/webhooks/web';
  const payload = JSON.stringify({ number: 1, repository: { full_name: 'team/web' } });

  const deliver = (secret: string, body: string, id = 'one'): Promise<Response> =>
    fetch(`${town.url}${path}`, {
      method: 'POST',
      body,
      headers: {
        'x-github-event': 'pull_request',
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
    });

  test('is believed with its secret alone, without a token of the town', async () => {
    expect((await deliver('guess', payload)).status).toBe(404);
    const made = await town.call<{ secret: string; path: string }>('POST', 'rigs/web/webhook', {});
    expect(made.body.path).toBe(path);
    expect((await deliver('guess', payload)).status).toBe(401);
    expect((await deliver(made.body.secret, payload)).status).toBe(202);
    expect((await deliver(made.body.secret, payload)).status).toBe(202);
    expect((await deliver(made.body.secret, 'no json', 'two')).status).toBe(400);
    await town.call('POST', 'rigs/web/webhook', {});
    expect((await deliver(made.body.secret, payload, 'three')).status).toBe(401);
  });

  test('of 30 MB is refused before it is held, and harms nothing', async () => {
    const { body } = await town.call<{ secret: string }>('POST', 'rigs/web/webhook', {});
    const status = await deliver(body.secret, 'x'.repeat(30 * 1024 * 1024)).then(
      (answer) => answer.status,
      () => 413, // cut off while it was sending
    );
    expect(status).toBe(413);
    expect((await town.call('GET', 'status')).status).toBe(200);
  });

  test('opens no other door: the rest still asks for the token', async () => {
    expect((await fetch(`${town.url}/api/v1/towns/local/forge`)).status).toBe(401);
    expect((await fetch(`${town.url}${path}`)).status).toBe(401);
  });
});
