/**
 * The whole schema and its migrations.
 *
 * V1 A database from a newer version is never opened. V2 A migration runs in one transaction
 * with the row that records it. V3 What a released version wrote, every later one reads.
 */
import type { Sql, SqlValue, Tx } from '../ports/sql.ts';
import { agenda } from './agenda.ts';
import { apps } from './tables/apps.ts';
import { attempts } from './tables/attempts.ts';
import { beads } from './tables/beads.ts';
import { claims } from './tables/claims.ts';
import { dependencies } from './tables/dependencies.ts';
import { dispatches } from './tables/dispatch.ts';
import { escalations } from './tables/escalations.ts';
import { forgeAccounts } from './tables/forge-accounts.ts';
import { gateResults } from './tables/gate-results.ts';
import { idempotency } from './tables/idempotency.ts';
import { jobs } from './tables/jobs.ts';
import { journal } from './tables/journal.ts';
import { mergeRequests } from './tables/merge-requests.ts';
import { rigs } from './tables/rigs.ts';
import { runners } from './tables/runners.ts';
import { secrets } from './tables/secrets.ts';
import { counters, towns } from './tables/town.ts';
import { transcripts } from './tables/transcripts.ts';

const everything = [
  towns,
  counters,
  beads,
  dependencies,
  claims,
  attempts,
  jobs,
  mergeRequests,
  rigs,
  escalations,
  runners,
  dispatches,
  forgeAccounts,
  agenda,
  journal,
  transcripts,
  gateResults,
  idempotency,
  secrets,
  apps,
];

interface Migration {
  readonly version: number;
  run(tx: Tx): void;
}

/** Columns that rows of version 1 lack, by their table, and what stands there instead. */
export const sinceVersion1: Readonly<Record<string, Readonly<Record<string, SqlValue>>>> = {
  beads: { scope: '[]' },
  merge_requests: { merge_asked: null, dequeued: null },
};

/** What an older database lacks. A new one begins with everything. */
const migrations: readonly Migration[] = [
  {
    version: 2,
    run(tx) {
      for (const table of [beads, mergeRequests]) table.widen(tx, sinceVersion1[table.name] ?? {});
      claims.upgrade(tx);
    },
  },
];

export const schemaVersion = 2;

const versionTable = `create table if not exists migrations (
  version integer primary key, at integer not null) strict`;
const versionGet = `select coalesce(max(version), 0) as version from migrations`;
const versionPut = `insert into migrations (version, at) values (?, ?)`;

export type Migrated =
  | { readonly ok: true; readonly from: number }
  | { readonly ok: false; readonly found: number; readonly known: number };

/** Brings the database to `schemaVersion`. V1, V2 */
export function migrate(sql: Sql, at: number): Migrated {
  return sql.transaction((tx) => {
    tx.run(versionTable);
    const found = Number(tx.get(versionGet)?.['version'] ?? 0);
    if (found > schemaVersion) return { ok: false, found, known: schemaVersion };
    if (found === 0) {
      for (const table of everything) for (const statement of table.schema()) tx.run(statement);
      tx.run(versionPut, schemaVersion, at);
      return { ok: true, from: found };
    }
    for (const migration of migrations) {
      if (migration.version <= found) continue;
      migration.run(tx);
      tx.run(versionPut, migration.version, at);
    }
    return { ok: true, from: found };
  });
}

/** Every statement the town sends, for the test that prepares each on both hosts. */
export function allStatements(): readonly string[] {
  return [
    versionGet,
    versionPut,
    ...everything.flatMap((table) => [
      ...table.statements(),
      ...('finders' in table ? table.finders() : []),
    ]),
  ];
}
