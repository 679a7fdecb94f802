/**
 * What stays known of an attempt when its runner is killed: enough to find its tree, save its
 * work, and say how it ended as often as it is asked.
 */
import { join } from 'node:path';
import type { Fact } from '../core/fact.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import { Stored } from './stored.ts';

export type AttemptEnded = Extract<Fact, { readonly kind: 'attempt_ended' }>;

export interface AttemptRecord {
  readonly spec: LaunchSpec;
  readonly incarnation: string;
  /** A workspace was made for it, so there may be something to save. */
  readonly hasWorkspace: boolean;
  readonly ended: AttemptEnded | null;
  /** The town took it. Absent in records of earlier versions: telling it once more does no harm. */
  readonly told?: boolean;
  /** Wall time of the last change, for pruning only. */
  readonly at: number;
}

export function attemptRecords(home: string): Stored<AttemptRecord> {
  return new Stored(join(home, 'runner', 'attempts'), isRecord);
}

/** Written by this program only; a file from elsewhere or cut short has no spec. */
function isRecord(value: unknown): value is AttemptRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('spec' in value) || !('incarnation' in value) || !('ended' in value)) return false;
  const { spec } = value;
  return typeof spec === 'object' && spec !== null && 'attempt' in spec && 'bead' in spec;
}
