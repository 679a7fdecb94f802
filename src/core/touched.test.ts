/** What is kept of the paths a change touches, and what is known to lie outside of its scope. */
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { checkedTouched, compared, touchedBy } from './touched.ts';

const many = (folder: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${folder}/${String(n).padStart(4, '0')}`);

describe('what a change touches', () => {
  test('is counted, listed in order, and compared with the scope', () => {
    const touched = touchedBy(['src', 'docs'], ['src/b', 'package.json', 'docs/a', 'a']);
    expect(touched).toEqual({
      files: 4,
      paths: ['a', 'docs/a', 'package.json', 'src/b'],
      scope: ['src', 'docs'],
      outside: 2,
    });
    expect(compared(['src', 'docs'], touched)).toEqual({
      outside: ['a', 'package.json'],
      inside: ['docs/a', 'src/b'],
      outsideFiles: 2,
      notCompared: 0,
    });
  });

  test('without a declared scope has nothing outside of it', () => {
    const touched = touchedBy([], ['b', 'a']);
    expect(touched).toMatchObject({ files: 2, paths: ['a', 'b'], outside: 0 });
    expect(compared([], touched)).toMatchObject({ outside: [], inside: ['a', 'b'] });
  });

  test('where it is too much to list, what is outside is kept before what is not', () => {
    const touched = touchedBy(['a'], [...many('a', 900), ...many('z', 30)]);
    expect(touched).toMatchObject({ files: 930, outside: 30 });
    expect(touched.paths).toHaveLength(limits.touchedPathsMax);
    expect(touched.paths.slice(-30)).toEqual(many('z', 30));
    expect(compared(['a'], touched)).toMatchObject({ outsideFiles: 30, notCompared: 0 });
    const worse = touchedBy(['a'], [...many('a', 900), ...many('z', 300)]);
    expect(compared(['a'], worse)).toMatchObject({ outsideFiles: 300, inside: [] });
  });

  test('lists names whole or not at all', () => {
    const long = many('x'.repeat(4000), 9);
    const { files, paths } = touchedBy([], long);
    expect(files).toBe(9);
    expect(paths).toEqual(long.slice(0, 3));
  });

  test('is compared again when the scope is declared otherwise, as far as it is listed', () => {
    const listed = touchedBy(['src'], ['src/a', 'docs/a']);
    expect(compared(['docs'], listed)).toMatchObject({ outside: ['src/a'], notCompared: 0 });
    const cut = touchedBy(['src'], many('src', 60));
    expect(compared(['docs'], cut)).toMatchObject({ outsideFiles: 50, notCompared: 10 });
    expect(compared(['src', 'docs'], cut)).toMatchObject({ outsideFiles: 0, notCompared: 10 });
  });
});

describe('what a runner tells of it', () => {
  const told = touchedBy(['src'], ['src/a', 'b']);

  test('is kept as it is, within the limits', () => {
    expect(checkedTouched(told)).toEqual(told);
    const all = { ...told, files: 90, paths: many('a', 90) };
    expect(checkedTouched(all)).toEqual({ ...all, paths: many('a', 50) });
  });

  test.each([
    [{ files: 1 }],
    [{ files: -1, paths: [] }],
    [{ files: 2.5 }],
    [{ files: Number.NaN }],
    [{ outside: 3 }],
    [{ outside: -1 }],
  ])('and cannot be is not known: %j', (wrong) => {
    expect(checkedTouched({ ...told, ...wrong })).toBeNull();
  });
});
