/**
 * `gt sling`: make a bead and let it be worked on.
 *
 * S1 Prints the new id first, so that a script can take the first word of the first line.
 */
import { bodyText } from '../../body-text.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { beadStatusOf } from '../../format.ts';
import { oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';

export interface SlingOptions {
  readonly rig: string;
  readonly title: string;
  readonly body: string | undefined;
  readonly bodyFile: string | undefined;
  readonly issue: string | undefined;
  readonly scope: readonly string[];
  readonly after: readonly string[];
  readonly priority: number | undefined;
  readonly hold: boolean;
  readonly agent: string | undefined;
  readonly model: string | undefined;
}

export async function sling(context: Context, options: SlingOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const bead = await client.post(
    '/beads',
    {},
    {
      rig: options.rig,
      title: options.title,
      body: (await bodyText(world, options)) ?? '',
      issue: options.issue ?? null,
      scope: [...options.scope],
      after: [...options.after],
      priority: options.priority ?? 2,
      hold: options.hold,
      agent: options.agent ?? null,
      model: options.model ?? null,
    },
  );
  output.result(bead, () => {
    const wait = bead.waits[0];
    const lines = [`${bead.id}  ${beadStatusOf(bead)}  ${oneLine(bead.title)}`];
    return wait === undefined ? lines : [...lines, `  ${oneLine(wait.what)}`];
  });
  return exitCodes.ok;
}
