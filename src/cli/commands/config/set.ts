/**
 * `gt config set` and `gt rig set`: change settings of the town or of one rig, all or none.
 *
 * S1 A value is JSON where it parses as JSON, else text; an empty one goes back to the default.
 * S2 Type and combination are checked by the town: a refusal changed nothing.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import { valueText } from './get.ts';

export interface SetOptions {
  /** undefined: the town's. */
  readonly rig: string | undefined;
  /** `key=value` */
  readonly pairs: readonly string[];
}

export async function set(context: Context, { rig, pairs }: SetOptions): Promise<ExitCode> {
  const { client, output } = context;
  const request = requestOf(pairs);
  const changes = pairs.length > 0;
  if (rig === undefined && !changes) throw usage('no setting was named', '', 'gt config --help');
  const answer =
    rig === undefined
      ? await client.patch('/settings', {}, request)
      : changes
        ? await client.patch('/rigs/{rig}/settings', { rig }, request)
        : await client.get('/rigs/{rig}/settings', { rig });
  const named = [...Object.keys(request.set), ...request.unset];
  const items = changes ? answer.items.filter(({ key }) => named.includes(key)) : answer.items;
  output.result({ items }, () =>
    output.table(
      ['key', 'value', 'from'],
      items.map((setting) => [setting.key, valueText(setting.value), setting.source]),
    ),
  );
  return exitCodes.ok;
}

function requestOf(pairs: readonly string[]): { set: Record<string, unknown>; unset: string[] } {
  const request: { set: Record<string, unknown>; unset: string[] } = { set: {}, unset: [] };
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw usage(`"${pair}" is no key=value`, 'there is no "=" in it', hint(pair, pairs));
    }
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === '') request.unset.push(key);
    else request.set[key] = parsedValue(value);
  }
  return request;
}

/** S1 */
function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `maxPolecatsPerRig 4`, as `gt config set` takes it, was meant as one word. */
function hint(key: string, [first, value, ...more]: readonly string[]): string {
  const isPair = key === first && value !== undefined && more.length === 0 && !value.includes('=');
  return isPair ? `write ${key}=${value}` : 'write key=value';
}
