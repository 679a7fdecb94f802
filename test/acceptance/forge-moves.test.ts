/**
 * A rig whose repository moves, by hand: renamed on its forge, then to a forge that is another
 * product. The real `./gt` against two development forges.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import { ForgeGround, passing } from './forge-ground.ts';
import { addFile } from './small-repository.ts';
import { until } from './town.ts';

interface RigView {
  readonly status: string;
  readonly remote: string;
  readonly consentAt: string | null;
}

interface Told {
  readonly subject: string;
  readonly failure: { readonly kind: string; readonly evidence: string } | null;
}

const ground = new ForgeGround();
const other = new ForgeGround({ provider: 'gitlab' });
const { town, forge } = ground;
const spec = {
  collaborators: { ann: 'admin', gastown: 'write' },
  ci: [{ name: 'ci', conclusion: 'success', appearsAfterMs: 0, takesMs: 0 }],
} as const;
let repo: Repo;

beforeAll(async () => {
  await ground.start();
  const files = {
    '.gastown.json': JSON.stringify({ setup: [], gates: [passing] }),
    'a.txt': 'a\n',
  };
  const made = await forge.addRepo('team/web', { ...spec, files });
  repo = made.repo;
  await town.json(['rig', 'add', 'web', made.cloneUrl, '--yes']);
  const login = await ground.login('--rig', 'web');
  if (login.code !== 0) throw new Error(login.err);
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
}, 60_000);
afterAll(async () => {
  await ground.end();
  await other.forge.stop();
  await other.town.close();
}, 60_000);

test('a renamed repository takes its open pull request along', async () => {
  const bead = await town.sling('web', addFile('one'));
  const pull = await ground.pullOf(bead, repo);
  await repo.rename('website');
  const moved = await town.json<RigView>(['rig', 'move', 'web', forge.cloneUrl(repo)]);
  expect(moved).toMatchObject({ status: 'ready', remote: forge.cloneUrl(repo) });
  expect(moved.consentAt).not.toBeNull();
  expect((await ground.change(bead))?.pr).toMatchObject({
    state: 'open',
    number: pull.number,
    url: `${forge.origin}/team/website/pull/${pull.number}`,
  });
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
  expect(await ground.closed(bead)).toBe('merged');
  expect(pull.state).toBe('merged');
  expect(repo.pulls).toHaveLength(1);
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
}, 120_000);

test('on another forge the work goes on, and the pull request left behind is named', async () => {
  const bead = await town.sling('web', addFile('two'));
  const pull = await ground.pullOf(bead, repo);
  const there = await mirrored();
  const refused = await town.run(['rig', 'move', 'web', there.cloneUrl]);
  const page = `${forge.origin}/team/website/pull/${pull.number}`;
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain(page);
  expect(refused.err).toContain('--leave-pulls');

  const words = ['rig', 'move', 'web', there.cloneUrl, '--leave-pulls', '--yes'];
  await town.run(words); // it may need a login first
  const login = await ground.pipe(
    ['forge', 'login', '--token-stdin', '--rig', 'web'],
    `${there.token}\n`,
  );
  expect(login.err).toBe('');
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
  const opened = await until(
    'it has a merge request there',
    async () => there.repo.pulls[0] ?? (await town.run(['rig', 'doctor', 'web']), null),
    60_000,
  );
  expect(await ground.closed(bead)).toBe('merged');
  expect(opened.state).toBe('merged');
  expect(await there.repo.git.file('main', 'two.txt')).toBe('two\n');
  expect(pull.state).toBe('open');
  const told = await town.items<Told>('/escalations');
  const left = told.filter(({ failure }) => failure?.kind === 'pr_left_behind');
  expect(left).toMatchObject([{ subject: bead, failure: { evidence: expect.any(String) } }]);
  expect(left[0]?.failure?.evidence).toContain(page);
  const doctor = await town.run(['rig', 'doctor', 'web']);
  expect(doctor.code).toBe(0);
}, 180_000);

/** All branches of the repository as another forge has them. */
async function mirrored(): Promise<{ repo: Repo; cloneUrl: string; token: string }> {
  const { origin } = await other.forge.start();
  for (const login of ['ann', 'gastown']) other.forge.addUser(login);
  const token = other.forge.addToken('gastown', { scopes: ['api'] }).secret;
  const known = [`github=${forge.origin}`, `gitlab=${origin}`];
  await town.json(['config', 'set', 'forge.instances', JSON.stringify(known)]);
  const made = await other.forge.addRepo('team/web', { ...spec, files: { 'a.txt': 'a\n' } });
  const into = ['push', '--quiet', '--force', made.path, 'main:main'];
  execFileSync('git', ['-C', repo.git.path, ...into], { stdio: 'pipe' });
  await made.repo.sync();
  return { repo: made.repo, cloneUrl: made.cloneUrl, token };
}
