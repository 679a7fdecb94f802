/**
 * Waits are values. Whatever does not move says here what it waits for, until when, and the
 * evidence. The alarm, `gt why` and every "waiting for" column are this one list.
 *
 * W1 `until` lies in the future when the wait is applied, or is absent.
 * W2 A wait without `until` names in `on` the neighbour whose change wakes it.
 */
import type { Instant } from './time.ts';

export type WaitReason =
  | 'slot'
  | 'blocked'
  | 'held'
  | 'backoff'
  | 'call'
  | 'queue'
  | 'target_red'
  | 'setup'
  | 'human'
  | 'budget'
  /** The pull request: its checks, its review, its forge's queue, a merge's delay. */
  | 'checks'
  | 'review'
  | 'delay'
  | 'poll'
  | 'throttled'
  | 'unobservable'
  | 'paused'
  | 'runner';

export interface Wait {
  readonly reason: WaitReason;
  /** When the entity looks again by itself. W1 */
  readonly until?: Instant;
  /** Ids of what it waits for: blockers, a job, an escalation, a rig. W2 */
  readonly on: readonly string[];
  /** Facts for the sentence: `{ position: 3 }`, `{ attempt: 'web-1.2', phase: 'running' }`. */
  readonly detail: Readonly<Record<string, string | number>>;
}
