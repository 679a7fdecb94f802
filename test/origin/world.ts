/**
 * What lies outside a town and outlives its process: time, a forge that answers from a small
 * script, and what a runner's machine remembers. Plain values, so that any host can hold them.
 *
 * W1 Time moves only when a test moves it, and lies so far ahead that no real alarm ever rings.
 */
import type { Fact } from '../../src/core/fact.ts';
import type { AttemptId, JobId } from '../../src/core/ids.ts';
import { ScriptedForge } from './forge.ts';
import { TestTime } from './time.ts';

export class OriginWorld {
  readonly time = new TestTime();
  readonly forge = new ScriptedForge(this.time);
  /** What the runner's machine knows: it goes on while the town is gone. */
  readonly machine = new Machine();
  /** An app that is set up for the town and whose issuer is down. */
  issuerDown = false;
}

/** Attempts and jobs that were started, each with what there is to tell of it. */
export class Machine {
  readonly attempts = new Map<AttemptId, Word>();
  readonly jobs = new Map<JobId, Word>();
}

export interface Word {
  readonly facts: readonly Fact[];
  /** The town has heard all of it. */
  heard: boolean;
}
