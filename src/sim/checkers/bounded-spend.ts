/**
 * P9: no attempt is granted beyond the limit, none before its backoff is over unless a person
 * said so, and no round beyond its cap.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import type { JournalRow } from '../../storage/tables/journal.ts';
import type { Checker, Look } from './checker.ts';

const mostAttempts = 5;
const mostRounds = 5;

export function boundedSpend(): Checker {
  const notBefore = new Map<string, number>();
  return {
    name: 'bounded_spend',
    cheap: false,
    look(look) {
      for (const row of look.fresh) {
        if (row.kind === 'attempt' && row.op === 'insert') granted(look, row, notBefore);
        // Over is over: the clock may be set back before the next attempt is granted.
        if (row.kind === 'bead' && row.data?.['notBefore'] === null) notBefore.set(row.id, 0);
      }
      for (const bead of look.rows.beads) {
        notBefore.set(bead.id, bead.notBefore ?? 0);
        const live = bead.status !== 'failed' && bead.status !== 'closed';
        if (live && bead.charged > mostAttempts) {
          look.fail(`${bead.id} was charged ${bead.charged} attempts`);
        }
        for (const [cause, count] of Object.entries(bead.rounds)) {
          if (cause !== 'answer' && live && count > mostRounds) {
            look.fail(`${bead.id} is in round ${count} for ${cause}`);
          }
        }
      }
    },
  };
}

function granted(look: Look, row: JournalRow, notBefore: ReadonlyMap<string, number>): void {
  const bead = beadOfAttempt(attemptId(row.id));
  const retried = look.fresh.some(
    (other) => other.kind === 'bead' && other.id === bead && other.who.startsWith('person'),
  );
  const early = (notBefore.get(bead) ?? 0) > row.at;
  if (early && !retried) look.fail(`${row.id} was granted in the middle of its backoff`);
}
