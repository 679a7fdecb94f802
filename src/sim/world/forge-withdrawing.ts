/**
 * People who change their minds while the forge has something of theirs under way: they drop a bead
 * as it is opened or merged, and take back what waits in a merge queue or is to merge by itself.
 */
import type { Command } from '../../core/command.ts';
import type { Dequeued } from '../../core/forge-answers.ts';
import { type BeadId, beadId, rigId } from '../../core/ids.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import type { FaultKind } from './faults.ts';
import type { ModelForge } from './forge.ts';
import { obstacle, type Pull, type Repository } from './forge-pull.ts';
import type { Deed } from './forge-people.ts';

export function trailerBead(trailer: string): BeadId {
  return beadId(trailer.slice(trailer.lastIndexOf('/') + 1));
}

/** The request has arrived; before its answer is back, the bead is given up. */
export function dropMaybe(
  { world }: ModelForge,
  kind: 'dropped_at_open' | 'dropped_at_merge',
  bead: BeadId | null,
): void {
  if (bead === null || !world.faults.happens(kind)) return;
  world.ask({ kind: 'bead_close', bead, resolution: 'dropped', reason: 'not needed' });
}

/** It was told to merge once nothing stands against it, whatever its head is then. */
export function mergeArmed(forge: ModelForge, repo: Repository, pull: Pull): void {
  if (pull.state !== 'open' || !pull.armed) return;
  if (obstacle(repo, pull, forge.scene()) === null) forge.mergeNow(repo, pull, 'merge', 'armed');
}

/** Nothing merges it by itself any more, unless it is over already. */
export function takeOut(forge: ModelForge, repo: Repository, pull: Pull): Dequeued {
  if (pull.state !== 'open') return { is: 'over', state: pull.state };
  const isIn = pull.queued || pull.armed;
  pull.queued = false;
  pull.armed = false;
  if (isIn) forge.changed(repo, pull);
  return { is: 'out' };
}

/** What was put into the queue, or armed, may be taken back while it waits there. */
export function withdrawMaybe(forge: ModelForge, repo: Repository, pull: Pull): void {
  const { faults, random, time } = forge.world;
  if (!faults.mayHappen('withdrawn_in_queue')) return;
  time.after(random.between(1_000, 20_000), () => {
    if (faults.healed || !withdraw(forge, repo, pull)) return;
    faults.count('withdrawn_in_queue');
  });
}

/** false: it waits there no more, or the town watches it no more. */
function withdraw(forge: ModelForge, repo: Repository, pull: Pull): boolean {
  const { disk, random } = forge.world;
  const row = mergeRequests
    .liveOfRig(disk, rigId(repo.rig), 10_000)
    .find(({ prNumber }) => prNumber === pull.number);
  if (row === undefined || !(pull.queued || pull.armed)) return false;
  const commands: readonly Command[] = [
    { kind: 'bead_hold', bead: row.bead },
    { kind: 'bead_close', bead: row.bead, resolution: 'dropped', reason: 'not needed' },
    { kind: 'mr_decide', mergeRequest: row.id, verdict: 'reject', reason: 'not like this' },
  ];
  const id = `W_${pull.number}_${pull.comments.length}`;
  if (random.chance(300)) pull.comments.push({ id, bot: false, resolved: false, replies: [] });
  else forge.world.ask(random.pick(commands));
  return true;
}

export const withdrawing: readonly (readonly [FaultKind, Deed])[] = [
  [
    'stranger_arms_merge',
    ({ forge }, { repo, pull }) => {
      if (pull.state !== 'open' || repo.rules.queue || pull.armed) return false;
      pull.armed = true;
      withdrawMaybe(forge, repo, pull);
      return true;
    },
  ],
];
