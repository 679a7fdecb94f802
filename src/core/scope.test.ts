/** What a declared scope covers, and which declarations are refused. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { coverage, readScope } from './scope.ts';

const isWithin = (scope: readonly string[], path: string): boolean => coverage(scope)(path);

describe('a declared path', () => {
  test.each([
    ['docs', 'docs/guide/start.md', true],
    ['docs', 'docs', true],
    ['docs', 'docs.md', false],
    ['docs', 'src/docs/a.md', false],
    ['src/core/bead.ts', 'src/core/bead.ts', true],
    ['src/*', 'src/core/bead.ts', true],
    ['src/*.ts', 'src/main.ts', true],
    ['src/*.ts', 'src/core/bead.ts', false],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['**/*.md', 'README.md', true],
    ['**/*.md', 'docs/a/README.md', true],
    ['src/**', 'src/a/b/c.ts', true],
    ['src/**', 'lib/src/a.ts', false],
    ['src/**/test/*.ts', 'src/test/a.ts', true],
    ['src/**/test/*.ts', 'src/a/b/test/a.ts', true],
    ['src/**/test/*.ts', 'src/a/b/tests/a.ts', false],
    ['src/**/a/**/b', 'src/a/a/x/b/c', true],
    ['src/**/a/**/b', 'src/b/a/x', false],
    ['**/a/b', 'a/a/a/b', true],
    ['**', '.github/workflows/ci.yml', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a*b*c', 'axxbxbxc', true],
    ['a*b*c', 'axxbxbx', false],
    ['app/[slug]/page.tsx', 'app/[slug]/page.tsx', true],
    ['a.c', 'abc', false],
    ['SRC', 'src/a', false],
    ['caf\u00E9', 'cafe\u0301/menu.txt', true],
  ])('%s covers %s: %s', (pattern, path, covered) => {
    expect(isWithin([pattern], path)).toBe(covered);
  });

  test('of several, one is enough; of none, none', () => {
    expect(isWithin(['docs', 'src'], 'src/a')).toBe(true);
    expect(isWithin([], 'src/a')).toBe(false);
  });

  test('without wildcards covers itself, what is below it, and nothing beside it', () => {
    const name = fc.stringMatching(/^[a-z0-9 .@#`()+[\]-]{1,12}$/).filter((text) => text !== '');
    const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(path, path, (own, more) => {
        expect(isWithin([own], own)).toBe(true);
        expect(isWithin([own], `${own}/${more}`)).toBe(true);
        expect(isWithin([own], `${own}x/${more}`)).toBe(false);
        expect(isWithin([`${own}/**`], `${own}/${more}`)).toBe(true);
      }),
    );
  });

  test('is compared in few steps, however hostile pattern and path are', () => {
    const stars = `${'*a'.repeat(99)}b`;
    expect(isWithin([stars], 'a'.repeat(4000))).toBe(false);
    const deep = `${'**/a/'.repeat(39)}b`;
    expect(isWithin([deep], 'a/'.repeat(2000))).toBe(false);
  });
});

describe('a declaration', () => {
  test('is kept as it was given, in one spelling, each path once', () => {
    const given = ['./src/**', 'docs/', ' docs ', './/README.md', 'a b/ü'];
    expect(readScope(given)).toEqual({
      ok: true,
      value: ['src/**', 'docs', 'README.md', 'a b/ü'],
    });
    expect(readScope([])).toEqual({ ok: true, value: [] });
  });

  test.each([
    ['/etc', 'a path from the root of the repository, such as src/core'],
    ['/', 'a path from the root of the repository, such as src/core'],
    ['C:\\src', 'a path from the root of the repository, such as src/core'],
    ['', 'a path such as docs or src/**; ** is everything'],
    [' ', 'a path such as docs or src/**; ** is everything'],
    ['.', 'a path such as docs or src/**; ** is everything'],
    ['./', 'a path such as docs or src/**; ** is everything'],
    ['..', 'a path inside the repository, without .., . or // in it'],
    ['src/../..', 'a path inside the repository, without .., . or // in it'],
    ['src//a', 'a path inside the repository, without .., . or // in it'],
    ['src/**.ts', 'a path in which ** stands alone between two /'],
    ['src\\core', 'a path with / between its parts'],
    ['!docs', 'paths it is about; what it is not about cannot be said'],
    ['src/{a,b}', 'each path by itself, without {a,b}'],
    ['a\nb', 'a path on one line'],
    ['x'.repeat(limits.scopePathCharsMax + 1), 'a path of at most 200 characters'],
  ])('is refused with what was expected: %j', (path, expected) => {
    expect(readScope(['docs', path])).toMatchObject({
      ok: false,
      error: { kind: 'bad_value', field: 'scope', given: path.slice(0, 60), expected },
    });
  });

  test('of too many paths is refused', () => {
    const many = Array.from({ length: limits.scopePathsMax + 1 }, (_, n) => `p${n}`);
    expect(readScope(many)).toMatchObject({
      ok: false,
      error: { given: '21 paths', expected: 'at most 20 paths' },
    });
    expect(readScope(many.slice(1))).toMatchObject({ ok: true });
  });
});
