/**
 * Shows each tidy rule catching what it is there for and leaving alone what only looks like it.
 * Without this a rule that stopped matching anything would look like a clean checkout.
 */
import { describe, expect, test } from 'vitest';
import * as code from './code-rules.ts';
import { ratchet, ratchetSize } from './ratchet.ts';
import { parse, sourceOf, type Finding, type Node, type Source } from './source.ts';
import { tableOwnerRule } from './sql-rule.ts';
import * as text from './text-rules.ts';

type CodeRule = (source: Source, tree: Node) => readonly Finding[];

const shipsZod: CodeRule = (source, tree) => code.dependencyRule(source, tree, new Set(['zod']));

describe('code rules', () => {
  const cases: readonly [string, CodeRule, string, string][] = [
    ['module state, let', code.moduleStateRule, 'let n = 0;', 'const n = 0;'],
    [
      'module state, container',
      code.moduleStateRule,
      'export const seen = new Map<string, number>();',
      'export const seen: ReadonlyMap<string, number> = new Map();',
    ],
    ['module state, list', code.moduleStateRule, 'const a = [];', 'const a = [1];'],
    ['the clock', code.ambientRule, 'const t = () => Date.now();', 'const t = () => clock.now();'],
    ['the clock as a value', code.ambientRule, 'f({ now: Date.now });', 'f({ now: clock.now });'],
    ['a global timer', code.ambientRule, 'globalThis.setTimeout(f, 1);', 'this.setTimeout(f, 1);'],
    ['a new date', code.ambientRule, 'f(new Date());', 'f(new Date(0)); // new Date()'],
    ['chance', code.ambientRule, 'f(Math.random());', "f('Math.random()');"],
    ['ids', code.ambientRule, 'f(crypto.randomUUID());', 'f(ids.next());'],
    ['imported ids', code.ambientRule, "import { randomUUID } from 'node:crypto';", ''],
    ['a timer', code.ambientRule, 'setTimeout(f, 1);', 'timers.setTimeout(f, 1);'],
    ['the environment', code.doorRule, 'f(process.env.HOME);', 'f(host.env.HOME);'],
    ['its import', code.doorRule, "import { env } from 'node:process';", ''],
    ['its parts', code.doorRule, 'const { env } = process;', 'const { env } = host;'],
    ['chdir', code.doorRule, 'process.chdir(x);', 'spawn(x, { cwd });'],
    ['an enum', code.enumRule, 'enum A { B }', "type A = 'b';"],
    ['any', code.anyRule, 'const f = (x: any) => x;', "const f = (x: unknown) => 'any';"],
    ['a non-null assertion', code.nonNullRule, 'f(x!);', 'f(!x);'],
    ['a default export', code.defaultExportRule, 'export default 1;', 'export const a = 1;'],
    ['a package', shipsZod, "import { a } from '@x/y/z';", "import { z } from 'zod/v4';"],
    ['its re-export', shipsZod, "export * from 'x';", "export * from './x.ts';"],
    ['a late one', shipsZod, "await import('x');", "await import('node:fs');"],
    ['its place', shipsZod, "import.meta.resolve('x');", "import.meta.resolve('./x');"],
    ['its value', shipsZod, "import { a } from 'x';", "import type { a } from 'x';"],
    ['a cast', code.casts, 'f(x as string);', 'f([1] as const); f(x satisfies string);'],
  ];

  test.each(cases)('%s is found, and what looks like it is not', (_name, rule, bad, good) => {
    expect(runRule(rule, bad)).toHaveLength(1);
    expect(runRule(rule, good)).toEqual([]);
  });

  test('the main file of a host reads the environment', () => {
    const door = sourceOf('src/hosts/node/main.ts', 'f(process.env);');
    expect(code.doorRule(door, parse(door))).toEqual([]);
  });
});

describe('text rules', () => {
  test('a file without a header comment, or with two lines of it, is found', () => {
    expect(text.headerRule(sourceOf('a.ts', 'const a = 1;\n'))).toHaveLength(1);
    expect(text.headerRule(sourceOf('a.ts', '// a\n// b\nconst a = 1;\n'))).toHaveLength(1);
    expect(text.headerRule(sourceOf('a.ts', '/**\n * a\n */\nconst a = 1;\n'))).toEqual([]);
  });

  test('a long line is found at its number', () => {
    const found = text.lineLengthRule(sourceOf('a.ts', `short\n${'x'.repeat(101)}\n`));
    expect(found.map(({ line }) => line)).toEqual([2]);
  });

  test('a banned word in a file name is found in any part of the path', () => {
    expect(text.fileNameRule(sourceOf('src/git-utils.ts', ''))).toHaveLength(1);
    expect(text.fileNameRule(sourceOf('src/common/bead.ts', ''))).toHaveLength(1);
    expect(text.fileNameRule(sourceOf('src/commons.ts', ''))).toEqual([]);
  });

  test('a link to a missing file or heading is found', () => {
    const page = (links: string): Source => sourceOf('docs/a.md', links);
    const other = sourceOf('docs/b.md', '# The `one` thing\n');
    expect(text.linkRule([page('[b](b.md#the-one-thing) [x](../docs/b.md)'), other])).toEqual([]);
    expect(text.linkRule([page('[c](c.md) [b](b.md#another)'), other])).toHaveLength(2);
  });
});

describe('the table rule', () => {
  const owner = parsed('src/storage/tables/beads.ts', 'f(`create table beads (id text) strict`);');

  test('SQL on a table of another module is found', () => {
    const other = parsed('src/town/tick.ts', "f('select id from beads');");
    expect(tableOwnerRule([owner, other])).toHaveLength(1);
  });

  test('prose about it is not', () => {
    const other = parsed(
      'src/town/tick.ts',
      "f('take what is due from beads'); // select from beads",
    );
    expect(tableOwnerRule([owner, other])).toEqual([]);
  });

  test('a table created outside its room is found', () => {
    const other = parsed('src/town/tick.ts', "f('create table notes (id text)');");
    expect(tableOwnerRule([owner, other])).toHaveLength(1);
  });
});

describe('the ratchet', () => {
  const twice: readonly Finding[] = [1, 2].map((line) => ({ path: 'a.ts', line, message: 'm' }));

  test('refuses growth, accepts the listed number, refuses a stale entry', () => {
    expect(ratchet(twice, {})).toHaveLength(2);
    expect(ratchet(twice, { 'a.ts': 1 })).toHaveLength(2);
    expect(ratchet(twice, { 'a.ts': 2 })).toEqual([]);
    expect(ratchet(twice, { 'a.ts': 3 })).toHaveLength(1);
    expect(ratchet([], { 'gone.ts': 1 })).toHaveLength(1);
  });

  test('holds sizes the same way', () => {
    const sizes = new Map([['a.ts', 450]]);
    expect(ratchetSize(sizes, 400, {})).toHaveLength(1);
    expect(ratchetSize(sizes, 400, { 'a.ts': 450 })).toEqual([]);
    expect(ratchetSize(sizes, 400, { 'a.ts': 500 })).toHaveLength(1);
  });
});

function runRule(rule: CodeRule, body: string): readonly Finding[] {
  const source = sourceOf('src/core/a.ts', body);
  return rule(source, parse(source));
}

function parsed(path: string, body: string): { source: Source; tree: Node } {
  const source = sourceOf(path, body);
  return { source, tree: parse(source) };
}
