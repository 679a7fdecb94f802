/**
 * After a quiescent tick no entity would act if it were asked: no touch was forgotten.
 */
import type { Checker } from './checker.ts';

/** It costs more than all others together, so it looks at some moments, and at the last. */
const every = 16;

export function resyncDry(): Checker {
  let looks = 0;
  return {
    name: 'resync_dry',
    cheap: true,
    look({ world, settled, fail }) {
      looks += 1;
      if (!settled && looks % every !== 0) return;
      // What was decided at a later time than it is now is not woken for having been early.
      if (world.time.isBehind) return;
      for (const name of world.server.dryResync()) {
        fail(`${name.kind} ${name.id} would act, and nothing wakes it`);
      }
    },
  };
}
