/**
 * One merge request per target holds the landing slot; runners and rigs never hold more agents
 * than they take; their counters of live attempts are what the attempts say.
 */
import type { Checker, Look } from './checker.ts';

export function slotDiscipline(): Checker {
  return {
    name: 'slot_discipline',
    cheap: false,
    look(look) {
      slots(look);
      counters(look);
    },
  };
}

function slots({ rows, fail }: Look): void {
  const holders = new Map<string, string>();
  for (const request of rows.liveRequests) {
    if (!request.slot) continue;
    const target = `${request.rig} ${request.target}`;
    const other = holders.get(target);
    if (other !== undefined) fail(`${other} and ${request.id} both hold the slot of ${target}`);
    holders.set(target, request.id);
    if (request.wantsSlot) fail(`${request.id} holds the slot and stands in line for it`);
  }
}

function counters({ world, rows, fail }: Look): void {
  for (const rig of rows.rigs) {
    const live = rows.liveAttempts.filter((attempt) => attempt.rig === rig.id).length;
    if (live !== rig.live) fail(`${rig.id} counts ${rig.live} live attempts of ${live}`);
    if (live > mostPolecats) fail(`${rig.id} has ${live} live attempts`);
  }
  for (const runner of rows.runners) {
    const live = rows.liveAttempts.filter((attempt) => attempt.runner === runner.id).length;
    if (live !== runner.live) fail(`${runner.id} counts ${runner.live} live attempts of ${live}`);
    if (live > world.options.capacity) fail(`${runner.id} was given ${live} attempts`);
  }
}

/** The most any world sets; a lower setting does not stop agents that already run. */
const mostPolecats = 4;
