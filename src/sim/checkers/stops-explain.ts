/**
 * P6: every live entity at rest says what it waits for, until when or on whom, and `explain` has
 * words for it; every failed bead carries its failure.
 */
import type { Failure } from '../../core/failure.ts';
import type { Wait } from '../../core/wait.ts';
import { agenda } from '../../storage/agenda.ts';
import type { EntityName } from '../../core/action.ts';
import type { Checker, Look } from './checker.ts';

export interface Voice {
  failure(failure: Failure): unknown;
  wait(wait: Wait): unknown;
}

/** These wake by a person or by the town, and need no name in `on`. */
const selfEvident: readonly string[] = ['held', 'paused', 'human', 'slot', 'runner'];

export function stopsExplain(voice: Voice): Checker {
  return {
    name: 'stops_explain',
    cheap: false,
    look(look) {
      const { rows, fail } = look;
      for (const bead of rows.beads) {
        if (bead.status === 'closed') continue;
        rested(look, { kind: 'bead', id: bead.id }, bead.waits);
        if (bead.failure !== null)
          spoken(look, bead.id, () => voice.failure(bead.failure ?? never()));
        if (bead.status === 'failed' && bead.failure === null) {
          fail(`${bead.id} failed without a failure`);
        }
      }
      for (const { id, waits } of rows.liveAttempts) rested(look, { kind: 'attempt', id }, waits);
      for (const { id, waits } of rows.liveJobs) rested(look, { kind: 'job', id }, waits);
      for (const { id, waits, failures } of rows.liveRequests) {
        rested(look, { kind: 'merge_request', id }, waits);
        for (const failure of failures) spoken(look, id, () => voice.failure(failure));
      }
      for (const wait of rows.beads.flatMap((bead) => bead.waits)) {
        spoken(look, wait.reason, () => voice.wait(wait));
      }
    },
  };
}

function never(): Failure {
  throw new Error('a failure was there');
}

function rested({ world, fail }: Look, name: EntityName, waits: readonly Wait[]): void {
  const due = agenda.dueAtOf(world.disk, name);
  if (waits.length === 0 && due === null) {
    fail(`${name.kind} ${name.id} rests and does not say why`);
  }
  for (const wait of waits) {
    if (wait.until === undefined && wait.on.length === 0 && !selfEvident.includes(wait.reason)) {
      fail(`${name.id} waits for ${wait.reason}, on nobody and without an end`);
    }
    if (wait.until !== undefined && (due === null || due > wait.until)) {
      fail(`${name.id} waits until ${wait.until}, is due ${due ?? 'never'}`);
    }
  }
}

function spoken({ fail }: Look, name: string, speak: () => unknown): void {
  try {
    if (speak() === undefined) fail(`${name}: nothing to say`);
  } catch (error) {
    fail(`${name} cannot be explained: ${String(error)}`);
  }
}
