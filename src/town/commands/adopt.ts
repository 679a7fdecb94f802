/**
 * `gt mr adopt`: a pull request that somebody else opened gets a bead, and is watched, judged,
 * repaired where that was agreed to, and merged under the same gate as our own.
 *
 * D1 It was parsed and read once before; nothing here looks. D2 It belongs to the rig: same
 *    forge, same repository, same target. D3 One bead per pull request.
 * D4 One that takes the place of a closed one, or of one that was not opened beside it, is adopted
 *    by the same bead: its merge closes it.
 * D5 It is about the issues that it says it closes: a bead about one of them is a duplicate. Where
 *    another bead came first, whoever adopts it wants both.
 */
import type { AdoptionRefusal } from '../../core/adoption-refusal.ts';
import type { Bead } from '../../core/bead.ts';
import { adoptedBody, adoptedBranch, adoptedTitle, isFork } from '../../core/adoption.ts';
import type { Command } from '../../core/command.ts';
import { newRequest } from '../../core/decide/bead-review.ts';
import type { Failure } from '../../core/failure.ts';
import { accountIdOf } from '../../core/forge-account.ts';
import { noPull, type MergeRequest } from '../../core/merge-request.ts';
import { bodyFixing, issuesOf } from '../../core/issue.ts';
import { insert, update } from '../../core/plan.ts';
import type { ForgeProject, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import { loadGround, settingsOf } from '../../storage/load-view.ts';
import { beads } from '../../storage/tables/beads.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { done, findRig, missing, notNow, type Answer, type Ask } from './ask.ts';
import { duplicateAfter, duplicateOf } from '../duplicates.ts';
import { newBead } from './beads.ts';
import { accountFor } from './accounts.ts';

type Adopt = Extract<Command, { readonly kind: 'mr_adopt' }>;
type Supersede = Extract<Command, { readonly kind: 'mr_supersede' }>;
type Found = Pick<Adopt, 'ref' | 'snapshot'>;

export function takeOn(ask: Ask, command: Adopt | Supersede): Answer {
  return command.kind === 'mr_adopt' ? adopt(ask, command) : supersede(ask, command);
}

function adopt(ask: Ask, command: Adopt): Answer {
  const found = findRig(ask.turn.tx, command.rig);
  if (!found.ok) return found;
  const rig = found.value;
  const { forge } = rig;
  if (forge === null) return err(elsewhere(command, rig, null));
  const refusal = refusalOf(ask, command, rig, forge);
  if (refusal !== null) return err(refusal);
  const { snapshot } = command;
  const { tx, now } = ask.turn;
  const title = adoptedTitle(snapshot);
  const body = bodyFixing(rig, { title, body: adoptedBody(snapshot) }, snapshot.fixes); // D5
  const plain = { scope: [], priority: 2, hold: false, agent: null, model: null } as const;
  const wanted = { title, body, ...plain };
  const issues = issuesOf(rig, `${title}\n${body}`);
  const made = { ...newBead(ask, rig, wanted), issues };
  const match = duplicateOf(tx, rig, made, now);
  const bead = {
    ...made,
    duplicate: match === null ? null : { ...match, letGo: true },
    status: 'in_review' as const,
    branch: adoptedBranch(snapshot),
  };
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

/** D4 */
function supersede(ask: Ask, command: Supersede): Answer {
  const { tx, now } = ask.turn;
  const escalation = escalations.get(tx, command.escalation);
  if (escalation === undefined) return err(missing('escalation', command.escalation, []));
  const request = mergeRequests.get(tx, escalation.subject);
  const bead = request === undefined ? undefined : beads.get(tx, request.bead);
  const rig = request === undefined ? undefined : rigs.get(tx, request.rig);
  const isOpen = request?.pr === (escalation.failure?.kind === 'pr_rival' ? 'none' : 'closed');
  const isAsked = isOpen && request?.escalation === escalation.id;
  if (escalation.status === 'resolved' || !isAsked || bead === undefined || rig === undefined) {
    const name = escalation.id;
    const { status } = escalation;
    const allowed = ['which pull request it shall be'];
    return err({ kind: 'not_now', helps: 'person', command: 'supersede', name, status, allowed });
  }
  const refused = notNow('supersede', bead, ['in_review', 'held']);
  if (refused !== null) return err(refused);
  const { forge } = rig;
  if (forge === null) return err(elsewhere(command, rig, null));
  const refusal = refusalOf(ask, command, rig, forge, request.branch);
  if (refusal !== null) return err(refusal);
  const branch = adoptedBranch(command.snapshot);
  const columns = {
    ...noPull,
    ...fresh,
    ...adoptedColumns({ ...command, fixes: false }, rig, forge),
    branch,
    readAt: now,
  };
  const answer = { resolveAsked: true, answer: command.ref.url };
  return done(
    ask,
    escalation.id,
    update('merge_request', request.id, columns, 'superseded'),
    update(
      'bead',
      bead.id,
      { branch, ...aboutAlso(ask, rig, bead, command.snapshot) },
      'superseded',
    ),
    update('escalation', escalation.id, answer, 'resolve_asked'),
  );
}

/** D4, D5 */
function aboutAlso(
  ask: Ask,
  rig: Rig,
  bead: Bead,
  { fixes }: PullRequestSnapshot,
): Pick<Bead, 'body' | 'issues' | 'duplicate'> {
  const body = bodyFixing(rig, bead, fixes);
  const issues = issuesOf(rig, `${bead.title}\n${body}`);
  const after = { ...bead, body, issues };
  const match = duplicateAfter(ask.turn.tx, rig, bead, after, ask.turn.now);
  const isKnown = match === null || match === bead.duplicate;
  return { body, issues, duplicate: isKnown ? match : { ...match, letGo: true } };
}

/** What was judged, asked and watched was about the one that was closed. */
const fresh = {
  stage: 'queued' as const,
  candidate: null,
  gates: [],
  red: null,
  failures: [],
  escalation: null,
  decision: null,
  notBefore: null,
  job: null,
  targetJob: null,
};

function adoptedColumns(
  { ref, snapshot, fixes }: Found & Pick<Adopt, 'fixes'>,
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
    prNodeId: snapshot.ref.nodeId,
    prUrl: ref.url,
    snapshot,
  };
}

/** D2, D3 */
function refusalOf(
  ask: Ask,
  command: Found,
  rig: Rig,
  forge: ForgeProject,
  /** The branch of the bead that takes it on, which may be used once more. */
  own: string | null = null,
): Failure | null {
  const { ref, snapshot } = command;
  const isHere =
    ref.project.origin === forge.origin &&
    ref.project.path.toLowerCase() === forge.path.toLowerCase();
  if (!isHere) return elsewhere(command, rig, forge);
  const { tx, now } = ask.turn;
  const known = mergeRequests.ofPull(tx, accountIdOf(rig), forge.path, ref.number);
  if (known !== undefined) {
    return refused(command, { is: known.adopted ? 'watched' : 'ours', bead: known.bead });
  }
  if (snapshot.state !== 'open') return refused(command, { is: snapshot.state });
  const { baseBranch: base } = snapshot;
  if (base !== rig.target) {
    return refused(command, { is: 'other_target', base, rig: rig.id, target: rig.target });
  }
  const branch = adoptedBranch(snapshot);
  if (branch === own) return null;
  const beside = mergeRequests.onBranch(tx, rig.id, branch);
  if (beside !== undefined) {
    const { adopted, bead } = beside;
    return refused(
      command,
      adopted ? { is: 'branch_watched', branch, bead } : { is: 'ours', bead },
    );
  }
  const { town } = loadGround(tx, now);
  const ours = `${settingsOf(town, rig).branchPrefix}/${town.tag}/`;
  return branch.startsWith(ours) ? refused(command, { is: 'ours', bead: null }) : null;
}

function refused({ ref }: Found, why: AdoptionRefusal): Failure {
  const { url, project } = ref;
  return { kind: 'pr_not_adopted', helps: 'person', provider: project.provider, url, why };
}

function elsewhere(command: Found, rig: Rig, forge: ForgeProject | null): Failure {
  const { project } = command.ref;
  const repository = `${project.origin}/${project.path}`;
  const at = forge === null ? rig.remote : `${forge.origin}/${forge.path}`;
  return refused(command, { is: 'other_rig', repository, rig: rig.id, at });
}
