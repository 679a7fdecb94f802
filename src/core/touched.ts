/**
 * Which paths a change touches, as the runner found them in git, and what of them lies outside the
 * declared scope. Names are untrusted text. Pure.
 *
 * T1 A path is listed whole or not at all. Where not all are, those outside the scope that the
 *    attempt was told of are the first to be kept.
 * T2 What was not compared with the scope is counted as that, never as inside.
 */
import { limits } from './limits.ts';
import { coverage } from './scope.ts';

export interface Touched {
  /** Paths that differ from the merge base; a renamed file counts at both ends. */
  readonly files: number;
  /** Sorted; fewer than `files` where there are too many. T1 */
  readonly paths: readonly string[];
  /** The scope they were compared with; empty: none was declared, and none is outside. */
  readonly scope: readonly string[];
  /** How many of all are outside of it. */
  readonly outside: number;
}

/** The other way to look at it: the scope as it is declared by now. */
export interface Compared {
  readonly outside: readonly string[];
  readonly inside: readonly string[];
  /** Of all, listed or not; at least this many while some were not compared. */
  readonly outsideFiles: number;
  /** Neither listed nor counted, since the scope was declared otherwise afterwards. T2 */
  readonly notCompared: number;
}

export function touchedBy(scope: readonly string[], all: readonly string[]): Touched {
  const isWithin = coverage(scope);
  const outside = scope.length === 0 ? [] : all.filter((path) => !isWithin(path));
  const first = new Set(outside);
  const rest = all.filter((path) => !first.has(path)).toSorted();
  const paths = listed([...outside.toSorted(), ...rest]).toSorted();
  return { files: all.length, paths, scope, outside: outside.length };
}

/** As a runner told it, within the limits; null: what it says cannot be, and nothing is known. */
export function checkedTouched(told: Touched): Touched | null {
  const { files, paths, outside, scope } = told;
  const counts = [files, outside].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!counts || files < paths.length || outside > files) return null;
  return { files, paths: listed(paths), scope: [...scope], outside };
}

export function compared(scope: readonly string[], touched: Touched): Compared {
  const { files, paths } = touched;
  if (scope.length === 0) return { outside: [], inside: paths, outsideFiles: 0, notCompared: 0 };
  const isWithin = coverage(scope);
  const outside = paths.filter((path) => !isWithin(path));
  const inside = paths.filter((path) => isWithin(path));
  const missing = files - paths.length;
  const isSame = touched.scope.join('\n') === scope.join('\n');
  return isSame
    ? { outside, inside, outsideFiles: touched.outside, notCompared: 0 }
    : { outside, inside, outsideFiles: outside.length, notCompared: missing };
}

/** From the first on, while they fit. */
function listed(paths: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let chars = 0;
  for (const path of paths.slice(0, limits.touchedPathsMax)) {
    chars += path.length;
    if (chars <= limits.touchedPathsCharsMax) kept.push(path);
  }
  return kept;
}
