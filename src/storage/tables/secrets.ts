/**
 * Credentials, sealed: what stands here can be copied and backed up without telling anything.
 *
 * C1 Only sealed text is ever written; the key is the host's and not in the database.
 * C2 Each is bound to one forge, by the origins it was saved with.
 */
import type { ForgeProvider } from '../../core/pull-request.ts';
import type { SqlReader, SqlRow, Tx } from '../../ports/sql.ts';

export interface SealedCredential {
  /** `town`, `town:cli`, `rig:web`, or `webhook:web`. */
  readonly scope: string;
  readonly provider: ForgeProvider;
  readonly origin: string;
  readonly apiOrigin: string;
  readonly sealed: string;
  /** Its last characters, for people to tell two apart. */
  readonly mask: string;
  readonly login: string | null;
  readonly at: number;
}

const schema = [
  `create table secrets (
     scope text not null, origin text not null, provider text not null, api_origin text not null,
     sealed text not null, mask text not null, login text, at integer not null,
     primary key (scope, origin)
   ) strict, without rowid`,
];

const columns = 'scope, origin, provider, api_origin, sealed, mask, login, at';
const statements = {
  put: `insert into secrets (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, origin) do update set provider = excluded.provider,
      api_origin = excluded.api_origin, sealed = excluded.sealed, mask = excluded.mask,
      login = excluded.login, at = excluded.at`,
  of: `select ${columns} from secrets where scope = ? order by scope, origin`,
  remove: `delete from secrets where scope = ? and origin = ?`,
};

const fromRow = (row: SqlRow): SealedCredential => ({
  scope: String(row['scope']),
  origin: String(row['origin']),
  provider: row['provider'] as ForgeProvider,
  apiOrigin: String(row['api_origin']),
  sealed: String(row['sealed']),
  mask: String(row['mask']),
  login: row['login'] as string | null,
  at: Number(row['at']),
});

export const secrets = {
  schema: () => schema,
  statements: () => Object.values(statements),
  put: (tx: Tx, one: SealedCredential) =>
    tx.run(
      statements.put,
      one.scope,
      one.origin,
      one.provider,
      one.apiOrigin,
      one.sealed,
      one.mask,
      one.login,
      one.at,
    ),
  of: (reader: SqlReader, scope: string): readonly SealedCredential[] =>
    reader.all(statements.of, scope).map(fromRow),
  remove: (tx: Tx, scope: string, origin: string) => tx.run(statements.remove, scope, origin),
};
