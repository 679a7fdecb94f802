/**
 * A bead: one work item. Only `decide/bead.ts` moves one between statuses.
 *
 * B1 At most one live attempt; `attempt` names it, and the database has a unique index for it.
 * B2 `closed` is terminal. With `merged` it carries the proof that its change is in the target.
 * B3 `ready` is 1 exactly while it may be granted a slot at once; nothing that waits has it.
 */
import type { AttemptId, BeadId, Commit, EscalationId, MergeRequestId, RigId } from './ids.ts';
import type { Failure } from './failure.ts';
import type { Landed } from './job.ts';
import type { Instant } from './time.ts';
import type { Touched } from './touched.ts';
import type { Usage } from './attempt.ts';
import type { Wait } from './wait.ts';

export type BeadStatus =
  | 'held'
  | 'blocked'
  | 'open'
  | 'in_progress'
  | 'in_review'
  | 'failed'
  | 'closed';

export type Resolution = 'merged' | 'dropped' | 'no_change';

/** 0 is the most urgent; 2 is ordinary. */
export type Priority = 0 | 1 | 2 | 3 | 4;

export const beadMoves: Readonly<Record<BeadStatus, readonly BeadStatus[]>> = {
  held: ['open', 'blocked', 'in_review', 'closed'],
  blocked: ['open', 'held', 'closed'],
  open: ['held', 'blocked', 'in_progress', 'in_review', 'failed', 'closed'],
  in_progress: ['open', 'held', 'in_review', 'failed', 'closed'],
  in_review: ['open', 'held', 'failed', 'closed'],
  failed: ['open', 'held', 'closed'],
  closed: [],
};

/** Git's word that a change is where it should be. P1 */
export interface Proof {
  /** Whose commit is in the target: our own candidate, the bead's head, or the forge's merge. */
  readonly by: 'candidate' | 'head' | 'forge';
  readonly commit: Commit;
  readonly target: string;
  /** The freshly fetched tip the commit is an ancestor of. */
  readonly targetTip: Commit;
  readonly at: Instant;
}

/** Why there is another attempt on the same branch. */
export type RoundCause = 'gate' | 'conflict' | 'review' | 'feedback' | 'answer' | 'empty';

/** What the next attempt is told. Counted per cause; only accepted progress resets the counts. */
export interface Round {
  readonly cause: RoundCause;
  readonly number: number;
  /** The submission the round is about. */
  readonly head: Commit | null;
  readonly failures: readonly Failure[];
  /** What an agent had asked, and the words of the person it waited for, if any. */
  readonly question: string | null;
  readonly answer: string | null;
}

export interface Submission {
  readonly attempt: AttemptId;
  readonly head: Commit;
  readonly base: Commit;
  /** The agent's own summary; untrusted text. */
  readonly summary: string;
  /** null: its runner's word made no sense. */
  readonly touched: Touched | null;
  readonly at: Instant;
}

/** Another bead that came first to the same work, and whether a person let this one go. */
export interface Duplicate {
  readonly of: BeadId;
  /** The issue that both are about; null: they say the same. */
  readonly issue: string | null;
  readonly letGo: boolean;
}

export interface Bead {
  readonly id: BeadId;
  readonly rig: RigId;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly status: BeadStatus;
  readonly resolution: Resolution | null;
  readonly priority: Priority;
  /** Agent and model chosen for this bead; null: the rig's. */
  readonly agent: string | null;
  readonly model: string | null;

  /** Issues that its own words say it fixes: `team/web#12`. */
  readonly issues: readonly string[];
  /** Paths it is declared to be about (`scope.ts`); empty: none were declared. */
  readonly scope: readonly string[];
  /** What it matched when it was slung or edited; it is held until a person lets it go. */
  readonly duplicate: Duplicate | null;

  /** What a person asked for; the next decision carries it out and clears it. */
  readonly hold: boolean;
  readonly closeAs: Resolution | null;
  readonly retryAsked: boolean;
  readonly stopAsked: boolean;

  /** Blockers that have not landed; kept by `apply`, recomputed by the resync. */
  readonly openBlockers: number;
  /** A blocker that ended in any way but merged; a person decides. */
  readonly brokenBlocker: BeadId | null;

  readonly ready: boolean;
  readonly readyAt: Instant | null;
  readonly notBefore: Instant | null;

  /** The live attempt, or the one whose end the bead has not seen yet. B1 */
  readonly attempt: AttemptId | null;
  /** Attempts ever granted; the number of the last. */
  readonly attempts: number;
  /** Attempts that count against `maxDispatchAttempts`. */
  readonly charged: number;
  /** Failed starts in a row: they are not charged, but each waits longer than the one before. */
  readonly startFailures: number;
  /** Rounds so far by cause. */
  readonly rounds: Readonly<Partial<Record<RoundCause, number>>>;
  /** What the next attempt is about; null on a fresh start. */
  readonly round: Round | null;

  readonly branch: string;
  readonly base: Commit | null;
  readonly submission: Submission | null;
  readonly mergeRequest: MergeRequestId | null;
  /** Set when this bead undoes another: the system makes the change, no agent. */
  readonly reverts: ({ readonly bead: BeadId } & Landed) | null;
  readonly proof: Proof | null;

  readonly escalation: EscalationId | null;
  readonly failure: Failure | null;
  readonly usage: Usage;
  readonly waits: readonly Wait[];

  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly updatedAt: Instant;
  readonly closedAt: Instant | null;
  /** Set while a bug of ours keeps it from being decided; names the build. */
  readonly parked: string | null;
}

/** Has a merged change of its own been proved? The only thing dependents start on. */
export function isLanded(bead: Pick<Bead, 'status' | 'resolution' | 'proof'>): boolean {
  return bead.status === 'closed' && bead.resolution === 'merged' && bead.proof !== null;
}

/** A round that a person's word starts: an answer to what its agent asked, or a note of theirs. */
export function answerRound(
  bead: Bead,
  about: Pick<Round, 'failures' | 'question' | 'answer'>,
): Round {
  const number = (bead.rounds.answer ?? 0) + 1;
  return { cause: 'answer', number, head: bead.submission?.head ?? null, ...about };
}

/** Did it name its agent or model itself? Then their failure is its own and not its rig's. */
export function isOwnChoice(bead: Pick<Bead, 'agent' | 'model'>): boolean {
  return bead.agent !== null || bead.model !== null;
}
