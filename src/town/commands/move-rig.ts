/**
 * A rig whose repository is somewhere else from now on: renamed, transferred, or on another forge.
 *
 * V1 Nothing is moved under work: no agent is live on it, and nothing is landing.
 * V2 A pull request follows a repository that only has another name. Where the rig moves away from
 *    it, it is not lost in silence: the move is refused with its address, or, where a person says
 *    so, its change begins anew at the new place and they are told which one stays behind.
 * V3 What somebody else opened, or a person closed, is settled first: it cannot be made anew.
 * V4 Consent was for the repository: another one is asked about again.
 * V5 It is looked at before work starts. Account and credentials are the new place's own.
 * V6 What could not be read is not waited for any more: that is announced, as its beginning was.
 * V7 Its own issues are the new place's, by their numbers: what its beads are about goes with it.
 */
import type { Action } from '../../core/action.ts';
import type { Command } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import { accountIdOf } from '../../core/forge-account.ts';
import { noPull, type MergeRequest } from '../../core/merge-request.ts';
import { issueMoved } from '../../core/issue.ts';
import { update } from '../../core/plan.ts';
import { err } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import { attempts } from '../../storage/tables/attempts.ts';
import { beads } from '../../storage/tables/beads.ts';
import { claims } from '../../storage/tables/claims.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import { remark } from '../apply.ts';
import { done, findRig, type Answer, type Ask } from './ask.ts';
import { credentialChanged, webhookScope } from './credentials.ts';
import { pinProblem, remoteProblem, strategyProblem } from './rigs.ts';

type Move = Extract<Command, { readonly kind: 'rig_move' }>;

const WHY = 'moved';

export function moveRig(ask: Ask, command: Move): Answer {
  const { tx, now } = ask.turn;
  const found = findRig(tx, command.rig);
  if (!found.ok) return found;
  const rig = found.value;
  const { remote, lends, target, forge, createTargetFrom, consent } = command;
  const live = mergeRequests.liveOfRig(tx, rig.id, Number.MAX_SAFE_INTEGER);
  const stays = command.is !== 'another';
  const left = stays ? [] : live.filter(hasPull);
  const problem =
    remoteProblem(remote) ??
    pinProblem({ ...rig, forge }, rig.settings) ??
    strategyProblem({ ...rig, forge }, rig.settings) ??
    busy(ask, rig, live) ??
    elsewhere(rig, left, command.leavePulls);
  if (problem !== null) return err(problem);
  const columns: Partial<Rig> = {
    remote,
    lends,
    target,
    forge,
    createTargetFrom,
    updateCheckout: false,
    status: rig.status === 'parked' ? 'parked' : 'unready', // V5
    failure: null,
    setupFailure: null,
    targetTip: null,
    probeJob: null,
    probedAt: null,
    consentAt: consent ? now : stays ? rig.consentAt : null, // V4
  };
  const from = rig.remote;
  remark(ask.turn, { kind: 'rig', id: rig.id }, WHY, ask.who, { from, to: remote, is: command.is });
  const moved = { ...rig, ...columns };
  dropWebhook(ask, rig, moved);
  return done(
    ask,
    rig.id,
    update('rig', rig.id, columns, WHY),
    ...credentialChanged(ask, [moved]),
    ...quiet(ask, rig, moved),
    ...(command.is === 'renamed' ? live.flatMap((one) => follows(one, rig, moved)) : []),
    ...(stays ? [] : live.flatMap((one) => anew(ask, one, moved))),
    ...aboutThere(ask, rig, moved),
  );
}

/** V1 */
function busy(ask: Ask, rig: Rig, live: readonly MergeRequest[]): Failure | null {
  const landing = live.filter(({ stage }) => stage === 'landing').map(({ bead }) => bead);
  const working = attempts
    .live(ask.turn.tx, Number.MAX_SAFE_INTEGER)
    .filter((attempt) => attempt.rig === rig.id);
  const beads = [...new Set([...working.map(({ bead }) => bead), ...landing])];
  return beads.length === 0 ? null : { kind: 'rig_busy', helps: 'person', rig: rig.id, beads };
}

function hasPull({ pr }: MergeRequest): boolean {
  return pr !== 'none';
}

/** V2, V3 */
function elsewhere(rig: Rig, left: readonly MergeRequest[], leave: boolean): Failure | null {
  const fixed = left.filter(({ adopted, pr }) => adopted || pr === 'closed' || pr === 'merged');
  const named = leave ? fixed : left;
  if (named.length === 0) return null;
  const pulls = named.map(({ bead, prUrl, branch }) => ({ bead, url: prUrl ?? branch }));
  const may = leave ? 'not_be_left' : 'be_left';
  return { kind: 'pulls_elsewhere', helps: 'person', rig: rig.id, pulls, may };
}

/** V2. The number is the repository's own, so it stays. */
function follows(request: MergeRequest, from: Rig, to: Rig): readonly Action[] {
  const { id, prProject, prUrl } = request;
  const [before, after] = [from.forge?.path, to.forge?.path];
  if (before === undefined || after === undefined || prProject !== before) return [];
  const url = prUrl?.replace(`/${before}/`, `/${after}/`) ?? null;
  return [update('merge_request', id, { prProject: after, prUrl: url }, WHY)];
}

/** V7. Those that landed may still be what a later one repeats. */
function aboutThere({ turn: { tx } }: Ask, from: Rig, to: Rig): readonly Action[] {
  const alive = beads.liveOfRig(tx, from.id, Number.MAX_SAFE_INTEGER).map(({ id }) => id);
  const renamed = (issue: string) => issueMoved(issue, from, to);
  return [...new Set([...alive, ...claims.ofRig(tx, from.id)])].flatMap((id): Action[] => {
    const bead = beads.get(tx, id);
    if (bead === undefined) return [];
    const { duplicate } = bead;
    const issues = [...new Set(bead.issues.map(renamed))];
    if (duplicate === null || duplicate.issue === null)
      return [update('bead', id, { issues }, WHY)];
    const match = { ...duplicate, issue: renamed(duplicate.issue) };
    return [update('bead', id, { issues, duplicate: match }, WHY)];
  });
}

/** V2. Nothing that was seen or judged at the old place counts. */
function anew(ask: Ask, request: MergeRequest, to: Rig): readonly Action[] {
  const { id, bead, stage, failures, prUrl } = request;
  const isRound = stage === 'changes_requested';
  const columns: Partial<MergeRequest> = {
    ...noPull,
    adopted: request.adopted,
    repairs: request.repairs,
    strategy: to.forge === null ? 'direct' : request.strategy,
    stage: isRound ? stage : 'queued',
    candidate: null,
    gates: [],
    red: null,
    job: null,
    targetJob: null,
    slot: false,
    wantsSlot: false,
    failures: isRound ? failures : [],
    escalation: null,
    notBefore: null,
  };
  const asked =
    request.escalation === null ? null : escalations.get(ask.turn.tx, request.escalation);
  const keys = [...(asked === null || asked === undefined ? [] : [asked.dedupeKey]), `${id}:poll`];
  const told: Action = {
    do: 'escalate',
    dedupeKey: `${id}:left_behind:${prUrl ?? ''}`,
    bind: false,
    severity: 'warning',
    subject: bead,
    failure: { kind: 'pr_left_behind', helps: 'person', url: prUrl ?? '', rig: to.id },
    question: null,
  };
  return [
    ...keys.map((dedupeKey) => ({ do: 'resolve' as const, dedupeKey, why: WHY })),
    update('merge_request', id, columns, WHY),
    ...seenNoMore(request),
    ...(prUrl === null ? [] : [told]),
  ];
}

/** V6 */
function seenNoMore({ id, bead, rig, unobservable }: MergeRequest): readonly Action[] {
  if (unobservable === null) return [];
  const { failureKind } = unobservable;
  const about = { kind: 'merge_request', id } as const;
  const data = { beadId: bead, rigId: rig, failureKind };
  return [{ do: 'event', name: 'pr.poll_resumed', about, data }];
}

/** An account that no rig goes by any more has no incident anybody could end. */
function quiet(ask: Ask, from: Rig, to: Rig): readonly Action[] {
  const { tx } = ask.turn;
  const before = accountIdOf(from);
  const others = rigs.all(tx).filter(({ id }) => id !== from.id);
  if ([to, ...others].some((rig) => accountIdOf(rig) === before)) return [];
  return escalations
    .open(tx)
    .filter(({ dedupeKey }) => dedupeKey.startsWith(`forge:${before}:`))
    .map(({ dedupeKey }) => ({ do: 'resolve', dedupeKey, why: WHY }));
}

/** What the old forge signs with is not believed about the new one. */
function dropWebhook(ask: Ask, from: Rig, to: Rig): void {
  if (from.forge === null || from.forge.origin === to.forge?.origin) return;
  secrets.remove(ask.turn.tx, webhookScope(from.id), from.forge.origin);
}
