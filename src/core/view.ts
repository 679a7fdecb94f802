/**
 * What one entity's decision may read. Loaded whole before it decides, so a decision is a
 * function of values: no store, no clock, no second look.
 */
import type { NextNumbers } from './action.ts';
import type { Attempt } from './attempt.ts';
import type { Bead } from './bead.ts';
import type { Dispatch } from './dispatch.ts';
import type { Escalation } from './escalation.ts';
import type { ForgeAccount } from './forge-account.ts';
import type { AttemptId, BeadId, MergeRequestId } from './ids.ts';
import type { GateReport, Job } from './job.ts';
import type { MergeRequest } from './merge-request.ts';
import type { Rig } from './rig.ts';
import type { Runner } from './runner.ts';
import type { Settings } from './settings.ts';
import type { Instant } from './time.ts';
import type { Town } from './town.ts';

interface Base {
  readonly now: Instant;
  readonly town: Town;
  readonly next: NextNumbers;
}

export interface BeadView extends Base {
  readonly bead: Bead;
  readonly rig: Rig;
  readonly settings: Settings;
  readonly attempt: Attempt | null;
  readonly mergeRequest: MergeRequest | null;
  readonly escalation: Escalation | null;
  /** Blockers that have not landed; at most a few, for the wait's words. */
  readonly blockers: readonly BeadId[];
}

export interface AttemptView extends Base {
  readonly attempt: Attempt;
  readonly bead: Bead;
  readonly rig: Rig;
  readonly settings: Settings;
  readonly runner: Runner | null;
}

export interface JobView extends Base {
  readonly job: Job;
  readonly runner: Runner | null;
}

export interface MergeRequestView extends Base {
  readonly mergeRequest: MergeRequest;
  readonly bead: Bead;
  readonly rig: Rig;
  readonly settings: Settings;
  readonly job: Job | null;
  readonly targetJob: Job | null;
  /** What gates said about the tip the candidate was built on. */
  readonly targetReports: readonly GateReport[];
  readonly slotHolder: MergeRequestId | null;
  readonly firstInLine: MergeRequestId | null;
  readonly escalation: Escalation | null;
}

export interface RigView extends Base {
  readonly rig: Rig;
  readonly settings: Settings;
  readonly probe: Job | null;
  /** The last ended attempts since the last look, newest first; a few. */
  readonly lastEnded: readonly Attempt[];
  /** Those of them whose bead named its agent or model itself: that is not the rig's doing. */
  readonly ownChoice: readonly AttemptId[];
}

export interface ForgeAccountView extends Base {
  readonly account: ForgeAccount;
  /** Due to be read and not flagged, longest due first; at most one read's worth. */
  readonly due: readonly MergeRequest[];
  /** The same of those that are unobservable. */
  readonly blind: readonly MergeRequest[];
  /** The rigs of both. */
  readonly rigs: readonly Rig[];
  /** When the next of its pull requests is due, and of the unobservable ones; null: none is. */
  readonly nextReadAt: Instant | null;
  readonly nextBlindAt: Instant | null;
}

export interface EscalationView extends Base {
  readonly escalation: Escalation;
}

export interface RunnerView extends Base {
  readonly runner: Runner;
  /** The start of the oldest attempt or running job it holds; null: it holds nothing. */
  readonly heldSince: Instant | null;
}

/** One rig's place before the dispatcher: the bead that is first in its line, if any. */
export interface Line {
  readonly rig: Rig;
  readonly settings: Settings;
  readonly first: Bead | null;
}

export interface DispatchView extends Base {
  readonly dispatch: Dispatch;
  readonly runners: readonly Runner[];
  readonly lines: readonly Line[];
  readonly probe: Attempt | null;
  /** Charged attempts and failed starts within the window, newest first. */
  readonly failures: readonly Attempt[];
}
