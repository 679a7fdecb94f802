/**
 * Views of the forge's side: a pull request, what a look at a repository found, credentials,
 * accounts. Nothing a token could be in: credentials are shown by the mask kept beside them.
 *
 * V1 Unknown is said as unknown, never as nothing wrong. V2 Sentences come from `core/explain*`.
 */
import { appNameOf } from '../core/app.ts';
import { repairsOf } from '../core/adoption.ts';
import type { Bead } from '../core/bead.ts';
import type { Escalation } from '../core/escalation.ts';
import { explain, type Explanation } from '../core/explain.ts';
import {
  explainArchived,
  explainMissingRight,
  explainPullRequestError,
  failureMessageFor,
} from '../core/explain-forge.ts';
import type { Failure } from '../core/failure.ts';
import { probeOf, type ForgeAccount } from '../core/forge-account.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { PRStatusError, TriedSource } from '../core/pr-status.ts';
import type { ForgeProject, Known, PullRequestSnapshot } from '../core/pull-request.ts';
import type { Result } from '../core/result.ts';
import type { Rig } from '../core/rig.ts';
import type { Budget, Probe } from '../ports/forge.ts';
import type { SealedApp } from '../storage/tables/apps.ts';
import type { SealedCredential } from '../storage/tables/secrets.ts';
import { scopeOf } from './commands/credentials.ts';

const isoOrNull = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString();

/** null: it lands without a pull request. */
export function pullView(request: MergeRequest) {
  if (request.strategy !== 'pr') return null;
  const { snapshot } = request;
  return {
    state: request.pr,
    number: request.prNumber,
    url: request.prUrl,
    ...(snapshot === null ? nothingSeen : seen(snapshot)),
    adopted: request.adopted,
    repairs: repairsOf(request),
    nextReadAt: isoOrNull(request.readAt),
  };
}

const nothingSeen = {
  draft: null,
  head: null,
  mergeability: 'unknown',
  checks: null,
  checksRequired: null,
  failingChecks: [],
  review: null,
  threads: null,
  queue: null,
  closedBy: null,
  mergedBy: null,
  observedAt: null,
};

function seen(snapshot: PullRequestSnapshot) {
  const checks = complete(snapshot.checks);
  return {
    draft: snapshot.draft,
    head: snapshot.head,
    mergeability: complete(snapshot.mergeability) ?? 'unknown',
    checks: checks?.all ?? null,
    checksRequired: checks?.required ?? null,
    failingChecks: (checks?.failing ?? []).map(({ name }) => name),
    review: complete(snapshot.review)?.decision ?? null,
    threads: complete(snapshot.threads)?.unresolved ?? null,
    queue: complete(snapshot.queue),
    closedBy: snapshot.closedBy,
    mergedBy: snapshot.mergedBy,
    observedAt: isoOrNull(snapshot.observedAt),
  };
}

/** V1 */
function complete<T>(group: Known<T>): T | null {
  return group.is === 'complete' ? group.value : null;
}

/** What the town counts while it cannot read one, and what it says when it gave up looking. */
export function pollView(request: MergeRequest) {
  const { strikes } = request;
  return {
    pollTransientCount: strikes.pollTransientCount,
    pollSoftErrorCount: strikes.pollSoftErrorCount,
    pollImmediateCount: strikes.pollImmediateCount,
    failure: pullFailureView(request),
  };
}

/** What went wrong, and first what goes wrong while nobody gave up looking yet. */
export function failuresOf(request: MergeRequest): readonly Failure[] {
  const { strikes, unobservable, pr, failures, snapshot, prUrl } = request;
  const { lastError: error } = strikes;
  const counts = [strikes.pollTransientCount, strikes.pollSoftErrorCount];
  const count = counts.reduce((sum, one) => sum + one, strikes.pollImmediateCount);
  if (pr !== 'open' || unobservable !== null || error === null || count === 0) return failures;
  const seenAt = snapshot?.observedAt ?? null;
  return [
    { kind: 'pr_reads_fail', helps: 'later', url: prUrl ?? '', error, count, seenAt },
    ...failures,
  ];
}

export interface PullFailureView {
  readonly failureReason: 'pr_poll_failed';
  readonly failureKind: string;
  readonly failureMessage: string;
  readonly since: string;
}

function pullFailureView(request: MergeRequest): PullFailureView | null {
  const { unobservable, prUrl: url, id: mergeRequest, rig, bead } = request;
  if (unobservable === null) return null;
  const { failureReason, failureKind, error, since } = unobservable;
  const failureMessage = failureMessageFor(error, { url, mergeRequest, rig, bead });
  return { failureReason, failureKind, failureMessage, since: new Date(since).toISOString() };
}

const BLOCKS: readonly string[] = ['checks', 'review', 'human', 'poll', 'delay', 'queue'];

/** What keeps a watched one from being merged, in words of the gate. */
export function blockersOf(request: MergeRequest): readonly string[] {
  if (request.pr !== 'open') return [];
  return request.waits
    .filter(({ reason }) => BLOCKS.includes(reason))
    .map(({ reason, detail }) => String(detail['because'] ?? reason));
}

export function forgeOfRigView({ forge, ownCredential }: Rig) {
  if (forge === null) return null;
  const { provider, origin, path } = forge;
  return { provider, origin, path, ownCredential };
}

export interface Look {
  readonly project: ForgeProject;
  /** Where the credential comes from; null: there is none. */
  readonly source: string | null;
  readonly expiresAt: number | null;
  readonly found: Result<Probe, PRStatusError>;
}

export interface LookView {
  readonly provider: ForgeProject['provider'];
  readonly origin: string;
  readonly path: string;
  readonly source: string | null;
  readonly expiresAt: string | null;
  readonly login: string | null;
  readonly canRead: boolean | null;
  readonly canPush: boolean | null;
  readonly canOpen: boolean | null;
  readonly canReadChecks: boolean | null;
  readonly canMerge: boolean | null;
  readonly missing: readonly string[];
  readonly archived: boolean;
  readonly movedTo: string | null;
  readonly mergeMethods: readonly string[];
  readonly failure: (Explanation & { readonly kind: string }) | null;
}

const unseen = {
  login: null,
  canRead: null,
  canPush: null,
  canOpen: null,
  canReadChecks: null,
  canMerge: null,
  missing: [],
  archived: false,
  movedTo: null,
  mergeMethods: [],
  failure: null,
};

/** What `found` is made of, with the sentences about it. */
export function lookView(look: Look, rig: string | null): LookView {
  const { project, source, expiresAt, found } = look;
  const { provider, origin, path } = project;
  const place = { provider, origin, path, source, expiresAt: isoOrNull(expiresAt) };
  if (!found.ok) {
    const { error } = found;
    const about = { rig, url: `${origin}/${path}`, project: path };
    const failure = { kind: error.kind, ...explainPullRequestError(error, about) };
    return { ...unseen, ...place, canRead: false, failure };
  }
  const { login, canRead, canPush, canOpen, canReadChecks, canMerge } = found.value;
  const { missing, archived, movedTo, mergeMethods } = found.value;
  const may = { canRead, canPush, canOpen, canReadChecks, canMerge };
  return { ...unseen, ...place, login, ...may, missing, archived, movedTo, mergeMethods };
}

const NEEDED = [
  ['canRead', 'forge: read'],
  ['canPush', 'forge: push'],
  ['canOpen', 'forge: open pull requests'],
  ['canReadChecks', 'forge: read checks'],
  ['canMerge', 'forge: merge'],
] as const;

const WITHOUT_WRITING = NEEDED.filter(([key]) => key === 'canRead' || key === 'canReadChecks');

/** As checks of the doctor. What the forge does not tell is no check: it is shown apart. V1 */
export function lookChecks(look: LookView, rig: string) {
  const { failure } = look;
  if (failure !== null) return [{ name: 'forge: read', passed: false, ...failure }];
  const writable = look.archived ? WITHOUT_WRITING : NEEDED; // why is said once, below
  const rights = writable.flatMap(([key, name]) => {
    const may = look[key];
    if (may === null) return [];
    if (may) return [{ name, passed: true, what: '', evidence: '', next: '' }];
    const says = explainMissingRight(name.slice('forge: '.length), look, rig);
    return [{ name, passed: false, ...says }];
  });
  if (!look.archived) return rights;
  const says = explainArchived(`${look.origin}/${look.path}`, rig);
  return [...rights, { name: 'forge: writable', passed: false, ...says }];
}

export function credentialView(stored: SealedCredential) {
  const { scope, provider, origin, mask, login, at } = stored;
  const rig = scope.startsWith('rig:') ? scope.slice('rig:'.length) : null;
  return {
    scope: rig === null ? ('town' as const) : ('rig' as const),
    rig,
    cli: scope === scopeOf(null, true),
    provider,
    origin,
    mask,
    login,
    savedAt: new Date(at).toISOString(),
  };
}

export function appView(stored: SealedApp) {
  const { scope, origin, appId, installation, mask, at } = stored;
  const rig = scope.startsWith('rig:') ? scope.slice('rig:'.length) : null;
  return {
    scope: rig === null ? ('town' as const) : ('rig' as const),
    rig,
    name: appNameOf(stored),
    appId,
    installation,
    origin,
    key: mask,
    savedAt: new Date(at).toISOString(),
  };
}

/** What the host found out about the credential of an account. */
export interface AccountUse {
  readonly source: string | null;
  /** Of the credential itself; another is bought before. null: it is not told, or there is none. */
  readonly expiresAt: number | null;
  readonly tried: readonly TriedSource[];
  readonly budgets: readonly Budget[];
}

export interface AccountRows {
  readonly account: ForgeAccount;
  readonly rigs: readonly Rig[];
  readonly requests: readonly MergeRequest[];
  readonly escalations: readonly Escalation[];
}

function dueAt(account: ForgeAccount, { readAt, unobservable }: MergeRequest) {
  return readAt === null || unobservable === null ? readAt : probeOf(account, readAt);
}

export function accountView({ account, rigs, requests, escalations }: AccountRows) {
  const due = new Map(requests.map((request) => [request.id, dueAt(account, request)]));
  const reads = [...due.values()].filter((at) => at !== null);
  return {
    id: account.id,
    origin: account.origin,
    rigs: rigs.map(({ id }) => id),
    reads: account.reads,
    nextReadAt: reads.length === 0 ? null : isoOrNull(Math.min(...reads)),
    pulls: requests.map((request) => ({
      mergeRequest: request.id,
      bead: request.bead satisfies Bead['id'],
      rig: request.rig,
      number: request.prNumber,
      url: request.prUrl,
      observedAt: isoOrNull(request.snapshot?.observedAt ?? null),
      nextReadAt: isoOrNull(due.get(request.id) ?? null),
      failure: pullFailureView(request),
    })),
    incidents: escalations.flatMap(({ id, failure, createdAt, subject }) => {
      if (failure?.kind !== 'pr_poll_failed') return [];
      const rig = rigs.find((one) => subject === `rig:${one.id}`)?.id ?? null;
      const says = explain(failure, { rig, escalation: id });
      const since = new Date(createdAt).toISOString();
      const kind: string = failure.error.kind;
      return [{ escalation: id, kind, ...says, since }];
    }),
  };
}

export type UseView = ReturnType<typeof useView>;

export function useView({ source, expiresAt, tried, budgets }: AccountUse) {
  return {
    source,
    expiresAt: isoOrNull(expiresAt),
    tried,
    budgets: budgets.map(({ resource, limit, remaining, resetAt }) => {
      return { resource, limit, remaining, resetAt: isoOrNull(resetAt) };
    }),
  };
}
