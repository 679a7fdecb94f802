/**
 * What every command needs: who asks, the turn it is applied in, and checks that answer with a
 * `Failure` before anything is written.
 */
import type { Action } from '../../core/action.ts';
import type { Failure } from '../../core/failure.ts';
import { near } from '../../core/names.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Random } from '../../ports/host.ts';
import type { SqlReader } from '../../ports/sql.ts';
import type { Bead, BeadStatus } from '../../core/bead.ts';
import type { Rig } from '../../core/rig.ts';
import { apply, type Turn } from '../apply.ts';
import { beads } from '../../storage/tables/beads.ts';
import { rigs } from '../../storage/tables/rigs.ts';

export interface Ask {
  readonly turn: Turn;
  /** `person:…`; the journal keeps it. */
  readonly who: string;
  readonly random: Random;
}

export type Answer = Result<string, Failure>;

/** Applies the actions and answers with the id of what was made or changed. */
export function done(ask: Ask, id: string, ...actions: readonly Action[]): Answer {
  apply(ask.turn, actions, ask.who, null);
  return ok(id);
}

export function findBead(reader: SqlReader, id: string): Result<Bead, Failure> {
  const bead = beads.get(reader, id);
  return bead === undefined ? err(missing('bead', id, nearBeads(reader, id))) : ok(bead);
}

export function findRig(reader: SqlReader, id: string): Result<Rig, Failure> {
  const rig = rigs.get(reader, id);
  if (rig !== undefined) return ok(rig);
  return err(
    missing(
      'rig',
      id,
      near(
        id,
        rigs.all(reader).map((one) => one.id),
      ),
    ),
  );
}

/** Only a few newest: a suggestion, not a search. */
function nearBeads(reader: SqlReader, id: string): readonly string[] {
  return near(
    id,
    beads.list(reader, {}, null, 200).map((one) => one.id),
  );
}

export function missing(thing: string, name: string, names: readonly string[]): Failure {
  return { kind: 'unknown_thing', helps: 'no', thing, name, near: names };
}

/** Refuses a command that the bead's status does not allow. */
export function notNow(
  command: string,
  bead: Bead,
  allowed: readonly BeadStatus[],
): Failure | null {
  if (allowed.includes(bead.status)) return null;
  return { kind: 'not_now', helps: 'person', command, name: bead.id, status: bead.status, allowed };
}
