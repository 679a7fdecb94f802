/**
 * The read side of forges: accounts with what stands behind each, and credentials as they may be
 * shown.
 *
 * Q1 Nothing here writes. Q2 What is sealed leaves only by `sealed…`, for the host that has
 *    the key.
 */
import type { ForgeAccount } from '../core/forge-account.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import { accountIdOf } from '../core/forge-account.ts';
import type { Rig } from '../core/rig.ts';
import { resolveSettings } from '../core/setting-definitions.ts';
import type { Settings } from '../core/settings.ts';
import type { SqlReader } from '../ports/sql.ts';
import { apps, type SealedApp } from '../storage/tables/apps.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { forgeAccounts } from '../storage/tables/forge-accounts.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { secrets, type SealedCredential } from '../storage/tables/secrets.ts';
import { towns } from '../storage/tables/town.ts';
import { scopeOf, webhookScope } from './commands/credentials.ts';
import { accountView, appView, credentialView } from './forge-views.ts';
import { answeredBefore, type Asked } from './repeats.ts';

export class ForgeQueries {
  readonly #sql: SqlReader;

  constructor(sql: SqlReader) {
    this.#sql = sql;
  }

  rig(id: string): Rig | null {
    return rigs.get(this.#sql, id) ?? null;
  }

  rigs(): readonly Rig[] {
    return rigs.all(this.#sql);
  }

  settings(rig: Rig | null): Settings {
    return resolveSettings(towns.get(this.#sql, 'town')?.settings ?? {}, rig?.settings ?? {});
  }

  /** Its live changes that have a pull request. */
  pullsOf(rig: Rig): readonly MergeRequest[] {
    return mergeRequests.watchedOfRig(this.#sql, rig.id);
  }

  /** For what is read on a forge before it is asked of the town: a repeat reads nothing. */
  answeredBefore(asked: Asked, key: string | undefined) {
    return answeredBefore(this.#sql, asked, key);
  }

  /** The rig of a question that another pull request may answer; null: it is about else. */
  rigToSupersede(id: string): Rig | null {
    const row = escalations.get(this.#sql, id);
    const kind = row?.failure?.kind;
    if (kind !== 'pr_closed' && kind !== 'pr_rival') return null;
    if (row === undefined || row.status === 'resolved') return null;
    const request = mergeRequests.get(this.#sql, row.subject);
    return request === undefined ? null : (rigs.get(this.#sql, request.rig) ?? null);
  }

  /** With the rigs that use each. */
  accounts() {
    const all = rigs.all(this.#sql);
    const open = escalations.open(this.#sql);
    return forgeAccounts.all(this.#sql).flatMap((account) => {
      const own = all.filter((rig) => rig.forge !== null && accountIdOf(rig) === account.id);
      if (own.length === 0) return [];
      const rows = {
        account,
        rigs: own,
        requests: own.flatMap((rig) => this.#watched(account, rig)),
        escalations: open.filter((one) => own.some((rig) => isAbout(one.subject, rig, this.#sql))),
      };
      return [{ account, rigs: own, view: accountView(rows) }];
    });
  }

  #watched(account: ForgeAccount, rig: Rig): readonly MergeRequest[] {
    const watched = mergeRequests.watchedOfRig(this.#sql, rig.id);
    return watched.filter((request) => request.account === account.id);
  }

  credentials(rig: string | null) {
    const cli = rig === null ? this.sealed(null, true) : [];
    return [...cli, ...this.sealed(rig)].map(credentialView);
  }

  /** Q2 */
  sealed(rig: string | null, cli = false): readonly SealedCredential[] {
    return secrets.of(this.#sql, scopeOf(rig, cli));
  }

  apps(rig: string | null) {
    return this.sealedApps(rig).map(appView);
  }

  /** Q2 */
  sealedApps(rig: string | null): readonly SealedApp[] {
    return apps.of(this.#sql, scopeOf(rig));
  }

  /** Q2 */
  sealedWebhook(rig: string): SealedCredential | null {
    return secrets.of(this.#sql, webhookScope(rig))[0] ?? null;
  }
}

function isAbout(subject: string, rig: Rig, sql: SqlReader): boolean {
  return subject === `rig:${rig.id}` || mergeRequests.get(sql, subject)?.rig === rig.id;
}
