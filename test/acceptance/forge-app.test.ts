/**
 * A rig whose only credential is an app: a bead lands through a pull request of the app, a token
 * that ends on the way is replaced, without the app a pinned rig is read by nobody else, and no
 * key, no statement and no token of it is anywhere.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import type { ForgeApp, Installation } from '../../src/devforge/world.ts';
import { ForgeGround } from './forge-ground.ts';
import { commandLines, placesOf } from './secret-places.ts';
import { addFile } from './small-repository.ts';
import { git, until } from './town.ts';

const ground = new ForgeGround({ person: false });
const { town, forge } = ground;
const keyFile = join(town.folder, 'app key.pem');
const lines = new Set<string>();
let repo: Repo;
let app: ForgeApp;
let installation: Installation;
let watching: NodeJS.Timeout;

beforeAll(async () => {
  await ground.start();
  repo = await ground.repository('web');
  app = forge.world.addApp('helper');
  installation = forge.world.installApp(app, 'team');
  writeFileSync(keyFile, app.privateKey);
  chmodSync(keyFile, 0o600);
  watching = setInterval(
    () =>
      commandLines()
        .split('\n')
        .forEach((one) => lines.add(one)),
    200,
  );
}, 60_000);

afterAll(async () => {
  clearInterval(watching);
  await ground.end();
}, 60_000);

const name = () => `${app.id}/${installation.id}`;
const login = (...more: readonly string[]) => {
  const which = ['--app-id', String(app.id), '--installation', String(installation.id)];
  return town.run(['forge', 'login', ...which, '--key-file', keyFile, ...more]);
};
const minted = () => forge.world.tokens.filter(({ kind }) => kind === 'installation');

interface BeadShown {
  readonly status: string;
  readonly mergeRequest: {
    readonly id: string;
    readonly failure: { readonly failureKind: string; readonly failureMessage: string } | null;
  } | null;
}
const shown = (bead: string) => town.json<BeadShown>(['bead', 'show', bead]);

test('without it nothing may be pushed, and a login with the app makes the rig ready', async () => {
  const added = await town.run(['rig', 'add', 'web', forge.cloneUrl(repo), '--yes']);
  expect([added.code, added.err]).toEqual([
    1,
    expect.stringContaining('web stays, for a login of its own: gt forge login --rig web'),
  ]);
  expect((await town.run(['rig', 'doctor', 'web'])).code).toBe(1);
  const ran = await login('--rig', 'web', '--pin');
  expect([ran.code, ran.err]).toEqual([0, '']);
  expect(ran.out).toContain(`app ${name()}  saved, for web at ${forge.origin}`);
  expect(ran.out).toMatch(/key \*{4}SHA256:/);
  const doctor = await town.run(['rig', 'doctor', 'web']);
  expect([doctor.code, doctor.out]).toEqual([
    0,
    expect.stringMatching(/from rig\.app, for \d+m more/),
  ]);
  const status = await town.run(['forge', 'status']);
  expect(status.out).toMatch(/credential +from rig\.app, for \d+m more/);
  expect(status.out).toContain(`app ${name()}`);
}, 60_000);

test('a bead lands through its pull request, though the token ends on the way', async () => {
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
  const bead = await town.sling('web', addFile('one', [{ run: 'env > environment.txt' }]));
  const pull = await ground.pullOf(bead, repo);
  expect(pull.author.login).toBe('helper[bot]');
  const before = minted();
  for (const token of before) token.revoked = true;
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
  expect(await ground.closed(bead)).toBe('merged');
  expect([pull.state, pull.mergedBy?.login]).toEqual(['merged', 'helper[bot]']);
  const anew = minted().slice(before.length);
  expect(anew.length).toBe(1);
  const asked = forge.log.entries.filter(({ token }) => token === before.at(-1)?.name);
  expect(asked.filter(({ status }) => status === 401).length).toBeGreaterThan(0);
  const pushes = forge.log.entries.filter(
    ({ method, path }) => method === 'POST' && path.endsWith('/git-receive-pack'),
  );
  const by = new Set(pushes.map(({ identity }) => identity));
  expect(by).toEqual(new Set([`installation-${installation.id}`]));
  expect(await town.items('/escalations')).toEqual([]);
}, 120_000);

test('a pinned rig without its app is read by nobody else, says so, and heals', async () => {
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
  const bead = await town.sling('web', addFile('two'));
  await ground.pullOf(bead, repo);
  await town.json(['forge', 'logout', '--rig', 'web', '--app']);
  const own = await ground.login('--rig', 'web');
  expect(own.out).toContain('There is no credential for GitHub');
  const failure = await until(
    'nobody can see it',
    async () => (await shown(bead)).mergeRequest?.failure ?? null,
    30_000,
  );
  expect(failure.failureKind).toBe('no_token');
  const host = new URL(forge.origin).host;
  const none = 'not asked, because the rig is pinned to an app';
  expect(failure.failureMessage).toBe(
    `There is no credential for GitHub at ${host}: the pull request was not read. ` +
      `The rig is pinned to the app ${name()} (credentials.pinnedTo): that or none. ` +
      'No request was made. These places were asked, in this order: ' +
      `- the rig’s token (rig.token): ${none} - the rig’s app (rig.app): there is none ` +
      `- the town’s CLI token (town.cli_token): ${none} ` +
      `- the town’s token (town.token): ${none} - the town’s app (town.app): there is none ` +
      `- this machine’s own login: ${none} ` +
      'That the pull request exists does not show that the town has a credential: it may have ' +
      'been opened by a person, or with a credential that is gone. ' +
      `Next: Give it that app: gt forge login --rig web --app-id ${app.id} ` +
      `--installation ${installation.id} --key-file <file>.`,
  );
  const doctor = await town.run(['rig', 'doctor', 'web']);
  expect(doctor.code).toBe(1);
  expect(doctor.out).toContain('There is no credential that git may use');
  expect((await shown(bead)).status).toBe('in_review');

  expect((await login('--rig', 'web')).code).toBe(0);
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
  expect(await ground.closed(bead)).toBe('merged');
  expect((await town.items<{ status: string }>('/escalations')).length).toBe(0);
}, 120_000);

test('a key that is none is refused before anything is kept', async () => {
  const wrong = join(town.folder, 'wrong.pem');
  writeFileSync(wrong, ground.token);
  const which = ['--app-id', '1', '--rig', 'web'];
  const refused = await town.run(['forge', 'login', ...which, '--key-file', wrong]);
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('no PEM block')]);
  expect(refused.out + refused.err).not.toContain(ground.token);
  const missing = await town.run(['forge', 'login', ...which, '--key-file', `${wrong}.not`]);
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('ENOENT')]);
  const alone = await town.run(['forge', 'login', '--rig', 'web', '--pin']);
  expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('--app-id')]);
});

test('no key, no statement, no token is in a file, an answer, a prompt or a process', async () => {
  const environment = await git(repo.git.path, 'show', 'main:environment.txt');
  expect(environment).toContain('GASTOWN_AGENT_ROLE');
  const key = app.privateKey.split('\n').slice(1, -2);
  const statement = Buffer.from('{"alg":"RS256"').toString('base64url').slice(0, 16);
  const secrets = [...key, statement, ...minted().map(({ secret }) => secret), ground.token];
  expect(minted().length).toBeGreaterThan(3);
  const found = await placesOf([`${app.id}/${installation.id}`], town, {});
  // It does look.
  expect(found).toEqual(expect.arrayContaining(['/rigs/web/apps', '/forge', '/export']));
  const seen = [...lines].join('\n');
  expect(seen).toContain('git');
  expect(await placesOf(secrets, town, { environment, seen })).toEqual([]);
  expect((await town.request('GET', '/export')).body).not.toContain('sealed1.');
});
