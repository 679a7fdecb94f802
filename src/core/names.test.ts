/** What may be called what, and how titles become branches. */
import { describe, expect, test } from 'vitest';
import { beadId } from './ids.ts';
import {
  branchOf,
  editDistance,
  near,
  polecatName,
  prefixProblem,
  rigNameProblem,
  slugOf,
} from './names.ts';

describe('a rig', () => {
  test.each(['web', 'a', 'api-server', 'v2', 'my-rig-b2', 'a'.repeat(24)])('may be %s', (name) => {
    expect(rigNameProblem(name)).toBeNull();
  });

  test.each([
    '',
    'Web',
    '2web',
    'web_1',
    'web-',
    '-web',
    'a--b',
    'web.lock',
    'wéb',
    'a/b',
    'a'.repeat(25),
  ])('may not be %j', (name) => {
    expect(rigNameProblem(name)).toMatchObject({ kind: 'bad_value', field: 'name' });
  });

  test.each(['town', 'dispatch', 'local', 'all', 'job', 'mr', 'esc', 'cv', 'gt'])(
    'may not take the word %s, which means something else',
    (name) => {
      expect(rigNameProblem(name)).toMatchObject({ expected: expect.stringContaining(name) });
      expect(prefixProblem(name)).toMatchObject({ field: 'prefix' });
    },
  );

  test('cannot be called like a bead', () => {
    expect(rigNameProblem('web-1')).toMatchObject({ expected: expect.stringContaining('bead') });
  });
});

describe('a branch', () => {
  test.each([
    ['Add a health endpoint', 'add-a-health-endpoint'],
    ['Füge die Größe hinzu!', 'fuge-die-grosse-hinzu'],
    ['  ../../etc/passwd  ', 'etc-passwd'],
    ['Ærø, Łódź & Þór', 'aero-lodz-thor'],
    ['日本語だけ', 'bead'],
    ['🚀🚀', 'bead'],
    ['', 'bead'],
    ['a.lock', 'a-lock'],
    ['@{-1}~^:?*[\\', '1'],
  ])('of %j ends in %s', (title, slug) => {
    expect(slugOf(title)).toBe(slug);
  });

  test('of a long title is cut at a word', () => {
    expect(slugOf('Make the importer skip rows that have no identifier at all')).toBe(
      'make-the-importer-skip-rows-that-have-no',
    );
    expect(slugOf('x'.repeat(300))).toBe('x'.repeat(40));
  });

  test('names the town, the bead and the title, and no worker', () => {
    const parts = { prefix: 'gt', tag: 'k3xq', bead: beadId('web-17'), title: 'Fix it' };
    expect(branchOf(parts)).toBe('gt/k3xq/web-17/fix-it');
  });
});

describe('a worker', () => {
  test('has a friendly name that only depends on its number', () => {
    expect(polecatName(7)).toBe(polecatName(7));
    const names = new Set(Array.from({ length: 60 }, (_, number) => polecatName(number)));
    expect(names.size).toBe(60);
    for (const name of names) expect(name).toMatch(/^[a-z]{3,10}$/);
  });

  test('has one for any number', () => {
    expect(polecatName(1_000_003)).toMatch(/^[a-z]+$/);
    expect(polecatName(-1)).toMatch(/^[a-z]+$/);
  });
});

describe('a wrong name', () => {
  test('is answered with the nearest ones', () => {
    expect(near('wbe', ['web', 'api', 'web2'])).toEqual(['web']);
    expect(near('aproval', ['approval', 'gates'])).toEqual(['approval']);
    expect(near('scripte', ['scripted', 'codex'])).toEqual(['scripted']);
    expect(near('zzz', ['web', 'api'])).toEqual([]);
  });

  test('is found by its beginning and end', () => {
    expect(near('attempts', ['maxDispatchAttempts', 'gates'])).toEqual(['maxDispatchAttempts']);
  });

  test.each([
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
  ])('%j is so many edits from %j', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
    expect(editDistance(b, a)).toBe(edits);
  });
});
