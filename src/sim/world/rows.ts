/**
 * What people and checkers see of a town: its live rows, read through the tables' own modules.
 * Read again only after something was written.
 */
import type { Attempt } from '../../core/attempt.ts';
import type { Bead } from '../../core/bead.ts';
import type { Dispatch } from '../../core/dispatch.ts';
import type { Escalation } from '../../core/escalation.ts';
import type { BeadId } from '../../core/ids.ts';
import type { Job } from '../../core/job.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Rig } from '../../core/rig.ts';
import type { Runner } from '../../core/runner.ts';
import type { Town } from '../../core/town.ts';
import { attempts } from '../../storage/tables/attempts.ts';
import { beads } from '../../storage/tables/beads.ts';
import { dependencies } from '../../storage/tables/dependencies.ts';
import { dispatches } from '../../storage/tables/dispatch.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { jobs } from '../../storage/tables/jobs.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { runners } from '../../storage/tables/runners.ts';
import { towns } from '../../storage/tables/town.ts';
import type { MemorySql } from './memory-sql.ts';

export interface Rows {
  readonly town: Town | null;
  /** All of them, closed ones too. */
  readonly beads: readonly Bead[];
  readonly liveAttempts: readonly Attempt[];
  readonly liveJobs: readonly Job[];
  readonly liveRequests: readonly MergeRequest[];
  readonly rigs: readonly Rig[];
  readonly openEscalations: readonly Escalation[];
  readonly runners: readonly Runner[];
  readonly dispatch: Dispatch | null;
  readonly dependencies: readonly { readonly bead: BeadId; readonly blocker: BeadId }[];
}

const many = 10_000;

export const noRows: Rows = {
  town: null,
  beads: [],
  liveAttempts: [],
  liveJobs: [],
  liveRequests: [],
  rigs: [],
  openEscalations: [],
  runners: [],
  dispatch: null,
  dependencies: [],
};

export class RowsReader {
  readonly #disk: MemorySql;
  #at = -1;
  #rows: Rows | null = null;

  constructor(disk: MemorySql) {
    this.#disk = disk;
  }

  read(): Rows {
    if (this.#rows === null || this.#at !== this.#disk.changes) {
      this.#at = this.#disk.changes;
      // Before the first commit there is no schema yet.
      this.#rows = this.#disk.commits === 0 ? noRows : readRows(this.#disk);
    }
    return this.#rows;
  }
}

function readRows(disk: MemorySql): Rows {
  return {
    town: towns.get(disk, 'town') ?? null,
    beads: beads.select(disk, 'order by created_at, id'),
    liveAttempts: attempts.live(disk, many),
    liveJobs: jobs.live(disk, many),
    liveRequests: mergeRequests.live(disk, many),
    rigs: rigs.all(disk),
    openEscalations: escalations.open(disk),
    runners: runners.all(disk),
    dispatch: dispatches.get(disk, 'dispatch') ?? null,
    dependencies: dependencies.all(disk),
  };
}
