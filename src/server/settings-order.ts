/**
 * Settings as they arrive, made into the command that sets them: every key known, every value of
 * its key's type. Combinations and scopes are the town's to judge.
 *
 * S1 One wrong value refuses all of them.
 */
import type { Command } from '../core/command.ts';
import type { Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  isSettingKey,
  nearKeys,
  parseSetting,
  parseSettingText,
} from '../core/setting-definitions.ts';
import type { SettingKey, Settings } from '../core/settings.ts';

interface SettingsBody {
  readonly set: Readonly<Record<string, unknown>>;
  readonly typed: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** S1 */
export function settingsOrder(rig: string | null, body: SettingsBody): Result<Command, Failure> {
  const set: Partial<Settings> = {};
  for (const [name, value] of Object.entries(body.set)) {
    const key = knownKey(name);
    const put = key.ok ? putValue(set, key.value, value, parseSetting) : key;
    if (!put.ok) return put;
  }
  for (const [name, value] of Object.entries(body.typed)) {
    const key = knownKey(name);
    const put = key.ok ? putValue(set, key.value, value, parseSettingText) : key;
    if (!put.ok) return put;
  }
  const unset: SettingKey[] = [];
  for (const name of body.unset) {
    const key = knownKey(name);
    if (!key.ok) return key;
    unset.push(key.value);
  }
  return ok({ kind: 'settings_set', rig, set, unset });
}

export function knownKey(name: string): Result<SettingKey, Failure> {
  if (isSettingKey(name)) return ok(name);
  const near = nearKeys(name);
  return err({ kind: 'unknown_thing', helps: 'person', thing: 'setting', name, near });
}

function putValue<K extends SettingKey, V>(
  set: Partial<Settings>,
  key: K,
  value: V,
  parse: (key: K, value: V) => Result<Settings[K], Failure>,
): Result<null, Failure> {
  const parsed = parse(key, value);
  if (!parsed.ok) return parsed;
  set[key] = parsed.value;
  return ok(null);
}
