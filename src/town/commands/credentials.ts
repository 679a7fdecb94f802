/**
 * What people ask of credentials: tokens, apps and the secrets of webhooks, and what a new one
 * heals.
 *
 * C1 Only what is sealed arrives here. C2 A rig with a credential of its own, or pinned to one app,
 *    has an account of its own; what could not be read for want of it is read at once, and the
 *    first success clears. What was refused for want of a permission is tried again.
 * C3 Only rigs of its origin look again, or the rig it is for.
 */
import type { Action, EntityName } from '../../core/action.ts';
import { appNameOf } from '../../core/app.ts';
import type { Command } from '../../core/command.ts';
import { accountIdOf } from '../../core/forge-account.ts';
import { update } from '../../core/plan.ts';
import { err } from '../../core/result.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Rig } from '../../core/rig.ts';
import { apps } from '../../storage/tables/apps.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import { remark } from '../apply.ts';
import { accountFor } from './accounts.ts';
import { done, findRig, missing, type Answer, type Ask } from './ask.ts';
import { retryLanding } from './retry-landing.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;
type Kept =
  | 'credential_set'
  | 'credential_remove'
  | 'webhook_secret_set'
  | 'app_set'
  | 'app_remove';

export function keep(ask: Ask, command: Of<Kept>): Answer {
  switch (command.kind) {
    case 'credential_set':
      return setCredential(ask, command);
    case 'credential_remove':
      return removeCredential(ask, command);
    case 'webhook_secret_set':
      return setWebhookSecret(ask, command);
    case 'app_set':
      return setApp(ask, command);
    case 'app_remove':
      return removeApp(ask, command);
  }
}

/** C1 */
function setCredential(ask: Ask, command: Of<'credential_set'>): Answer {
  const { tx, now } = ask.turn;
  const one = command.rig === null ? null : findRig(tx, command.rig);
  if (one !== null && !one.ok) return one;
  const { kind: _, rig, cli, ...credential } = command;
  const scope = scopeOf(rig, cli);
  secrets.put(tx, { ...credential, scope, at: now });
  const { origin, mask } = command;
  remark(ask.turn, nameOf(rig), 'credential_set', ask.who, { origin, mask });
  return changed(ask, one === null ? null : one.value, origin);
}

/** An app: as a credential, but that what it gives ends by itself. */
function setApp(ask: Ask, command: Of<'app_set'>): Answer {
  const { tx, now } = ask.turn;
  const one = command.rig === null ? null : findRig(tx, command.rig);
  if (one !== null && !one.ok) return one;
  const { kind: _, rig, ...app } = command;
  apps.put(tx, { ...app, scope: scopeOf(rig), at: now });
  const { origin, mask } = command;
  remark(ask.turn, nameOf(rig), 'app_set', ask.who, { origin, app: appNameOf(command), mask });
  return changed(ask, one === null ? null : one.value, origin);
}

function removeApp(ask: Ask, command: Of<'app_remove'>): Answer {
  const { tx } = ask.turn;
  const { rig, origin } = command;
  const one = rig === null ? null : findRig(tx, rig);
  if (one !== null && !one.ok) return one;
  const known = apps.of(tx, scopeOf(rig)).map((stored) => stored.origin);
  if (!known.includes(origin)) return err(missing('app', origin, known));
  apps.remove(tx, scopeOf(rig), origin);
  remark(ask.turn, nameOf(rig), 'app_removed', ask.who, { origin });
  return changed(ask, one === null ? null : one.value, origin);
}

/** Deliveries signed with the one before are not believed any more. */
function setWebhookSecret(ask: Ask, command: Of<'webhook_secret_set'>): Answer {
  const { tx, now } = ask.turn;
  const rig = findRig(tx, command.rig);
  if (!rig.ok) return rig;
  const { provider, origin, sealed } = command;
  const scope = webhookScope(rig.value.id);
  for (const { origin: before } of secrets.of(tx, scope)) secrets.remove(tx, scope, before);
  const row = { scope, provider, origin, apiOrigin: origin, sealed, mask: '****', login: null };
  secrets.put(tx, { ...row, at: now });
  remark(ask.turn, nameOf(rig.value.id), 'webhook_secret_set', ask.who, { origin });
  return done(ask, rig.value.id);
}

export function webhookScope(rig: string): string {
  return `webhook:${rig}`;
}

function removeCredential(ask: Ask, command: Of<'credential_remove'>): Answer {
  const { tx } = ask.turn;
  const { rig, origin } = command;
  const one = rig === null ? null : findRig(tx, rig);
  if (one !== null && !one.ok) return one;
  const scope = scopeOf(rig, command.cli);
  const known = secrets.of(tx, scope).map((stored) => stored.origin);
  if (!known.includes(origin)) return err(missing('credential', origin, known));
  secrets.remove(tx, scope, origin);
  remark(ask.turn, nameOf(rig), 'credential_removed', ask.who, { origin });
  return changed(ask, one === null ? null : one.value, origin);
}

/** Where it is kept. A rig has no CLI token: that is the whole town's. */
export function scopeOf(rig: string | null, cli = false): string {
  if (rig !== null) return `rig:${rig}`;
  return cli ? 'town:cli' : 'town';
}

function nameOf(rig: string | null): EntityName {
  return rig === null ? { kind: 'town', id: 'town' } : { kind: 'rig', id: rig };
}

/** What waits for a credential without being read: it could not be opened, or may not merge. */
function isRefused({ prNumber, failures }: MergeRequest): boolean {
  return failures.some(
    (failure) =>
      (failure.kind === 'pr_poll_failed' && prNumber === null) ||
      (failure.kind === 'pr_merge_refused' && failure.reason === 'permission'),
  );
}

/** C3 */
function changed(ask: Ask, one: Rig | null, origin: string): Answer {
  const { tx } = ask.turn;
  const touched =
    one === null ? rigs.all(tx).filter(({ forge }) => forge?.origin === origin) : [one];
  return done(ask, one?.id ?? 'town', ...credentialChanged(ask, touched));
}

/** By a setting of its own, whatever it says: no other rig has to go by it. */
export function isPinned({ settings }: Rig): boolean {
  return settings['credentials.pinnedTo'] !== undefined;
}

/** C2 */
export function credentialChanged(ask: Ask, touched: readonly Rig[]): readonly Action[] {
  const { tx, now } = ask.turn;
  return touched.flatMap((rig): readonly Action[] => {
    const scope = scopeOf(rig.id);
    const stored = [...secrets.of(tx, scope), ...apps.of(tx, scope)];
    const own = isPinned(rig) || stored.some(({ origin }) => origin === rig.forge?.origin);
    const after = { ...rig, ownCredential: own };
    const account = accountIdOf(after);
    const why = 'credential_changed';
    const refused = mergeRequests.liveOfRig(tx, rig.id, Number.MAX_SAFE_INTEGER).filter(isRefused);
    const again = mergeRequests
      .watchedOfRig(tx, rig.id)
      .map(({ id }) => update('merge_request', id, { readAt: now, account }, why));
    return [
      ...refused.flatMap((request) => retryLanding(ask, request, why)),
      ...accountFor(ask, after),
      ...(rig.forge === null
        ? []
        : [update('forge_account', account, { incidentSince: null }, why)]),
      update('rig', rig.id, { ownCredential: own, probeAsked: true }, why),
      ...again,
    ];
  });
}
