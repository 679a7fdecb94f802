/**
 * Failures as typed values. One cannot be built without its kind, its evidence and whether trying
 * again can help; `explain.ts` alone turns it into sentences, so two surfaces never disagree.
 *
 * F1 `kind` names the cause; the fields carry the evidence. Nothing matches on message text.
 * F2 Evidence never holds a secret: what a remote said is redacted where it is read.
 * F3 `helps` says whether the same call may succeed later with nothing changed by a person.
 */
import type { AdoptionRefusal } from './adoption-refusal.ts';
import type { Commit } from './ids.ts';
import type { PRStatusError, PullAddressError } from './pr-status.ts';
import type { ForgeProvider } from './pull-request.ts';
import type { Instant } from './time.ts';

/** `later`: may pass by itself. `person`: somebody must change something first. `no`: never. */
export type RetryHelps = 'later' | 'person' | 'no';

/** Output of a command, shortened from the middle; at most a few kilobytes. */
export type Excerpt = string;

/** Where the town's credential came from, as in `rig.token`; absent: git's own login was used. */
type CredentialSource = string;

interface Shape {
  /** A remote or its transport. `remote` has no credentials in it. */
  readonly remote_unreachable: {
    readonly remote: string;
    readonly cause: 'dns' | 'connect' | 'tls' | 'timeout' | 'reset' | 'other';
    readonly output: Excerpt;
  };
  readonly remote_needs_login: {
    readonly remote: string;
    readonly output: Excerpt;
    readonly source?: CredentialSource;
  };
  /** A credential of the town's is set up or asked for and cannot be had; no other may be used. */
  readonly remote_credential_missing: {
    readonly remote: string;
    /** The one whose issuer failed; null: there is none that may be used. */
    readonly source: string | null;
    readonly cause: string;
    /** The app the rig is pinned to. */
    readonly pinnedTo: string | null;
  };
  readonly remote_not_found: {
    readonly remote: string;
    readonly output: Excerpt;
    readonly source?: CredentialSource;
  };
  readonly not_a_repository: { readonly path: string; readonly output: Excerpt };
  readonly repository_empty: { readonly remote: string };
  readonly target_missing: {
    readonly remote: string;
    readonly target: string;
    readonly branches: readonly string[];
  };
  readonly push_refused: {
    readonly remote: string;
    readonly ref: string;
    readonly cause: 'archived' | 'protected' | 'permission' | 'hook' | 'other';
    readonly output: Excerpt;
    readonly source?: CredentialSource;
  };
  /** The target is checked out at the path that is itself the remote. */
  readonly target_checked_out: { readonly path: string; readonly target: string };
  readonly checkout_dirty: { readonly path: string; readonly files: readonly string[] };
  readonly branch_prefix_taken: { readonly prefix: string; readonly ref: string };
  readonly setup_failed: {
    readonly name: string;
    readonly command: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly timedOut: boolean;
    readonly output: Excerpt;
  };
  /** The agent's command was not found, or a profile of that name does not exist. */
  readonly agent_missing: {
    readonly agent: string;
    readonly command: string;
    readonly known: readonly string[];
  };
  readonly agent_start_failed: {
    readonly agent: string;
    readonly phase: 'spawn' | 'initialize' | 'session' | 'tools';
    readonly cause: 'exited' | 'timeout' | 'protocol' | 'login_needed' | 'tools_not_listed';
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly output: Excerpt;
  };
  readonly agent_crashed: {
    readonly agent: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly output: Excerpt;
  };
  readonly agent_idle: { readonly agent: string; readonly lastWords: Excerpt };
  readonly agent_timed_out: {
    readonly agent: string;
    readonly quietMs: number;
    readonly limitMs: number;
  };
  readonly model_mismatch: {
    readonly agent: string;
    readonly wanted: string;
    readonly got: string;
  };
  readonly isolation_unavailable: {
    readonly required: 'strong';
    readonly available: 'process';
    readonly why: string;
  };
  readonly workspace_failed: { readonly step: string; readonly output: Excerpt };
  /** The submission is not accepted; the agent is told and goes on. */
  readonly submission_empty: { readonly base: Commit; readonly head: Commit };
  readonly submission_foreign: { readonly commits: readonly string[]; readonly of: string };
  readonly submission_dirty: { readonly files: readonly string[] };
  readonly submission_not_descendant: { readonly head: Commit; readonly published: Commit };
  readonly submission_submodule: { readonly paths: readonly string[] };
  readonly submission_lfs: { readonly paths: readonly string[] };
  readonly attempt_over: { readonly attempt: string };
  readonly gate_failed: {
    readonly gate: string;
    readonly command: string;
    readonly result: 'failed' | 'could_not_run' | 'ran_nothing' | 'timed_out';
    readonly exitCode: number | null;
    readonly output: Excerpt;
  };
  readonly target_red: {
    readonly gate: string;
    readonly command: string;
    readonly target: string;
    readonly tip: Commit;
    /** What came of it on the target. */
    readonly result: 'failed' | 'could_not_run' | 'ran_nothing' | 'timed_out';
    readonly output: Excerpt;
  };
  readonly conflict: { readonly target: string; readonly files: readonly string[] };
  /** Nobody can read the pull request; the work is what it was. */
  readonly pr_poll_failed: {
    readonly url: string;
    readonly error: PRStatusError;
    readonly by: 'immediate' | 'soft' | 'transient' | 'backstop';
  };
  /** The last reads failed, too few to say that nobody sees it. Only shown, never stored. */
  readonly pr_reads_fail: {
    readonly url: string;
    readonly error: PRStatusError;
    readonly count: number;
    /** When it was read last; null: never. */
    readonly seenAt: Instant | null;
  };
  /** What was given is not where a pull request is that the town may ask about. */
  readonly pr_address: { readonly error: PullAddressError };
  /** It was to be adopted, and a look at it failed; nothing was made. */
  readonly pr_unread: { readonly url: string; readonly rig: string; readonly error: PRStatusError };
  /** It was to be adopted and is not; nothing was made. */
  readonly pr_not_adopted: {
    readonly provider: ForgeProvider;
    readonly url: string;
    readonly why: AdoptionRefusal;
  };
  /** A person closed it without merging: only a person says what happens now. */
  readonly pr_closed: { readonly url: string; readonly by: string | null };
  /** Its rig moved away from the forge it is on: nobody reads it there any more. */
  readonly pr_left_behind: { readonly url: string; readonly rig: string };
  /** Somebody else's open one says that it closes an issue that this bead is about. */
  readonly pr_rival: { readonly url: string; readonly issues: readonly string[] };
  /** An open pull request for this branch names something else than this bead. */
  readonly pr_not_ours: { readonly url: string; readonly branch: string };
  readonly pr_refused: {
    readonly branch: string;
    readonly reason: string;
    readonly detail: string;
  };
  readonly pr_merge_refused: {
    readonly url: string;
    readonly reason: string;
    readonly detail: string;
    readonly times: number;
  };
  /** Checks, threads and reviews of the pull request that want work. Untrusted text. */
  readonly pr_feedback: {
    readonly url: string;
    readonly checks: readonly {
      readonly name: string;
      readonly step: string | null;
      readonly log: Excerpt;
    }[];
    readonly threads: readonly {
      readonly id: string;
      readonly place: string;
      readonly author: string;
      readonly relation: string;
      readonly text: Excerpt;
    }[];
    /** More than are listed here. */
    readonly more: number;
  };
  /** It was merged into another branch than the one it was for: nothing of it landed. */
  readonly pr_merged_elsewhere: {
    readonly url: string;
    readonly by: string | null;
    readonly base: string;
    readonly target: string;
  };
  /** Somebody merged an older head: what was handed in since is not in the target. */
  readonly pr_merged_without: {
    readonly url: string;
    readonly by: string | null;
    readonly merged: Commit;
    readonly head: Commit;
  };
  /** The branch carries another bead's commits: never published, opened or merged. */
  readonly branch_contaminated: {
    readonly branch: string;
    readonly commits: readonly string[];
    readonly of: string;
  };
  /** The branch on the remote is not the one we know, and may not be overwritten. */
  readonly branch_taken: { readonly branch: string; readonly remoteHead: string };
  readonly lost_races: { readonly target: string; readonly times: number };
  readonly attempts_exhausted: { readonly charged: number; readonly max: number };
  readonly rounds_exhausted: {
    readonly cause: string;
    readonly rounds: number;
    readonly max: number;
  };
  readonly over_budget: {
    readonly scope: 'bead' | 'rig' | 'town';
    readonly unit: 'tokens' | 'usd';
    readonly limit: number;
    readonly used: number;
  };
  readonly job_failed: { readonly job: string; readonly step: string; readonly output: Excerpt };
  readonly job_timed_out: { readonly job: string; readonly limitMs: number };
  readonly runner_lost: { readonly runner: string; readonly lastSeenAt: Instant | null };
  readonly disk_full: { readonly path: string };
  readonly stopped_by_person: { readonly reason: string };
  readonly rejected_by_person: { readonly reason: string };
  /** A throw of ours while deciding or applying one entity. */
  readonly gastown_bug: {
    readonly entity: string;
    readonly message: string;
    readonly where: 'decide' | 'apply' | 'missed_wake' | 'livelock' | 'perform';
  };

  // What a person asked that cannot be done. Nothing was changed.
  readonly unknown_thing: {
    /** `bead`, `rig`, `setting`: what was looked for. */
    readonly thing: string;
    readonly name: string;
    readonly near: readonly string[];
  };
  readonly bad_value: {
    readonly field: string;
    readonly given: string;
    readonly expected: string;
  };
  readonly name_taken: { readonly thing: string; readonly name: string; readonly by: string };
  readonly too_large: {
    readonly field: string;
    readonly bytes: number;
    readonly max: number;
  };
  readonly cycle: { readonly beads: readonly string[] };
  readonly not_now: {
    readonly command: string;
    readonly name: string;
    readonly status: string;
    readonly allowed: readonly string[];
  };
  readonly settings_conflict: { readonly keys: readonly string[]; readonly why: string };
  readonly consent_needed: { readonly rig: string; readonly remote: string };
  readonly rig_busy: { readonly rig: string; readonly beads: readonly string[] };
  /** Pull requests that would not be where their rig moves to. */
  readonly pulls_elsewhere: {
    readonly rig: string;
    readonly pulls: readonly { readonly bead: string; readonly url: string }[];
    readonly may: 'be_left' | 'not_be_left';
  };
  readonly rig_in_use: { readonly rig: string; readonly beads: readonly string[] };
  readonly key_reused: { readonly key: string };
}

export type FailureKind = keyof Shape;

/** `{ kind, helps, ...evidence }` */
export type Failure = {
  [K in FailureKind]: { readonly kind: K; readonly helps: RetryHelps } & Shape[K];
}[FailureKind];

export type FailureOf<K extends FailureKind> = Extract<Failure, { readonly kind: K }>;

/** Is it the agent or model that was chosen, and not the repository or the machine? */
export function isOfChoice(failure: Failure | null): boolean {
  if (failure === null) return false;
  return ['agent_missing', 'agent_start_failed', 'model_mismatch'].includes(failure.kind);
}
