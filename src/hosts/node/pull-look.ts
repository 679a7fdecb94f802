/**
 * The first look at a pull request that somebody wants adopted: whose it is, told by its address
 * alone, and then what the forge says of it.
 *
 * L1 Which rig: the one on that origin and repository; where there are several, a person says.
 * L2 No request is made for an address that is no rig's: a credential is a rig's.
 */
import type { AdoptionRefusal } from '../../core/adoption-refusal.ts';
import { assert } from '../../core/assert.ts';
import type { Failure } from '../../core/failure.ts';
import type { PullRequestRef, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import type { ForgePort } from '../../ports/forge.ts';
import { parsePullRequestUrl } from '../../scm/pr-url.ts';
import type { KnownForge } from '../../scm/remote-url.ts';
import type { PullPlace } from '../../server/forge-desk.ts';

interface Known {
  readonly rigs: readonly Rig[];
  readonly forges: readonly KnownForge[];
}

/** L1, L2 */
export function placeOfPull(
  url: string,
  named: Rig | null,
  { rigs, forges }: Known,
): Result<PullPlace, Failure> {
  const parsed = parsePullRequestUrl(url, forges);
  if (!parsed.ok) return err({ kind: 'pr_address', helps: 'person', error: parsed.error });
  const ref = parsed.value;
  const repository = `${ref.project.origin}/${ref.project.path}`;
  const there = rigs.filter((rig) => isOn(rig, ref));
  if (named !== null) {
    const { id: rig, forge, remote } = named;
    if (isOn(named, ref)) return ok(placed(named, ref));
    const at = forge === null ? remote : `${forge.origin}/${forge.path}`;
    return refused(ref, { is: 'other_rig', repository, rig, at });
  }
  const [only, ...more] = there;
  if (only === undefined) {
    const near = rigs.flatMap(({ id, forge }) =>
      forge?.origin === ref.project.origin ? [`${id} (${forge.path})`] : [],
    );
    return refused(ref, { is: 'no_rig', repository, rigs: near });
  }
  if (more.length === 0) return ok(placed(only, ref));
  return refused(ref, { is: 'several_rigs', repository, rigs: there.map(({ id }) => id) });
}

export async function readPull(
  port: Pick<ForgePort, 'checkPRStatuses'>,
  { rig, ref }: PullPlace,
): Promise<Result<PullRequestSnapshot, Failure>> {
  const [outcome] = await port.checkPRStatuses({ rig: rig.id, project: ref.project }, [ref]);
  assert(outcome !== undefined, 'one target, one outcome');
  if (outcome.ok) return ok(outcome.result);
  const { error } = outcome;
  return err({ kind: 'pr_unread', helps: 'person', url: ref.url, rig: rig.id, error });
}

/** Forges do not tell the case of a name apart. */
function isOn({ forge }: Rig, { project }: PullRequestRef): boolean {
  return (
    forge !== null &&
    forge.origin === project.origin &&
    forge.path.toLowerCase() === project.path.toLowerCase()
  );
}

/** As the rig is bound: its spelling of the repository, its API. */
function placed(rig: Rig, ref: PullRequestRef): PullPlace {
  return { rig, ref: { ...ref, project: rig.forge ?? ref.project } };
}

function refused({ project, url }: PullRequestRef, why: AdoptionRefusal): Result<never, Failure> {
  const { provider } = project;
  return err({ kind: 'pr_not_adopted', helps: 'person', provider, url, why });
}
