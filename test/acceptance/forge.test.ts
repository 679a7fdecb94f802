/**
 * Pull requests by hand: the real `./gt` against a development forge. A bead lands through one; a
 * person merges or closes one; a missing token stops the work with the right words, and heals; and
 * no token is found anywhere it does not belong.
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import { ForgeGround } from './forge-ground.ts';
import { placesOf } from './secret-places.ts';
import { addFile } from './small-repository.ts';
import { git, until } from './town.ts';

const ground = new ForgeGround();
const { town, forge } = ground;
let repo: Repo;

beforeAll(async () => {
  await ground.start();
  repo = await ground.repository('web');
}, 60_000);

afterAll(() => ground.end(), 60_000);

interface RigShown {
  readonly forge: { readonly provider: string; readonly path: string } | null;
  readonly forgeLook: { readonly failure: { readonly kind: string } | null } | null;
}

interface Escalation {
  readonly id: string;
  readonly subject: string;
  readonly status: string;
  readonly failure: {
    readonly kind: string;
    readonly evidence: string;
    readonly next: string;
  } | null;
}

const escalations = () => town.items<Escalation>('/escalations');

test('without a token a pull request is not opened, and a login heals it', async () => {
  const add = ['rig', 'add', 'web', forge.cloneUrl(repo), '--yes'];
  const added = await town.json<RigShown>(add);
  expect(added.forge).toMatchObject({ provider: 'github', path: 'team/web' });
  expect(added.forgeLook?.failure?.kind).toBe('no_token');
  const doctor = await town.run(['rig', 'doctor', 'web']);
  expect(doctor.code).toBe(1);
  expect(doctor.out).toContain('gt forge login --rig web');

  // What an agent is given is in the repository from then on.
  const bead = await town.sling('web', addFile('one', [{ run: 'env > environment.txt' }]));
  const asked = await until('it says why', async () => (await escalations())[0] ?? null, 40_000);
  expect(asked.failure).toMatchObject({
    kind: 'pr_poll_failed',
    evidence: expect.stringContaining('rig.token'),
    next: expect.stringContaining('gt forge login --rig web'),
  });
  expect((await town.bead(bead)).status).toBe('in_review');
  expect(repo.pulls).toEqual([]);

  const login = await ground.login('--rig', 'web');
  expect([login.code, login.err]).toEqual([0, '']);
  expect(login.out).toContain('as gastown');
  expect(await ground.closed(bead)).toBe('merged');
  expect(repo.pulls.map(({ state }) => state)).toEqual(['merged']);
  expect(await escalations()).toEqual([]);
  expect((await town.bead(bead)).proof?.by).toBe('forge');
}, 120_000);

test('a token is shown as a mask, and a mask that comes back changes nothing', async () => {
  const shown = await town.get<{ items: { mask: string; login: string }[] }>(
    '/rigs/web/credentials',
  );
  const [own] = shown.items;
  expect(own?.login).toBe('gastown');
  expect(ground.token.endsWith(own?.mask.slice(4) ?? 'x')).toBe(true);
  const put = (token: string, url: string | null = null) =>
    town.request('PUT', '/rigs/web/credentials', { token, url });
  expect(JSON.parse((await put(own?.mask ?? '')).body)).toMatchObject({ changed: false });
  expect((await put('****abcd')).status).toBe(400);
  const elsewhere = await put(ground.token, 'https://github.com');
  expect(elsewhere.status).toBe(400);
  expect(elsewhere.body).toContain(forge.origin);
  const wrong = await put('ghp_000000000000000000000000000000000000');
  expect(wrong.status).toBe(400);
  expect(wrong.body).toContain('401');
});

test('its pull request, its counters and its account are shown', async () => {
  const change: object = await town.json(['mr', 'show', 'mr-1']);
  expect(change).toMatchObject({
    strategy: 'pr',
    pr: { state: 'merged', number: 1, draft: false, mergedBy: 'gastown' },
    pollTransientCount: 0,
    pollSoftErrorCount: 0,
    failure: null,
  });
  const bead: object = await town.json(['bead', 'show', 'web-1']);
  expect(bead).toMatchObject({ mergeRequest: { id: 'mr-1', failure: null } });
  const status: object = await town.json(['forge', 'status']);
  expect(status).toMatchObject({
    accounts: [{ rigs: ['web'], source: 'rig.token', incidents: [] }],
    credentials: [{ scope: 'rig', rig: 'web', origin: forge.origin, login: 'gastown' }],
  });
  expect((await town.run(['rig', 'doctor', 'web'])).code).toBe(0);
});

test('a person merges it on the forge, told by a webhook, and the bead closes', async () => {
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
  const bead = await town.sling('web', addFile('two'));
  const pull = await ground.pullOf(bead, repo);
  const hook = await town.json<{ url: string; path: string; secret: string }>([
    'forge',
    'webhook',
    'web',
  ]);
  const { address } = { address: town.address()?.url ?? '' };
  const deliver = async (secret: string, id: string): Promise<number> => {
    const body = JSON.stringify({ number: pull.number, repository: { full_name: 'team/web' } });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
    };
    const init = { method: 'POST', headers, body };
    return (await fetch(new URL(hook.path, address), init)).status;
  };
  await pull.merge('ann');
  expect(await deliver('another secret', 'one')).toBe(401);
  const before = performance.now();
  expect(await deliver(hook.secret, 'two')).toBe(202);
  expect(await deliver(hook.secret, 'two')).toBe(202);
  expect(await ground.closed(bead)).toBe('merged');
  expect(performance.now() - before).toBeLessThan(10_000);
}, 120_000);

test('a person closes it: the town asks, and does what is answered', async () => {
  const [kept, dropped] = [
    await town.sling('web', addFile('three')),
    await town.sling('web', addFile('four')),
  ];
  for (const bead of [kept, dropped]) {
    (await ground.pullOf(bead, repo)).close('ann');
    const { mergeRequest } = await town.bead(bead);
    await town.json(['mr', 'retry', mergeRequest ?? '']);
  }
  const asked = await until(
    'the town asks',
    async () => {
      const open = await escalations();
      return open.length === 2 ? open : null;
    },
    20_000,
  );
  expect(asked[0]?.failure).toMatchObject({
    kind: 'pr_closed',
    evidence: expect.stringContaining('drop: the bead is closed without landing'),
  });
  for (const one of asked) {
    const isKept = one.subject === (await town.bead(kept)).mergeRequest;
    if (isKept) (await ground.pullOf(kept, repo)).reopen('ann');
    const answer = isKept ? 'reopen' : 'drop';
    await town.json(['escalation', 'resolve', one.id, '--answer', answer]);
  }
  expect(await ground.closed(dropped)).toBe('dropped');
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
  expect(await ground.closed(kept)).toBe('merged');
}, 120_000);

test('the pull request of a bead that is given up is closed, and says so', async () => {
  await town.json(['rig', 'set', 'web', 'autoMerge=false']);
  const bead = await town.sling('web', addFile('six'));
  const pull = await ground.pullOf(bead, repo);
  await town.json(['bead', 'close', bead]);
  expect(await ground.closed(bead)).toBe('dropped');
  await until('it is closed', async () => pull.state === 'closed');
  expect(pull.closedBy?.login).toBe('gastown');
  expect(pull.comments.map(({ body }) => body)).toEqual([
    expect.stringContaining(`the work on ${bead} was given up`),
  ]);
  expect(await escalations()).toEqual([]);
  await town.json(['rig', 'set', 'web', 'autoMerge=true']);
}, 120_000);

test('another pull request takes the place of a closed one and closes the bead', async () => {
  const bead = await town.sling('web', addFile('five'));
  (await ground.pullOf(bead, repo)).close('ann');
  const mergeRequest = (await town.bead(bead)).mergeRequest ?? '';
  await town.json(['mr', 'retry', mergeRequest]);
  const asked = await until('the town asks', async () => (await escalations())[0] ?? null, 20_000);
  expect(asked.failure?.evidence).toContain('the address of another');

  await repo.push('ann', 'ann/five', { 'five.txt': 'better\n' });
  const by = forge.world.user('ann');
  const spec = { by, title: 'Five, better', body: null, head: 'ann/five', base: 'main' };
  const other = await repo.openPull(spec);
  const resolve = (url: string) => town.run(['escalation', 'resolve', asked.id, '--answer', url]);
  const wrong = await resolve(`${forge.origin}/team/web/pull/new/ann/five`);
  expect([wrong.code, wrong.err]).toEqual([4, expect.stringContaining('for opening one')]);
  expect((await resolve(`${forge.origin}/team/web/pull/${other.number}`)).code).toBe(0);
  expect(await town.json(['mr', 'show', mergeRequest])).toMatchObject({
    pr: { number: other.number, adopted: true, repairs: 'not_agreed' },
  });
  await until('it is merged', async () => {
    await town.run(['mr', 'retry', mergeRequest]);
    return other.state === 'merged';
  });
  expect(await ground.closed(bead)).toBe('merged');
  expect(await repo.git.file('main', 'five.txt')).toBe('better\n');
}, 120_000);

test('no token is in a log, the database, the journal, an export or a process', async () => {
  const environment = await git(repo.git.path, 'show', 'main:environment.txt');
  expect(environment).toContain('GASTOWN_AGENT_ROLE');
  expect((await town.request('GET', '/export')).body).not.toContain('sealed1.');
  const secrets = [ground.token, ground.personsToken];
  expect(await placesOf(secrets, town, { environment })).toEqual([]);
});
