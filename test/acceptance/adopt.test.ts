/**
 * Pull requests that a person opened with git and the forge's API, adopted by the real `./gt`:
 * one is repaired by an agent, one is only watched, one comes from a fork; and every refusal.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pull } from '../../src/devforge/pull.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import { ForgeGround } from './forge-ground.ts';
import { addFile } from './small-repository.ts';
import { git, script, until, type BeadView } from './town.ts';

const ground = new ForgeGround();
const { town, forge } = ground;
let repo: Repo;
let fork: Repo;

interface Adopted {
  readonly id: string;
  readonly bead: string;
  readonly stage: string;
  readonly waits: readonly { readonly reason: string; readonly what: string }[];
  readonly pr: {
    readonly number: number;
    readonly url: string;
    readonly adopted: boolean;
    readonly repairs: string;
  };
}

beforeAll(async () => {
  await ground.start();
  const made = await forge.addRepo('team/web', {
    collaborators: { ann: 'write', gastown: 'write' },
    protection: { requiredChecks: ['ci'] },
    files: {
      'readme.txt': 'hello\n',
      '.gastown.json': JSON.stringify({
        setup: [],
        gates: [{ name: 'test', command: 'ls *.txt && echo 1 test passed' }],
      }),
    },
  });
  repo = made.repo;
  forge.addUser('bob');
  fork = await forge.world.fork(repo, 'bob');
  await town.json(['rig', 'add', 'web', made.cloneUrl, '--yes']);
  const login = await ground.login('--rig', 'web');
  if (login.code !== 0) throw new Error(login.err);
}, 60_000);

afterAll(() => ground.end(), 60_000);

/** What somebody does in a clone of their own: a branch with one more file, pushed. */
async function pushed(who: string, to: Repo, branch: string, file: string): Promise<void> {
  const clone = join(town.folder, `${who}-${branch}`.replaceAll('/', '-'));
  const { secret } = forge.addToken(who, { scopes: ['repo'] });
  const basic = Buffer.from(`x-access-token:${secret}`).toString('base64');
  const asThem = ['-c', `http.extraHeader=Authorization: Basic ${basic}`];
  mkdirSync(clone, { recursive: true });
  await git(clone, 'init', '-q', '--initial-branch', branch);
  const start = to.refs.has(branch) ? branch : 'main';
  await git(clone, ...asThem, 'fetch', '-q', forge.cloneUrl(to), start);
  await git(clone, 'reset', '-q', '--hard', 'FETCH_HEAD');
  writeFileSync(join(clone, file), `${file}\n`);
  await git(clone, 'add', '-A');
  const asAuthor = ['-c', `user.name=${who}`, '-c', `user.email=${who}@example.invalid`];
  await git(clone, ...asAuthor, 'commit', '-q', '-m', `Write ${file}`);
  await git(clone, ...asThem, 'push', '-q', forge.cloneUrl(to), `HEAD:${branch}`);
}

/** By the API, as the web page does. */
async function opened(who: string, head: string, title: string): Promise<Pull> {
  const { secret } = forge.addToken(who, { scopes: ['repo'] });
  const response = await fetch(`${forge.urls.api}/repos/team/web/pulls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title, head, base: 'main' }),
  });
  expect(response.status).toBe(201);
  const { number }: { number: number } = JSON.parse(await response.text());
  return repo.pull(number);
}

const urlOf = (pull: Pull) => `${forge.origin}/team/web/pull/${pull.number}`;
const adopt = (pull: Pull, ...options: readonly string[]) =>
  town.json<Adopted>(['mr', 'adopt', urlOf(pull), ...options]);

/** With repairs, and with what the scripted agent does in a round, before any can begin. */
async function adoptedFor(pull: Pull, body: string): Promise<Adopted> {
  await town.json(['pause']);
  const adopted = await adopt(pull, '--repair');
  await town.json(['bead', 'edit', adopted.bead, '--body', body, '--agent', 'scripted']);
  await town.json(['resume']);
  return adopted;
}

const shown = (id: string) => town.json<Adopted>(['mr', 'show', id]);
const passes = (pull: Pull) => pull.addCheckRun({ name: 'ci', conclusion: 'success' });
const fails = (pull: Pull) =>
  pull.addCheckRun({ name: 'ci', conclusion: 'failure', step: 'npm test', log: 'no words\n' });
/** The town need not wait for its next look; one that is merged by then refuses it. */
const lookAgain = ({ id }: Adopted) => town.run(['mr', 'retry', id]);
const fileOf = (path: string) => repo.git.file('main', path);

async function untilSeen(what: string, adopted: Adopted, look: () => Promise<boolean>) {
  await until(what, async () => (await look()) || (await lookAgain(adopted), false), 60_000);
}

test('one whose check fails is repaired by an agent on its own branch, and merged', async () => {
  await pushed('ann', repo, 'ann/greet', 'greet.txt');
  const pull = await opened('ann', 'ann/greet', 'Greet the reader');
  const dry = ['mr', 'adopt', urlOf(pull), '--repair', '--dry-run'];
  const { would } = await town.json<{ would: Adopted }>(dry);
  expect(would).toMatchObject({ bead: 'web-1', pr: { repairs: 'agreed' } });
  expect(await town.json(['bead', 'list', '--all'])).toMatchObject({ items: [] });
  const adopted = await adoptedFor(pull, addFile('words').body);
  expect(adopted).toMatchObject({
    bead: 'web-1',
    pr: { number: pull.number, url: urlOf(pull), adopted: true, repairs: 'agreed' },
  });
  const bead = await town.bead('web-1');
  expect(bead).toMatchObject({ title: 'Greet the reader', status: 'in_review', attempts: 0 });
  const before = pull.headSha;
  fails(pull);
  await untilSeen('an agent repaired it', adopted, async () => pull.headSha !== before);
  expect(await repo.git.file(pull.headSha, 'words.txt')).toBe('words\n');
  passes(pull);
  await untilSeen('it is merged', adopted, async () => pull.state === 'merged');
  expect(await ground.closed('web-1')).toBe('merged');
  expect(await town.bead('web-1')).toMatchObject({ attempts: 1, proof: { by: 'forge' } });
  expect(pull.mergedBy?.login).toBe('gastown');
  expect([await fileOf('greet.txt'), await fileOf('words.txt')]).toEqual([
    'greet.txt\n',
    'words\n',
  ]);
  expect(repo.pulls).toHaveLength(1);
  expect(repo.refs.has('ann/greet')).toBe(true);
}, 180_000);

test('one that conflicts is repaired by an agent that merges the target in', async () => {
  await pushed('ann', repo, 'ann/title', 'title.txt');
  const pull = await opened('ann', 'ann/title', 'Give it a title');
  await repo.push('ann', 'main', { 'title.txt': 'another title\n' });
  const before = pull.headSha;
  const merge = { merge: { ref: 'origin/main', take: 'ours' } };
  const adopted = await adoptedFor(pull, script([merge, { done: 'Merged.' }]));
  await untilSeen('an agent repaired it', adopted, async () => pull.headSha !== before);
  passes(pull);
  await untilSeen('it is merged', adopted, async () => pull.state === 'merged');
  expect(await ground.closed(adopted.bead)).toBe('merged');
  expect(await fileOf('title.txt')).toBe('title.txt\n');
}, 180_000);

test('one without repairs waits for its author, who may rewrite it, and is merged', async () => {
  await pushed('ann', repo, 'ann/count', 'count.txt');
  const pull = await opened('ann', 'ann/count', 'Count the readers');
  fails(pull);
  const adopted = await adopt(pull);
  expect(adopted.pr.repairs).toBe('not_agreed');
  const { bead } = adopted;
  const head = pull.headSha;
  await untilSeen('it waits for checks', adopted, async () => {
    const { stage, waits } = await shown(adopted.id);
    return stage === 'approved' && waits.some(({ reason }) => reason === 'checks');
  });
  await lookAgain(adopted);
  expect(await town.bead(bead)).toMatchObject({ status: 'in_review', attempts: 0 });
  expect(pull.headSha).toBe(head);
  await pull.forcePush('ann', { 'count.txt': '1\n' });
  passes(pull);
  await untilSeen('it is merged', adopted, async () => pull.state === 'merged');
  expect(await ground.closed(bead)).toBe('merged');
  expect((await town.bead(bead)).attempts).toBe(0);
  expect(await fileOf('count.txt')).toBe('1\n');
}, 180_000);

test('one from a fork is merged as its author left it, and nothing is pushed there', async () => {
  await pushed('bob', fork, 'sing', 'sing.txt');
  const pull = await opened('bob', 'bob:sing', 'Sing');
  const ran = await town.run(['mr', 'adopt', urlOf(pull), '--repair']);
  expect([ran.code, ran.err]).toEqual([0, '']);
  expect(ran.out).toContain('nothing is ever pushed there');
  const [bead = { id: '', mergeRequest: '' }] = await open();
  const adopted = await shown(bead.mergeRequest ?? '');
  expect(adopted.pr.repairs).toBe('fork');
  fails(pull);
  await untilSeen('it waits for checks', adopted, async () => {
    const { waits } = await shown(adopted.id);
    return waits.some(({ reason }) => reason === 'checks');
  });
  expect((await town.bead(bead.id)).attempts).toBe(0);
  await pushed('bob', fork, 'sing', 'louder.txt');
  await untilSeen(
    'the forge shows the push',
    adopted,
    async () => pull.headSha === fork.refs.get('sing'),
  );
  passes(pull);
  await untilSeen('it is merged', adopted, async () => pull.state === 'merged');
  expect(await ground.closed(bead.id)).toBe('merged');
  expect([await fileOf('sing.txt'), await fileOf('louder.txt')]).toEqual([
    'sing.txt\n',
    'louder.txt\n',
  ]);
  expect([...fork.refs.keys()].toSorted()).toEqual(['main', 'sing']);
}, 180_000);

const open = async (): Promise<readonly BeadView[]> =>
  (await town.beads()).filter(({ status }) => status !== 'closed');

describe('it is refused with what, evidence and next', () => {
  const refused = async (url: string, ...options: readonly string[]) => {
    const ran = await town.run(['mr', 'adopt', url, ...options]);
    return { code: ran.code, err: ran.err };
  };

  test.each([
    ['a page for opening one', 'team/web/pull/new/ann/greet', 'gt mr adopt'],
    ['a page that compares', 'team/web/compare/main...ann/greet', 'gt mr adopt'],
    ['a repository without a rig', 'team/api/pull/1', 'gt rig add api'],
    ['one that was adopted and is merged', 'team/web/pull/1', 'gt why web-1'],
  ])('%s', async (_, path, next) => {
    const { code, err } = await refused(`${forge.origin}/${path}`);
    expect(code).toBe(4);
    expect(err).toContain(next);
  });

  test('another host', async () => {
    const { code, err } = await refused('https://git.example.com/team/web/pull/1');
    expect(code).toBe(4);
    expect(err).toContain('forge.instances');
  });

  test('a number nobody has, in the words of every failed look', async () => {
    const { code, err } = await refused(`${forge.origin}/team/web/pull/99`);
    expect(code).toBe(1);
    expect(err).toContain('404');
    expect(err).toContain('rig.token');
  });

  test('a rig that is not there, and one that is elsewhere', async () => {
    expect((await refused(`${forge.origin}/team/web/pull/1`, '--rig', 'wep')).code).toBe(3);
    expect((await town.run(['mr', 'adopt'])).code).toBe(2);
  });

  test('one that is closed, one that is watched, one that is the town’s own', async () => {
    await pushed('ann', repo, 'ann/later', 'later.txt');
    const pull = await opened('ann', 'ann/later', 'Later');
    pull.close('ann');
    expect(await refused(urlOf(pull))).toMatchObject({
      code: 4,
      err: expect.stringContaining('Reopen it on the forge'),
    });
    pull.reopen('ann');
    const adopted = await adopt(pull);
    expect(await refused(urlOf(pull))).toMatchObject({
      code: 4,
      err: expect.stringContaining(`gt why ${adopted.bead}`),
    });
    const own = await town.sling('web', addFile('own'));
    const ours = await ground.pullOf(own, repo);
    expect(await refused(urlOf(ours))).toMatchObject({
      code: 4,
      err: expect.stringContaining(`the town’s own: ${own} has it`),
    });
    const list = await town.run(['mr', 'list']);
    expect(list.out).toContain(`#${pull.number} open, adopted`);
  }, 120_000);
});
