/**
 * After a quiescent tick no entity would act if it were asked: no touch was forgotten.
 */
import type { Checker } from './checker.ts';

export function resyncDry(): Checker {
  return {
    name: 'resync_dry',
    look({ world, fail }) {
      for (const name of world.server.dryResync()) {
        fail(`${name.kind} ${name.id} would act, and nothing wakes it`);
      }
    },
  };
}
