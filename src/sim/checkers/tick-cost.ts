/**
 * P11: what a call into the town costs follows what changed: so many statements for each journal
 * row and each name taken, and a little to start with; never one for each bead of the town.
 */
import type { Checker } from './checker.ts';

/** Once a minute a turn also looks at up to 256 entities; in these small towns at all of them. */
const statementsToStart = 250;
const statementsEach = 90;

export function tickCost(): Checker {
  return {
    name: 'tick_cost',
    cheap: true,
    look({ world, fail }) {
      const { statements, written, decisions } = world.server.lastCost;
      const most = statementsToStart + statementsEach * (written + decisions);
      if (statements > most) {
        fail(`${statements} statements for ${written} rows and ${decisions} decisions`);
      }
    },
  };
}
