/**
 * P2: at most one open pull request per bead at any time, whatever crashes and is repeated; and
 * another one is made only after a person said so: each creation but the first has its redo, or
 * its rig moved away from the one before.
 */
import { beadOf } from '../world/forge-people.ts';
import type { Checker } from './checker.ts';

const anew: ReadonlySet<string> = new Set(['redo', 'moved']);

export function onePull(): Checker {
  const redone = new Map<string, number>();
  return {
    name: 'one_pull',
    cheap: false,
    look({ world, rows, fresh, fail }) {
      const { forge } = world;
      if (forge.repos.size === 0) return;
      for (const row of fresh) {
        if (row.kind === 'merge_request' && anew.has(row.why)) {
          redone.set(row.id, (redone.get(row.id) ?? 0) + 1);
        }
      }
      const open = new Map<string, number>();
      for (const { pull } of forge.pulls()) {
        const taken = rows.liveRequests.find(
          ({ adopted, rig, prNumber }) => adopted && rig === pull.rig && prNumber === pull.number,
        );
        const bead = taken?.bead ?? beadOf(pull);
        if (bead === null || pull.state !== 'open') continue;
        // One that a person closed, had replaced and then reopened is that person's.
        if (pull.reopened) continue;
        const other = open.get(bead);
        if (other !== undefined) fail(`${bead} has pull requests ${other} and ${pull.number}`);
        open.set(bead, pull.number);
      }
      const made = new Map<string, number>();
      for (const { trailer } of forge.created) made.set(trailer, (made.get(trailer) ?? 0) + 1);
      for (const [trailer, times] of made) {
        const bead = trailer.slice(trailer.lastIndexOf('/') + 1);
        const asked = forge.requestsOf(bead).reduce((sum, id) => sum + (redone.get(id) ?? 0), 0);
        if (times > 1 + asked) fail(`${bead}: ${times} pull requests, ${asked} asked for anew`);
      }
    },
  };
}
