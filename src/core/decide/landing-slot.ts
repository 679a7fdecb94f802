/**
 * The landing slot of a target: who holds it judges and lands, and nobody else. M3
 */
import type { Plan } from '../action.ts';
import { rigRefOf } from '../launch.ts';
import type { RigRef } from '../launch-spec.ts';
import { act, rest, update } from '../plan.ts';
import type { MergeRequestView } from '../view.ts';
import type { Wait } from '../wait.ts';

/** How the runner reaches the rig, with the branch this request lands on. */
export function landingRig({ rig, town, mergeRequest }: MergeRequestView): RigRef {
  return { ...rigRefOf(rig, town), target: mergeRequest.target };
}

export const noSlot = { slot: false, wantsSlot: false };

/** Gives the slot back and waits; without it nothing is judged, so gating starts over in line. */
export function standAside(view: MergeRequestView, reason: Wait): Plan {
  const { id, slot, wantsSlot, stage } = view.mergeRequest;
  if (stage === 'gating') {
    const columns = { stage: 'queued' as const, job: null, targetJob: null, ...noSlot };
    return act(update('merge_request', id, columns, 'slot_freed'));
  }
  if (slot || wantsSlot) return act(update('merge_request', id, noSlot, 'slot_freed'));
  return rest(reason);
}
