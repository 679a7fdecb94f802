/**
 * An ended attempt and a done job never change, and what comes late for an attempt that a newer
 * one has replaced is refused and moves nothing.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import { attempts } from '../../storage/tables/attempts.ts';
import type { Checker, Look } from './checker.ts';

/** These still count after the end. */
const counted: readonly string[] = ['usage', 'waits', 'updatedAt', 'end'];

export function fencing(): Checker {
  const ended = new Map<string, string>();
  return {
    name: 'fencing',
    cheap: false,
    look(look) {
      frozen(look, ended);
      stale(look);
    },
  };
}

function frozen({ world, fresh, settled, fail }: Look, ended: Map<string, string>): void {
  const touched = fresh.some((row) => row.kind === 'attempt');
  if (!touched && !settled) return;
  for (const attempt of attempts.select(world.disk, `where status = 'ended' order by id`)) {
    const columns = Object.entries(attempt).filter(([key]) => !counted.includes(key));
    const text = JSON.stringify(columns);
    const before = ended.get(attempt.id);
    if (before !== undefined && before !== text) fail(`${attempt.id} changed after its end`);
    ended.set(attempt.id, text);
  }
}

function stale({ world, rows, fail }: Look): void {
  for (const { attempt, answer, replaced, head } of world.stale.splice(0)) {
    const bead = rows.beads.find((row) => row.id === beadOfAttempt(attemptId(attempt)));
    if (!replaced) continue;
    if (answer.ok) fail(`${attempt} was replaced, yet its late submission was accepted`);
    if (bead?.submission?.head === head) fail(`${attempt}: the late submission moved ${bead.id}`);
  }
}
