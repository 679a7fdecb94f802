/**
 * The `host` port: what a town is given by the process it lives in.
 *
 * H1 `Alarm.set` replaces the alarm; null clears it. A host calls `town.alarm()` at or after it,
 *    also when it passed while the process was down.
 * H2 `monotonicMs` never goes back and does not move while the wall clock is changed.
 */
import type { Instant } from '../core/time.ts';

export interface Clock {
  /** Wall time. May jump. */
  now(): Instant;
  /** Milliseconds since some moment of this process. H2 */
  monotonicMs(): number;
}

/** Timers are monotonic: a jump of the wall clock does not move them. */
export interface Timers {
  /** Calls `run` once after `ms`, unless the answer is called first. */
  after(ms: number, run: () => void): () => void;
}

export interface Random {
  /** A whole number, 0 ≤ n < bound. */
  below(bound: number): number;
  /** Lower-case letters and digits, unguessable on a real host. */
  token(chars: number): string;
}

export interface Alarm {
  /** H1 */
  set(at: Instant | null): void;
}

export interface Log {
  info(event: string, data?: Readonly<Record<string, unknown>>): void;
  error(event: string, data?: Readonly<Record<string, unknown>>): void;
}

/** Told after each commit that changed something: the journal's new last sequence number. */
export type FeedListener = (lastSeq: number) => void;
