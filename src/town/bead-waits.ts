/**
 * What a bead waits for, as people see it. Its row says what its own decision came to; some of it
 * belongs to neighbours whose changes do not touch every bead, and is read from them here.
 *
 * W1 A pause of the town, or a rig that is not ready, is one change for all beads in line.
 * W2 A bead in review waits for what its change waits for, in the same words.
 * W3 A duplicate says what became of the bead it is held for.
 */
import type { Bead } from '../core/bead.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { Rig } from '../core/rig.ts';
import type { Town } from '../core/town.ts';
import type { Wait } from '../core/wait.ts';
import type { SqlReader } from '../ports/sql.ts';
import { beads } from '../storage/tables/beads.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';

/**
 * For a page of beads: one look at the town and its rigs, and one at each change in review or bead
 * that came before a duplicate.
 */
export function waitsOf(reader: SqlReader, town: Town): (bead: Bead) => readonly Wait[] {
  const known = new Map(rigs.all(reader).map((rig) => [rig.id, rig]));
  return (bead) => {
    const { rig, status, mergeRequest, duplicate } = bead;
    if (status === 'held' && duplicate?.letGo === false) return waitsOfDuplicate(reader, bead);
    const inReview = status === 'in_review' && mergeRequest !== null;
    const request = inReview ? mergeRequests.get(reader, mergeRequest) : undefined;
    return waitsInForce(bead, { town, rig: known.get(rig), request });
  };
}

/** W3 */
function waitsOfDuplicate(reader: SqlReader, bead: Bead): readonly Wait[] {
  const first = beads.get(reader, bead.duplicate?.of ?? '');
  if (first === undefined) return bead.waits;
  const { status, resolution, proof, mergeRequest } = first;
  const request = mergeRequest === null ? undefined : mergeRequests.get(reader, mergeRequest);
  const pull = request?.prUrl ?? null;
  const match = {
    match: resolution ?? status,
    ...(proof === null ? {} : { commit: proof.commit }),
    ...(pull === null ? {} : { pull }),
  };
  return bead.waits.map((wait) =>
    wait.detail['because'] === 'duplicate'
      ? { ...wait, detail: { ...wait.detail, ...match } }
      : wait,
  );
}

/** Whose changes a bead sees without being touched by them. */
interface BeadScene {
  readonly town: Pick<Town, 'status'>;
  readonly rig: Pick<Rig, 'id' | 'status'> | undefined;
  readonly request: Pick<MergeRequest, 'waits'> | undefined;
}

/** W1 W2 */
export function waitsInForce(bead: Bead, { town, rig, request }: BeadScene): readonly Wait[] {
  if (bead.parked !== null) return bead.waits;
  if (bead.status === 'in_review') {
    return request === undefined || request.waits.length === 0 ? bead.waits : request.waits;
  }
  if (bead.status !== 'open' || !bead.ready) return bead.waits;
  if (town.status !== 'running') return [{ reason: 'paused', on: ['town'], detail: {} }];
  if (rig !== undefined && rig.status !== 'ready') {
    const detail = rig.status === 'parked' ? { because: 'parked' } : {};
    return [{ reason: 'setup', on: [`rig:${rig.id}`], detail }];
  }
  const stale = bead.waits.some(({ reason }) => reason === 'paused' || reason === 'setup');
  return stale ? [{ reason: 'slot', on: ['dispatch'], detail: {} }] : bead.waits;
}
