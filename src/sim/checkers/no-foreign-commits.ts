/**
 * P3: what lands for a bead is its own: a push of ours brings patches of one bead only, and only
 * such as that bead submitted.
 */
import type { Checker } from './checker.ts';

export function noForeignCommits(): Checker {
  const seen = new Map<string, number>();
  return {
    name: 'no_foreign_commits',
    cheap: false,
    look({ world, fail }) {
      for (const remote of world.git.remotes()) {
        const from = seen.get(remote.rig) ?? 0;
        seen.set(remote.rig, remote.history.length);
        for (const landed of remote.history.slice(from)) {
          if (landed.by !== 'town') continue;
          const brought = world.git.between(landed.before, landed.commit);
          const owners = new Set(brought.map((patch) => patch.owner));
          if (owners.size > 1) {
            fail(`${landed.commit} brings patches of ${[...owners].join(' and ')}`);
          }
        }
      }
    },
  };
}
