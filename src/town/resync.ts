/**
 * The dry resync: asks every live entity's decision whether it would act although nothing wakes
 * it. It never should; what it finds is a forgotten touch, done and reported as a bug of ours.
 */
import type { EntityName } from '../core/action.ts';
import type { Instant } from '../core/time.ts';
import type { SqlReader } from '../ports/sql.ts';
import { agenda } from '../storage/agenda.ts';
import { loadGround } from '../storage/load-view.ts';
import { tableOf } from '../storage/table-of.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { forgeAccounts } from '../storage/tables/forge-accounts.ts';
import { jobs } from '../storage/tables/jobs.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { decide } from './tick.ts';

/** The last bead looked at, by age. */
export interface Cursor {
  readonly createdAt: number;
  readonly id: string;
}

export const fromStart: Cursor = { createdAt: -1, id: '' };

export interface Resynced {
  readonly missed: readonly EntityName[];
  /** Where the next batch goes on; back at the start after the last one. */
  readonly next: Cursor;
}

/** Looks at up to `count` beads after the cursor and what else is alive. Writes nothing. */
export function missedWakes(
  reader: SqlReader,
  now: Instant,
  cursor: Cursor,
  count: number,
): Resynced {
  const ground = loadGround(reader, now);
  const batch = beads.liveAfter(reader, cursor.createdAt, cursor.id, count);
  const missed = names(reader, batch, count).filter((name) => {
    const dueAt = agenda.dueAtOf(reader, name);
    if (dueAt !== null && dueAt <= now) return false;
    const row = tableOf(name.kind).get(reader, name.id);
    if (row === undefined || ('parked' in row && row.parked !== null)) return false;
    const plan = decide(reader, name, ground);
    if (plan === null) return false;
    if (plan.actions.length > 0) return true;
    const until = plan.waits.flatMap((wait) => (wait.until === undefined ? [] : [wait.until]));
    return until.length > 0 && (dueAt === null || dueAt > Math.min(...until));
  });
  const last = batch.at(-1);
  return { missed, next: last === undefined || batch.length < count ? fromStart : last };
}

function names(
  reader: SqlReader,
  batch: readonly { readonly id: string }[],
  count: number,
): readonly EntityName[] {
  const of = (kind: EntityName['kind'], rows: readonly { readonly id: string }[]) =>
    rows.map(({ id }) => ({ kind, id }));
  return [
    ...of('bead', batch),
    ...of('attempt', attempts.live(reader, count)),
    ...of('job', jobs.live(reader, count)),
    ...of('merge_request', mergeRequests.live(reader, count)),
    ...of('rig', rigs.all(reader)),
    ...of('runner', runners.all(reader)),
    ...of('forge_account', forgeAccounts.all(reader)),
    ...of('escalation', escalations.open(reader)),
    { kind: 'dispatch', id: 'dispatch' },
  ];
}
