/**
 * `gt rig add`: attach a repository, wait until it was examined, show what was found.
 *
 * A1 A rig whose examination fails is taken out again: the command either adds or it does not.
 * A2 Nothing lands in a checkout unless asked for: another branch, or --update-checkout.
 * A3 Nothing is written to the remote before a yes: --yes, or the answer here; without either the
 *    rig is there, and says that it waits for consent.
 */
import type { RigResource } from '../../../protocol/http.ts';
import { askYes, canAsk } from '../../ask.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { Interrupted, Stop } from '../../problem.ts';
import { sourceOf } from '../../source.ts';
import type { Context } from '../../spec.ts';
import { examined } from './examine.ts';
import { rigLines } from './show.ts';

export interface AddOptions {
  readonly name: string;
  readonly repository: string;
  readonly target: string | undefined;
  readonly prefix: string | undefined;
  readonly updateCheckout: boolean;
  readonly yes: boolean;
}

export async function add(context: Context, options: AddOptions): Promise<ExitCode> {
  const { output, world } = context;
  const added = await attach(context, options);
  if (!output.json) output.lines(rigLines(output, added, world.now()));
  const rig = await agreed(context, added, options.yes);
  output.result(rig, () => {
    if (rig.consentAt !== null) return ['', `sling work at it: gt sling ${rig.id} "…"`];
    return ['', 'nothing lands before you agree that the town writes to its remote:'].concat(
      `  gt rig consent ${rig.id}`,
    ); // A2
  });
  return exitCodes.ok;
}

/** Adds and examines; on a failure the rig is gone again. A1 */
export async function attach(context: Context, options: AddOptions): Promise<RigResource> {
  const { client, world } = context;
  const rig = await client.post(
    '/rigs',
    {},
    {
      name: options.name,
      source: sourceOf(world, options.repository),
      prefix: options.prefix ?? null,
      target: options.target ?? null,
      updateCheckout: options.updateCheckout,
      consent: options.yes,
    },
  );
  const seen = await examined(context, rig.id).catch(async (thrown: unknown) => {
    if (thrown instanceof Interrupted)
      context.output.warn(`${rig.id} stays: gt rig show ${rig.id}`);
    throw thrown;
  });
  if (seen.failure === null) return seen;
  await client.delete('/rigs/{rig}', { rig: rig.id }); // A1
  const { kind, what, evidence, next } = seen.failure;
  throw new Stop(exitCodes.failure, { kind, what, evidence, next });
}

/** A2 */
export async function agreed(
  context: Context,
  rig: RigResource,
  yes: boolean,
): Promise<RigResource> {
  if (rig.consentAt !== null) return rig;
  const question = `May the town push branches and merges to ${rig.remote}?`;
  const allowed = yes || (canAsk(context) && (await askYes(context, question)));
  if (!allowed) return rig;
  return context.client.post('/rigs/{rig}/consent', { rig: rig.id }, {});
}
