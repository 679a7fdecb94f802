/**
 * `--dry-run` with the real `./gt`, a real town and real git: nothing is done, and what is then
 * done is what was said.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nouns, topCommands } from '../../src/cli/commands/index.ts';
import { completionFor } from '../../src/cli/completion.ts';
import { Place, when } from './cli-real.ts';

interface Named {
  readonly id: string;
}

interface Dry<Would> {
  readonly dryRun: true;
  readonly would: Would;
}

interface Bead extends Named {
  readonly status: string;
  readonly course: Readonly<Record<string, unknown>> | null;
}

const place = new Place();
let web = '';
let alone = '';

beforeAll(async () => {
  web = await place.repository('web');
  alone = await place.repository('alone', { alone: true });
});
afterAll(() => place.end());

/** Everything outside the town, and what a person has asked of it. */
async function world(): Promise<unknown> {
  const refs = (repository: string) => place.git(repository, ['for-each-ref']);
  const { out } = await place.gt(['feed', '--once', '--json', '--after', '0']);
  const feed = out.split('\n').filter((line) => line.includes('"who":"person:'));
  const remotes = await Promise.all([web, `${web}.git`, alone].map(refs));
  return { remotes, feed, files: readdirSync(place.folder).toSorted() };
}

async function dry<Would>(...words: readonly string[]): Promise<Would> {
  const before = await world();
  const said = await place.gt([...words, '--dry-run']);
  expect([said.code, said.err]).toEqual([0, '']);
  expect(said.out).toMatch(/^Nothing was done\. It would /);
  const { dryRun, would } = await place.json<Dry<Would>>([...words, '--dry-run']);
  expect(dryRun).toBe(true);
  expect(await world()).toEqual(before);
  return would;
}

test('without a town `gt run --dry-run` starts none', async () => {
  const ran = await place.gt(['run', web, 'greet', '--yes', '--dry-run', '--json']);
  expect(ran.code).toBe(5);
  expect(JSON.parse(ran.out)).toMatchObject({ error: { kind: 'not_running' } });
  expect(existsSync(place.home)).toBe(false);
});

describe('in a town', () => {
  beforeAll(async () => {
    await place.json(['up', '--detach', '--port', '0']);
  });

  test('a first run is foretold: the rig, the bead and who would do it', async () => {
    const words = ['greet people', '--yes', '--agent', 'scripted', '--gate', 'true'];
    const would = await dry<{ rig: Named; bead: Bead }>('run', web, ...words);
    expect(would).toMatchObject({
      rig: { id: 'web', remote: `${web}.git`, target: 'main' },
      bead: { id: 'web-1', course: { agent: 'scripted', lands: 'direct', target: 'main' } },
    });
    const own = await dry<{ rig: Named }>('run', alone, 'greet', '--yes');
    expect(own.rig).toMatchObject({ id: 'alone', target: 'gastown' });
  });

  test('without consent, or with a wrong task, it is refused as the run is', async () => {
    const before = await world();
    for (const words of [
      ['run', web, 'greet'],
      ['run', web, '', '--yes'],
      ['run', 'nowhere', 'greet', '--yes'],
    ]) {
      const [said, task] = [await place.gt([...words, '--dry-run', '--json']), words[2]];
      const { error }: { error: { kind: string } } = JSON.parse(said.out);
      expect([task, said.code === 0]).toEqual([task, false]);
      expect(error.kind).toMatch(/consent_needed|bad_value|not_a_repository|remote_not_found/);
    }
    expect(await world()).toEqual(before);
  });

  test('a rig is attached as it was said', async () => {
    const would = await dry<Named>('rig', 'add', 'web', web);
    const { items }: { items: unknown[] } = await place.json(['rig', 'list']);
    expect(items).toEqual([]);
    await place.json(['rig', 'add', 'web', web]);
    expect(await place.json(['rig', 'show', 'web'])).toMatchObject({
      id: would.id,
      target: 'main',
    });
    await dry('rig', 'consent', 'web');
    expect(await place.json(['rig', 'show', 'web'])).toMatchObject({ consentAt: null });
    await place.json(['rig', 'consent', 'web']);
  });

  test('a bead is slung under the id that was said, and no agent was started before', async () => {
    const words = ['sling', 'web', 'note what we do', '--agent', 'scripted'];
    await when('the rig is ready', async () => {
      const rig: { probing: boolean } = await place.json(['rig', 'show', 'web']);
      return !rig.probing;
    });
    const would = await dry<Bead>(...words);
    expect(would.course).toMatchObject({ agent: 'scripted', lands: 'direct', target: 'main' });
    expect((await place.json<Bead>(words)).id).toBe(would.id);
    await when('it lands', async () => {
      const bead: Bead = await place.json(['bead', 'show', would.id]);
      return bead.status === 'closed';
    });
  });

  test('its branch goes into no directory', async () => {
    const look = join(place.folder, 'look');
    expect(await dry('bead', 'checkout', 'web-1', look)).toMatchObject({ directory: look });
    expect(existsSync(look)).toBe(false);
    await place.json(['bead', 'checkout', 'web-1', look]);
    const again = ['bead', 'checkout', 'web-1', look, '--json'];
    const [said, done] = [await place.gt([...again, '--dry-run']), await place.gt(again)];
    expect(said).toEqual(done);
    expect(said.code).toBe(4);
  });

  test('a revert is foretold with its id, and is then that', async () => {
    const would = await dry<Bead>('bead', 'revert', 'web-1');
    expect(would).toMatchObject({ id: 'web-2', course: { lands: 'direct' } });
    await place.json(['pause']);
    expect((await place.json<Bead>(['bead', 'revert', 'web-1'])).id).toBe('web-2');
  });

  test('what waits is said with the reason', async () => {
    await place.json(['sling', 'web', 'first', '--hold']);
    const said = await place.gt(['sling', 'web', 'second', '--after', 'web-3', '--dry-run']);
    expect(said.out).toMatch(/^Nothing was done\. It would make web-4:\n/);
    expect(said.out).toMatch(/^status {2}blocked: .*web-3/m);
    expect(said.out).toMatch(/^lands {3}directly, on main of /m);
    expect(await dry('bead', 'release', 'web-3')).toMatchObject({ held: false });
    expect(await dry('bead', 'close', 'web-3')).toMatchObject({ resolution: 'dropped' });
    expect(await place.json(['bead', 'show', 'web-3'])).toMatchObject({ status: 'held' });
  });

  test('an export says its size and writes no file', async () => {
    const file = join(place.folder, 'town.json');
    const would = await dry<{ bytes: number }>('export', file);
    expect(would).toMatchObject({ file });
    expect(would.bytes).toBeGreaterThan(1000);
    const done: { bytes: number } = await place.json(['export', file]);
    expect(done.bytes).toBe(would.bytes);
    for (const to of [[file], [join(place.folder, 'nowhere', 'a')], [place.folder, '--force']]) {
      const words = ['export', ...to, '--json'];
      expect((await place.gt(words)).code).not.toBe(0);
      expect(await place.gt([...words, '--dry-run'])).toEqual(await place.gt(words));
    }
  });

  test.each([
    ['sling', 'wep', 'greet'],
    ['sling', 'web', ' '],
    ['sling', 'web', 'greet', '--after', 'web-99'],
    ['rig', 'add', 'web', '/nowhere'],
    ['rig', 'move', 'wep', '/nowhere'],
    ['bead', 'revert', 'web-99'],
    ['mr', 'decide', 'mr-99', 'approve'],
    ['mr', 'adopt', 'https://github.com/team/web/pull/1'],
    ['escalation', 'resolve', 'esc-99', 'yes'],
  ])('%s %s %s is refused in the same words with the same exit code', async (...words) => {
    const said = await place.gt([...words, '--dry-run', '--json']);
    expect(said.code).not.toBe(0);
    expect(await place.gt([...words, '--json'])).toEqual(said);
  });
});

test.each([
  ['bead', 'hold', 'web-3'],
  ['pause', '--now', ''],
  ['forge', 'webhook', 'web'],
])('%s %s has no dry run, and does nothing when asked for one', async (...words) => {
  const ran = await place.gt([...words.filter((word) => word !== ''), '--dry-run']);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("Unknown option '--dry-run'");
});

test('the shell is offered it where there is one', () => {
  const top = topCommands.flatMap(({ commands }) => commands);
  const offered = (...words: string[]) =>
    completionFor([...words, '--dry'], top, nouns).candidates.map(({ text }) => text);
  expect(offered('sling')).toEqual(['--dry-run']);
  expect(offered('mr', 'adopt')).toEqual(['--dry-run']);
  expect(offered('bead', 'hold')).toEqual([]);
});
