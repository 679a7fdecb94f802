/**
 * The forge is asked no more than it may be: so many reads of one pull request in an hour, fewer
 * while it cannot be seen or is not hot, and so many writes; and not at all in the middle of the
 * time it asked us to wait, but for what a person or a hint asked.
 */
import type { ForgeRequest } from '../world/forge.ts';
import type { Checker, Look } from './checker.ts';

const hour = 3_600_000;
/** Hot reads, and a little: our own pushes, merges and people make some due at once. */
const readsMost = 230;
const writesMost = 60;

export function budget(): Checker {
  let seen = 0;
  const recent: ForgeRequest[] = [];
  return {
    name: 'budget',
    cheap: false,
    look(look) {
      const { requests } = look.world.forge;
      for (const request of requests.slice(seen)) {
        recent.push(request);
        while ((recent[0]?.at ?? request.at) < request.at - hour) recent.shift();
        within(look, recent, request);
      }
      seen = requests.length;
    },
  };
}

function within({ world, fail }: Look, recent: readonly ForgeRequest[], last: ForgeRequest): void {
  const allowed = world.forge.hints + world.people.keys;
  const same = recent.filter(({ op, rig }) => op === last.op && rig === last.rig);
  if (last.op !== 'read') {
    const most = writesMost * Math.max(1, world.options.beads) + allowed;
    if (same.length > most) fail(`${same.length} times ${last.op} on ${last.rig} within an hour`);
    return;
  }
  for (const pull of last.pulls) {
    const reads = same.filter(({ pulls }) => pulls.includes(pull)).length;
    if (reads > readsMost + allowed) fail(`${last.rig}#${pull}: ${reads} reads within an hour`);
  }
}
