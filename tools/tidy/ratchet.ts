/**
 * Exceptions that may only shrink: `tools/tidy-exceptions.json` lists, by rule and file, how much
 * is allowed today.
 *
 * R1: more than listed fails, and so does anything in a file that is not listed.
 * R2: less than listed fails as well, so that the list always says what is true.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Finding } from './source.ts';

const LIST = 'tools/tidy-exceptions.json';

export type Allowed = Readonly<Record<string, number>>;

/** Compares what was found with what is allowed; returns what has to be changed. */
export function ratchet(found: readonly Finding[], allowed: Allowed): readonly Finding[] {
  const byFile = new Map<string, Finding[]>();
  for (const one of found) byFile.set(one.path, [...(byFile.get(one.path) ?? []), one]);
  const grown = [...byFile].flatMap(([path, findings]) => {
    const limit = allowed[path] ?? 0;
    if (findings.length <= limit) return [];
    const note = limit === 0 ? '' : ` (${findings.length} here, ${limit} allowed: it may not grow)`;
    return findings.map((one) => ({ ...one, message: one.message + note }));
  });
  return [...grown, ...stale(allowed, (path) => byFile.get(path)?.length ?? 0)];
}

/** Like `ratchet` for one number per file, such as its lines: nothing is allowed above `limit`. */
export function ratchetSize(
  sizes: ReadonlyMap<string, number>,
  limit: number,
  allowed: Allowed,
): readonly Finding[] {
  const grown = [...sizes].flatMap(([path, size]) => {
    const most = allowed[path] ?? limit;
    if (size <= most) return [];
    const message = `the file has ${size} lines, ${most} are allowed: split it by noun`;
    return [{ path, line: size, message }];
  });
  return [
    ...grown,
    ...stale(allowed, (path) => {
      const size = sizes.get(path) ?? 0;
      return size > limit ? size : 0;
    }),
  ];
}

/** The allowances of one rule. Throws when the list is not an object of objects of numbers. */
export function allowances(rule: string): Allowed {
  const parsed: unknown = JSON.parse(readFileSync(join(root, LIST), 'utf8'));
  const entries = Object.entries(recordOf(recordOf(parsed)[rule] ?? {}));
  return Object.fromEntries(
    entries.map(([path, count]) => {
      if (typeof count === 'number' && Number.isInteger(count) && count > 0) return [path, count];
      throw new Error(`${LIST}: ${rule}.${path} must be a whole number above 0`);
    }),
  );
}

function stale(allowed: Allowed, actual: (path: string) => number): readonly Finding[] {
  return Object.entries(allowed).flatMap(([path, count]) => {
    const now = actual(path);
    if (now >= count) return [];
    const message =
      now === 0
        ? `${path} needs no exception: remove its entry`
        : `${path}: lower ${count} to ${now}`;
    return [{ path: LIST, line: 1, message }];
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw new Error(`${LIST}: an object was expected`);
}
