/**
 * The house rules that neither the compiler nor the linter knows, one test each. A failure lists
 * `file:line` and what to write instead. The rules themselves are in tools/tidy, and so are the
 * tests that show each of them catching what it should.
 */
import { describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import * as code from './tidy/code-rules.ts';
import { allowances, ratchet, ratchetSize } from './tidy/ratchet.ts';
import { allFiles, isProduct, parse, type Finding, type Node, type Source } from './tidy/source.ts';
import { tableOwnerRule } from './tidy/sql-rule.ts';
import * as text from './tidy/text-rules.ts';

const LINES_MAX = 400;
const LINES_MAX_HARD = 600; // no exception goes beyond it

const files = allFiles();
const scripts = files.filter(({ path }) => /\.(ts|tsx|mjs)$/.test(path));
const product = files.filter(isProduct).map((source) => ({ source, tree: parse(source) }));
const outsideHosts = product.filter(({ source }) => !source.path.startsWith('src/hosts/'));

describe('every file', () => {
  test('opens with a comment of 3 to 12 lines that says what it is for', () => {
    const documented = scripts.filter((file) => isProduct(file) || file.path.startsWith('tools/'));
    expectNone(documented.flatMap(text.headerRule));
  });

  test('has at most 400 lines; a listed exception may only shrink', () => {
    const sizes = new Map(scripts.map(({ path, lines }) => [path, lines.length - 1]));
    const allowed = allowances('lines');
    expectNone(ratchetSize(sizes, LINES_MAX, allowed));
    expectNone(ratchetSize(sizes, LINES_MAX_HARD, {}));
  });

  test('has lines of at most 100 characters', () => {
    expectNone(scripts.flatMap(text.lineLengthRule));
  });

  test('is named for its noun', () => {
    expectNone(files.flatMap(text.fileNameRule));
  });

  test('names no path of the machine it was written on', () => {
    expectNone(files.flatMap(text.machinePathRule));
  });

  test('links only to what is there', () => {
    expectNone(text.linkRule(files));
  });

  test('names no address that packages are downloaded from', () => {
    const locks = files.filter(({ path }) => path === 'pnpm-lock.yaml');
    expect(locks.filter((lock) => lock.text.includes('://'))).toEqual([]);
  });
});

describe('every module', () => {
  test('keeps a table name in the SQL of the module that creates the table', () => {
    expectNone(ratchet(tableOwnerRule(product), allowances('tables')));
  });

  test('has no mutable state of its own', () => {
    expectNone(apply(code.moduleStateRule, product));
  });

  test('takes time, chance, ids and timers from the host', () => {
    expectNone(ratchet(apply(code.ambientRule, outsideHosts), allowances('ambient')));
  });

  test('leaves the environment and the working directory to the main files', () => {
    expectNone(apply(code.doorRule, product));
  });

  test('has no enum', () => {
    expectNone(apply(code.enumRule, product));
  });

  test('has no any', () => {
    expectNone(apply(code.anyRule, product));
  });

  test('has no non-null assertion', () => {
    expectNone(apply(code.nonNullRule, product));
  });

  test('has no default export', () => {
    expectNone(apply(code.defaultExportRule, product));
  });

  test('imports packages that a user has installed', () => {
    const shipped = scripts.filter((file) => isProduct(file) || /^tools\/demo\b/.test(file.path));
    const names = new Set(Object.keys(manifest.dependencies));
    expect(names.size).toBeGreaterThan(0);
    expectNone(shipped.flatMap((file) => code.dependencyRule(file, parse(file), names)));
  });

  test('casts no more than its list allows, and the list only shrinks', () => {
    expectNone(ratchet(apply(code.casts, product), allowances('casts')));
  });
});

function apply(
  rule: (source: Source, tree: Node) => readonly Finding[],
  modules: typeof product,
): readonly Finding[] {
  return modules.flatMap(({ source, tree }) => rule(source, tree));
}

function expectNone(found: readonly Finding[]): void {
  const shown = found.map(({ path, line, message }) => `${path}:${line}  ${message}`);
  if (shown.length > 0) throw new Error(`\n${shown.join('\n')}`);
}
