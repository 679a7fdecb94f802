/**
 * Apps that tokens are asked from. Their keys are sealed: what stands here can be copied and backed
 * up without telling anything.
 *
 * A1 Only sealed keys are ever written; what opens them is the host's and not in the database.
 * A2 Each is bound to one forge, by the addresses it was saved with: one a scope and forge.
 */
import type { AppIdentity } from '../../core/app.ts';
import type { SqlReader, SqlRow, Tx } from '../../ports/sql.ts';

export interface SealedApp extends AppIdentity {
  /** `town`, or `rig:web`. */
  readonly scope: string;
  readonly origin: string;
  readonly apiBase: string;
  readonly sealed: string;
  /** Of the public half, as the forge shows it. */
  readonly mask: string;
  readonly at: number;
}

const schema = [
  `create table apps (
     scope text not null, origin text not null, api_base text not null, app_id text not null,
     installation integer, sealed text not null, mask text not null, at integer not null,
     primary key (scope, origin)
   ) strict, without rowid`,
];

const columns = 'scope, origin, api_base, app_id, installation, sealed, mask, at';
const statements = {
  put: `insert into apps (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, origin) do update set api_base = excluded.api_base,
      app_id = excluded.app_id, installation = excluded.installation,
      sealed = excluded.sealed, mask = excluded.mask, at = excluded.at`,
  of: `select ${columns} from apps where scope = ? order by scope, origin`,
  remove: `delete from apps where scope = ? and origin = ?`,
};

const fromRow = (row: SqlRow): SealedApp => ({
  scope: String(row['scope']),
  origin: String(row['origin']),
  apiBase: String(row['api_base']),
  appId: String(row['app_id']),
  installation: row['installation'] === null ? null : Number(row['installation']),
  sealed: String(row['sealed']),
  mask: String(row['mask']),
  at: Number(row['at']),
});

export const apps = {
  schema: () => schema,
  statements: () => Object.values(statements),
  put: (tx: Tx, one: SealedApp) =>
    tx.run(
      statements.put,
      one.scope,
      one.origin,
      one.apiBase,
      one.appId,
      one.installation,
      one.sealed,
      one.mask,
      one.at,
    ),
  of: (reader: SqlReader, scope: string): readonly SealedApp[] =>
    reader.all(statements.of, scope).map(fromRow),
  remove: (tx: Tx, scope: string, origin: string) => tx.run(statements.remove, scope, origin),
};
