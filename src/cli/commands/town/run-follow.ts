/**
 * Follows one bead until it is closed, has failed, or waits for a person.
 *
 * F1 Which of these it is, the town's own state says; events only tell when to look again.
 * F2 A wait that only a person ends is told apart by its reason, not by its words.
 */
import type { BeadResource, WhyResource } from '../../../protocol/http.ts';
import { journalEvents, patiently } from '../../events.ts';
import { eventLine, isMove } from '../../format.ts';
import { Interrupted } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import { Concerns } from './feed.ts';

export interface Ending {
  readonly kind: 'merged' | 'needs_person' | 'failed';
  readonly bead: BeadResource;
  readonly why: WhyResource | null;
}

const PERSONS: readonly string[] = ['human', 'held', 'budget', 'target_red', 'paused'];

/** `seq`: the journal before the bead was made. */
export async function follow(context: Context, slung: BeadResource, seq: number): Promise<Ending> {
  const { client, output, world } = context;
  let ending = await endingOf(context, slung.id);
  if (ending !== undefined) return ending;
  const concerns = new Concerns(slung.id);
  for await (const entry of journalEvents(world, client, seq)) {
    const mine = concerns.has(entry);
    if (mine && isMove(entry) && entry.kind !== 'job' && !output.json)
      output.lines([eventLine(output, entry)]);
    // A rig that turns unready or a town that is paused ends it as well. F1
    if (!mine && !['rig', 'town', 'escalation', 'dispatch'].includes(entry.kind)) continue;
    ending = await patiently(world, () => endingOf(context, slung.id));
    if (ending !== undefined) return ending;
  }
  throw new Interrupted();
}

async function endingOf(context: Context, id: string): Promise<Ending | undefined> {
  const { client } = context;
  const bead = await client.get('/beads/{bead}', { bead: id });
  if (bead.status === 'closed' && bead.resolution === 'merged') {
    return { kind: 'merged', bead, why: null };
  }
  if (await rigStopped(context, bead)) {
    const why = await client.get('/why/{name}', { name: bead.rig });
    return { kind: 'needs_person', bead, why };
  }
  const kind = stopped(bead);
  if (kind === undefined) return undefined;
  return { kind, bead, why: await client.get('/why/{name}', { name: id }) };
}

function stopped(bead: BeadResource): 'failed' | 'needs_person' | undefined {
  if (bead.status === 'failed' || bead.status === 'closed') return 'failed';
  if (bead.escalation !== null || bead.parked !== null) return 'needs_person';
  // F2
  return bead.waits.some(({ reason }) => PERSONS.includes(reason)) ? 'needs_person' : undefined;
}

/** Its rig is not ready for a reason that does not pass by itself. */
async function rigStopped({ client }: Context, bead: BeadResource): Promise<boolean> {
  if (!bead.waits.some(({ reason }) => reason === 'setup')) return false;
  const rig = await client.get('/rigs/{rig}', { rig: bead.rig });
  if (rig.status === 'parked') return true;
  const failure = rig.failure ?? rig.setupFailure;
  return rig.status === 'unready' && !rig.probing && failure?.helps === 'person';
}
