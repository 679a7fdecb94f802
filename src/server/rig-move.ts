/**
 * What a host finds out before it asks the town to move a rig: where the new place is, and whether
 * the repository there is the one that the rig was on.
 *
 * M1 Only a pull request of ours says that a repository has another name: the one of that number
 *    there is the forge's same one. An address proves nothing.
 * M2 A forge that could not be asked is no answer: nothing is moved.
 */
import type { Failure } from '../core/failure.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { ForgeProject, PullRequestRef } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Rig, Whereabouts } from '../core/rig.ts';
import { command, type Call, type ServerDeps } from './handler.ts';
import { rigAdd, sourceProblem } from './rig-source.ts';

export async function moveRig(deps: ServerDeps, call: Call<'moveRig'>) {
  const { source: given, leavePulls, consent } = call.body;
  const shown = () => deps.queries().rig(call.params.rig);
  const found = deps.queries().rigRow(call.params.rig);
  if (!found.ok) return found;
  const rig = found.value;
  const refused = sourceProblem(given);
  if (refused !== null) return err(refused);
  const source = await deps.describeSource(given, rig.id);
  if (!source.ok) return source;
  const forge = await deps.forge.projectOf(source.value.remote);
  const target = call.body.target ?? rig.target;
  const added = { name: rig.id, source: given, prefix: null, target, updateCheckout: false };
  const place = rigAdd({ ...added, consent }, source.value, forge);
  if (!place.ok) return place;
  const { remote, lends, createTargetFrom } = place.value;
  const asked = { kind: 'rig_move', rig: rig.id, remote, lends, target, forge } as const;
  const wish = { ...asked, createTargetFrom, leavePulls, consent };
  const before = deps.forge.queries().answeredBefore({ ...wish, is: 'another' }, call.key);
  if (before !== null) return before.ok ? shown() : before;
  const is = await whereabouts(deps, rig, { remote, forge });
  return is.ok ? command(deps, call, { ...wish, is: is.value }, shown) : is;
}

async function whereabouts(
  deps: ServerDeps,
  rig: Rig,
  { remote, forge }: Pick<Rig, 'remote' | 'forge'>,
): Promise<Result<Whereabouts, Failure>> {
  if (forge === null || forge.origin !== rig.forge?.origin) {
    return ok(forge === rig.forge && remote === rig.remote ? 'same' : 'another');
  }
  if (forge.path.toLowerCase() === rig.forge.path.toLowerCase()) return ok('same');
  const [first] = deps.forge.queries().pullsOf(rig);
  return first === undefined ? ok('another') : await lookThere(deps, rig, forge, first);
}

/** M1 */
async function lookThere(
  deps: ServerDeps,
  rig: Rig,
  project: ForgeProject,
  { prNumber, prNodeId, prUrl, branch }: MergeRequest,
): Promise<Result<Whereabouts, Failure>> {
  if (prNumber === null || prUrl === null) return ok('another');
  const ref = { project, number: prNumber, nodeId: null, url: prUrl };
  const seen = await deps.forge.readPull({ rig, ref });
  if (!seen.ok) return (await isAbsent(deps, rig, ref, seen.error)) ? ok('another') : seen;
  const { headBranch, ref: there } = seen.value;
  const isSame = prNodeId === null || there.nodeId === null || there.nodeId === prNodeId;
  return ok(isSame && headBranch === branch ? 'renamed' : 'another');
}

/** M2. Only where the repository can be read is what it does not show not there. */
async function isAbsent(
  deps: ServerDeps,
  rig: Rig,
  { project }: PullRequestRef,
  failure: Failure,
): Promise<boolean> {
  if (failure.kind !== 'pr_unread' || failure.error.kind !== 'http_error') return false;
  if (!['not_found_or_hidden', 'gone'].includes(failure.error.reason)) return false;
  const look = await deps.forge.look({ ...rig, forge: project });
  return look !== null && look.failure === null;
}
