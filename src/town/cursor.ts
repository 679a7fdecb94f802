/**
 * Where a page of a list begins: what a client gives back of the page before, read again.
 *
 * C1 A cursor of another list, or none of ours, is refused, never guessed at.
 */
import type { Failure } from '../core/failure.ts';
import { beadId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { instant } from '../core/time.ts';

type Read<T> = Result<T, Failure>;

/** C1 */
export function beadCursor(cursor: string | undefined) {
  if (cursor === undefined) return ok(null);
  const parts = /^(\d+)_(\S+)$/.exec(cursor);
  if (parts === null) return badCursor(cursor);
  return ok({ createdAt: instant(Number(parts[1])), id: beadId(parts[2] ?? '') });
}

export function offsetOf(cursor: string | undefined): Read<number> {
  if (cursor === undefined) return ok(0);
  return /^\d{1,9}$/.test(cursor) ? ok(Number(cursor)) : badCursor(cursor);
}

function badCursor(given: string): Read<never> {
  return bad('cursor', given, 'the `next` of a page of this list');
}

export function bad(field: string, given: string, expected: string): Read<never> {
  return err({ kind: 'bad_value', helps: 'person', field, given, expected });
}
