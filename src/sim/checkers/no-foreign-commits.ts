/**
 * P3: what lands for a bead is its own: a push or a merge of ours brings patches of one bead only.
 */
import type { Commit } from '../../core/ids.ts';
import { isByPerson } from '../world/forge-people.ts';
import type { World } from '../world/world.ts';
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
          const ours = landed.by === 'town' || isOurMerge(world, landed.commit);
          if (!ours) continue;
          const brought = world.git.between(landed.before, landed.commit);
          // On a forge a stranger's commits were looked at and accepted; another bead's never.
          const counted = brought.filter(
            ({ owner }) => landed.by === 'town' || !owner.startsWith('stranger-'),
          );
          const owners = new Set(counted.map((patch) => patch.owner));
          if (owners.size > 1) {
            fail(`${landed.commit} brings patches of ${[...owners].join(' and ')}`);
          }
        }
      }
    },
  };
}

/** The forge made it because the town asked. */
function isOurMerge({ forge }: World, commit: Commit): boolean {
  return forge.pulls().some(({ pull }) => pull.mergeCommit === commit && !isByPerson(pull));
}
