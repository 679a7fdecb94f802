/**
 * `gt sling`: make a bead and let it be worked on.
 *
 * S1 Prints the new id first, so that a script can take the first word of the first line.
 */
import { bodyText } from '../../body-text.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { beadLines, foretellBead } from './act.ts';

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
  readonly anyway: boolean;
  readonly agent: string | undefined;
  readonly model: string | undefined;
  readonly dryRun: boolean;
}

export async function sling(context: Context, options: SlingOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const request = {
    rig: options.rig,
    title: options.title,
    body: (await bodyText(world, options)) ?? '',
    issue: options.issue ?? null,
    scope: [...options.scope],
    after: [...options.after],
    priority: options.priority ?? 2,
    hold: options.hold,
    anyway: options.anyway,
    agent: options.agent ?? null,
    model: options.model ?? null,
  };
  if (options.dryRun) {
    const answer = await client.rehearse('/beads', {}, request);
    return foretellBead(context, answer, `make ${answer.would.id}`);
  }
  const bead = await client.post('/beads', {}, request);
  output.result(bead, () => beadLines(bead, oneLine(bead.title)));
  return exitCodes.ok;
}
