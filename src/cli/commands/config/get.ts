/**
 * `gt config get`: one setting: its value, and where that comes from.
 *
 * G1 The value alone is on stdout when it is a pipe, so that `$(gt config get key)` works.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { clean } from '../../output.ts';
import type { Context } from '../../spec.ts';

export interface GetOptions {
  readonly key: string;
  readonly rig: string | undefined;
}

export async function get(
  { client, output, world }: Context,
  { key, rig }: GetOptions,
): Promise<ExitCode> {
  const setting = await client.get('/settings/{key}', { key }, { rig });
  output.result(setting, () => {
    const value = valueText(setting.value);
    if (!world.stdout.isTty) return [value]; // G1
    return output.fields([
      ['value', value],
      ['from', setting.source],
      ['default', valueText(setting.default)],
      ['takes', setting.type],
      ['does', setting.summary],
    ]);
  });
  return exitCodes.ok;
}

/** As it would be typed: text plainly, everything else as JSON. */
export function valueText(value: unknown): string {
  return clean(typeof value === 'string' ? value : JSON.stringify(value ?? null));
}
