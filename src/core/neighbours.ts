/**
 * Who must look again when a row changes. Data, so that the simulator can take one rule away and
 * see a checker fail; carried out by `apply` in the savepoint of the change itself.
 *
 * Y1 Every changed row is touched itself; that rule is in `apply` and not listed here.
 * Y2 Only those are woken that may really act: of ten thousand dependents the unblocked ones.
 */
import type { EntityKind, EntityName, Rows } from './action.ts';
import { isLanded } from './bead.ts';
import type { BeadId, RigId, RunnerId } from './ids.ts';

/** One entity, or a set of them that is one statement in the store whatever its size. */
export type Wake =
  | EntityName
  | {
      readonly crowd: 'redRequestsOfRig' | 'liveRequestsOfRig' | 'liveBeadsOfRig';
      readonly rig: RigId;
    }
  | { readonly crowd: 'attemptsOnRunner' | 'jobsOnRunner'; readonly runner: RunnerId }
  | {
      readonly crowd:
        | 'liveRequests'
        | 'liveAttempts'
        | 'liveJobs'
        | 'liveBeads'
        | 'allRigs'
        | 'allRunners'
        | 'allForgeAccounts'
        | 'openEscalations';
    }
  /** Dependents of a bead that landed, or that ended without landing. */
  | { readonly dependentsOf: BeadId; readonly landed: boolean }
  /** Whoever is first in line for a target's landing slot. */
  | { readonly lineOf: RigId; readonly target: string };

export interface NeighbourRule<K extends EntityKind = EntityKind> {
  readonly name: string;
  readonly entity: K;
  /** `before` is null for a new row. */
  readonly wakes: (before: Rows[K] | null, after: Rows[K]) => readonly Wake[];
}

const dispatch: EntityName = { kind: 'dispatch', id: 'dispatch' };

function rule<K extends EntityKind>(
  entity: K,
  name: string,
  wakes: NeighbourRule<K>['wakes'],
): NeighbourRule<K> {
  return { entity, name, wakes };
}

const changed = <Row>(before: Row | null, after: Row, ...keys: readonly (keyof Row)[]) =>
  keys.some((key) => before?.[key] !== after[key]);

const beadRules = [
  rule('bead', 'ready bead wakes the dispatcher', (before, after) =>
    after.ready && after.attempt === null && changed(before, after, 'ready', 'attempt')
      ? [dispatch]
      : [],
  ),
  rule('bead', 'ended bead wakes its dependents', (before, after) =>
    after.status === 'closed' && before?.status !== 'closed'
      ? [{ dependentsOf: after.id, landed: isLanded(after) }]
      : [],
  ),
  rule('bead', 'a person’s wish wakes the attempt', (before, after) =>
    after.attempt !== null && changed(before, after, 'hold', 'closeAs', 'stopAsked')
      ? [{ kind: 'attempt', id: after.attempt }]
      : [],
  ),
  rule('bead', 'submission or wish wakes the merge request', (before, after) =>
    after.mergeRequest !== null &&
    changed(before, after, 'status', 'hold', 'closeAs', 'submission', 'mergeRequest')
      ? [{ kind: 'merge_request', id: after.mergeRequest }]
      : [],
  ),
] as const;

const attemptRules = [
  rule('attempt', 'attempt wakes its bead', (before, after) =>
    changed(before, after, 'status', 'submitted', 'base') ? [{ kind: 'bead', id: after.bead }] : [],
  ),
  rule('attempt', 'ended attempt frees a slot', (before, after) =>
    after.status === 'ended' && before?.status !== 'ended' ? [dispatch] : [],
  ),
  rule('attempt', 'failed start wakes the rig', (before, after) =>
    after.outcome === 'start_failed' && before?.outcome !== 'start_failed'
      ? [{ kind: 'rig', id: after.rig }]
      : [],
  ),
] as const;

const requestRules = [
  rule('merge_request', 'merge request wakes its bead', (before, after) =>
    changed(before, after, 'stage', 'unobservable', 'pr') ? [{ kind: 'bead', id: after.bead }] : [],
  ),
  rule('merge_request', 'a pull request to read wakes its account', (before, after) =>
    after.account !== null && after.readAt !== null && changed(before, after, 'readAt', 'account')
      ? [{ kind: 'forge_account', id: after.account }]
      : [],
  ),
  rule('merge_request', 'free slot wakes the line', (before, after) =>
    before !== null && ((before.slot && !after.slot) || (before.wantsSlot && !after.wantsSlot))
      ? [{ lineOf: after.rig, target: after.target }]
      : [],
  ),
] as const;

const otherRules = [
  rule('job', 'done job wakes its subject', (before, after) =>
    after.status === 'done' && before?.status !== 'done'
      ? [
          after.kind === 'fetch'
            ? { kind: 'rig', id: after.subject }
            : { kind: 'merge_request', id: after.subject },
        ]
      : [],
  ),
  rule('job', 'job makes its runner busy or free', (before, after) =>
    (before?.status === 'running') !== (after.status === 'running')
      ? [{ kind: 'runner', id: after.runner }]
      : [],
  ),
  rule('rig', 'rig wakes the dispatcher', (before, after) =>
    changed(before, after, 'status', 'settings') ? [dispatch] : [],
  ),
  rule('rig', 'rig wakes its merge requests', (before, after) =>
    changed(before, after, 'status', 'settings', 'consentAt', 'probedAt')
      ? [{ crowd: 'liveRequestsOfRig', rig: after.id }]
      : [],
  ),
  rule('rig', 'rig settings wake its beads', (before, after) =>
    changed(before, after, 'settings') ? [{ crowd: 'liveBeadsOfRig', rig: after.id }] : [],
  ),
  rule('rig', 'moved target wakes requests that found it red', (before, after) =>
    changed(before, after, 'targetTip') ? [{ crowd: 'redRequestsOfRig', rig: after.id }] : [],
  ),
  rule('escalation', 'resolved escalation wakes its subject', (before, after) =>
    after.status === 'resolved' && before?.status !== 'resolved' ? subjectOf(after.subject) : [],
  ),
  rule('runner', 'runner wakes the dispatcher', (before, after) =>
    changed(before, after, 'status', 'incarnation', 'inventory') ? [dispatch] : [],
  ),
  rule('runner', 'runner wakes what it holds', (before, after) =>
    changed(before, after, 'status', 'incarnation')
      ? [
          { crowd: 'attemptsOnRunner', runner: after.id },
          { crowd: 'jobsOnRunner', runner: after.id },
        ]
      : [],
  ),
  rule('town', 'town status wakes what it stops or lets go', (before, after) =>
    changed(before, after, 'status')
      ? [dispatch, { crowd: 'liveAttempts' }, { crowd: 'liveRequests' }]
      : [],
  ),
  rule('town', 'town settings wake everything', (before, after) =>
    changed(before, after, 'settings')
      ? [
          dispatch,
          { crowd: 'liveBeads' },
          { crowd: 'liveAttempts' },
          { crowd: 'liveRequests' },
          { crowd: 'allRigs' },
        ]
      : [],
  ),
] as const;

export const neighbourRules: readonly NeighbourRule[] = [
  ...beadRules,
  ...attemptRules,
  ...requestRules,
  ...otherRules,
] as unknown as readonly NeighbourRule[];

/** Escalations name their subject by its id; its form tells the kind. */
function subjectOf(subject: string): readonly Wake[] {
  if (subject === 'town' || subject === 'dispatch') return [dispatch];
  if (subject.startsWith('mr-')) return [{ kind: 'merge_request', id: subject }];
  if (subject.startsWith('rig:')) return [{ kind: 'rig', id: subject.slice('rig:'.length) }];
  return [{ kind: 'bead', id: subject }];
}
