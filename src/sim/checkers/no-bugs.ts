/**
 * The town's own bulkhead caught nothing: no entity is parked, no escalation names a bug of ours,
 * and nothing was thrown out of the town.
 */
import type { Checker } from './checker.ts';

export function noBugs(): Checker {
  return {
    name: 'no_bugs',
    cheap: false,
    look({ world, rows, fail }) {
      for (const problem of world.problems.splice(0)) fail(problem);
      for (const { failure } of rows.openEscalations) {
        if (failure?.kind !== 'gastown_bug') continue;
        fail(`${failure.entity} (${failure.where}): ${failure.message}`);
      }
    },
  };
}
