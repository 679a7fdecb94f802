/** Issues as people name them, and the one name each has. */
import { describe, expect, test } from 'vitest';
import { forge } from '../../test/fixtures/pulls.ts';
import { rigWith } from '../../test/fixtures/views.ts';
import { bodyFixing, isRival, issueMoved, issuesOf, readIssue } from './issue.ts';

const onForge = rigWith({ forge });
const local = rigWith({ forge: null });

describe('the issues that words say are fixed', () => {
  test.each([
    ['Fixes #12', ['team/web#12']],
    [
      'fixed #12, closes #13 and resolves: team/Docs#3',
      ['team/web#12', 'team/web#13', 'team/docs#3'],
    ],
    ['closes a/b/c#4', ['a/b/c#4']],
    ['Fixes #12 and fixes team/web#12', ['team/web#12']],
    ['See #12, and prefixes #13', []],
    ['fixes nothing', []],
    [`fixes ${'a/'.repeat(200)}b#1`, []],
  ] as const)('%s', (words, issues) => {
    expect(issuesOf(onForge, words)).toEqual(issues);
  });

  test('have numbers of the rig where there is no forge, and are ten at most', () => {
    expect(issuesOf(local, 'fixes #12')).toEqual(['web#12']);
    const many = Array.from({ length: 30 }, (_, n) => `fixes #${n}`).join(' ');
    expect(issuesOf(local, many)).toHaveLength(10);
  });
});

test.each([
  ['team/web#7', 'team/site#7'],
  ['team/web2#7', 'team/web2#7'],
  ['team/docs#3', 'team/docs#3'],
])('where its repository has another name, %s is %s', (issue, moved) => {
  const to = rigWith({ forge: { ...forge, path: 'Team/Site' } });
  expect(issueMoved(issue, onForge, to)).toBe(moved);
  expect(issueMoved(issueMoved(issue, onForge, local), local, to)).toBe(moved);
});

test('a body says each issue that is not said yet, once', () => {
  const body = bodyFixing(onForge, { title: 'Fixes #1', body: 'closes team/web#2\n' }, [
    '#1',
    '#2',
    '#3',
    'team/docs#4',
  ]);
  expect(body).toBe('closes team/web#2\n\nFixes #3\nFixes team/docs#4');
  expect(bodyFixing(onForge, { title: 'x', body: ' \n' }, ['#3'])).toBe('Fixes #3');
  expect(bodyFixing(onForge, { title: 'x', body: ' \n' }, [])).toBe(' \n');
});

describe('a pull request of somebody else’s for an issue', () => {
  const unless = { issues: ['team/web#7'], ours: 'Gastown-Pull: abcd/' };

  test.each([
    ['in its body', { title: 'x', body: 'Closes #7' }, true],
    ['in its title', { title: 'Fixes team/web#7', body: null }, true],
    ['about another', { title: 'x', body: 'Closes #8' }, false],
    ['that is only mentioned', { title: 'As in #7', body: null }, false],
    ['that is ours', { title: 'x', body: 'Closes #7\n\nGastown-Pull: abcd/web-2' }, false],
    ['of another town', { title: 'x', body: 'Closes #7\n\nGastown-Pull: zzzz/web-2' }, true],
  ] as const)('is known by its words: %s', (_, words, is) => {
    expect(isRival(forge, unless, words)).toBe(is);
  });
});

describe('an issue that a person names', () => {
  test.each([
    ['12', '#12'],
    [' #12 ', '#12'],
    ['team/docs#3', 'team/docs#3'],
    ['https://github.com/team/web/issues/12', '#12'],
    ['https://GitHub.com/Team/Web/issues/12', '#12'],
    ['https://github.com/team/docs/-/issues/3/', 'team/docs#3'],
  ] as const)('as %s', (given, issue) => {
    expect(readIssue(onForge, given)).toBe(issue);
  });

  test.each([
    '',
    'twelve',
    '#',
    '#12345678901',
    'docs#3',
    'https://github.com/team/web/pull/12',
    'https://github.com.evil.example/team/web/issues/12',
    'https://gitlab.com/team/web/issues/12',
    'javascript:#12',
  ])('is not one: “%s”', (given) => {
    expect(readIssue(onForge, given)).toBeNull();
  });

  test('by a page is none on a rig without a forge', () => {
    expect(readIssue(local, 'https://github.com/team/web/issues/12')).toBeNull();
    expect(readIssue(local, '12')).toBe('#12');
  });
});
