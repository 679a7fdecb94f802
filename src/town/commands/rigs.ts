/**
 * What people ask of rigs and settings.
 */
import { noUsage } from '../../core/attempt.ts';
import type { Command } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import { rigId } from '../../core/ids.ts';
import { prefixOf, prefixProblem, rigNameProblem } from '../../core/names.ts';
import { insert, update } from '../../core/plan.ts';
import { err } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import {
  checkCombination,
  isSettingKey,
  nearKeys,
  parseSetting,
  resolveSettings,
  rigScopeProblem,
} from '../../core/setting-definitions.ts';
import type { SettingKey, Settings } from '../../core/settings.ts';
import { apps } from '../../storage/tables/apps.ts';
import { beads } from '../../storage/tables/beads.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import { loadTown } from '../../storage/load-view.ts';
import { remark } from '../apply.ts';
import { accountFor } from './accounts.ts';
import { agentProblem } from './agents.ts';
import { done, findRig, missing, type Answer, type Ask } from './ask.ts';
import { liveBeads } from './beads.ts';
import { credentialChanged } from './credentials.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function add(ask: Ask, command: Of<'rig_add'>): Answer {
  const { now } = ask.turn;
  const prefix = command.prefix ?? prefixOf(command.name);
  const problem =
    rigNameProblem(command.name) ??
    prefixProblem(prefix) ??
    remoteProblem(command.remote) ??
    taken(ask, command.name, prefix);
  if (problem !== null) return err(problem);
  const row: Rig = {
    id: rigId(command.name),
    prefix,
    status: 'unready',
    remote: command.remote,
    lends: command.lends,
    target: command.target,
    updateCheckout: command.updateCheckout,
    createTargetFrom: command.createTargetFrom,
    forge: command.forge,
    ownCredential: false,
    consentAt: command.consent ? now : null,
    settings: {},
    report: command.report,
    failure: null,
    parkAsked: null,
    probeAsked: true,
    probeJob: null,
    probedAt: null,
    escalation: null,
    setupFailure: null,
    targetTip: null,
    usage: noUsage,
    live: 0,
    grantedAt: null,
    nextBead: beads.nextNumber(ask.turn.tx, prefix),
    waits: [],
    createdAt: now,
    updatedAt: now,
    parked: null,
  };
  remark(ask.turn, { kind: 'rig', id: row.id }, 'added', ask.who, { remote: row.remote });
  return done(ask, row.id, insert('rig', row, 'added'), ...accountFor(ask, row));
}

export function consent(ask: Ask, command: Of<'rig_consent'>): Answer {
  const rig = findRig(ask.turn.tx, command.rig);
  if (!rig.ok) return rig;
  const asked = { consentAt: rig.value.consentAt ?? ask.turn.now, probeAsked: true };
  return done(ask, rig.value.id, update('rig', rig.value.id, asked, 'consent'));
}

export function probe(ask: Ask, command: Of<'rig_probe'>): Answer {
  const rig = findRig(ask.turn.tx, command.rig);
  if (!rig.ok) return rig;
  return done(ask, rig.value.id, update('rig', rig.value.id, { probeAsked: true }, 'probe_asked'));
}

export function park(ask: Ask, command: Of<'rig_park'>): Answer {
  const rig = findRig(ask.turn.tx, command.rig);
  if (!rig.ok) return rig;
  const wish = { parkAsked: command.park };
  const why = command.park ? 'park_asked' : 'unpark_asked';
  return done(ask, rig.value.id, update('rig', rig.value.id, wish, why));
}

export function remove(ask: Ask, command: Of<'rig_remove'>): Answer {
  const found = findRig(ask.turn.tx, command.rig);
  if (!found.ok) return found;
  const rig = found.value;
  const live = liveBeads(ask, rig);
  if (live.length > 0 || rig.live > 0) {
    return err({ kind: 'rig_in_use', helps: 'person', rig: rig.id, beads: live });
  }
  rigs.delete(ask.turn.tx, rig.id);
  for (const scope of [`rig:${rig.id}`, `webhook:${rig.id}`]) {
    for (const { origin } of secrets.of(ask.turn.tx, scope)) {
      secrets.remove(ask.turn.tx, scope, origin);
    }
    for (const { origin } of apps.of(ask.turn.tx, scope)) {
      apps.remove(ask.turn.tx, scope, origin);
    }
  }
  remark(ask.turn, { kind: 'rig', id: rig.id }, 'removed', ask.who, {}, 'delete');
  return done(ask, rig.id, { do: 'resolve', dedupeKey: `rig:${rig.id}`, why: 'removed' });
}

/** S1: each value is checked, then the combination in force; one refusal changes nothing. */
export function setSettings(ask: Ask, command: Of<'settings_set'>): Answer {
  const { tx } = ask.turn;
  const town = loadTown(tx);
  const rig = command.rig === null ? null : findRig(tx, command.rig);
  if (rig !== null && !rig.ok) return rig;
  const before = rig === null ? town.settings : rig.value.settings;
  const next: { [key: string]: unknown } = { ...before };
  const wanted: readonly (readonly [string, unknown])[] = Object.entries(command.set);
  for (const key of [...wanted.map(([name]) => name), ...command.unset]) {
    const problem = keyProblem(key, rig !== null);
    if (problem !== null) return err(problem);
  }
  for (const [key, value] of wanted) {
    if (!isSettingKey(key) || value === undefined) continue;
    const parsed = parseSetting(key, value);
    if (!parsed.ok) return parsed;
    next[key] = parsed.value;
  }
  for (const key of command.unset) delete next[key];
  const settings: Partial<Settings> = next;
  const problem =
    combinationProblem(ask, rig === null ? null : rig.value, settings) ??
    (rig === null
      ? agentProblem(tx, command.set.defaultAgent, undefined, { settings })
      : agentProblem(tx, command.set.defaultAgent, { settings }));
  if (problem !== null) return err(problem);
  const named = [...Object.keys(command.set), ...command.unset];
  const heals = named.some((key) => key.startsWith('credentials.'));
  // What was changed may be what a rig is unready for: it looks again.
  if (rig !== null) {
    const { id, status } = rig.value;
    const look = status === 'unready' ? { probeAsked: true } : {};
    const after = { ...rig.value, settings };
    const healed = heals ? credentialChanged(ask, [after]) : [];
    return done(ask, id, update('rig', id, { settings, ...look }, 'settings'), ...healed);
  }
  const looks = rigs
    .all(tx)
    .filter(({ status }) => status === 'unready')
    .map(({ id }) => update('rig', id, { probeAsked: true }, 'settings'));
  const healed = heals ? credentialChanged(ask, rigs.all(tx)) : [];
  return done(ask, 'town', update('town', 'town', { settings }, 'settings'), ...looks, ...healed);
}

/** A town's setting must go with what every rig has set. */
function combinationProblem(
  ask: Ask,
  rig: Rig | null,
  settings: Partial<Settings>,
): Failure | null {
  const { tx } = ask.turn;
  if (rig !== null) {
    const impossible = pinProblem(rig, settings) ?? strategyProblem(rig, settings);
    return impossible ?? checkCombination(resolveSettings(loadTown(tx).settings, settings));
  }
  const inForce = [{}, ...rigs.all(tx).map((one) => one.settings)];
  for (const own of inForce) {
    const problem = checkCombination(resolveSettings(settings, own));
    if (problem !== null) return problem;
  }
  return null;
}

/** Where there can be no app, a pin to one would end all reading. */
export function pinProblem({ id, forge }: Rig, settings: Partial<Settings>): Failure | null {
  const pinnedTo = settings['credentials.pinnedTo'] ?? null;
  if (pinnedTo === null || forge?.provider === 'github') return null;
  const where = forge === null ? 'is on no forge' : `is on ${forge.origin}, which has no apps`;
  const keys = ['credentials.pinnedTo'];
  return { kind: 'settings_conflict', helps: 'person', keys, why: `${id} ${where}` };
}

/** Where there is no forge, changes would be pushed all the same. */
export function strategyProblem({ id, forge }: Rig, settings: Partial<Settings>): Failure | null {
  if (settings.mergeStrategy !== 'pr' || forge !== null) return null;
  const why = `${id} is on no forge, so it has no pull requests`;
  return { kind: 'settings_conflict', helps: 'person', keys: ['mergeStrategy'], why };
}

function keyProblem(key: string, onRig: boolean): Failure | null {
  if (!isSettingKey(key)) return missing('setting', key, nearKeys(key));
  const known: SettingKey = key;
  return onRig ? rigScopeProblem(known) : null;
}

function taken(ask: Ask, name: string, prefix: string): Failure | null {
  const other = rigs.all(ask.turn.tx).find((rig) => rig.id === name || rig.prefix === prefix);
  if (other === undefined) return null;
  const thing = other.id === name ? 'rig' : 'prefix';
  return {
    kind: 'name_taken',
    helps: 'person',
    thing,
    name: thing === 'rig' ? name : prefix,
    by: `${other.id} (${other.remote})`,
  };
}

/** A credential in a URL would be stored, shown and logged: it belongs to git's own helper. */
export function remoteProblem(remote: string): Failure | null {
  const given = remote.replace(/\/\/[^/@]*@/, '//…@');
  if (!/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(remote)) return null;
  const expected = 'a URL without a password in it; git asks its credential helper';
  return { kind: 'bad_value', helps: 'person', field: 'remote', given, expected };
}
