/**
 * The table that keeps entities of a kind: one place, so that `apply` has one path for all of
 * them and no switch of its own.
 */
import type { EntityKind, Rows } from '../core/action.ts';
import type { Table } from './table.ts';
import { attempts } from './tables/attempts.ts';
import { beads } from './tables/beads.ts';
import { dispatches } from './tables/dispatch.ts';
import { forgeAccounts } from './tables/forge-accounts.ts';
import { escalations } from './tables/escalations.ts';
import { jobs } from './tables/jobs.ts';
import { mergeRequests } from './tables/merge-requests.ts';
import { rigs } from './tables/rigs.ts';
import { runners } from './tables/runners.ts';
import { towns } from './tables/town.ts';

const tables = {
  town: towns,
  bead: beads,
  attempt: attempts,
  job: jobs,
  merge_request: mergeRequests,
  rig: rigs,
  escalation: escalations,
  runner: runners,
  dispatch: dispatches,
  forge_account: forgeAccounts,
} as const;

/** Any entity's table: the caller's row kind is the entity's, which the types cannot follow. */
export function tableOf<K extends EntityKind>(kind: K): Table<Rows[K]> {
  return tables[kind] as unknown as Table<Rows[K]>;
}
