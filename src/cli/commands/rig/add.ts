/**
 * `gt rig add`: attach a repository, wait until it was examined, show what was found.
 *
 * A1 A rig whose examination fails is taken out again: the command either adds or it does not.
 * A2 Nothing lands in a checkout unless asked for: another branch, or --update-checkout.
 * A3 Nothing is written to the remote before a yes: --yes, or the answer here; without either the
 *    rig is there, and says that it waits for consent.
 * A4 One on a forge that only lacks the right to push stays: a token or an app of its own is given
 *    to a rig, not to an address.
 */
import type { RigResource } from '../../../protocol/http.ts';
import { askYes, canAsk } from '../../ask.ts';
import { foretell, rigAhead } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { clean } from '../../output.ts';
import { Interrupted, Stop, type Problem } from '../../problem.ts';
import { sourceOf } from '../../source.ts';
import type { Context } from '../../spec.ts';
import type { World } from '../../world.ts';
import { examined } from './examine.ts';
import { lookLines } from '../forge/look.ts';
import { lookAt, rigLines } from './show.ts';

/** Where changes to a repository without a remote land, unless in its checkout. */
export const OTHER_BRANCH = 'gastown';

export interface AddOptions {
  readonly name: string;
  readonly repository: string;
  readonly target: string | undefined;
  readonly prefix: string | undefined;
  readonly updateCheckout: boolean;
  readonly yes: boolean;
}

export async function add(
  context: Context,
  options: AddOptions & { readonly dryRun: boolean },
): Promise<ExitCode> {
  const { output, world } = context;
  if (options.dryRun) {
    // The examination is real work of the town: it is not part of it.
    const answer = await context.client.rehearse('/rigs', {}, requestOf(world, options));
    const verb = `examine it, and where it passes attach ${answer.would.id}`;
    return foretell(output, answer, verb, rigAhead(output, answer.would));
  }
  const added = await attach(context, options).catch(async (thrown: unknown) => {
    if (!isCheckedOut(thrown) || !canAsk(context)) throw thrown;
    return attach(context, await otherBranch(context, options, thrown));
  });
  if (!output.json) output.lines(rigLines(output, added, world.now()));
  const rig = await agreed(context, added, options.yes);
  const look = await lookAt(context.client, rig);
  output.result({ ...rig, forgeLook: look }, () => {
    const shown = look === null ? [] : ['', ...lookLines(output, look, world.now(), rig.id)];
    if (rig.consentAt !== null) return [...shown, '', `sling work at it: gt sling ${rig.id} "…"`];
    return [
      ...shown,
      '',
      'nothing lands before you agree that the town writes to its remote:', // A3
      `  gt rig consent ${rig.id}`,
    ];
  });
  return exitCodes.ok;
}

/** The target is what the repository, its own remote, has checked out. */
export function isCheckedOut(thrown: unknown): thrown is Stop {
  return thrown instanceof Stop && thrown.problem.kind === 'target_checked_out';
}

/** A2. A yes to the branch is one to making it there. */
export async function otherBranch(
  context: Context,
  options: AddOptions,
  stop: Stop,
): Promise<AddOptions> {
  context.output.warn(clean(stop.problem.what));
  const question = `Land on a branch "${OTHER_BRANCH}" there instead, for you to merge?`;
  if (!(await askYes(context, question))) throw stop;
  return { ...options, target: OTHER_BRANCH, yes: true };
}

/** Adds and examines; on a failure the rig is gone again. A1 */
export async function attach(context: Context, options: AddOptions): Promise<RigResource> {
  const { client, world } = context;
  const rig = await client.post('/rigs', {}, requestOf(world, options));
  return passed(context, rig.id);
}

export function requestOf(world: World, options: AddOptions) {
  return {
    name: options.name,
    source: sourceOf(world, options.repository),
    prefix: options.prefix ?? null,
    target: options.target ?? null,
    updateCheckout: options.updateCheckout,
    consent: options.yes,
  };
}

/** A1 */
async function passed(context: Context, rig: string): Promise<RigResource> {
  const seen = await examined(context, rig).catch((thrown: unknown) => {
    if (thrown instanceof Interrupted) context.output.warn(`${rig} stays: gt rig show ${rig}`);
    throw thrown;
  });
  if (seen.failure === null) return seen;
  throw new Stop(exitCodes.failure, problemOf(await leftWith(context, seen, seen.failure)));
}

type Said = NonNullable<RigResource['failure']>;

/** What is said when it is taken out again, where no next step can be about the rig. A1 A4 */
async function leftWith({ client, output }: Context, rig: RigResource, said: Said): Promise<Said> {
  if (wantsLogin(rig)) {
    output.warn(`${rig.id} stays, for a login of its own: gt forge login --rig ${rig.id}`);
    return said;
  }
  const removed = await client.delete('/rigs/{rig}', { rig: rig.id });
  return removed.failure ?? said;
}

function problemOf({ kind, what, evidence, next }: Said): Problem {
  return { kind, what, evidence, next };
}

/** A4 */
function wantsLogin({ forge, failure }: RigResource): boolean {
  return forge !== null && failure?.kind === 'push_refused';
}

/** A3. With a yes the right to push is examined as well. */
async function agreed(context: Context, rig: RigResource, yes: boolean): Promise<RigResource> {
  if (rig.consentAt !== null || !(yes || (await saysYes(context, rig.remote)))) return rig;
  await context.client.post('/rigs/{rig}/consent', { rig: rig.id }, {});
  return passed(context, rig.id);
}

/** Asks where somebody is there to answer; else it is a no. */
export async function saysYes(context: Context, remote: string): Promise<boolean> {
  return (
    canAsk(context) && askYes(context, `May the town push branches and merges to ${clean(remote)}?`)
  );
}
