/**
 * One valid resource of each kind, for tests of the command line: made by the protocol's schemas,
 * so that a field the API gains or loses is noticed here.
 */
import {
  attemptResource,
  beadResource,
  escalationResource,
  journalEntry,
  mergeRequestResource,
  rigResource,
  type AttemptResource,
  type BeadResource,
  type EscalationResource,
  type JournalEntry,
  type MergeRequestResource,
  type RigResource,
} from '../../src/protocol/http.ts';

export const AT = '2026-03-01T10:00:00.000Z';

const usage = { inputTokens: 0, outputTokens: 0, usd: null };

export function bead(changes: Partial<BeadResource> = {}): BeadResource {
  return beadResource.parse({
    id: 'web-1',
    rig: 'web',
    number: 1,
    title: 'add a page',
    body: '',
    status: 'open',
    resolution: null,
    priority: 2,
    agent: null,
    model: null,
    held: false,
    issues: [],
    scope: [],
    duplicate: null,
    after: [],
    blocks: [],
    attempt: null,
    attempts: 0,
    charged: 0,
    rounds: 0,
    roundsByCause: {},
    branch: 'gt/abcd/web-1/add-a-page',
    base: null,
    head: null,
    summary: null,
    touched: null,
    mergeRequest: null,
    reverts: null,
    proof: null,
    escalation: null,
    failure: null,
    waits: [],
    position: null,
    course: null,
    usage,
    parked: null,
    createdBy: 'person:local',
    createdAt: AT,
    updatedAt: AT,
    closedAt: null,
    ...changes,
  });
}

export function merged(changes: Partial<BeadResource> = {}): BeadResource {
  const commit = 'c'.repeat(40);
  const proof = { by: 'candidate', commit, target: 'main', targetTip: commit, at: AT } as const;
  return bead({ status: 'closed', resolution: 'merged', proof, closedAt: AT, ...changes });
}

export function rig(changes: Partial<RigResource> = {}): RigResource {
  return rigResource.parse({
    id: 'web',
    prefix: 'web',
    status: 'ready',
    probing: false,
    remote: '/srv/web.git',
    lends: null,
    target: 'main',
    updateCheckout: false,
    forge: null,
    mergeCommand: null,
    consentAt: AT,
    report: null,
    failure: null,
    setupFailure: null,
    waits: [],
    escalation: null,
    usage,
    live: 0,
    probedAt: AT,
    parked: null,
    createdAt: AT,
    updatedAt: AT,
    ...changes,
  });
}

export function attempt(changes: Partial<AttemptResource> = {}): AttemptResource {
  return attemptResource.parse({
    id: 'web-1.1',
    bead: 'web-1',
    rig: 'web',
    number: 1,
    status: 'running',
    phase: 'turn_started',
    outcome: null,
    name: 'toast',
    agent: 'scripted',
    model: null,
    isolation: 'strong',
    runner: 'local',
    round: 0,
    branch: 'gt/abcd/web-1/add-a-page',
    base: null,
    head: null,
    summary: null,
    question: null,
    stopReason: null,
    failure: null,
    waits: [],
    usage,
    parked: null,
    startedAt: AT,
    lastActivityAt: AT,
    endedAt: null,
    updatedAt: AT,
    ...changes,
  });
}

export function mergeRequest(changes: Partial<MergeRequestResource> = {}): MergeRequestResource {
  return mergeRequestResource.parse({
    id: 'mr-1',
    number: 1,
    bead: 'web-1',
    rig: 'web',
    target: 'main',
    branch: 'gt/abcd/web-1/add-a-page',
    stage: 'approved',
    method: 'merge',
    head: 'a'.repeat(40),
    submittedBy: 'web-1.1',
    candidate: null,
    gates: [],
    lostRaces: 0,
    strategy: 'direct',
    pr: null,
    blockedBy: [],
    pollTransientCount: 0,
    pollSoftErrorCount: 0,
    pollImmediateCount: 0,
    failure: null,
    decision: null,
    proof: null,
    failures: [],
    waits: [],
    escalation: null,
    parked: null,
    createdAt: AT,
    updatedAt: AT,
    mergedAt: null,
    ...changes,
  });
}

export function escalation(changes: Partial<EscalationResource> = {}): EscalationResource {
  return escalationResource.parse({
    id: 'esc-1',
    status: 'open',
    severity: 'question',
    subject: 'web-1',
    failure: null,
    question: { text: 'which version?', choices: ['2', '3'] },
    answer: null,
    reminders: 0,
    createdAt: AT,
    updatedAt: AT,
    resolvedAt: null,
    ...changes,
  });
}

export function event(seq: number, changes: Partial<JournalEntry> = {}): JournalEntry {
  return journalEntry.parse({
    seq,
    at: AT,
    turn: seq,
    kind: 'bead',
    id: 'web-1',
    op: 'update',
    who: 'town',
    why: 'granted',
    from: 'open',
    to: 'in_progress',
    data: {},
    ...changes,
  });
}

export function sse(entry: JournalEntry): string {
  return `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`;
}
