/**
 * G1: unknown never merges. Whatever the town asked to merge it had read whole, and had truly been
 * told that nothing stands against it.
 */
import type { Checker } from './checker.ts';

export function unknownMerge(): Checker {
  let seen = 0;
  return {
    name: 'unknown_merge',
    cheap: false,
    look({ world, rows, fail }) {
      const { merges, shown } = world.forge;
      for (const { pull, row } of merges.slice(seen)) {
        const name = `${pull.rig}#${pull.number}`;
        const used = row?.snapshot;
        if (row === undefined || used === null || used === undefined) continue;
        const given = shown
          .get(name)
          ?.find(({ snapshot }) => JSON.stringify(snapshot) === JSON.stringify(used));
        if (given === undefined) fail(`${name}: merged from a snapshot nobody gave`);
        const rig = rows.rigs.find(({ id }) => id === row.rig);
        const policy = rig?.settings.checksPolicy ?? 'required';
        for (const group of ['mergeability', 'checks', 'review', 'threads'] as const) {
          if (group === 'checks' && policy === 'none') continue;
          if (used[group].is === 'unknown') fail(`${name}: merged with unknown ${group}`);
        }
        const { review, threads } = used;
        if (review.is === 'complete' && review.value.decision === 'changes_requested') {
          fail(`${name}: merged against a review`);
        }
        if (threads.is === 'complete' && threads.value.unresolved > 0) {
          fail(`${name}: merged over ${threads.value.unresolved} threads`);
        }
      }
      seen = merges.length;
    },
  };
}
