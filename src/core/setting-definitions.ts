/**
 * What is done with the table of settings: reading a value, resolving town and rig, refusing what
 * cannot be. Help, the generated document and the API read the same table.
 *
 * S1 A value is checked when it is set; an impossible combination is refused with its reason.
 * S2 A rig's value wins over the town's, the town's over the default. Lists replace, never join.
 * S3 `null` is a value, "not set" is the absence of the key.
 */
import type { Failure, FailureOf } from './failure.ts';
import type { Gate, SetupStep } from './launch-spec.ts';
import { near } from './names.ts';
import type { Result } from './result.ts';
import type { SettingKey, Settings } from './settings.ts';
import { settingDefinitions } from './setting-table.ts';

export { settingDefinitions } from './setting-table.ts';

export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(settingDefinitions, text);
}

/** In the order of the table. */
export const settingKeys: readonly SettingKey[] =
  Object.keys(settingDefinitions).filter(isSettingKey);

/** Which keys were probably meant. */
export function nearKeys(text: string): readonly string[] {
  return near(text, settingKeys);
}

/** S1 */
export function parseSetting<K extends SettingKey>(
  key: K,
  value: unknown,
): Result<Settings[K], FailureOf<'bad_value'>> {
  return settingDefinitions[key].parse(key, value);
}

/**
 * The value as a person types it: JSON where that is a value of this setting, else the text
 * itself, so that `gt config set branchPrefix 7` is a text and `maxPolecatsPerRig 7` a number.
 */
export function parseSettingText<K extends SettingKey>(
  key: K,
  typed: string,
): Result<Settings[K], FailureOf<'bad_value'>> {
  const json = jsonOf(typed);
  const asJson = json === undefined ? undefined : parseSetting(key, json);
  if (asJson?.ok === true) return asJson;
  const asText = parseSetting(key, typed);
  return asText.ok || asJson === undefined || typeof json !== 'object' ? asText : asJson;
}

function jsonOf(typed: string): unknown {
  try {
    return JSON.parse(typed);
  } catch {
    return undefined;
  }
}

/** Why this key cannot be set on a rig, or null when it can. */
export function rigScopeProblem(key: SettingKey): FailureOf<'settings_conflict'> | null {
  if (settingDefinitions[key].scope === 'town and rig') return null;
  return conflict([key], 'it is a setting of the whole town and cannot differ between rigs');
}

/** S2 S3 */
export function resolveSettings(town: Partial<Settings>, rig: Partial<Settings>): Settings {
  const pick = <K extends SettingKey>(key: K): Settings[K] => inForce(key, town, rig);
  return {
    defaultAgent: pick('defaultAgent'),
    defaultModel: pick('defaultModel'),
    agents: pick('agents'),
    mergeStrategy: pick('mergeStrategy'),
    autoMerge: pick('autoMerge'),
    autoMergeDelayMinutes: pick('autoMergeDelayMinutes'),
    checksPolicy: pick('checksPolicy'),
    autoResolvePrFeedback: pick('autoResolvePrFeedback'),
    autoResolveMergeConflicts: pick('autoResolveMergeConflicts'),
    strangerCommits: pick('strangerCommits'),
    deleteBranchAfterMerge: pick('deleteBranchAfterMerge'),
    draft: pick('draft'),
    labels: pick('labels'),
    reviewers: pick('reviewers'),
    mergeMethod: pick('mergeMethod'),
    approval: pick('approval'),
    setup: pick('setup'),
    gates: pick('gates'),
    gateFreshness: pick('gateFreshness'),
    maxPolecatsPerRig: pick('maxPolecatsPerRig'),
    maxDispatchAttempts: pick('maxDispatchAttempts'),
    maxFeedbackRounds: pick('maxFeedbackRounds'),
    'budget.bead.tokens': pick('budget.bead.tokens'),
    'budget.bead.usd': pick('budget.bead.usd'),
    'budget.rig.tokens': pick('budget.rig.tokens'),
    'budget.rig.usd': pick('budget.rig.usd'),
    'budget.town.tokens': pick('budget.town.tokens'),
    'budget.town.usd': pick('budget.town.usd'),
    'isolation.require': pick('isolation.require'),
    'isolation.network': pick('isolation.network'),
    'git.author': pick('git.author'),
    'git.signoff': pick('git.signoff'),
    branchPrefix: pick('branchPrefix'),
    customInstructions: pick('customInstructions'),
    envVars: pick('envVars'),
    'forge.instances': pick('forge.instances'),
    'credentials.machine': pick('credentials.machine'),
    'credentials.pinnedTo': pick('credentials.pinnedTo'),
  };
}

export type SettingSource = 'rig' | 'town' | 'default';

/** Where the value in force comes from. */
export function sourceOf(
  key: SettingKey,
  town: Partial<Settings>,
  rig: Partial<Settings>,
): SettingSource {
  if (rig[key] !== undefined && settingDefinitions[key].scope === 'town and rig') return 'rig';
  return town[key] === undefined ? 'default' : 'town';
}

function inForce<K extends SettingKey>(
  key: K,
  town: Partial<Settings>,
  rig: Partial<Settings>,
): Settings[K] {
  const own = settingDefinitions[key].scope === 'town and rig' ? rig[key] : undefined;
  if (own !== undefined) return own;
  const shared = town[key];
  return shared === undefined ? settingDefinitions[key].default : shared;
}

/** What was detected at the rig counts where nothing is set. */
export function setupOf(
  settings: Settings,
  report: { readonly setup: readonly SetupStep[] } | null,
): readonly SetupStep[] {
  return settings.setup ?? report?.setup ?? [];
}

export function gatesOf(
  settings: Settings,
  report: { readonly gates: readonly Gate[] } | null,
): readonly Gate[] {
  return settings.gates ?? report?.gates ?? [];
}

/** The first impossible combination of settings that are in force together, or null. S1 */
export function checkCombination(settings: Settings): Failure | null {
  return twice(settings) ?? budgetsOutOfOrder(settings) ?? networkNotEnforced(settings);
}

/** Results, caches and launches are kept by these names. */
function twice(settings: Settings): Failure | null {
  for (const key of ['gates', 'setup', 'agents'] as const) {
    const names = (settings[key] ?? []).map((item) => item.name);
    const found = names.find((name, index) => names.indexOf(name) !== index);
    if (found !== undefined) return conflict([key], `the name "${found}" stands there twice`);
  }
  return null;
}

/** A limit above the limit around it can never be reached: one of the two is a mistake. */
function budgetsOutOfOrder(settings: Settings): Failure | null {
  for (const unit of ['tokens', 'usd'] as const) {
    for (const [inner, outer] of NESTED) {
      const small = settings[`budget.${inner}.${unit}`];
      const large = settings[`budget.${outer}.${unit}`];
      if (small === null || large === null || small <= large) continue;
      return conflict(
        [`budget.${inner}.${unit}`, `budget.${outer}.${unit}`],
        `a ${inner} cannot be given more (${small}) than its ${outer} has (${large})`,
      );
    }
  }
  return null;
}

const NESTED = [
  ['bead', 'rig'],
  ['rig', 'town'],
  ['bead', 'town'],
] as const;

/** Who requires isolation must not believe in a closed network that is open. */
function networkNotEnforced(settings: Settings): Failure | null {
  if (settings['isolation.require'] !== 'strong') return null;
  if (settings['isolation.network'] !== 'model-and-loopback') return null;
  return conflict(
    ['isolation.require', 'isolation.network'],
    'a closed network is required, and this version cannot close it: use isolation.network open',
  );
}

function conflict(keys: readonly string[], why: string): FailureOf<'settings_conflict'> {
  return { kind: 'settings_conflict', helps: 'person', keys, why };
}
