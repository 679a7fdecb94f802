/**
 * What people ask of pull requests: look again now, and heal what a new credential heals.
 */
import type { Action, EntityName } from '../../core/action.ts';
import type { Command } from '../../core/command.ts';
import { update } from '../../core/plan.ts';
import { accountIdOf } from '../../core/forge-account.ts';
import { err } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import { remark, touch } from '../apply.ts';
import { done, findRig, missing, type Answer, type Ask } from './ask.ts';
import { accountFor } from './rigs.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function retry(ask: Ask, command: Of<'mr_retry'>): Answer {
  const { tx, now } = ask.turn;
  const request = mergeRequests.get(tx, command.mergeRequest);
  if (request === undefined) return err(missing('change', command.mergeRequest, []));
  const { id, stage } = request;
  if (stage === 'merged' || stage === 'abandoned') {
    const allowed = ['queued', 'gating', 'approved', 'changes_requested', 'landing'];
    return err({
      kind: 'not_now',
      helps: 'no',
      command: 'retry',
      name: id,
      status: stage,
      allowed,
    });
  }
  remark(ask.turn, { kind: 'merge_request', id }, 'retry_asked', ask.who, {});
  touch(ask.turn, { kind: 'merge_request', id });
  return done(ask, id, ...freed(ask, request), lookAgain(request, now));
}

function freed(ask: Ask, request: MergeRequest): readonly Action[] {
  const { escalation } = request;
  const open = escalation === null ? undefined : escalations.get(ask.turn.tx, escalation);
  if (open === undefined || open.status === 'resolved' || open.question !== null) return [];
  return [update('escalation', open.id, { resolveAsked: true }, 'retry_asked')];
}

function lookAgain(request: MergeRequest, now: Ask['turn']['now']): Action {
  const watched = request.prNumber === null ? {} : { readAt: now };
  const fresh = { notBefore: null, red: null, mergeTries: 0 };
  return update('merge_request', request.id, { ...fresh, ...watched }, 'retry_asked');
}

/** Only what is sealed arrives here. What could not be read for want of it is read at once. */
export function setCredential(ask: Ask, command: Of<'credential_set'>): Answer {
  const { tx, now } = ask.turn;
  const one = command.rig === null ? null : findRig(tx, command.rig);
  if (one !== null && !one.ok) return one;
  const scope = scopeOf(command.rig);
  const { kind: _, rig, ...credential } = command;
  secrets.put(tx, { ...credential, scope, at: now });
  const { origin, mask } = command;
  remark(ask.turn, nameOf(rig), 'credential_set', ask.who, { origin, mask });
  return changed(ask, one === null ? null : one.value);
}

/** Deliveries signed with the one before are not believed any more. */
export function setWebhookSecret(ask: Ask, command: Of<'webhook_secret_set'>): Answer {
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

export function removeCredential(ask: Ask, command: Of<'credential_remove'>): Answer {
  const { tx } = ask.turn;
  const { rig, origin } = command;
  const one = rig === null ? null : findRig(tx, rig);
  if (one !== null && !one.ok) return one;
  const known = secrets.of(tx, scopeOf(rig)).map((stored) => stored.origin);
  if (!known.includes(origin)) return err(missing('credential', origin, known));
  secrets.remove(tx, scopeOf(rig), origin);
  remark(ask.turn, nameOf(rig), 'credential_removed', ask.who, { origin });
  return changed(ask, one === null ? null : one.value);
}

export function scopeOf(rig: string | null): string {
  return rig === null ? 'town' : `rig:${rig}`;
}

function nameOf(rig: string | null): EntityName {
  return rig === null ? { kind: 'town', id: 'town' } : { kind: 'rig', id: rig };
}

/** Those that could not even be opened for want of a credential: they are tried again. */
function unopened(ask: Ask, rig: Rig): readonly Action[] {
  const { tx, now } = ask.turn;
  return mergeRequests
    .liveOfRig(tx, rig.id, Number.MAX_SAFE_INTEGER)
    .filter(({ prNumber, failures }) => {
      return prNumber === null && failures.some(({ kind }) => kind === 'pr_poll_failed');
    })
    .flatMap((request) => [...freed(ask, request), lookAgain(request, now)]);
}

/** A rig with a credential of its own has an account of its own; the first success clears. */
function changed(ask: Ask, one: Rig | null): Answer {
  const { tx, now } = ask.turn;
  const touched = one === null ? rigs.all(tx) : [one];
  const actions = touched.flatMap((rig): readonly Action[] => {
    const own = secrets.of(tx, scopeOf(rig.id)).some(({ origin }) => origin === rig.forge?.origin);
    const after = { ...rig, ownCredential: own };
    const account = accountIdOf(after);
    const again = mergeRequests
      .watchedOfRig(tx, rig.id)
      .map(({ id }) => update('merge_request', id, { readAt: now, account }, 'credential_changed'));
    return [
      ...unopened(ask, rig),
      ...accountFor(ask, after),
      update('rig', rig.id, { ownCredential: own, probeAsked: true }, 'credential_changed'),
      ...again,
    ];
  });
  return done(ask, one?.id ?? 'town', ...actions);
}
