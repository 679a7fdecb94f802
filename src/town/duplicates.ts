/**
 * The duplicate guard: a bead that is the same work as another one, which is under way or landed
 * lately, is held with the match, and is never started by itself.
 *
 * D1 Whoever came first keeps a thing until it is closed without landing. D2 A person who lets a
 *    duplicate go says that both are wanted; nothing but new words asks again.
 * D3 Words are used again on purpose (`update the dependencies`): those that landed match for a
 *    shorter time than an issue, which is fixed once.
 */
import type { Bead, Duplicate } from '../core/bead.ts';
import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { Rig } from '../core/rig.ts';
import { mattersOf } from '../core/same-work.ts';
import type { Instant } from '../core/time.ts';
import type { SqlReader, Tx } from '../ports/sql.ts';
import { beads } from '../storage/tables/beads.ts';
import { claims } from '../storage/tables/claims.ts';
import { rigs } from '../storage/tables/rigs.ts';

type Work = Pick<Bead, 'id' | 'title' | 'body' | 'issues' | 'reverts'>;

/** What a bead matches, apart from what is `known` of it; null: nothing. */
export function duplicateOf(
  reader: SqlReader,
  rig: Rig,
  bead: Work,
  now: Instant,
  known: readonly string[] = [],
): Duplicate | null {
  for (const { name, issue } of mattersOf(rig, bead)) {
    if (known.includes(name)) continue;
    const since = now - (issue === null ? limits.duplicateWordsMs : limits.duplicateMergedMs); // D3
    const of = claims.of(reader, name, bead.id, since);
    if (of !== null) return { of, issue, letGo: false };
  }
  return null;
}

/** What other words come to. What it was about before and still is, is not asked again. D2 */
export function duplicateAfter(
  reader: SqlReader,
  rig: Rig,
  before: Bead,
  after: Bead,
  now: Instant,
): Duplicate | null {
  const { duplicate } = before;
  const was = mattersOf(rig, before);
  const match = was.find(({ issue }) => issue === duplicate?.issue);
  const isFree =
    duplicate !== null && !mattersOf(rig, after).some(({ name }) => name === match?.name);
  const known = isFree ? [] : was.map(({ name }) => name);
  return duplicateOf(reader, rig, after, now, known) ?? (isFree ? null : duplicate);
}

/** Keeps the claims beside what they follow from. */
export function claimWork(tx: Tx, before: Bead | null, after: Bead): void {
  if (before === null ? !isClaiming(after) : sameClaim(before, after)) return;
  if (before !== null) claims.removeOf(tx, after.id);
  const rig = rigs.get(tx, after.rig);
  assert(rig !== undefined, `${after.id} has its rig ${after.rig}`);
  claim(tx, rig, after);
}

/** An issue has another name where its rig is at another forge. */
export function claimsFollow(tx: Tx, before: Rig, after: Rig): void {
  if (before.forge?.origin === after.forge?.origin) return;
  for (const id of claims.ofRig(tx, after.id)) {
    const bead = beads.get(tx, id);
    assert(bead !== undefined, `${id} claims something`);
    claims.removeOf(tx, id);
    claim(tx, after, bead);
  }
}

/** All of them, from the beads of a town that was just brought here. */
export function claimAll(tx: Tx): void {
  const known = new Map(rigs.all(tx).map((rig) => [rig.id, rig]));
  let cursor: Pick<Bead, 'createdAt' | 'id'> | null = null;
  for (;;) {
    const page: readonly Bead[] = beads.list(tx, { all: true }, cursor, PAGE);
    for (const bead of page) {
      const rig = known.get(bead.rig);
      if (rig !== undefined) claim(tx, rig, bead);
    }
    cursor = page.at(-1) ?? null;
    if (page.length < PAGE) return;
  }
}

const PAGE = 500;

function claim(tx: Tx, rig: Rig, bead: Bead): void {
  if (!isClaiming(bead)) return;
  const isBeside = bead.duplicate !== null;
  for (const { name } of mattersOf(rig, bead)) claims.add(tx, name, bead.id, isBeside);
}

function isClaiming({ duplicate, status, resolution, reverts }: Bead): boolean {
  if (reverts !== null || duplicate?.letGo === false) return false;
  return status !== 'closed' || resolution === 'merged';
}

function sameClaim(before: Bead, after: Bead): boolean {
  return (
    isClaiming(before) === isClaiming(after) &&
    (before.duplicate === null) === (after.duplicate === null) &&
    before.title === after.title &&
    before.body === after.body &&
    before.issues.join() === after.issues.join()
  );
}
