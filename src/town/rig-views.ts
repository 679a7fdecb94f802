/**
 * What a person is shown about a rig beyond its row: every check of the last look at it, and every
 * setting as it holds there with where it comes from.
 *
 * G1 A check that failed carries its explanation; one that passed says nothing more.
 */
import { explain } from '../core/explain.ts';
import type { Rig } from '../core/rig.ts';
import {
  resolveSettings,
  settingDefinitions,
  settingKeys,
  sourceOf,
} from '../core/setting-definitions.ts';
import type { Settings } from '../core/settings.ts';
import { lookChecks, type LookView } from './forge-views.ts';
import { isProbing } from './views.ts';

const nothingWrong = { what: '', evidence: '', next: '' };

/** G1 */
/** With what a look at its forge found, where it is on one. */
export function doctorView(rig: Rig, look: LookView | null) {
  const about = { rig: rig.id };
  const checks = (rig.report?.checks ?? []).map(({ name, passed, failure }) => ({
    name,
    passed,
    ...(failure === null ? nothingWrong : explain(failure, about)),
  }));
  const said = new Set(checks.map((check) => check.what));
  const others = [rig.failure, rig.setupFailure]
    .filter((failure) => failure !== null)
    .map((failure) => ({ name: failure.kind, passed: false, ...explain(failure, about) }))
    .filter((check) => !said.has(check.what));
  const rights = look === null ? [] : lookChecks(look, rig.id);
  const all = [...checks, ...others, ...rights];
  const healthy = rig.status === 'ready' && all.every((check) => check.passed);
  return { rig: rig.id, healthy, probing: isProbing(rig), checks: all, forge: look };
}

export function settingViews(town: Partial<Settings>, rig: Partial<Settings>) {
  const inForce = resolveSettings(town, rig);
  return settingKeys.map((key) => ({
    key,
    value: inForce[key],
    default: settingDefinitions[key].default,
    source: sourceOf(key, town, rig),
    type: settingDefinitions[key].type,
    summary: settingDefinitions[key].meaning,
    perRig: settingDefinitions[key].scope === 'town and rig',
  }));
}
