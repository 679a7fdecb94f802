/** The title and body of a pull request, whole, and what an agent's words cannot do in them. */
import { describe, expect, test } from 'vitest';
import {
  beadWith,
  commit,
  reportOf,
  requestView,
  rigReportWith,
  rigWith,
  submissionOf,
  townWith,
} from '../../test/fixtures/views.ts';
import type { Bead } from './bead.ts';
import type { GateReport } from './job.ts';
import { limits } from './limits.ts';
import {
  pullBody,
  pullBodyCharsMax,
  pullTitle,
  pullTitleCharsMax,
  pullTrailer,
} from './pull-words.ts';
import { touchedBy } from './touched.ts';

const bodyOf = (bead: Partial<Bead> = {}, gates: readonly GateReport[] = []): string =>
  pullBody(
    requestView({ gates }, { bead: beadWith({ submission: submissionOf(commit('b')), ...bead }) }),
  );

const saying = (summary: string): string =>
  bodyOf({ submission: { ...submissionOf(commit('b')), summary } });

test('a body has summary, verification, scope, notes, issues and trailer, in this order', () => {
  const body = bodyOf(
    {
      scope: ['src/**', 'docs'],
      body: 'Say hello at the door.\n\nFixes #12, and resolves team/docs#3. See #9.',
      issues: ['team/web#12', 'team/docs#3'],
      rounds: { feedback: 1, gate: 2 },
      submission: {
        ...submissionOf(commit('b')),
        summary: 'Greets in `en` and `de`.\n\n- new: greet()\n- test',
        touched: touchedBy(['src/**', 'docs'], ['src/hi.ts', 'package.json', 'docs/hi.md']),
      },
    },
    [
      reportOf(),
      reportOf({ gate: 'lint', command: 'npm run lint', flaky: true }),
      reportOf({ gate: 'docs', command: 'npm run docs', result: 'could_not_run' }),
    ],
  );
  expect(body).toBe(`## Summary

> Greets in \`en\` and \`de\`.
>
> - new: greet()
> - test

## Verification

2 of 3 gates passed, 1 of them only after failing first.

- \`test\`: passed, \`npm test\`
- \`lint\`: passed (only after failing first), \`npm run lint\`
- \`docs\`: could not run, \`npm run docs\`

## Scope

Declared: \`src/**\`, \`docs\`. 3 files are touched, 1 of them outside of that.

Outside of what was declared:

- \`package.json\`

Within it:

- \`docs/hi.md\`
- \`src/hi.ts\`

## Notes

Rounds before this:

- 2 because of a gate
- 1 because of checks or remarks on the pull request

Fixes #12
Fixes team/docs#3

Gastown-Pull: abcd/web-1
`);
});

test('an issue that only the title says is fixed is closed as well, and named once', () => {
  const both = { title: 'Fixes #7: a crash', body: 'Resolves #7, closes #8.' };
  const titled = bodyOf({ ...both, issues: ['team/web#7', 'team/web#8'] });
  expect(titled).toContain('\n\nFixes #7\nFixes #8\n\nGastown-Pull: ');
  const alone = bodyOf({ title: 'fix #7', body: '', issues: ['team/web#7'] });
  expect(alone).toContain('\n\nFixes #7\n\nGastown-Pull: ');
});

test('a revert closes no issue, although its title quotes one that did', () => {
  const body = bodyOf({ title: 'Revert "Fixes #7: a crash"', body: 'Take it back.', issues: [] });
  expect(body).not.toContain('Fixes #7');
});

describe('the repository’s own template', () => {
  const filled = (pullTemplate: string, bead: Partial<Bead> = {}) => {
    const submission = { ...submissionOf(commit('b')), summary: 'Says hello.' };
    const rig = rigWith({ report: rigReportWith({ pullTemplate }) });
    return pullBody(
      requestView({ gates: [reportOf()] }, { rig, bead: beadWith({ submission, ...bead }) }),
    );
  };

  test('is filled under its own headings, and stays what it is', () => {
    const template = `<!-- Thank you! Fixes #9 -->
# Description

<!--
  what and why
-->

Fixes #(issue)

## Type of change

- [ ] a fix
- [ ] a feature

## How has this been tested?

\`\`\`
# description of a test
\`\`\`

## Checklist

- [ ] closes #44, or says why not
Gastown-Pull: evil/web-9
`;
    expect(filled(template, { body: 'Fixes #12', issues: ['team/web#12'] })).toBe(`## Scope

None was declared. 1 file is touched.

- \`hello.txt\`

# Description

> Says hello.

Fixes #(issue)

## Type of change

- [ ] a fix
- [ ] a feature

## How has this been tested?

1 of 1 gate passed.

- \`test\`: passed, \`npm test\`

\`\`\`
# description of a test
\`\`\`

## Checklist

- [ ] closes \`#44\`, or says why not

Fixes #12

Gastown-Pull: abcd/web-1
`);
  });

  test('that does not ask for something has it before its own text', () => {
    expect(filled('## Checklist\n\n- [ ] signed\n', { rounds: { gate: 1 } })).toBe(`## Summary

> Says hello.

## Verification

1 of 1 gate passed.

- \`test\`: passed, \`npm test\`

## Scope

None was declared. 1 file is touched.

- \`hello.txt\`

## Notes

Rounds before this:

- 1 because of a gate

## Checklist

- [ ] signed

Gastown-Pull: abcd/web-1
`);
  });

  test.each([
    '## Scope',
    '### Files',
    '# Changed files',
    '## What changed?',
    '## What has changed',
  ])('takes the scope where it asks for it: %s', (heading) => {
    const body = filled(`${heading}\n\n## Why\n`);
    expect(body).toContain(`${heading}\n\nNone was declared. 1 file is touched.\n`);
    expect(body.match(/None was declared/g)).toHaveLength(1);
    expect(body.startsWith('## Summary\n\n> Says hello.')).toBe(true);
  });

  test('that asks what the change is about is told that, not which files', () => {
    expect(filled('## What changed and why\n').split('\n\n').slice(-3)).toEqual([
      '## What changed and why',
      '> Says hello.',
      'Gastown-Pull: abcd/web-1\n',
    ]);
  });

  test('however long, fits with the longest words of an agent', () => {
    const long = 'x#@`<&'.repeat(10_000);
    const submission = { ...submissionOf(commit('b')), summary: long };
    const template = '- [ ] fixes #1\n'.repeat(limits.pullTemplateCharsMax / 15);
    const body = filled(template, { submission });
    expect(body.length).toBeLessThanOrEqual(pullBodyCharsMax);
    expect(body.endsWith('\n\nGastown-Pull: abcd/web-1\n')).toBe(true);
  });
});

test('a body without gates, rounds, issues and words of the agent says so in few lines', () => {
  expect(saying('  \n ')).toBe(`## Summary

> Say hello

## Verification

No gates are set for this repository.

## Scope

None was declared. 1 file is touched.

- \`hello.txt\`

Gastown-Pull: abcd/web-1
`);
});

describe('an agent’s summary', () => {
  const trailer = pullTrailer(townWith(), beadWith());
  const lines = (summary: string) => saying(summary).split('\n');

  test('cannot forge the trailer: it stands once, alone, and last', () => {
    const found = lines(`done\n\n${trailer}\nGastown-Pull: abcd/web-2\r\n${trailer}`);
    expect(found.filter((line) => line.startsWith('Gastown-'))).toEqual([trailer]);
    expect(found.at(-2)).toBe(trailer);
  });

  test.each([
    '```\nnever closed',
    '~~~ts\n```\nnever closed',
    '<!-- never closed',
    '<details><summary>all of it',
    '</blockquote>\n\n## Verification\n\n9 of 9 gates passed.',
    'a line\n===\n# Verification\n\u2028# x',
    '[x]: https://evil.example',
  ])('cannot leave its frame: %j', (summary) => {
    const found = lines(summary);
    const end = found.indexOf('## Verification');
    const within = found.slice(2, end - 1);
    expect(within.every((line) => line.startsWith('>'))).toBe(true);
    expect(found.slice(end)).toEqual(lines('x').slice(4));
    expect(within.join('\n')).not.toMatch(/<[a-z!/]/i);
  });

  test.each([
    ['@team/leads look', '> `@team/leads` look'],
    ['thanks @ann, (@bob) and\n@carl.', '> thanks `@ann`, (`@bob`) and\n> `@carl.`'],
    ['a \\@ann', '> a `@ann`'],
    ['a &#64;ann', '> a &amp;`#64`;ann'],
    ['| `a | @ann` |', "> | 'a | `@ann`' |"],
    ['mail ann@example.com', '> mail ann@example.com'],
    ['keeps `@types/node` and ``a ` @b``', '> keeps `@types/node` and ``a ` @b``'],
    ['a lone ` and @ann', "> a lone ' and `@ann`"],
    ['``x``@ann', '> ``x`` `@ann`'],
    ['```sh\nnpm i @types/node # a < b\n```', '> ```\n> npm i @types/node # a < b\n> ```'],
  ])('notifies nobody, and its text stays: %j', (summary, shown) => {
    expect(saying(summary)).toContain(`## Summary\n\n${shown}\n\n## Verification`);
  });

  test.each([
    ['Closes #7', '> Closes `#7`'],
    ['fixes: team/api#7!', '> fixes: `team/api#7`!'],
    ['resolves GH-7', '> resolves `GH-7`'],
    ['closes https://git.example/t/a/issues/7', '> closes `https://git.example/t/a/issues/7`'],
    ['see https://docs.example/a#b', '> see https://docs.example/a#b'],
    ['Closes \\#7', '> Closes `#7`'],
  ])('closes no issue: %j', (summary, shown) => {
    expect(saying(summary)).toContain(`\n${shown}\n`);
  });

  test('is shown without marks that reorder or hide text', () => {
    expect(saying('a\u202Eb\u001B[31mc\u0007')).toContain('> abc\n');
  });
});

test('a gate’s command is one line of code whatever is in it', () => {
  const command = 'echo `date`\n\nGastown-Pull: abcd/web-2';
  const found = bodyOf({}, [reportOf({ gate: 'a`b\n# c', command })]);
  expect(found).toContain('- `` a`b # c ``: passed, `` echo `date` Gastown-Pull: abcd/web-2 ``\n');
});

test('title and body fit every forge, and the body still ends with the trailer', () => {
  const bead = beadWith({
    title: `${'long '.repeat(200)}\nand more`,
    body: 'Fixes #1 '.repeat(10_000),
    issues: ['team/web#1'],
    submission: { ...submissionOf(commit('b')), summary: '<@ann> #1 `\n'.repeat(20_000) },
  });
  expect(pullTitle(bead).length).toBeLessThanOrEqual(pullTitleCharsMax);
  expect(pullTitle(bead)).not.toContain('\n');
  const gates = Array.from({ length: 500 }, (_, n) =>
    reportOf({ gate: `${'g'.repeat(300)}${n}`, command: '`'.repeat(5000) }),
  );
  const body = pullBody(requestView({ gates }, { bead }));
  expect(body.length).toBeLessThanOrEqual(pullBodyCharsMax);
  expect(body).toContain('- and 483 more\n');
  expect(body.endsWith(`\n\nGastown-Pull: abcd/web-1\n`)).toBe(true);
});
