/**
 * P4: every accepted command is there, a repeated one was carried out once, accepted work is
 * landed or still on its bead, and no change is applied to a target twice.
 */
import type { Bead } from '../../core/bead.ts';
import { commitOf } from '../../core/ids.ts';
import type { Checker, Look } from './checker.ts';

export function nothingLost(): Checker {
  return {
    name: 'nothing_lost',
    cheap: false,
    look(look) {
      commands(look);
      submissions(look);
      if (look.settled) landings(look);
    },
  };
}

function commands({ world, rows, fail }: Look): void {
  const byTitle = new Map<string, Bead[]>();
  for (const bead of rows.beads) {
    byTitle.set(bead.title, [...(byTitle.get(bead.title) ?? []), bead]);
  }
  for (const { title, id } of world.people.slung) {
    const found = byTitle.get(title) ?? [];
    if (found.length !== 1) fail(`${id} was slung once and is there ${found.length} times`);
    else if (found[0]?.id !== id) fail(`${title} was answered as ${id}, is ${found[0]?.id}`);
  }
}

/** The last accepted head of a bead is what it holds, or an ancestor of what it holds. */
function submissions({ world, rows, fail }: Look): void {
  for (const [id, heads] of world.accepted) {
    const bead = rows.beads.find((candidate) => candidate.id === id);
    const last = heads.at(-1);
    if (bead === undefined || last === undefined) continue;
    const head = bead.submission?.head;
    const attempt = rows.liveAttempts.find((candidate) => candidate.id === bead.attempt);
    const holds = [head, attempt?.submitted?.head].filter((commit) => commit !== undefined);
    if (holds.some((commit) => world.git.isAncestor(commitOf(last), commit))) continue;
    fail(`${id}: accepted ${last}, holds ${head ?? 'nothing'} as ${bead.status}`);
  }
}

/** Each patch reached the target through one of its first parents only. */
function landings({ world, rows, fail }: Look): void {
  for (const remote of world.git.remotes()) {
    const through = new Map<string, string>();
    for (const landed of remote.history) {
      const { parents, brings } = world.git.get(landed.commit);
      const own = parents.length === 1 ? brings : world.git.between(landed.before, landed.commit);
      for (const item of own) {
        const patch = typeof item === 'string' ? item : item.id;
        const before = through.get(patch);
        if (before !== undefined) fail(`${patch} landed with ${before} and ${landed.commit}`);
        through.set(patch, landed.commit);
      }
    }
    // Dropped here, merged over there, or with another's: on a forge that is people's business.
    if (world.forge.repos.has(remote.rig)) continue;
    for (const bead of rows.beads) {
      const head = bead.submission?.head;
      if (bead.rig !== remote.rig || head === undefined || bead.resolution === 'merged') continue;
      const own = [...world.git.get(head).patches].filter((id) => id.startsWith(`${bead.id}#`));
      const all = own.length > 0 && own.every((patch) => through.has(patch));
      if (all) fail(`${bead.id} landed and says ${bead.status} ${bead.resolution ?? ''}`);
    }
  }
}
