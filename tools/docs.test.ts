/**
 * The documents made from code are those of the code, and the documents written by hand name only
 * files that are there.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents } from './docs.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');

describe('a document made from code', () => {
  test.each(documents().map(({ path, text }) => [path, text]))(
    '%s is what the code says: else run "npm run docs"',
    (path, text) => {
      expect(read(path)).toBe(text);
    },
  );
});

describe('a document written by hand', () => {
  const written = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root }));

  test.each(written.map((path) => [path]))('%s names only files that are there', (path) => {
    const named = [...read(path).matchAll(/`((?:src|tools|test|docs|bench)\/[\w./-]+)`/g)];
    const missing = named
      .map(([, file = '']) => file)
      .filter((file) => !existsSync(resolve(root, file)));
    expect(missing).toEqual([]);
  });
});
