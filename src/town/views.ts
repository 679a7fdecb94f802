/**
 * Views: rows as people and scripts see them over the API. Times become ISO strings, waits and
 * failures are explained, columns that only decisions read are left out.
 *
 * V1 Nothing is decided or composed here: sentences come from `core/explain.ts`.
 * V2 What is not known is null, never absent.
 */
import type { Attempt } from '../core/attempt.ts';
import type { Bead, Proof } from '../core/bead.ts';
import type { Escalation } from '../core/escalation.ts';
import { explain, type About } from '../core/explain.ts';
import type { TranscriptEntry } from '../core/fact.ts';
import type { Failure } from '../core/failure.ts';
import type { RigReport } from '../core/job.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { Rig } from '../core/rig.ts';
import type { Runner } from '../core/runner.ts';
import { compared } from '../core/touched.ts';
import type { Wait } from '../core/wait.ts';
import type { courseOf } from './bead-course.ts';
import { blockersOf, failuresOf, forgeOfRigView, pollView, pullView } from './forge-views.ts';
import type { JournalRow } from '../storage/tables/journal.ts';

/** ISO 8601, UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function isoOrNull(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : iso(at);
}

export function failureView(failure: Failure, about: About) {
  return { kind: failure.kind, helps: failure.helps, ...explain(failure, about) };
}

function failureOrNull(failure: Failure | null, about: About) {
  return failure === null ? null : failureView(failure, about);
}

export function waitView(wait: Wait, about: About) {
  const { reason, on } = wait;
  return { reason, until: isoOrNull(wait.until), on, ...explain(wait, about) };
}

const waitsView = (waits: readonly Wait[], about: About) =>
  waits.map((wait) => waitView(wait, about));

function proofView(proof: Proof | null) {
  return proof === null ? null : { ...proof, at: iso(proof.at) };
}

function touchedView({ scope, submission }: Bead) {
  const touched = submission?.touched ?? null;
  if (touched === null) return null;
  const { inside: _listed, ...outside } = compared(scope, touched);
  return { files: touched.files, paths: touched.paths, ...outside };
}

export interface BeadRelations {
  readonly waits: readonly Wait[];
  readonly after: readonly string[];
  readonly blocks: readonly string[];
  /** Counted only when one bead is asked for. */
  readonly position: number | null;
  readonly course: ReturnType<typeof courseOf>;
}

export function beadView(bead: Bead, { waits, ...relations }: BeadRelations) {
  const about = {
    bead: bead.id,
    rig: bead.rig,
    attempt: bead.attempt,
    mergeRequest: bead.mergeRequest,
    escalation: bead.escalation,
  };
  return {
    id: bead.id,
    rig: bead.rig,
    number: bead.number,
    title: bead.title,
    body: bead.body,
    status: bead.status,
    resolution: bead.resolution,
    priority: bead.priority,
    agent: bead.agent,
    model: bead.model,
    held: bead.hold,
    issues: bead.issues,
    scope: bead.scope,
    duplicate: bead.duplicate,
    ...relations,
    attempt: bead.attempt,
    attempts: bead.attempts,
    charged: bead.charged,
    rounds: Object.values(bead.rounds).reduce((sum, count) => sum + count, 0),
    roundsByCause: bead.rounds,
    branch: bead.branch,
    base: bead.base,
    head: bead.submission?.head ?? null,
    summary: bead.submission?.summary ?? null,
    touched: touchedView(bead),
    mergeRequest: bead.mergeRequest,
    reverts: bead.reverts?.bead ?? null,
    proof: proofView(bead.proof),
    escalation: bead.escalation,
    failure: failureOrNull(bead.failure, about),
    waits: waitsView(waits, about),
    usage: bead.usage,
    parked: bead.parked,
    createdBy: bead.createdBy,
    createdAt: iso(bead.createdAt),
    updatedAt: iso(bead.updatedAt),
    closedAt: isoOrNull(bead.closedAt),
  };
}

export function attemptView(attempt: Attempt) {
  const about = { attempt: attempt.id, bead: attempt.bead, rig: attempt.rig };
  return {
    id: attempt.id,
    bead: attempt.bead,
    rig: attempt.rig,
    number: attempt.number,
    status: attempt.status,
    phase: attempt.phase,
    outcome: attempt.outcome,
    name: attempt.name,
    agent: attempt.spec.agent,
    model: attempt.model ?? attempt.spec.model,
    isolation: attempt.isolation,
    runner: attempt.runner,
    round: attempt.spec.round,
    branch: attempt.spec.branch,
    base: attempt.base,
    head: attempt.submitted?.head ?? null,
    summary: attempt.submitted?.summary ?? null,
    question: attempt.question,
    stopReason: attempt.stopReason,
    failure: failureOrNull(attempt.failure, about),
    waits: waitsView(attempt.waits, about),
    usage: attempt.usage,
    parked: attempt.parked,
    startedAt: iso(attempt.createdAt),
    lastActivityAt: iso(attempt.lastActivityAt),
    endedAt: isoOrNull(attempt.endedAt),
    updatedAt: iso(attempt.updatedAt),
  };
}

export function mergeRequestView(request: MergeRequest) {
  const about = {
    mergeRequest: request.id,
    bead: request.bead,
    rig: request.rig,
    escalation: request.escalation,
    url: request.prUrl,
  };
  return {
    id: request.id,
    number: request.number,
    bead: request.bead,
    rig: request.rig,
    target: request.target,
    branch: request.branch,
    stage: request.stage,
    method: request.method,
    head: request.head,
    submittedBy: request.submittedBy,
    candidate: request.candidate,
    gates: request.gates,
    lostRaces: request.lostRaces,
    strategy: request.strategy,
    pr: pullView(request),
    blockedBy: blockersOf(request),
    ...pollView(request),
    decision:
      request.decision === null ? null : { ...request.decision, at: iso(request.decision.at) },
    proof: proofView(request.proof),
    failures: failuresOf(request).map((failure) => failureView(failure, about)),
    waits: waitsView(request.waits, about),
    escalation: request.escalation,
    parked: request.parked,
    createdAt: iso(request.createdAt),
    updatedAt: iso(request.updatedAt),
    mergedAt: isoOrNull(request.mergedAt),
  };
}

export function rigView(rig: Rig) {
  const about = { rig: rig.id, escalation: rig.escalation };
  return {
    id: rig.id,
    prefix: rig.prefix,
    status: rig.status,
    probing: isProbing(rig),
    remote: rig.remote,
    lends: rig.lends,
    target: rig.target,
    updateCheckout: rig.updateCheckout,
    forge: forgeOfRigView(rig),
    mergeCommand:
      rig.createTargetFrom === null ? null : `git -C ${quoted(rig.remote)} merge ${rig.target}`,
    consentAt: isoOrNull(rig.consentAt),
    report: rig.report === null ? null : reportView(rig.report, about),
    failure: failureOrNull(rig.failure, about),
    setupFailure: failureOrNull(rig.setupFailure, about),
    waits: waitsView(rig.waits, about),
    escalation: rig.escalation,
    usage: rig.usage,
    live: rig.live,
    probedAt: isoOrNull(rig.probedAt),
    parked: rig.parked,
    createdAt: iso(rig.createdAt),
    updatedAt: iso(rig.updatedAt),
  };
}

/** A look at it is asked for or under way: what is known of it may be about to change. */
export function isProbing(rig: Rig): boolean {
  const first = rig.probedAt === null && rig.report === null && rig.failure === null;
  return rig.probeAsked || rig.probeJob !== null || first;
}

function reportView(report: RigReport, about: About) {
  const checks = report.checks.map((check) => ({
    ...check,
    failure: failureOrNull(check.failure, about),
  }));
  return { ...report, checks };
}

export function escalationView(escalation: Escalation, about: About) {
  return {
    id: escalation.id,
    status: escalation.status,
    severity: escalation.severity,
    subject: escalation.subject,
    failure: failureOrNull(escalation.failure, about),
    question: escalation.question,
    answer: escalation.answer,
    reminders: escalation.reminders,
    createdAt: iso(escalation.createdAt),
    updatedAt: iso(escalation.updatedAt),
    resolvedAt: isoOrNull(escalation.resolvedAt),
  };
}

export function runnerView(runner: Runner) {
  return {
    id: runner.id,
    status: runner.status,
    capacity: runner.inventory.capacity,
    live: runner.live,
    isolation: runner.inventory.isolation,
    isolationNote: runner.inventory.isolationNote,
    agents: runner.inventory.agents,
    lastSeenAt: iso(runner.lastSeenAt),
    createdAt: iso(runner.createdAt),
  };
}

export function journalView(row: JournalRow) {
  return { ...row, at: iso(row.at) };
}

export function transcriptEntryView(entry: TranscriptEntry) {
  const tool =
    entry.kind === 'tool' ? { id: entry.id, title: entry.title, status: entry.status } : null;
  return { kind: entry.kind, at: iso(entry.at), text: entry.text, tool };
}

/** For a shell, if it needs it. */
function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
