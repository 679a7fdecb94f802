/**
 * Expected failures are values. A port or a command answers `Result`, so a caller cannot forget
 * that it may fail; what failed is a typed value with its evidence, never a message to match.
 */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
