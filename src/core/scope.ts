/**
 * The declared scope of a task: the paths it is about, as the person who slung it says. Nothing is
 * refused because of it; a change elsewhere is shown to people. Pure.
 *
 * S1 A path stands for itself and everything below it, from the root of the repository: `docs`,
 *    `src/core`. In a segment `*` is any run of characters and `?` is one; `**` is any number of
 *    segments. All else is literal: brackets and dots are common in names.
 * S2 Matching takes at most the product of both lengths, and as a rule one look at the first
 *    segment: names in a repository are not ours, and cannot make it slow.
 */
import type { Failure } from './failure.ts';
import { limits } from './limits.ts';
import { err, ok, type Result } from './result.ts';

/** As given, without `./` before and `/` after, each once; or what is wrong with one of them. */
export function readScope(given: readonly string[]): Result<readonly string[], Failure> {
  const { scopePathsMax: most } = limits;
  if (given.length > most) return refused(`${given.length} paths`, `at most ${most} paths`);
  const paths = given.map((path) =>
    path
      .trim()
      .replace(/^(?:\.\/+)+/, '')
      .replace(/\/+$/, ''),
  );
  for (const [index, path] of paths.entries()) {
    const expected = problemOf(given[index] ?? '', path);
    if (expected !== null) return refused(given[index] ?? '', expected);
  }
  return ok([...new Set(paths)]);
}

/** Which paths of the repository the scope covers; without any path in it, none. S1 */
export function coverage(scope: readonly string[]): (path: string) => boolean {
  const patterns = scope.map((pattern) => [...pattern.normalize().split('/'), '**']);
  return (path) => {
    const segments = path.normalize().split('/');
    return patterns.some((pattern) => matches(pattern, segments, '**', fits));
  };
}

function refused(given: string, expected: string): Result<never, Failure> {
  const shown = given.slice(0, 60);
  return err({ kind: 'bad_value', helps: 'person', field: 'scope', given: shown, expected });
}

/** What is expected instead, or null. */
function problemOf(given: string, path: string): string | null {
  const max = limits.scopePathCharsMax;
  if (given.trim().startsWith('/') || /^[a-z]:[\\/]/i.test(path)) {
    return 'a path from the root of the repository, such as src/core';
  }
  if (path === '' || path === '.') return 'a path such as docs or src/**; ** is everything';
  if (path.length > max) return `a path of at most ${max} characters`;
  if (/\p{Cc}|[\u2028\u2029]/u.test(path)) return 'a path on one line';
  if (path.includes('\\')) return 'a path with / between its parts';
  if (path.startsWith('!')) return 'paths it is about; what it is not about cannot be said';
  if (/\{[^{}]*,[^{}]*\}/.test(path)) return 'each path by itself, without {a,b}';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'a path inside the repository, without .., . or // in it';
  }
  if (segments.some((segment) => segment !== '**' && segment.includes('**'))) {
    return 'a path in which ** stands alone between two /';
  }
  return null;
}

/** A segment of a pattern against one of a path. */
function fits(part: string, segment: string): boolean {
  if (part === segment) return true;
  return (part.includes('*') || part.includes('?')) && matches(part, segment, '*', isChar);
}

function isChar(one: string, other: string): boolean {
  return one === '?' || one === other;
}

/** `star` stands for any run. A failure goes back to the last one only, which is enough. S2 */
function matches(
  pattern: ArrayLike<string>,
  text: ArrayLike<string>,
  star: string,
  isFit: (one: string, other: string) => boolean,
): boolean {
  let [at, from, last, tried] = [0, 0, -1, 0];
  while (from < text.length) {
    const part = pattern[at];
    if (part === star) {
      [last, tried] = [at, from];
      at += 1;
    } else if (part !== undefined && isFit(part, text[from] ?? '')) {
      at += 1;
      from += 1;
    } else if (last !== -1) {
      tried += 1;
      [at, from] = [last + 1, tried];
    } else {
      return false;
    }
  }
  while (pattern[at] === star) at += 1;
  return at === pattern.length;
}
