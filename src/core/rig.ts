/**
 * A rig: one git repository attached to the town.
 *
 * R1 Work starts only on a `ready` rig; `unready` carries the failing check.
 * R2 Nothing is written to its remote before a person's consent is recorded here.
 */
import type { Commit, EscalationId, JobId, RigId } from './ids.ts';
import type { Failure } from './failure.ts';
import type { RigReport } from './job.ts';
import type { ForgeProject } from './pull-request.ts';
import type { Usage } from './attempt.ts';
import type { Settings } from './settings.ts';
import type { Instant } from './time.ts';
import type { Wait } from './wait.ts';

/**
 * Whether the place a rig moves to has the repository that it was on: the `same` address in other
 * words, the repository under another name (seen by its pull requests), or `another`.
 */
export type Whereabouts = 'same' | 'renamed' | 'another';

export type RigStatus = 'ready' | 'unready' | 'parked';

export const rigMoves: Readonly<Record<RigStatus, readonly RigStatus[]>> = {
  ready: ['unready', 'parked'],
  unready: ['ready', 'parked'],
  parked: ['unready', 'ready'],
};

export interface Rig {
  readonly id: RigId;
  /** Starts the ids of its beads. */
  readonly prefix: string;
  readonly status: RigStatus;
  /** A URL or an absolute path, as git takes it; never with credentials. */
  readonly remote: string;
  readonly lends: string | null;
  readonly target: string;
  /** Land in the person's checkout by fast-forward (clean tree only). */
  readonly updateCheckout: boolean;
  /** The remote is a path and the target is a branch we made there: how to merge it, for people. */
  readonly createTargetFrom: string | null;
  /** The code host its remote lives on; null: a bare git remote. */
  readonly forge: ForgeProject | null;
  /** It has a credential of its own at the forge, so an account of its own. */
  readonly ownCredential: boolean;
  readonly consentAt: Instant | null;
  readonly settings: Partial<Settings>;
  readonly report: RigReport | null;
  readonly failure: Failure | null;
  readonly parkAsked: boolean | null;
  /** A person or a failure asks for another look. */
  readonly probeAsked: boolean;
  readonly probeJob: JobId | null;
  readonly probedAt: Instant | null;
  readonly escalation: EscalationId | null;
  /** Setup failed in an attempt or before a gate: the rig's own failure until somebody acts. */
  readonly setupFailure: Failure | null;
  /** The target's tip as the last job saw it. */
  readonly targetTip: Commit | null;
  readonly usage: Usage;

  /** Derived, kept in the same savepoint as its attempts, recomputed by the resync. */
  readonly live: number;
  readonly grantedAt: Instant | null;
  readonly nextBead: number;

  readonly waits: readonly Wait[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly parked: string | null;
}
