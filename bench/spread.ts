/**
 * What a figure is: the median of repeated measurements, with the best and the worst of them.
 */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max] = [sorted.at(0), sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error('nothing was measured');
  return { median: rounded(middle(sorted)), min: rounded(min), max: rounded(max) };
}

export function medianOf(samples: readonly number[]): number {
  return middle(samples.toSorted((a, b) => a - b));
}

/** Milliseconds that `work` takes. */
export function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

export async function timedAsync(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const times = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n);

function middle(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] ?? Number.NaN;
  if (!Number.isInteger(half)) return upper;
  return ((sorted[half - 1] ?? upper) + upper) / 2;
}

/** Three significant digits are more than a shared machine can repeat. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
