/**
 * Time as values. Core never asks what time it is: the host's clock says it and passes it in.
 * An `Instant` is wall time for people and alarms; a duration within a process is measured by
 * the host's monotonic clock, which a jump of the wall clock does not touch.
 */

declare const brand: unique symbol;

/** Epoch milliseconds, a whole number. */
export type Instant = number & { readonly [brand]: 'instant' };

export function instant(ms: number): Instant {
  return Math.round(ms) as Instant;
}

export function after(at: Instant, ms: number): Instant {
  return instant(at + ms);
}

export function earliest(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}
