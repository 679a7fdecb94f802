/**
 * What a checker is: it looks at the world after every quiescent step and says what must not be.
 *
 * C1 It only reads. C2 It fails with what it saw, so that a seed can be understood from its output.
 */
import type { JournalRow } from '../../storage/tables/journal.ts';
import type { Rows } from '../world/rows.ts';
import type { World } from '../world/world.ts';

export interface Look {
  readonly world: World;
  readonly rows: Rows;
  /** Journal rows since the last look. */
  readonly fresh: readonly JournalRow[];
  /** Nothing moves any more: faults are over and people have answered. */
  readonly settled: boolean;
  readonly fail: (message: string) => void;
}

export interface Checker {
  readonly name: string;
  /** Needs no rows: it looks every time. */
  readonly cheap: boolean;
  look(look: Look): void;
}

/** Attempts whose first row is among these journal rows. */
export function granted(fresh: readonly JournalRow[]): readonly string[] {
  return fresh.filter((row) => row.kind === 'attempt' && row.op === 'insert').map((row) => row.id);
}
