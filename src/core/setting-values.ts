/**
 * How one value of a setting is read: small parsers that say what they expected. Pure.
 *
 * V1 A value comes back exactly as it will be stored, with everything optional filled in.
 * V2 A refusal names the field, what was given (shortened) and what would be taken.
 */
import { checkEnvName } from './env-names.ts';
import type { FailureOf } from './failure.ts';
import type { AgentProfile, Author, Gate, SetupStep } from './launch-spec.ts';
import { limits } from './limits.ts';
import type { ForgeInstanceSetting } from './settings.ts';
import { err, ok, type Result } from './result.ts';

export type Parsed<T> = Result<T, FailureOf<'bad_value'>>;
export type Parse<T> = (field: string, value: unknown) => Parsed<T>;

const GIVEN_CHARS_MAX = 120;
const LIST_MAX = 50;
const NAME_CHARS_MAX = 60;
const COMMAND_CHARS_MAX = 4000;

/** V2 */
export function badValue(field: string, value: unknown, expected: string): Parsed<never> {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const given = text.length > GIVEN_CHARS_MAX ? `${text.slice(0, GIVEN_CHARS_MAX)}…` : text;
  return err({ kind: 'bad_value', helps: 'person', field, given, expected });
}

export function oneOf<T extends string>(...words: readonly T[]): Parse<T> {
  return (field, value) => {
    const word = words.find((known) => known === value);
    return word === undefined ? badValue(field, value, words.join(' or ')) : ok(word);
  };
}

export function text(expected: string, charsMax: number, pattern: RegExp): Parse<string> {
  return (field, value) =>
    typeof value === 'string' && value.length <= charsMax && pattern.test(value)
      ? ok(value)
      : badValue(field, value, expected);
}

export const yesOrNo: Parse<boolean> = (field, value) =>
  typeof value === 'boolean' ? ok(value) : badValue(field, value, 'true or false');

export function wholeNumber(min: number, max: number): Parse<number> {
  return (field, value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? ok(value)
      : badValue(field, value, `a whole number from ${min} to ${max}`);
}

/** Dollars, with cents or less. */
export const money: Parse<number> = (field, value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 && value <= 1_000_000
    ? ok(value)
    : badValue(field, value, 'a number of dollars above 0');

export function orNull<T>(parse: Parse<T>): Parse<T | null> {
  return (field, value) => (value === null ? ok(null) : parse(field, value));
}

/** `[…]`, or in the short form one line of text for each. */
export function listOf<T>(item: Parse<T>): Parse<readonly T[]> {
  return (field, value) => {
    const list = typeof value === 'string' ? linesOf(value) : value;
    if (!Array.isArray(list) || list.length > LIST_MAX) {
      return badValue(field, value, `a list of at most ${LIST_MAX}`);
    }
    const items: T[] = [];
    for (const [index, one] of list.entries()) {
      const parsed = item(`${field}[${index}]`, one);
      if (!parsed.ok) return parsed;
      items.push(parsed.value);
    }
    return ok(items);
  };
}

const checkName = text('the name of a check', 200, /^\S.*$/);

/** A word, or the names of the checks that must pass. */
export const checksPolicy: Parse<'required' | 'all' | 'none' | readonly string[]> = (
  field,
  value,
) => {
  if (value === 'required' || value === 'all' || value === 'none') return ok(value);
  return Array.isArray(value)
    ? listOf(checkName)(field, value)
    : badValue(field, value, 'required, all, none, or a list of check names');
};

/** `github=https://git.example.com`, or the fields. */
export const forgeInstance: Parse<ForgeInstanceSetting> = (field, value) => {
  const short = typeof value === 'string' ? /^\s*(\w+)=(\S+)\s*$/.exec(value) : null;
  const given = short === null ? value : { provider: short[1], url: short[2] };
  const fields = fieldsOf(field, given, FORGE_KEYS, 'provider=address');
  if (!fields.ok) return fields;
  const one = fields.value;
  const provider = oneOf('github', 'gitlab', 'gitea')(`${field}.provider`, one['provider']);
  if (!provider.ok) return provider;
  const url = webAddress(`${field}.url`, one['url']);
  if (!url.ok) return url;
  const apiBase = orNull(webAddress)(`${field}.apiBase`, one['apiBase'] ?? null);
  if (!apiBase.ok) return apiBase;
  const sshHost = orNull(hostName)(`${field}.sshHost`, one['sshHost'] ?? null);
  if (!sshHost.ok) return sshHost;
  const allowHttp = yesOrNo(`${field}.allowHttp`, one['allowHttp'] ?? false);
  if (!allowHttp.ok) return allowHttp;
  return ok({
    provider: provider.value,
    url: url.value,
    apiBase: apiBase.value,
    sshHost: sshHost.value,
    allowHttp: allowHttp.value,
  });
};

const FORGE_KEYS = ['provider', 'url', 'apiBase', 'sshHost', 'allowHttp'];

/** Without a login, a query or a fragment; what else may not be, the host says. */
const webAddress = text(
  'an address such as https://git.example.com',
  300,
  /^https?:\/\/[^\s/@?#\\]+(?:\/[^\s@?#\\]*)?$/i,
);
const hostName = text('the name of a host', 253, /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i);

export const gate: Parse<Gate> = (field, value) => {
  const fields = fieldsOf(field, shortForm(value), GATE_KEYS, 'name=command');
  if (!fields.ok) return fields;
  const given = fields.value;
  const named = nameAndCommand(field, given);
  if (!named.ok) return named;
  const timeoutMs = timeout(`${field}.timeoutMs`, given['timeoutMs'] ?? limits.gateMsDefault);
  if (!timeoutMs.ok) return timeoutMs;
  const required = yesOrNo(`${field}.required`, given['required'] ?? true);
  if (!required.ok) return required;
  const retries = wholeNumber(0, 5)(`${field}.retries`, given['retries'] ?? 0);
  if (!retries.ok) return retries;
  return ok({
    ...named.value,
    timeoutMs: timeoutMs.value,
    required: required.value,
    retries: retries.value,
  });
};

export const setupStep: Parse<SetupStep> = (field, value) => {
  const fields = fieldsOf(field, shortForm(value), SETUP_KEYS, 'name=command');
  if (!fields.ok) return fields;
  const given = fields.value;
  const named = nameAndCommand(field, given);
  if (!named.ok) return named;
  const timeoutMs = timeout(`${field}.timeoutMs`, given['timeoutMs'] ?? limits.setupMsDefault);
  if (!timeoutMs.ok) return timeoutMs;
  const files = paths(`${field}.cacheKeyFiles`, given['cacheKeyFiles'] ?? []);
  if (!files.ok) return files;
  return ok({ ...named.value, timeoutMs: timeoutMs.value, cacheKeyFiles: files.value });
};

export const agentProfile: Parse<AgentProfile> = (field, value) => {
  const long = typeof value === 'string' ? splitCommand(shortForm(value)) : value;
  const fields = fieldsOf(field, long, AGENT_KEYS, 'name=command');
  if (!fields.ok) return fields;
  const given = fields.value;
  const named = nameAndCommand(field, given);
  if (!named.ok) return named;
  const args = listOf(argument)(`${field}.args`, given['args'] ?? []);
  if (!args.ok) return args;
  const env = envVars(`${field}.env`, given['env'] ?? {});
  if (!env.ok) return env;
  const loginFiles = paths(`${field}.loginFiles`, given['loginFiles'] ?? []);
  if (!loginFiles.ok) return loginFiles;
  return ok({ ...named.value, args: args.value, env: env.value, loginFiles: loginFiles.value });
};

/** `{"name": …, "email": …}` or `Name <email>`. */
export const author: Parse<Author> = (field, value) => {
  const expected = 'a name and an address, such as "Ada Lovelace <ada@example.com>"';
  const short = typeof value === 'string' ? /^([^<>]+)<([^<>]+)>$/.exec(value.trim()) : null;
  const given = short === null ? value : { name: short[1]?.trim(), email: short[2]?.trim() };
  const fields = fieldsOf(field, given, ['name', 'email'], expected);
  if (!fields.ok) return fields;
  const { name, email } = fields.value;
  const plain = /^[^<>\p{Control}]+$/u;
  if (typeof name !== 'string' || !plain.test(name) || name.trim() === '') {
    return badValue(field, value, expected);
  }
  if (typeof email !== 'string' || !/^[^<>\s@]+@[^<>\s@]+$/.test(email)) {
    return badValue(field, value, expected);
  }
  return ok({ name: name.trim(), email });
};

/** `{"NAME": "value"}` or lines `NAME=value`. */
export const envVars: Parse<Readonly<Record<string, string>>> = (field, value) => {
  const given = typeof value === 'string' ? pairsOf(value) : value;
  if (!isRecord(given)) return badValue(field, value, 'names with texts, such as {"CI": "true"}');
  for (const [name, content] of Object.entries(given)) {
    const refused = checkEnvName(name);
    if (refused !== null) return badValue(field, name, `a name that may be set: ${refused}`);
    if (typeof content !== 'string' || content.includes('\0')) {
      return badValue(`${field}.${name}`, content, 'a text');
    }
  }
  return ok(Object.fromEntries(Object.entries(given).map(([name, one]) => [name, String(one)])));
};

const GATE_KEYS = ['name', 'command', 'timeoutMs', 'required', 'retries'];
const SETUP_KEYS = ['name', 'command', 'timeoutMs', 'cacheKeyFiles'];
const AGENT_KEYS = ['name', 'command', 'args', 'env', 'loginFiles'];

const timeout = wholeNumber(1000, limits.gateMsMax);
const argument = text('a text without NUL', COMMAND_CHARS_MAX, /^[^\0]*$/u);
const name = text(
  'a name of letters, digits, dots, dashes and underscores',
  NAME_CHARS_MAX,
  /^[A-Za-z0-9][\w.-]*$/,
);
const command = text('a command line', COMMAND_CHARS_MAX, /^[^\0]*\S[^\0]*$/u);

/** A path inside a folder: the repository, or a home. */
const paths = listOf((field, value) =>
  typeof value === 'string' && value !== '' && !/^[/~]|\\|(?:^|\/)\.\.(?:\/|$)|\0/.test(value)
    ? ok(value)
    : badValue(field, value, 'a relative path that stays inside its folder'),
);

function nameAndCommand(
  field: string,
  given: Readonly<Record<string, unknown>>,
): Parsed<{ readonly name: string; readonly command: string }> {
  const itsName = name(`${field}.name`, given['name']);
  if (!itsName.ok) return itsName;
  const itsCommand = command(`${field}.command`, given['command']);
  return itsCommand.ok ? ok({ name: itsName.value, command: itsCommand.value }) : itsCommand;
}

/** The fields of an object; an unknown one is a typing mistake and refused. */
function fieldsOf(
  field: string,
  value: unknown,
  keys: readonly string[],
  short: string,
): Parsed<Readonly<Record<string, unknown>>> {
  if (!isRecord(value)) {
    return badValue(field, value, `${short}, or an object with ${keys.join(', ')}`);
  }
  const stranger = Object.keys(value).find((key) => !keys.includes(key));
  if (stranger === undefined) return ok(value);
  return badValue(field, stranger, `only the fields ${keys.join(', ')}`);
}

/** `test=npm test` */
function shortForm(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parts = /^\s*([^=\s]+)\s*=\s*(\S.*)$/.exec(value);
  return parts === null ? value : { name: parts[1], command: parts[2]?.trim() };
}

/** In the short form of an agent, words are split at spaces; quotes need the long form. */
function splitCommand(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const line = typeof value['command'] === 'string' ? value['command'] : '';
  const [first = '', ...args] = line.trim().split(/\s+/);
  return { ...value, command: first, args };
}

function linesOf(value: string): readonly string[] {
  return value.split('\n').filter((line) => line.trim() !== '');
}

function pairsOf(value: string): unknown {
  const pairs = linesOf(value).map((line) => /^\s*([^=]+)=(.*)$/.exec(line));
  if (pairs.some((pair) => pair === null)) return value;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
