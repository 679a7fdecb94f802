/** When two beads are the same work, and under which names. */
import { describe, expect, test } from 'vitest';
import { forge } from '../../test/fixtures/pulls.ts';
import { beadWith, commit } from '../../test/fixtures/rows.ts';
import { rigWith } from '../../test/fixtures/views.ts';
import type { Bead } from './bead.ts';
import { beadId, rigId } from './ids.ts';
import type { Rig } from './rig.ts';
import { mattersOf, sameWords } from './same-work.ts';

const rig = rigWith({ forge });
const names = (set: Partial<Bead>, of: Partial<Rig> = {}) =>
  mattersOf({ ...rig, ...of }, beadWith(set)).map(({ name }) => name);

describe('words are the same', () => {
  test.each([
    ['in another case', 'Fix the Login', 'fix the login'],
    ['with other white space', ' Fix  the\r\nlogin ', 'Fix the login'],
    ['with other punctuation at the end', 'Fix the login.', 'Fix the login'],
    ['in quotes', '“Fix the login!”', 'fix the login'],
    ['in wide letters', 'Ｆｉｘ the login', 'fix the login'],
  ])('%s', (_, one, other) => {
    expect(sameWords(one, one)).toEqual(sameWords(other, other));
  });

  test.each([
    ['other words', 'Fix the login', 'Fix the logout'],
    ['other punctuation within them', 'Fix a.b', 'Fix a b'],
    ['another language that ends in a sign', 'Support C++', 'Support C'],
    ['a number of another issue', 'Look at #7', 'Look at #8'],
    ['nothing but punctuation', '?', '!'],
  ])('and are not: %s', (_, one, other) => {
    expect(sameWords(one, '')).not.toEqual(sameWords(other, ''));
  });

  test('also where a text has a long run of punctuation, in time that grows as it does', () => {
    const dots = '.'.repeat(1_000_000); // the square of that is minutes
    expect(sameWords('', `${dots}a${dots}b${dots}`)).toEqual(['', `a${dots}b`]);
  });

  test('only where title and body are divided in the same place', () => {
    expect(sameWords('a', 'b')).not.toEqual(sameWords('a b', ''));
  });
});

describe('what a bead is about', () => {
  test('is its issues, by forge and repository, and its words in its rig', () => {
    const [issue, words, ...more] = names({ issues: ['team/web#7'] });
    expect(issue).toBe('https://github.com/team/web#7');
    expect(words).toMatch(/^words web [0-9a-f]{16}$/);
    expect(more).toEqual([]);
  });

  test('is another thing at another forge, and without one', () => {
    const issues = ['team/web#7'];
    const elsewhere = { ...forge, origin: 'https://git.example.com' };
    expect(names({ issues }, { forge: elsewhere })[0]).toBe('https://git.example.com/team/web#7');
    expect(names({ issues: ['web#7'] }, { forge: null })[0]).toBe('web#7');
  });

  test('is another thing with the same words in another rig', () => {
    expect(names({}, { id: rigId('api') })).not.toEqual(names({}));
  });

  test('is nothing that another could be about when it takes a change back', () => {
    const reverts = { bead: beadId('web-1'), before: commit('a'), after: commit('b') };
    expect(names({ reverts, issues: [] })).toEqual([]);
  });
});
