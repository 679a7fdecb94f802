/**
 * A bead that was dropped leaves no pull request of ours open: an hour after the forge answers
 * again it is closed, also where the call that opened it was under way then. And what the town or
 * the forge's queue has merged for it is never called dropped.
 */
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { beadOf } from '../world/forge-people.ts';
import type { Checker } from './checker.ts';
import { Patience } from './patience.ts';

const hour = 3_600_000;

export function nothingLeftOpen(): Checker {
  const patience = new Patience();
  return {
    name: 'nothing_left_open',
    cheap: false,
    look({ world, rows, fail }) {
      const { forge } = world;
      if (forge.repos.size === 0) return;
      patience.tick(world);
      const given = new Set<string>(
        rows.beads
          .filter(({ status, resolution }) => status === 'closed' && resolution !== 'merged')
          .map(({ id }) => id),
      );
      for (const { pull } of forge.pulls()) {
        const bead = beadOf(pull);
        if (bead === null || !given.has(bead)) continue;
        const name = `${pull.rig}#${pull.number} of ${bead}`;
        const isOurs = pull.mergedBy === 'gastown' || pull.mergedBy === 'queue';
        if (pull.state === 'merged' && isOurs) fail(`${name} was merged, and is called dropped`);
        // What a person opened again is that person's.
        const isLeft = pull.state === 'open' && !pull.reopened;
        const lasted = patience.lasted(world, pull, isLeft);
        if (lasted === null || lasted <= hour) continue;
        const requests = mergeRequests.select(world.disk, 'where bead = ?', bead);
        const said = requests.map(({ id, pr, stage }) => `${id} ${stage} ${pr}`).join(', ');
        fail(`${name} is open ${lasted / 60_000} minutes after: ${said}`);
      }
    },
  };
}
