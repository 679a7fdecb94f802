/**
 * Writes the documents that are made from code: `docs/failures.md` from what `core/explain.ts`
 * says about every failure and wait, `docs/settings.md` from the table of settings.
 *
 *   npm run docs
 *
 * D1: the same code gives the same text; `docs.test.ts` fails when a document was not written
 *     again after its source changed.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exampleAbout, failureExamples, waitExamples } from '../src/core/examples.ts';
import { explain, type Explanation } from '../src/core/explain.ts';
import { settingDefinitions, settingKeys } from '../src/core/setting-definitions.ts';

const GENERATED =
  '<!-- Made from code by tools/docs.ts: change the code, then run "npm run docs". -->';
const root = resolve(import.meta.dirname, '..');

export interface Document {
  /** From the root of the checkout. */
  readonly path: string;
  readonly text: string;
}

if (import.meta.main) {
  for (const { path, text } of documents()) writeFileSync(resolve(root, path), text);
}

/** D1 */
export function documents(): readonly Document[] {
  return [
    { path: 'docs/failures.md', text: failuresDocument() },
    { path: 'docs/settings.md', text: settingsDocument() },
  ];
}

function failuresDocument(): string {
  const failures = Object.values(failureExamples)
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
    .map((failure) => entry(failure.kind, explain(failure, exampleAbout)));
  const waits = Object.entries(waitExamples).map(([reason, examples]) =>
    [`### ${reason}`, ...examples.map((wait) => told(explain(wait, exampleAbout)))].join('\n\n'),
  );
  return (
    [
      GENERATED,
      '# Failures and waits',
      'Everything that stops says what happened, what was seen, and one thing to do next. The ' +
        'command line, the API and `gt why` all say it in these words, which come from ' +
        '`src/core/explain.ts`. The examples below are made up; `kind` and `reason` are what ' +
        'scripts compare.',
      '## Failures',
      ...failures,
      '## Waits',
      'What is neither finished nor failed waits, and says for what.',
      ...waits,
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function entry(kind: string, explanation: Explanation): string {
  return `### ${kind}\n\n${told(explanation)}`;
}

function told({ what, evidence, next }: Explanation): string {
  const seen = evidence === '' ? [] : ['```text', evidence, '```', ''];
  return [escaped(what), '', ...seen, `Next: ${escaped(next)}`].join('\n');
}

/** `<command>` would be taken for a tag, `*` and `_` for emphasis. */
function escaped(text: string): string {
  return text.replace(/[<*]/g, (mark) => `\\${mark}`);
}

function settingsDocument(): string {
  const rows = settingKeys.map((key) => {
    const { type, scope, meaning } = settingDefinitions[key];
    const value = JSON.stringify(settingDefinitions[key].default);
    return `| \`${key}\` | ${cell(type)} | \`${value}\` | ${scope} | ${cell(meaning)} |`;
  });
  const examples = settingKeys.map(
    (key) => `gt config set ${key} ${settingDefinitions[key].example}`,
  );
  return (
    [
      GENERATED,
      '# Settings',
      'Set for the whole town with `gt config set <key> <value>`, or for one rig with ' +
        '`gt rig set <rig> <key>=<value>`; a rig’s value wins over the town’s. Without a value ' +
        'both go back to the default. `gt config list` shows what is in force and where it comes ' +
        'from. A wrong value or an impossible combination is refused, and then nothing is changed.',
      [
        '| key | type | default | set on | meaning |',
        '| --- | --- | --- | --- | --- |',
        ...rows,
      ].join('\n'),
      '## Examples',
      ['```sh', ...examples, '```'].join('\n'),
      'Lists (`gates`, `setup`, `agents`) take JSON, or one `name=command` a line with the usual ' +
        'values for the rest:',
      [
        '```sh',
        'gt rig set web gates=\'[{"name":"test","command":"npm test","retries":1}]\'',
        "gt rig set web setup='install=npm ci'",
        '```',
      ].join('\n'),
    ].join('\n\n') + '\n'
  );
}

function cell(text: string): string {
  return escaped(text).replaceAll('|', '\\|');
}
