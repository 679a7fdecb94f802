/**
 * The duplicate guard: a bead about an issue that another one is at work on, or landed lately, is
 * held with the match, and is never started by itself.
 *
 * D1 Whoever came first keeps the issue until it is closed without landing. D2 A person who lets
 *    a duplicate go says that both are wanted.
 */
import type { Bead, Duplicate } from '../core/bead.ts';
import { limits } from '../core/limits.ts';
import type { Instant } from '../core/time.ts';
import type { SqlReader, Tx } from '../ports/sql.ts';
import { issueClaims } from '../storage/tables/issue-claims.ts';

/** What a bead about these issues matches; null: nothing. */
export function duplicateOf(
  reader: SqlReader,
  issues: readonly string[],
  now: Instant,
  self = '',
): Duplicate | null {
  const since = now - limits.duplicateMergedMs;
  for (const issue of issues) {
    const of = issueClaims.of(reader, issue, self, since);
    if (of !== null) return { of, issue, letGo: false };
  }
  return null;
}

/** Keeps the claims beside what they follow from. */
export function claimIssues(tx: Tx, before: Bead | null, after: Bead): void {
  if (before === null ? !claims(after) : sameClaim(before, after)) return;
  if (before !== null) issueClaims.removeOf(tx, after.id);
  if (!claims(after)) return;
  const isLetGo = after.duplicate !== null;
  for (const issue of after.issues) issueClaims.add(tx, issue, after.id, isLetGo);
}

function claims({ issues, duplicate, status, resolution }: Bead): boolean {
  if (issues.length === 0 || duplicate?.letGo === false) return false;
  return status !== 'closed' || resolution === 'merged';
}

function sameClaim(before: Bead, after: Bead): boolean {
  return (
    claims(before) === claims(after) &&
    (before.duplicate === null) === (after.duplicate === null) &&
    before.issues.join() === after.issues.join()
  );
}
