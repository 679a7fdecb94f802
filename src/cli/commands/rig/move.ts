/**
 * `gt rig move`: the repository of a rig is somewhere else from now on; wait until it was examined
 * there.
 *
 * M1 What was refused changed nothing. A rig that was moved stays moved, also where it is not
 *    ready: the old place is no better, and the way back is the same command.
 * M2 Another repository is asked about again, as by `rig add`.
 */
import { foretell, rigAhead } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { Stop } from '../../problem.ts';
import { sourceOf } from '../../source.ts';
import type { Context } from '../../spec.ts';
import { saysYes } from './add.ts';
import { examined } from './examine.ts';
import { rigLines } from './show.ts';

interface MoveOptions {
  readonly name: string;
  readonly repository: string;
  readonly target: string | undefined;
  readonly leavePulls: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export async function move(context: Context, options: MoveOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const { name, leavePulls, yes } = options;
  const source = sourceOf(world, options.repository);
  const target = options.target ?? null;
  const body = { source, target, leavePulls, consent: yes };
  if (options.dryRun) {
    const answer = await client.rehearse('/rigs/{rig}/move', { rig: name }, body);
    const verb = `move ${name} there, and examine it before anything starts`;
    return foretell(output, answer, verb, rigAhead(output, answer.would));
  }
  const moved = await client.post('/rigs/{rig}/move', { rig: name }, body);
  if (moved.consentAt === null && (await saysYes(context, moved.remote))) {
    await client.post('/rigs/{rig}/consent', { rig: name }, {}); // M2
  }
  const rig = await examined(context, name);
  if (rig.failure !== null) {
    const { kind, what, evidence, next } = rig.failure;
    output.warn(`${name} was moved, and is not ready there`); // M1
    throw new Stop(exitCodes.failure, { kind, what, evidence, next });
  }
  output.result(rig, () => [
    ...rigLines(output, rig, world.now()),
    ...(rig.consentAt === null ? ['', `nothing lands there before: gt rig consent ${name}`] : []),
  ]);
  return exitCodes.ok;
}
