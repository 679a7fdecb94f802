/**
 * The town's own row: its tag, whether it is paused, its settings. It has no decision of its own;
 * commands change it and every entity that reads it is touched.
 *
 * T1 The tag is made with the town and never changes: branches and hidden refs carry it.
 */
import type { Usage } from './attempt.ts';
import type { Settings } from './settings.ts';
import type { Instant } from './time.ts';

export interface Town {
  readonly id: 'town';
  /** 4 characters of [a-z0-9], the first a letter. T1 */
  readonly tag: string;
  readonly name: string;
  /** `running`; `paused` grants and lands nothing; `halted` also stops live agents. */
  readonly status: 'running' | 'paused' | 'halted';
  readonly settings: Partial<Settings>;
  readonly usage: Usage;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}
