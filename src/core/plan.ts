/**
 * The small words decisions are written in.
 */
import type { Action, EntityKind, Plan, Rows } from './action.ts';
import { limits } from './limits.ts';
import { after, type Instant } from './time.ts';
import type { Wait, WaitReason } from './wait.ts';

/** Do these, then look again. */
export function act(...actions: readonly Action[]): Plan {
  return { actions, waits: [] };
}

/** Nothing to do; this is what it waits for. Without waits: at rest for good. */
export function rest(...waits: readonly Wait[]): Plan {
  return { actions: [], waits };
}

export function wait(
  reason: WaitReason,
  on: readonly (string | null | undefined)[],
  detail: Wait['detail'] = {},
  until: Instant | null = null,
): Wait {
  const names = on.filter((name) => name !== null && name !== undefined);
  return until === null ? { reason, on: names, detail } : { reason, until, on: names, detail };
}

/** The one cast between an entity's name and its row: a correlated union TypeScript cannot see. */
export function update<K extends EntityKind>(
  entity: K,
  id: string,
  set: Partial<Rows[K]>,
  why: string,
): Action {
  return { do: 'update', entity, id, set, why } as Action;
}

export function insert<K extends EntityKind>(entity: K, row: Rows[K], why: string): Action {
  return { do: 'insert', entity, row, why } as Action;
}

/** The pause before the next try; `times` counts failures so far, from 1. */
export function backoffUntil(now: Instant, times: number, steps: readonly number[]): Instant {
  const step = steps[Math.min(times, steps.length) - 1] ?? steps[0] ?? limits.rigProbeMs;
  return after(now, step);
}
