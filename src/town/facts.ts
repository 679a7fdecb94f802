/**
 * Records one fact: loads the rows it speaks of, lets `core/record.ts` turn it into columns, and
 * keeps what is not a column of an entity (transcripts, what gates said about a commit).
 */
import type { Fact } from '../core/fact.ts';
import { beadOfAttempt } from '../core/ids.ts';
import { record, type Recorded, type RecordScene } from '../core/record.ts';
import { loadTown } from '../storage/load-view.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { forgeAccounts } from '../storage/tables/forge-accounts.ts';
import { gateResults } from '../storage/tables/gate-results.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { SqlReader } from '../ports/sql.ts';
import { jobs } from '../storage/tables/jobs.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { transcripts } from '../storage/tables/transcripts.ts';
import { apply, type Turn } from './apply.ts';

export function recordFact(turn: Turn, fact: Fact): Recorded {
  const scene = sceneOf(turn, fact);
  const recorded = record(fact, scene);
  keep(turn, fact, scene);
  apply(turn, recorded.actions, sender(fact, scene), null);
  return recorded;
}

function keep(turn: Turn, fact: Fact, scene: RecordScene): void {
  if (fact.kind === 'transcript' && scene.attempt !== null) {
    transcripts.add(turn.tx, fact.attempt, fact);
  }
  if (fact.kind === 'job_done' && fact.result.kind === 'gate' && fact.result.setup === null) {
    const { job, rig } = scene;
    const current = job?.callId === fact.callId && job.status === 'running';
    if (current && rig !== null) gateResults.put(turn.tx, rig.id, fact.result.report);
  }
}

function sender(fact: Fact, scene: RecordScene): string {
  if ('attempt' in fact) return `agent:${fact.attempt}`;
  if ('runner' in fact) return `runner:${fact.runner}`;
  if ('account' in fact) return `forge:${fact.account}`;
  if (fact.kind === 'forge_answered' || fact.kind === 'pull_hinted') return 'forge';
  return `runner:${scene.job?.runner ?? scene.attempt?.runner ?? 'local'}`;
}

function sceneOf(turn: Turn, fact: Fact): RecordScene {
  const { tx, now } = turn;
  const subject = subjectOf(fact);
  const attempt = subject.attempt === null ? null : (attempts.get(tx, subject.attempt) ?? null);
  const job = subject.job === null ? null : (jobs.get(tx, subject.job) ?? null);
  const rig = attempt?.rig ?? job?.rig ?? null;
  const runner = subject.runner ?? attempt?.runner ?? job?.runner ?? null;
  const lists = fact.kind === 'runner_connected';
  const requests = requestsOf(tx, fact);
  return {
    now,
    town: loadTown(tx),
    attempt,
    job,
    bead: attempt === null ? null : (beads.get(tx, beadOfAttempt(attempt.id)) ?? null),
    rig: rig === null ? null : (rigs.get(tx, rig) ?? null),
    runner: runner === null ? null : (runners.get(tx, runner) ?? null),
    attemptsOnRunner: lists ? attempts.onRunner(tx, fact.runner) : [],
    account: accountOf(tx, fact, requests),
    requests,
    jobsOnRunner: lists ? jobs.onRunner(tx, fact.runner) : [],
  };
}

/** Whose read of pull requests a fact ends or makes due. */
function accountOf(reader: SqlReader, fact: Fact, requests: readonly MergeRequest[]) {
  const hinted = fact.kind === 'pull_hinted' ? (requests[0]?.account ?? null) : null;
  const id = fact.kind === 'pulls_read' ? fact.account : hinted;
  return id === null ? null : (forgeAccounts.get(reader, id) ?? null);
}

/** The merge requests a fact about pull requests speaks of. */
function requestsOf(reader: SqlReader, fact: Fact): readonly MergeRequest[] {
  if (fact.kind === 'pull_hinted') return mergeRequests.watchedOfRig(reader, fact.rig);
  const names =
    fact.kind === 'pulls_read'
      ? fact.outcomes.map(({ mergeRequest }) => mergeRequest)
      : fact.kind === 'forge_answered'
        ? [fact.mergeRequest]
        : [];
  return names.flatMap((name) => mergeRequests.get(reader, name) ?? []);
}

interface Subject {
  readonly attempt: string | null;
  readonly job: string | null;
  readonly runner: string | null;
}

function subjectOf(fact: Fact): Subject {
  const none = { attempt: null, job: null, runner: null };
  if ('attempt' in fact) return { ...none, attempt: fact.attempt };
  if ('runner' in fact) return { ...none, runner: fact.runner };
  if ('job' in fact) return { ...none, job: fact.job };
  if (!('op' in fact)) return none;
  switch (fact.op) {
    case 'start_attempt':
    case 'stop_attempt':
      return { ...none, attempt: fact.subject };
    case 'start_job':
    case 'cancel_job':
      return { ...none, job: fact.subject };
    case 'list':
      return { ...none, runner: fact.subject };
  }
}
