/**
 * Resources: what the API answers. Public views of the town's rows: what people and scripts need,
 * with every wait and failure already explained.
 *
 * R1 A view is made in `town/queries.ts` and nowhere else. R2 Fields are added, never repurposed.
 */
import { z } from 'zod';
import { forgeOfRig, pullFailure, pullView } from './forge-resources.ts';
import {
  count,
  courseView,
  explained,
  failureView,
  gateReportView,
  gateView,
  isoTime,
  maybeText,
  maybeTime,
  pageOf,
  proofView,
  setupStepView,
  touchedView,
  usageView,
  waitView,
} from './values.ts';

export const beadStatus = z.enum([
  'held',
  'blocked',
  'open',
  'in_progress',
  'in_review',
  'failed',
  'closed',
]);

export const beadResource = z
  .object({
    id: z.string(),
    rig: z.string(),
    number: count,
    title: z.string(),
    body: z.string(),
    status: beadStatus,
    resolution: z.enum(['merged', 'dropped', 'no_change']).nullable(),
    priority: z.number().int().min(0).max(4),
    /** Asked for on this bead; null: the rig's. */
    agent: maybeText,
    model: maybeText,
    held: z.boolean().meta({ description: 'A person asked to hold it, or the duplicate guard' }),
    issues: z.array(z.string()).meta({ description: 'Issues it fixes by its own words' }),
    scope: z.array(z.string()).meta({ description: 'Paths it is declared to be about' }),
    duplicate: z
      .object({
        of: z.string(),
        issue: maybeText.meta({ description: 'What both fix; null: they say the same' }),
        letGo: z.boolean(),
      })
      .nullable()
      .meta({ description: 'The bead that came first to the same work' }),
    after: z.array(z.string()).meta({ description: 'Beads it starts after' }),
    blocks: z.array(z.string()).meta({ description: 'Beads that start after it' }),
    attempt: maybeText.meta({ description: 'The live attempt' }),
    attempts: count,
    charged: count.meta({ description: 'Attempts that count against the cap' }),
    rounds: count,
    roundsByCause: z.record(z.string(), count),
    branch: z.string(),
    base: maybeText,
    head: maybeText.meta({ description: 'The submitted commit' }),
    summary: maybeText.meta({ description: 'The agent’s words about its submission' }),
    touched: touchedView.nullable().meta({ description: 'What its submission touches' }),
    mergeRequest: maybeText,
    reverts: maybeText.meta({ description: 'The bead whose change this one takes back' }),
    proof: proofView.nullable(),
    escalation: maybeText,
    failure: failureView.nullable(),
    waits: z.array(waitView),
    position: count.nullable().meta({ description: 'Place in its rig’s line; only on one bead' }),
    course: courseView.nullable().meta({
      description: 'Who would work on it, and where it would land; only on one that is not closed',
    }),
    usage: usageView,
    parked: maybeText.meta({ description: 'Set while a bug of Gastown keeps it from moving' }),
    createdBy: z.string(),
    createdAt: isoTime,
    updatedAt: isoTime,
    closedAt: maybeTime,
  })
  .meta({ id: 'Bead', description: 'One work item' });

export const attemptResource = z
  .object({
    id: z.string(),
    bead: z.string(),
    rig: z.string(),
    number: count,
    status: z.enum(['starting', 'running', 'stopping', 'ended']),
    phase: z.enum(['granted', 'workspace_ready', 'spawned', 'session_ready', 'turn_started']),
    outcome: maybeText,
    name: z.string().meta({ description: 'A pool name for people; never an identity' }),
    agent: z.string(),
    model: maybeText,
    isolation: maybeText,
    runner: z.string(),
    round: count,
    branch: z.string(),
    base: maybeText,
    head: maybeText.meta({ description: 'The submitted commit' }),
    summary: maybeText,
    question: z.object({ text: z.string(), choices: z.array(z.string()) }).nullable(),
    stopReason: maybeText,
    failure: failureView.nullable(),
    waits: z.array(waitView),
    usage: usageView,
    parked: maybeText,
    startedAt: isoTime,
    lastActivityAt: isoTime,
    endedAt: maybeTime,
    updatedAt: isoTime,
  })
  .meta({ id: 'Attempt', description: 'One numbered try at a bead by one agent' });

export const mergeRequestResource = z
  .object({
    id: z.string(),
    number: count,
    bead: z.string(),
    rig: z.string(),
    target: z.string(),
    branch: z.string(),
    stage: z.enum([
      'queued',
      'gating',
      'changes_requested',
      'approved',
      'landing',
      'merged',
      'abandoned',
    ]),
    method: z.enum(['merge', 'squash', 'rebase']),
    head: maybeText,
    submittedBy: maybeText,
    candidate: z
      .object({ commit: z.string(), targetTip: z.string(), head: z.string(), method: z.string() })
      .nullable(),
    gates: z.array(gateReportView).meta({ description: 'Reports on exactly the candidate' }),
    lostRaces: count,
    strategy: z.enum(['direct', 'pr']),
    pr: pullView.nullable().meta({ description: 'null: it lands without one' }),
    blockedBy: z.array(z.string()).meta({ description: 'What keeps it from being merged' }),
    pollTransientCount: count,
    pollSoftErrorCount: count,
    pollImmediateCount: count,
    failure: pullFailure.nullable(),
    decision: z
      .object({
        head: z.string(),
        verdict: z.enum(['approve', 'reject']),
        reason: z.string(),
        at: isoTime,
      })
      .nullable(),
    proof: proofView.nullable(),
    failures: z.array(failureView),
    waits: z.array(waitView),
    escalation: maybeText,
    parked: maybeText,
    createdAt: isoTime,
    updatedAt: isoTime,
    mergedAt: maybeTime,
  })
  .meta({ id: 'MergeRequest', description: 'The change of one bead on its way into its target' });

export const rigReportView = z
  .object({
    remote: z.string(),
    targetTip: maybeText,
    defaultBranch: maybeText,
    setup: z.array(setupStepView),
    gates: z.array(gateView),
    detectedFrom: z.array(z.string()),
    pullTemplate: maybeText.meta({ description: 'Of the repository, for pull requests' }),
    checks: z.array(
      z.object({ name: z.string(), passed: z.boolean(), failure: failureView.nullable() }),
    ),
  })
  .meta({ id: 'RigReport', description: 'What a look at the repository found' });

export const rigResource = z
  .object({
    id: z.string(),
    prefix: z.string(),
    status: z.enum(['ready', 'unready', 'parked']),
    probing: z.boolean().meta({ description: 'Being examined: wait until it is false' }),
    remote: z.string(),
    lends: maybeText,
    target: z.string(),
    updateCheckout: z.boolean(),
    forge: forgeOfRig.nullable().meta({ description: 'null: a bare git remote' }),
    mergeCommand: maybeText.meta({
      description: 'For a person: brings what landed into the branch they work on',
    }),
    consentAt: maybeTime,
    report: rigReportView.nullable(),
    failure: failureView.nullable(),
    setupFailure: failureView.nullable(),
    waits: z.array(waitView),
    escalation: maybeText,
    usage: usageView,
    live: count.meta({ description: 'Live attempts' }),
    probedAt: maybeTime,
    parked: maybeText,
    createdAt: isoTime,
    updatedAt: isoTime,
  })
  .meta({ id: 'Rig', description: 'A git repository attached to the town' });

export const escalationResource = z
  .object({
    id: z.string(),
    status: z.enum(['open', 'acknowledged', 'resolved']),
    severity: z.enum(['question', 'warning', 'failure']),
    subject: z.string(),
    failure: failureView.nullable(),
    question: z.object({ text: z.string(), choices: z.array(z.string()) }).nullable(),
    answer: maybeText,
    reminders: count,
    createdAt: isoTime,
    updatedAt: isoTime,
    resolvedAt: maybeTime,
  })
  .meta({ id: 'Escalation', description: 'A question or failure that needs a person' });

export const runnerResource = z
  .object({
    id: z.string(),
    status: z.enum(['connected', 'draining', 'lost']),
    capacity: count,
    live: count,
    isolation: z.string(),
    isolationNote: maybeText,
    agents: z.array(z.string()),
    lastSeenAt: isoTime,
    createdAt: isoTime,
  })
  .meta({ id: 'Runner', description: 'A process that runs agents and jobs' });

export const journalEntry = z
  .object({
    seq: count,
    at: isoTime,
    turn: count.meta({ description: 'Entries of one turn were committed together' }),
    kind: z.string(),
    id: z.string(),
    op: z.enum(['insert', 'update', 'delete', 'note']),
    who: z.string(),
    why: z.string(),
    from: maybeText,
    to: maybeText,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'JournalEntry', description: 'One change of one thing' });

export const transcriptEntry = z
  .object({
    kind: z.enum(['prompt', 'message', 'thought', 'tool', 'plan', 'stderr', 'note']),
    at: isoTime,
    text: z.string(),
    tool: z.object({ id: z.string(), title: z.string(), status: z.string() }).nullable(),
  })
  .meta({ id: 'TranscriptEntry' });

export const transcriptChunk = z
  .object({ seq: count, entries: z.array(transcriptEntry) })
  .meta({ id: 'TranscriptChunk' });

export const settingResource = z
  .object({
    key: z.string(),
    value: z.unknown(),
    default: z.unknown(),
    source: z.enum(['default', 'town', 'rig']),
    type: z.string().meta({ description: 'What values it takes, in words' }),
    summary: z.string(),
    perRig: z.boolean(),
  })
  .meta({ id: 'Setting' });

export const statusResource = z
  .object({
    town: z.object({
      tag: z.string(),
      name: z.string(),
      status: z.enum(['running', 'paused', 'halted']),
    }),
    version: z.string(),
    seq: count.meta({ description: 'The journal’s last entry: follow events from here' }),
    beads: z.record(z.string(), count).meta({ description: 'Beads by status' }),
    live: z.array(attemptResource),
    mergeRequests: z.array(mergeRequestResource).meta({ description: 'Those not yet landed' }),
    escalations: z.array(escalationResource).meta({ description: 'Those not resolved' }),
    rigs: z.array(rigResource),
    runners: z.array(runnerResource),
    dispatch: z.object({
      status: z.enum(['granting', 'broken', 'probing']),
      waits: z.array(waitView),
    }),
    usage: usageView,
    nextAlarmAt: maybeTime.meta({ description: 'When the town looks again by itself' }),
  })
  .meta({ id: 'Status' });

export const whyResource = z
  .object({
    subject: z.object({
      kind: z.string(),
      id: z.string(),
      title: z.string(),
      status: z.string(),
    }),
    /** The answer in three sentences; the rest is where it comes from. */
    answer: explained,
    waits: z.array(waitView),
    failures: z.array(failureView),
    related: z.array(z.object({ kind: z.string(), id: z.string(), status: z.string() })),
    history: z.array(journalEntry).meta({ description: 'The last changes, newest first' }),
  })
  .meta({ id: 'Why', description: 'Why something is as it is' });

export const healthResource = z
  .object({
    ready: z.boolean(),
    phase: z.enum(['starting', 'hydrating', 'ready', 'stopping']),
    version: z.string(),
    pid: z.number().int(),
  })
  .meta({ id: 'Health' });

export const answerResource = z
  .object({
    id: z.string().meta({ description: 'What was made or changed' }),
    seq: count.meta({ description: 'The journal after it: follow events from here' }),
  })
  .meta({ id: 'Answer' });

export const removedRig = answerResource
  .extend({
    failure: failureView.nullable().meta({ description: 'What it could not work for, if it did' }),
  })
  .meta({ id: 'RemovedRig' });

export const beadPage = pageOf('Bead', beadResource);
export const attemptPage = pageOf('Attempt', attemptResource);
export const mergeRequestPage = pageOf('MergeRequest', mergeRequestResource);
export const rigPage = pageOf('Rig', rigResource);
export const escalationPage = pageOf('Escalation', escalationResource);
export const runnerPage = pageOf('Runner', runnerResource);
export const journalPage = pageOf('JournalEntry', journalEntry);
export const settingPage = pageOf('Setting', settingResource);
export const transcriptPage = pageOf('TranscriptChunk', transcriptChunk);

export type BeadResource = z.infer<typeof beadResource>;
export type AttemptResource = z.infer<typeof attemptResource>;
export type MergeRequestResource = z.infer<typeof mergeRequestResource>;
export type RigResource = z.infer<typeof rigResource>;
export type EscalationResource = z.infer<typeof escalationResource>;
export type JournalEntry = z.infer<typeof journalEntry>;
export type TranscriptEntryView = z.infer<typeof transcriptEntry>;
export type TranscriptChunkView = z.infer<typeof transcriptChunk>;
export type SettingResource = z.infer<typeof settingResource>;
export type StatusResource = z.infer<typeof statusResource>;
export type WhyResource = z.infer<typeof whyResource>;
export type HealthResource = z.infer<typeof healthResource>;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
