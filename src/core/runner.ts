/**
 * A runner: a process on some machine that runs agents and jobs for the town.
 *
 * N1 An incarnation is one life of its process. What an earlier one held is over at once.
 */
import { runnerId, type RunnerId } from './ids.ts';
import type { IsolationLevel } from './launch-spec.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

/** The runner inside the host process. */
export const localRunner: RunnerId = runnerId('local');

export type RunnerStatus = 'connected' | 'draining' | 'lost';

export const runnerMoves: Readonly<Record<RunnerStatus, readonly RunnerStatus[]>> = {
  connected: ['draining', 'lost'],
  draining: ['connected', 'lost'],
  lost: ['connected'],
};

/** What a machine offers, as its probe found it. */
export interface Inventory {
  /** Live agents it takes at once. */
  readonly capacity: number;
  readonly isolation: IsolationLevel;
  /** Why it is not `strong`; null when it is. */
  readonly isolationNote: string | null;
  /** Agents found on it, best first: the first is the default agent. */
  readonly agents: readonly string[];
  /** Names it needs no command for, installed or not; empty: it did not say. */
  readonly known: readonly string[];
}

export interface Runner {
  readonly id: RunnerId;
  readonly status: RunnerStatus;
  readonly incarnation: string;
  /** Lives that are over, newest first: their late words are stale. N1 */
  readonly pastIncarnations: readonly string[];
  readonly inventory: Inventory;
  readonly drainAsked: boolean;
  readonly lastSeenAt: Instant;
  /** When it was last asked what it holds, because it was silent; null: not since it spoke. */
  readonly askedAt: Instant | null;
  /** Live attempts on it. Derived like a rig's. */
  readonly live: number;
  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly parked: string | null;
}
