/**
 * `gt mr adopt`: a pull request that somebody else opened gets a bead, and is watched, judged,
 * repaired where that was agreed to, and merged under the same gate as our own.
 *
 * D1 It was parsed and read once before; nothing here looks. D2 It belongs to the rig: same
 *    forge, same repository, same target. D3 One bead per pull request.
 */
import { adoptedBody, adoptedBranch, adoptedTitle, isFork } from '../../core/adoption.ts';
import type { Command } from '../../core/command.ts';
import { newRequest } from '../../core/decide/bead-review.ts';
import type { Failure } from '../../core/failure.ts';
import { accountIdOf } from '../../core/forge-account.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { insert, update } from '../../core/plan.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import { loadGround, settingsOf } from '../../storage/load-view.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { done, findRig, type Answer, type Ask } from './ask.ts';
import { newBead } from './beads.ts';
import { accountFor } from './accounts.ts';

type Adopt = Extract<Command, { readonly kind: 'mr_adopt' }>;

export function adopt(ask: Ask, command: Adopt): Answer {
  const found = findRig(ask.turn.tx, command.rig);
  if (!found.ok) return found;
  const rig = found.value;
  const { forge } = rig;
  if (forge === null) return err(elsewhere(command, `a rig on a forge; ${rig.id} is on none`));
  const refusal = refusalOf(ask, command, rig, forge);
  if (refusal !== null) return err(refusal);
  const { snapshot } = command;
  const bead = {
    ...newBead(ask, rig, {
      title: adoptedTitle(snapshot),
      body: adoptedBody(snapshot),
      priority: 2,
      hold: false,
      agent: null,
      model: null,
    }),
    status: 'in_review' as const,
    branch: adoptedBranch(snapshot),
  };
  const { tx, now } = ask.turn;
  const ground = loadGround(tx, now);
  const fresh = newRequest({ ...ground, rig, settings: settingsOf(ground.town, rig) }, bead);
  const request: MergeRequest = { ...fresh, ...adoptedColumns(command, rig, forge), readAt: now };
  return done(
    ask,
    bead.id,
    ...accountFor(ask, rig),
    insert('bead', { ...bead, mergeRequest: request.id }, 'adopted'),
    insert('merge_request', request, 'adopted'),
    update('rig', rig.id, { nextBead: rig.nextBead + 1 }, 'numbered'),
  );
}

function adoptedColumns(
  { ref, snapshot, fixes }: Adopt,
  rig: Rig,
  forge: ForgeProject,
): Partial<MergeRequest> {
  return {
    strategy: 'pr',
    pr: 'open',
    adopted: true,
    repairs: fixes && !isFork(snapshot),
    head: snapshot.head,
    account: accountIdOf(rig),
    prProject: forge.path,
    prNumber: ref.number,
    prNodeId: ref.nodeId,
    prUrl: ref.url,
    snapshot,
  };
}

function refusalOf(ask: Ask, command: Adopt, rig: Rig, forge: ForgeProject): Failure | null {
  const { ref, snapshot } = command;
  const isHere =
    ref.project.origin === forge.origin &&
    ref.project.path.toLowerCase() === forge.path.toLowerCase();
  if (!isHere) return elsewhere(command, `a pull request of ${forge.origin}/${forge.path}`);
  if (snapshot.state !== 'open') {
    const { state: status } = snapshot;
    const name = ref.url;
    return { kind: 'not_now', helps: 'no', command: 'adopt', name, status, allowed: ['open'] };
  }
  if (snapshot.baseBranch !== rig.target) {
    const given = snapshot.baseBranch;
    const expected = `a pull request into ${rig.target}`;
    return { kind: 'bad_value', helps: 'person', field: 'base', given, expected };
  }
  const { tx } = ask.turn;
  const watched =
    mergeRequests.ofPull(tx, accountIdOf(rig), forge.path, ref.number) ??
    mergeRequests.onBranch(tx, rig.id, adoptedBranch(snapshot));
  if (watched === undefined) return null;
  const by = watched.bead;
  return { kind: 'name_taken', helps: 'no', thing: 'pull request', name: ref.url, by };
}

function elsewhere({ ref }: Adopt, expected: string): Failure {
  return { kind: 'bad_value', helps: 'person', field: 'url', given: ref.url, expected };
}
