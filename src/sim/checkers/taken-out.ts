/**
 * What was taken back here is not merged over there: a pull request that the town has seen in its
 * forge's queue, or told to merge by itself, is out of it soon after its bead went back, was held
 * or was given up.
 */
import type { Bead } from '../../core/bead.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Pull } from '../world/forge-pull.ts';
import type { Checker } from './checker.ts';
import { Patience } from './patience.ts';

/** A call may stall for two minutes, some are lost, and each is paused for. */
const chanceMs = 15 * 60_000;

export function takenOut(): Checker {
  const patience = new Patience();
  const lasted = new Map<Pull, number>();
  return {
    name: 'taken_out',
    cheap: false,
    look({ world, rows, fail }) {
      const { forge } = world;
      if (forge.repos.size === 0) return;
      patience.tick(world);
      for (const { pull } of forge.pulls()) {
        const name = `${pull.rig}#${pull.number}`;
        const before = lasted.get(pull) ?? 0;
        lasted.delete(pull);
        const isByItself = pull.mergedBy === 'queue' || pull.mergedBy === 'armed';
        if (pull.state === 'merged' && isByItself && before > chanceMs) {
          fail(`${name} was merged at ${pull.head}, taken back ${before / 60_000} minutes before`);
        }
        const row = rows.liveRequests.find(
          ({ rig, prNumber }) => rig === pull.rig && prNumber === pull.number,
        );
        const bead = rows.beads.find(({ id }) => id === row?.bead);
        const isWaiting = pull.state === 'open' && (pull.queued || pull.armed);
        const isSo = row !== undefined && isWaiting && isTakenBack(row, bead);
        const ms = patience.lasted(world, pull, isSo);
        if (ms !== null) lasted.set(pull, ms);
        if (ms !== null && ms > 3 * chanceMs) {
          fail(`${name} still waits to be merged, ${ms / 60_000} minutes after ${row?.stage}`);
        }
      }
    },
  };
}

/** Said here once more: a checker does not believe the code it checks. */
function isTakenBack(row: MergeRequest, bead: Bead | undefined): boolean {
  const { snapshot, unobservable, stage } = row;
  const isSeen =
    (snapshot?.queue.is === 'complete' && snapshot.queue.value !== 'none') ||
    (snapshot?.nativeAutoMerge.is === 'complete' && snapshot.nativeAutoMerge.value);
  if (!isSeen || unobservable !== null || bead === undefined) return false;
  const isBack = stage === 'changes_requested' && row.repairs;
  return isBack || stage === 'queued' || bead.hold || bead.closeAs !== null;
}
