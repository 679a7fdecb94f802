/**
 * `gt run --dry-run`: which rig the repository is or would be, and the bead it would begin with.
 *
 * D1 No town is started for it: without one nobody knows what would be.
 * D2 Nothing is asked. Where a question would come first, that is said.
 */
import type { DryRun, BeadResource, RigResource } from '../../../protocol/http.ts';
import { canAsk } from '../../ask.ts';
import { beadAhead, foretell, rigAhead } from '../../dry-run.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { clean } from '../../output.ts';
import { notRunning } from '../../problem.ts';
import { readServer } from '../../server-file.ts';
import type { Context } from '../../spec.ts';
import { OTHER_BRANCH, requestOf, type AddOptions } from '../rig/add.ts';
import type { RunOptions } from './run.ts';
import { gateSettings, meant, notAllowed, wantsOtherBranch, type Meant } from './run-rig.ts';

export async function runDry(
  context: Context,
  options: RunOptions,
  body: string,
): Promise<ExitCode> {
  const { gastownHome, output } = context;
  if (typeof (await readServer(gastownHome)) === 'string') {
    throw notRunning('gt run would start one, and only a town knows the rest'); // D1
  }
  const found = await meant(context, options);
  const { known, remote } = found;
  const agreed = options.yes || (known?.consentAt ?? null) !== null;
  if (!agreed && !canAsk(context)) throw notAllowed(remote);
  const answer = await rehearsed(context, options, found, body);
  const { rig, bead } = answer.would;
  const attach = known === undefined ? `examine it, attach it as ${rig.id}, and ` : '';
  const verb = `${attach}make ${bead.id}`;
  return foretell(output, answer, verb, [
    // D2
    ...(agreed ? [] : [`first you would be asked whether it may push to ${clean(remote)}`]),
    ...(known === undefined ? [...rigAhead(output, rig), ''] : []),
    ...beadAhead(output, bead),
  ]);
}

type Foreseen = DryRun<{ readonly rig: RigResource; readonly bead: BeadResource }>;

async function rehearsed(
  { client, world }: Context,
  options: RunOptions,
  { known, add }: Meant,
  body: string,
): Promise<Foreseen> {
  const { task: title, agent = null, model = null } = options;
  const bead = { rig: known?.id ?? add.name, title, body, agent, model };
  const path = '/rehearsals/run';
  if (known !== undefined) {
    return client.post(path, {}, { consent: known.consentAt === null, bead });
  }
  const set = gateSettings(options);
  const settings = set === null ? null : { set };
  const first = (as: AddOptions): Promise<Foreseen> =>
    client.post(path, {}, { attach: requestOf(world, as), settings, bead });
  return first(add).catch((thrown: unknown) => {
    if (!wantsOtherBranch(thrown, add)) throw thrown;
    return first({ ...add, target: OTHER_BRANCH });
  });
}
