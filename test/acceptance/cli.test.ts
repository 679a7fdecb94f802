/**
 * The everyday path by hand, in an empty home, with the real `./gt`, a real town and real git; and
 * everything a person may get wrong on the way: each is refused clearly and nothing is lost.
 */
import { createServer, type Server } from 'node:http';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Place, watched, when, type Ended } from './cli-real.ts';
import { isAlive } from './town.ts';

interface Bead {
  readonly id: string;
  readonly status: string;
  readonly resolution: string | null;
  readonly proof: { readonly commit: string } | null;
}

interface Failed {
  readonly error: { readonly kind: string; readonly what: string; readonly next: string };
}

/** Ended with its test, however that ends. */
function placeOfTest(): Place {
  const place = new Place();
  onTestFinished(() => place.end());
  return place;
}

function errorOf(ended: Ended): Failed['error'] {
  const { error }: Failed = JSON.parse(ended.out);
  return error;
}

describe('the everyday path', () => {
  const place = new Place();
  let web = '';

  beforeAll(async () => {
    web = await place.repository('web');
    await place.json(['up', '--detach', '--port', '0']);
    await place.json(['rig', 'add', 'web', web, '--yes']);
  });

  afterAll(() => place.end());

  async function closed(id: string): Promise<Bead> {
    let bead: Bead = await place.json(['bead', 'show', id]);
    await when(`${id} closes`, async () => {
      bead = await place.json(['bead', 'show', id]);
      return bead.status === 'closed';
    });
    return bead;
  }

  test('a bead is slung, lands on the remote, and is shown everywhere', async () => {
    const title = 'note what we do';
    const { id }: Bead = await place.json(['sling', 'web', title, '--agent', 'scripted']);
    expect(id).toBe('web-1');
    const bead = await closed(id);
    expect(bead.resolution).toBe('merged');
    const commit = bead.proof?.commit ?? '';
    const args = ['merge-base', '--is-ancestor', commit, 'main'];
    await place.git(`${web}.git`, args); // throws when it is not
    expect((await place.gt(['bead', 'diff', id])).out).toContain('+- note what we do');
    expect((await place.gt(['why', id])).out).toContain('It landed in main.');
    expect((await place.gt(['agent', 'logs', id, '--follow'])).out).toContain('gt_done');
    expect((await place.gt(['mr', 'show', id])).out).toContain('passed');
    const look = join(place.folder, 'look');
    await place.json(['bead', 'checkout', id, look]);
    expect(readFileSync(join(look, 'NOTES.md'), 'utf8')).toContain(title);
    expect(await place.git(web, ['status', '--porcelain'])).toBe('');
  });

  test('the feed tells it all, once, and goes on where it was left', async () => {
    const all = (await place.gt(['feed', '--once', '--json'])).out.trim().split('\n');
    const seqs = all.map((line) => Number(JSON.parse(line).seq));
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const rest = await place.gt(['feed', '--once', '--json', '--after', String(seqs.at(-2))]);
    expect(rest.out.trim()).toBe(all.at(-1));
  });

  test('a held bead waits, is edited, released, and its dependent follows it', async () => {
    const sling = (title: string, ...more: readonly string[]): Promise<Bead> =>
      place.json(['sling', 'web', title, '--agent', 'scripted', ...more]);
    const first = await sling('first', '--hold');
    const second = await sling('second', '--after', first.id);
    expect([first.status, second.status]).toEqual(['held', 'blocked']);
    await place.json(['bead', 'edit', first.id, '--title', 'really first']);
    await place.json(['bead', 'release', first.id]);
    expect((await closed(second.id)).resolution).toBe('merged');
    const log = await place.git(`${web}.git`, ['log', '--format=%s', 'main']);
    expect(log.indexOf('really first')).toBeGreaterThan(log.indexOf('second'));
  });

  test('a paused town starts nothing until it is resumed', async () => {
    await place.json(['pause']);
    const { id }: Bead = await place.json(['sling', 'web', 'later', '--agent', 'scripted']);
    expect((await place.gt(['why', id])).out).toContain('gt resume');
    await place.json(['resume']);
    expect((await closed(id)).resolution).toBe('merged');
  });

  test('settings are kept, shown with their source, and go back to the default', async () => {
    await place.json(['config', 'set', 'maxFeedbackRounds', '3']);
    await place.json(['rig', 'set', 'web', 'approval=person', 'gates=[]']);
    expect((await place.gt(['config', 'get', 'maxFeedbackRounds'])).out).toBe('3\n');
    expect((await place.gt(['config', 'get', 'approval', '--rig', 'web'])).out).toBe('person\n');
    await place.json(['rig', 'set', 'web', 'approval=', 'gates=']);
    expect((await place.gt(['config', 'get', 'approval', '--rig', 'web'])).out).toBe('none\n');
  });

  test('doctor, status and completion know the town', async () => {
    expect((await place.gt(['doctor'])).code).toBe(0);
    expect((await place.gt(['rig', 'doctor', 'web'])).out).toContain('ok    push');
    expect((await place.gt(['status'])).out).toContain('web');
    const typed = ['__complete', '--', 'bead', 'show', 'web-1'];
    expect((await place.gt(typed)).out).toContain('web-1\t');
  });

  test('what is not there is not found; what cannot be is refused; nothing changes', async () => {
    const held: Bead = await place.json(['sling', 'web', 'a', '--hold']);
    const after: Bead = await place.json(['sling', 'web', 'b', '--hold', '--after', held.id]);
    const before = (await place.gt(['feed', '--once', '--json'])).out;
    const cases: readonly (readonly [number, string, readonly string[]])[] = [
      [3, 'unknown_thing', ['sling', 'web', 'x', '--after', 'web-99']],
      [3, 'unknown_thing', ['sling', 'wbe', 'x']],
      [3, 'unknown_thing', ['bead', 'show', 'web-99']],
      [3, 'unknown_thing', ['why', 'nothing']],
      [4, 'cycle', ['bead', 'depend', held.id, '--on', after.id]],
      [3, 'unknown_thing', ['config', 'set', 'aproval', 'person']],
      [4, 'bad_value', ['config', 'set', 'approval', 'perhaps']],
      [4, 'bad_value', ['config', 'set', 'maxPolecatsPerRig', 'many']],
      [4, 'name_taken', ['rig', 'add', 'web', web]],
      [4, 'bad_value', ['rig', 'add', 'Bad Name', web]],
      [4, 'not_a_repository', ['rig', 'add', 'no', place.folder]],
      [4, 'not_a_repository', ['rig', 'add', 'no', './nowhere']],
      [4, 'already_running', ['up', '--detach']],
    ];
    for (const [code, kind, args] of cases) {
      const ended = await place.gt([...args, '--json']);
      expect([args.join(' '), ended.code]).toEqual([args.join(' '), code]);
      expect(errorOf(ended)).toMatchObject({ kind, next: expect.stringMatching(/\S/) });
      expect(ended.err).toContain('next: ');
    }
    const large = await place.gt(['sling', 'web', 'x', '--body', '-'], 'x'.repeat(10_000_000));
    expect(large.code).toBe(4);
    expect((await place.gt(['feed', '--once', '--json'])).out).toBe(before);
  });

  test('the town is exported whole, goes down, and says how to start it', async () => {
    const file = join(place.folder, 'town.ndjson');
    await place.json(['export', file]);
    expect(readFileSync(file, 'utf8').trim().split('\n').length).toBeGreaterThan(5);
    const pid = place.serverPid() ?? 0;
    await place.json(['down']);
    expect(isAlive(pid)).toBe(false);
    const ended = await place.gt(['status', '--json']);
    expect(ended.code).toBe(5);
    expect(errorOf(ended)).toMatchObject({ kind: 'not_running', next: 'gt up' });
  });
});

describe('a repository that cannot be attached', () => {
  const place = new Place();
  let locked: Server;

  beforeAll(async () => {
    locked = createServer((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    });
    await new Promise<void>((done) => locked.listen(0, '127.0.0.1', done));
    await place.json(['up', '--detach', '--port', '0']);
  });

  afterAll(async () => {
    locked.close();
    await place.end();
  });

  test.each([
    ['does not answer', () => 'http://127.0.0.1:1/x.git', 'remote_unreachable'],
    [
      'asks for a password',
      () => `http://127.0.0.1:${(locked.address() as AddressInfo).port}/x.git`,
      'remote_needs_login',
    ],
  ])('because it %s leaves no rig behind', async (_, url, kind) => {
    const ended = await place.gt(['rig', 'add', 'x', url(), '--yes', '--json']);
    expect([1, 4]).toContain(ended.code);
    expect(errorOf(ended)).toMatchObject({ kind });
    expect(await place.json(['rig', 'list'])).toEqual({ items: [] });
  });
});

describe('gt run', () => {
  const place = new Place();

  afterAll(() => place.end());

  test('starts the town, attaches, and lands beside what a person has checked out', async () => {
    const path = await place.repository('alone', { alone: true });
    writeFileSync(join(path, 'unsaved.txt'), 'mine\n');
    const refused = await place.gt(['run', path, 'note it', '--agent', 'scripted', '--json']);
    expect(refused.code).toBe(4);
    expect(errorOf(refused)).toMatchObject({ kind: 'consent_needed' });
    const head = await place.git(path, ['rev-parse', 'HEAD']);
    const ended = await place.gt(['run', path, 'note it', '--agent', 'scripted', '--yes']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.out).toContain(`git -C ${path} merge gastown`);
    expect(await place.git(path, ['show', 'gastown:NOTES.md'])).toContain('note it');
    expect(await place.git(path, ['rev-parse', 'HEAD'])).toBe(head);
    expect(await place.git(path, ['status', '--porcelain'])).toBe('?? unsaved.txt');
  });

  test('knows the repository the second time, and a clone by its remote', async () => {
    const path = await place.repository('web');
    const run = ['run', path, 'once', '--agent', 'scripted', '--yes'];
    expect(await place.json([...run])).toMatchObject({ ending: 'merged' });
    expect(await place.json(['run', path, 'twice', '--agent', 'scripted'])).toMatchObject({
      ending: 'merged',
    });
    const { items }: { items: { id: string }[] } = await place.json(['rig', 'list']);
    expect(items.map(({ id }) => id)).toEqual(['alone', 'web']);
    expect(await place.git(`${path}.git`, ['show', 'main:NOTES.md'])).toContain('twice');
  });
});

describe('a town that is killed', () => {
  test('goes on when it is started again, and so does whoever follows it', async () => {
    const place = placeOfTest();
    const web = await place.repository('web');
    await place.json(['up', '--detach', '--port', '0']);
    await place.json(['rig', 'add', 'web', web, '--yes']);
    const following = place.start(['run', web, 'note it', '--agent', 'scripted']);
    const seen = watched(following);
    await when('the agent works', () => seen.text().includes('in_progress'));
    process.kill(place.serverPid() ?? 0, 'SIGKILL');
    expect((await place.gt(['up', '--detach', '--port', '0'])).code).toBe(0);
    expect(await seen.ended).toBe(0);
    expect(seen.text()).toContain('web-1 merged');
    const log = await place.git(`${web}.git`, ['log', '--format=%s', 'main']);
    expect(log.match(/note it/g)?.length).toBeLessThanOrEqual(2); // the commit and its merge
  });
});

describe('gt up', () => {
  test('in the foreground shows what happens and stops at Ctrl-C', async () => {
    const place = placeOfTest();
    const up = place.start(['up', '--port', '0']);
    const seen = watched(up);
    await when('it is up', () => seen.text().includes('up at '));
    const pid = place.serverPid() ?? 0;
    const web = await place.repository('web');
    await place.json(['rig', 'add', 'web', web, '--yes']);
    await when('the log shows the rig', () => /rig web .*ready/.test(seen.text()));
    up.kill('SIGINT');
    expect(await seen.ended).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(place.home, 'server.json'))).toBe(false);
  });

  test('says who has the port, and leaves no process', async () => {
    const place = placeOfTest();
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as AddressInfo;
    const ended = await place.gt(['up', '--detach', '--port', String(port), '--json']);
    expect(ended.code).toBe(1);
    expect(errorOf(ended)).toMatchObject({ kind: 'port_in_use' });
    expect(place.serverPid()).toBeUndefined();
    taken.close();
  });

  test('says that a home that is a file cannot be one', async () => {
    const place = placeOfTest();
    mkdirSync(place.folder, { recursive: true });
    writeFileSync(place.home, '');
    const ended = await place.gt(['up', '--detach', '--json']);
    expect(ended.code).toBe(1);
    expect(errorOf(ended)).toMatchObject({ kind: 'home_not_writable' });
  });

  test('once for a home, however often it is asked for at the same time', async () => {
    const place = placeOfTest();
    const all = await Promise.all([1, 2, 3].map(() => place.gt(['up', '--detach', '--json'])));
    const codes = all.map(({ code }) => code);
    expect(codes.toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 4, 4]);
    const pid = place.serverPid() ?? 0;
    expect((await place.gt(['down', '--now'])).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect((await place.gt(['up', '--detach'])).code).toBe(0); // after a kill
  });
});
