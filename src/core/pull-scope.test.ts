/** The scope in a pull request: what is outside first, what is unknown said, no name believed. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beadWith,
  commit,
  reportOf,
  requestView,
  rigReportWith,
  rigWith,
  submissionOf,
} from '../../test/fixtures/views.ts';
import { beadId } from './ids.ts';
import { limits } from './limits.ts';
import { scopeText } from './pull-scope.ts';
import { pullBody, pullBodyCharsMax } from './pull-words.ts';
import { touchedBy, type Touched } from './touched.ts';

const many = (folder: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${folder}/${String(n).padStart(4, '0')}`);

const submission = (touched: Touched | null) => ({ ...submissionOf(commit('b')), touched });

/** Handed in under one scope, and shown under that or another. */
const text = (paths: readonly string[], scope: readonly string[] = [], told = scope): string =>
  scopeText(beadWith({ scope, submission: submission(touchedBy(told, paths)) }));

describe('the scope of a pull request', () => {
  test('says that all is within it, or that none was declared', () => {
    expect(text(['src/b', 'src/a'], ['src'])).toBe(
      'Declared: `src`. 2 files are touched, none of them outside of that.\n\n- `src/a`\n- `src/b`',
    );
    expect(text(['a'])).toBe('None was declared. 1 file is touched.\n\n- `a`');
  });

  test('lists what is outside first, and says how much there is besides', () => {
    expect(text([...many('a', 300), ...many('z', 22)], ['a'])).toBe(
      [
        'Declared: `a`. 322 files are touched, 22 of them outside of that.',
        '',
        'Outside of what was declared:',
        '',
        ...many('z', 20).map((path) => `- \`${path}\``),
        '- and 2 more',
        '',
        'Within it:',
        '',
        ...many('a', 20).map((path) => `- \`${path}\``),
        '- and 280 more',
      ].join('\n'),
    );
  });

  test('gives a number where what is within cannot be listed', () => {
    const shown = text([...many('a', 300), ...many('z', 60)], ['a']);
    expect(shown).toContain('60 of them outside of that.');
    expect(shown.endsWith('- and 40 more\n\nWithin it:\n\n- 300 more')).toBe(true);
  });

  test('does not take for within what was not compared with it', () => {
    const shown = text(many('a', 60), ['a', 'b'], ['a']);
    expect(shown).toContain('60 files are touched.\n');
    expect(shown).toContain('10 of them were not compared with what is declared');
    expect(shown).toContain('- and 30 more');
    const worse = text(many('a', 60), ['b'], ['a']);
    expect(worse).toContain('60 files are touched, at least 50 of them outside of that.\n');
  });

  test('says what is not known', () => {
    const unknown = { scope: ['src'], submission: submission(null) };
    expect(scopeText(beadWith(unknown))).toBe(
      'Declared: `src`. Which files are touched is not known.',
    );
    const reverts = { bead: beadId('web-7'), before: commit('a'), after: commit('b') };
    expect(scopeText(beadWith({ reverts }))).toBe(
      'None was declared. It takes back what web-7 changed; its files were not listed.',
    );
  });
});

describe('a name of a file', () => {
  test.each([
    ['a`b', '- `` a`b ``'],
    ['a\nGastown-Pull: abcd/web-9', '- `a Gastown-Pull: abcd/web-9`'],
    ['a\r\n\r\n# Verification', '- `a # Verification`'],
    ['@ann Fixes #12', '- `@ann Fixes #12`'],
    ['</code><img src=x>', '- `</code><img src=x>`'],
    ['\u202Etxt.exe', '- `txt.exe`'],
    ['\u0007', '- (a name that cannot be shown)'],
    [' ', '- (a name that cannot be shown)'],
  ])('is one line of code: %j', (path, line) => {
    expect(text([path]).split('\n').slice(2)).toEqual([line]);
  });

  test('never leaves its line or its code, whatever it is', () => {
    const pieces = [
      ['`', '``', '```', '\n', '\r', '\u2028', '\u0085', '~~~', '# x', '> ', '- ', '|', '\\'],
      ['@ann', '#12', 'Fixes #1', 'Gastown-Pull: abcd/web-1', '<!--', '</details>', '\u202E'],
      ['a', ' ', '\u001B[1m', '[x](http://e.example)', '\u00A0'],
    ];
    const piece = fc.constantFrom(...pieces.flat());
    const name = fc.array(piece, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), name, (paths, scope) => {
        const [head = '', ...lines] = text(paths, [scope]).split('\n');
        expect(outsideCode(head)).toMatch(first);
        for (const line of lines) expect(outsideCode(line)).toMatch(ours);
      }),
    );
  });

  test('and all others together leave the body within what every forge takes', () => {
    const template = '- [ ] fixes #1\n'.repeat(limits.pullTemplateCharsMax / 15);
    const rig = rigWith({ report: rigReportWith({ pullTemplate: template }) });
    const command = '`'.repeat(5000);
    const gates = Array.from({ length: 200 }, () => reportOf({ gate: '`'.repeat(90), command }));
    const ticks = Array.from({ length: 60 }, (_, n) => `${'`'.repeat(199)}${n}`);
    const scope = ticks.slice(0, limits.scopePathsMax).map((path) => path.slice(0, 200));
    const touched = touchedBy(scope, [...ticks, ...ticks.map((path) => `z/${path}`)]);
    const summary = '<a\n'.repeat(20_000);
    const bead = beadWith({ scope, submission: { ...submission(touched), summary } });
    const body = pullBody(requestView({ gates }, { rig, bead }));
    expect(body.length).toBeLessThanOrEqual(pullBodyCharsMax);
    expect(body.endsWith('\n\nGastown-Pull: abcd/web-1\n')).toBe(true);
  });
});

/** Lines of ours, without what stands in code. */
const hidden = String.raw`\(a name that cannot be shown\)`;
const outside = String.raw`(?:none|\d+) of them outside of that\.`;
const first = new RegExp(
  `^Declared: (?:${hidden})?\\. \\d+ files? (?:is|are) touched, ${outside}$`,
);
const ours = new RegExp(
  `^(?:- (?:${hidden}|and \\d+ more|\\d+ more)?|Outside of what was declared:|Within it:)?$`,
);

/** A line as Markdown reads it: a run of backticks is closed by the next one of its length. */
function outsideCode(line: string): string {
  const run = /(?<!`)`+(?!`)/g;
  let rest = line;
  for (let open = run.exec(rest); open !== null; open = run.exec(rest)) {
    const length = open[0].length;
    const close = [...rest.matchAll(run)].find(
      (one) => one.index > (open?.index ?? 0) && one[0].length === length,
    );
    if (close === undefined) return rest; // an open run is prose, and is seen to be
    rest = rest.slice(0, open.index) + rest.slice(close.index + length);
    run.lastIndex = 0;
  }
  return rest;
}
