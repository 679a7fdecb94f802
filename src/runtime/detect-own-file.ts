/**
 * Reads `.gastown.json`, with which a repository says itself how it is set up and checked:
 * `{ "setup": ["npm ci"], "gates": [{ "name": "test", "command": "npm test" }] }`. A step may be a
 * command alone. Part of detect.ts.
 *
 * W1 A part that is there and right wins over detection, also when it is empty.
 * W2 A part that is wrong is named with its reason and detected instead; it never disappears
 *    silently, because then nothing would be checked.
 */
import { limits } from '../core/limits.ts';
import type { Gate, SetupStep } from '../core/launch-spec.ts';
import type { ReadFile } from './detect.ts';
import { isObject, parseObject } from './detect-javascript.ts';

interface OwnFile {
  readonly exists: boolean;
  /** null: not said there. */
  readonly setup: readonly SetupStep[] | null;
  readonly gates: readonly Gate[] | null;
  readonly problems: readonly string[];
}

/** An item that is not what it should be. */
class Wrong {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

const FILE = '.gastown.json';

export async function ownFile(read: ReadFile): Promise<OwnFile> {
  const text = await read(FILE);
  if (text === null) return { exists: false, setup: null, gates: null, problems: [] };
  const value = parseObject(text);
  if (value === null) {
    return { exists: true, setup: null, gates: null, problems: [`${FILE} is not a JSON object`] };
  }
  const problems: string[] = [];
  const part = <T>(name: string, parse: (item: unknown, at: number) => T | Wrong): T[] | null => {
    const items = value[name];
    if (items === undefined) return null;
    if (!Array.isArray(items)) {
      problems.push(`${FILE}: ${name} is not a list`);
      return null;
    }
    const right: T[] = [];
    for (const [at, item] of items.entries()) {
      const parsed = parse(item, at);
      if (parsed instanceof Wrong) problems.push(`${FILE}: ${name}: ${parsed.why}`);
      else right.push(parsed);
    }
    return right.length < items.length ? null : right; // W2
  };
  return { exists: true, setup: part('setup', toStep), gates: part('gates', toGate), problems };
}

function toStep(item: unknown, at: number): SetupStep | Wrong {
  const base = named(item, at, 'step');
  if (base instanceof Wrong) return base;
  const timeoutMs = timeoutOf(base.value['timeoutMs'], limits.setupMsDefault);
  if (timeoutMs === null) return new Wrong(`${base.name}: timeoutMs is not a time in milliseconds`);
  const keys = base.value['cacheKeyFiles'] ?? [];
  if (!isStrings(keys)) return new Wrong(`${base.name}: cacheKeyFiles is not a list of paths`);
  return { name: base.name, command: base.command, timeoutMs, cacheKeyFiles: keys };
}

function toGate(item: unknown, at: number): Gate | Wrong {
  const base = named(item, at, 'gate');
  if (base instanceof Wrong) return base;
  const timeoutMs = timeoutOf(base.value['timeoutMs'], limits.gateMsDefault);
  if (timeoutMs === null) return new Wrong(`${base.name}: timeoutMs is not a time in milliseconds`);
  const required = base.value['required'] ?? true;
  if (typeof required !== 'boolean')
    return new Wrong(`${base.name}: required is neither true nor false`);
  const retries = base.value['retries'] ?? 0;
  if (typeof retries !== 'number' || !Number.isInteger(retries) || retries < 0 || retries > 10) {
    return new Wrong(`${base.name}: retries is not a whole number from 0 to 10`);
  }
  return { name: base.name, command: base.command, timeoutMs, required, retries };
}

function named(
  item: unknown,
  at: number,
  kind: string,
): { name: string; command: string; value: Readonly<Record<string, unknown>> } | Wrong {
  const value = typeof item === 'string' ? { command: item } : item;
  if (!isObject(value)) return new Wrong(`number ${at + 1} is neither a command nor an object`);
  const { command, name = `${kind}-${at + 1}` } = value;
  if (typeof command !== 'string' || command.trim() === '')
    return new Wrong(`number ${at + 1} has no command`);
  if (typeof name !== 'string' || name === '')
    return new Wrong(`number ${at + 1} has a name that is no text`);
  return { name, command, value };
}

function timeoutOf(value: unknown, otherwise: number): number | null {
  if (value === undefined) return otherwise;
  const isTime = typeof value === 'number' && value > 0 && value <= limits.gateMsMax;
  return isTime ? value : null;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
