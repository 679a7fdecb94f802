/**
 * `gt config list`: every setting that holds, with its source and meaning.
 *
 * L1 What a person changed is marked by its source, not by colour alone.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { valueText } from './get.ts';

const VALUE_CHARS_MAX = 40;

export async function list(
  { client, output }: Context,
  { rig }: { readonly rig: string | undefined },
): Promise<ExitCode> {
  const { items } = await client.get('/settings', {}, { rig });
  output.result({ items }, () =>
    output.table(
      ['key', 'value', 'from', 'does'],
      items.map((setting) => [
        { text: setting.key, style: setting.source === 'default' ? undefined : ('bold' as const) },
        shortened(valueText(setting.value)),
        setting.source,
        oneLine(setting.summary),
      ]),
    ),
  );
  return exitCodes.ok;
}

function shortened(text: string): string {
  const line = oneLine(text);
  return line.length > VALUE_CHARS_MAX ? `${line.slice(0, VALUE_CHARS_MAX - 1)}…` : line;
}
