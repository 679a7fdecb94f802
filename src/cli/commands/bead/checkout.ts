/**
 * `gt bead checkout`: the branch of a bead in a new directory, as a clone of its own.
 *
 * C1 Nothing that exists is touched: the directory must not be there yet.
 */
import { resolve } from 'node:path';
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export interface CheckoutOptions {
  readonly bead: string;
  readonly directory: string | undefined;
  readonly dryRun: boolean;
}

export async function checkout(
  { client, output, world }: Context,
  { bead, directory, dryRun }: CheckoutOptions,
): Promise<ExitCode> {
  const wanted = resolve(world.cwd, directory ?? bead);
  if (dryRun) {
    const answer = await client.rehearse('/beads/{bead}/checkout', { bead }, { directory: wanted });
    const { would } = answer;
    return foretell(output, answer, `put ${would.branch} into ${would.directory}`, []);
  }
  const answer = await client.post('/beads/{bead}/checkout', { bead }, { directory: wanted });
  output.result({ bead, ...answer }, () => [`${answer.branch} is in ${answer.directory}`]);
  return exitCodes.ok;
}
