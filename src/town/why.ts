/**
 * Why something is as it is: the one answer behind `gt why`, with what it was taken from.
 *
 * Y1 The order is fixed: a bug that parks it, then its failure, then its first wait, then what it
 *    came to. Y2 Sentences about failures and waits come from `core/explain.ts`; those here are
 *    about things that neither failed nor wait.
 */
import type { EntityKind } from '../core/action.ts';
import type { Attempt } from '../core/attempt.ts';
import type { Bead } from '../core/bead.ts';
import type { Escalation } from '../core/escalation.ts';
import { explain, type About, type Explanation } from '../core/explain.ts';
import type { Failure } from '../core/failure.ts';
import type { Job } from '../core/job.ts';
import type { MergeRequest } from '../core/merge-request.ts';
import type { Rig } from '../core/rig.ts';
import type { Runner } from '../core/runner.ts';
import type { Town } from '../core/town.ts';
import type { Wait } from '../core/wait.ts';
import type { SqlReader } from '../ports/sql.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { dispatches } from '../storage/tables/dispatch.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { jobs } from '../storage/tables/jobs.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { towns } from '../storage/tables/town.ts';
import { waitsOf } from './bead-waits.ts';
import { failuresOf } from './forge-views.ts';

/** What is asked about, reduced to what an answer is made of. */
export interface Subject {
  readonly kind: EntityKind;
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly about: About;
  readonly parked: string | null;
  readonly failures: readonly Failure[];
  readonly waits: readonly Wait[];
  /** When it neither failed nor waits. */
  readonly atRest: Explanation;
  /** Ids of what it hangs together with. */
  readonly related: readonly (string | null)[];
}

/** Whatever bears this name. */
export function subjectOf(reader: SqlReader, name: string): Subject | null {
  const bead = beads.get(reader, name);
  if (bead !== undefined) return ofBead(reader, bead);
  const request = mergeRequests.get(reader, name);
  if (request !== undefined) return ofMergeRequest(request);
  const attempt = attempts.get(reader, name);
  if (attempt !== undefined) return ofAttempt(attempt);
  const rig = rigs.get(reader, name);
  if (rig !== undefined) return ofRig(rig);
  const escalation = escalations.get(reader, name);
  if (escalation !== undefined) return ofEscalation(reader, escalation);
  const job = jobs.get(reader, name);
  if (job !== undefined) return ofJob(job);
  const runner = runners.get(reader, name);
  if (runner !== undefined) return ofRunner(runner);
  const town = name === 'town' ? towns.get(reader, 'town') : undefined;
  return town === undefined ? ofDispatch(reader, name) : ofTown(town);
}

/** Y1 */
export function answerOf(subject: Subject): Explanation {
  if (subject.parked !== null) {
    return explain(
      {
        kind: 'gastown_bug',
        helps: 'person',
        entity: `${subject.kind} ${subject.id}`,
        message: `parked by build ${subject.parked}`,
        where: 'decide',
      },
      subject.about,
    );
  }
  const [failure] = subject.failures;
  if (failure !== undefined) return explain(failure, subject.about);
  const [wait] = subject.waits;
  if (wait !== undefined) return explain(wait, subject.about);
  return subject.atRest;
}

function ofBead(reader: SqlReader, bead: Bead): Subject {
  const request =
    bead.mergeRequest === null ? undefined : mergeRequests.get(reader, bead.mergeRequest);
  const about = { bead: bead.id, rig: bead.rig, escalation: bead.escalation };
  const town = towns.get(reader, 'town');
  const waits = town === undefined ? bead.waits : waitsOf(reader, town)(bead);
  const inReview = bead.status === 'in_review' && request !== undefined;
  return {
    ...named('bead', bead.id, bead.title, bead.resolution ?? bead.status),
    about: {
      ...about,
      attempt: bead.attempt,
      mergeRequest: bead.mergeRequest,
      url: request?.prUrl,
    },
    parked: bead.parked,
    failures: [bead.failure, ...(inReview ? failuresOf(request) : [])].filter(
      (one) => one !== null,
    ),
    waits,
    atRest: beadAtRest(bead),
    related: [bead.attempt, bead.mergeRequest, bead.escalation, bead.rig],
  };
}

function beadAtRest(bead: Bead): Explanation {
  const { proof } = bead;
  if (proof !== null) {
    return {
      what: `It landed in ${proof.target}.`,
      evidence: `${proof.commit} is an ancestor of ${proof.target} at ${proof.targetTip}`,
      next: `See the change: gt bead diff ${bead.id}`,
    };
  }
  if (bead.status === 'closed') {
    return {
      what: `It was closed without landing a change (${bead.resolution ?? 'closed'}).`,
      evidence: '',
      next: `See what happened: gt bead show ${bead.id}`,
    };
  }
  return {
    what: `It is ${bead.status.replaceAll('_', ' ')}.`,
    evidence: bead.attempt === null ? '' : `attempt ${bead.attempt}`,
    next: `Look on: gt feed`,
  };
}

function ofMergeRequest(request: MergeRequest): Subject {
  const { id, bead, rig, stage, proof, prUrl: url } = request;
  return {
    ...named('merge_request', id, `${bead} into ${request.target}`, stage),
    about: { mergeRequest: id, bead, rig, escalation: request.escalation, url },
    parked: request.parked,
    failures: stage === 'merged' ? [] : failuresOf(request),
    waits: request.waits,
    atRest:
      proof === null
        ? { what: `It is ${stage.replaceAll('_', ' ')}.`, evidence: '', next: `gt why ${bead}` }
        : {
            what: `It landed in ${proof.target}.`,
            evidence: `${proof.commit} is an ancestor of ${proof.target} at ${proof.targetTip}`,
            next: `See its bead: gt bead show ${bead}`,
          },
    related: [bead, request.submittedBy, request.job, request.targetJob, request.escalation, rig],
  };
}

function ofAttempt(attempt: Attempt): Subject {
  const { id, bead, rig, status, outcome } = attempt;
  return {
    ...named('attempt', id, `${attempt.name} at ${bead}`, outcome ?? status),
    about: { attempt: id, bead, rig },
    parked: attempt.parked,
    failures: attempt.failure === null ? [] : [attempt.failure],
    waits: attempt.waits,
    atRest: {
      what: outcome === null ? `It is ${status}.` : `It ended: ${outcome.replaceAll('_', ' ')}.`,
      evidence: attempt.submitted === null ? '' : `submitted ${attempt.submitted.head}`,
      next: `Read what it did: gt agent logs ${id}`,
    },
    related: [bead, attempt.runner, rig],
  };
}

function ofRig(rig: Rig): Subject {
  const failures = [rig.failure, rig.setupFailure].filter((failure) => failure !== null);
  return {
    ...named('rig', rig.id, rig.remote, rig.status),
    about: { rig: rig.id, escalation: rig.escalation },
    parked: rig.parked,
    failures,
    waits: rig.waits,
    atRest: {
      what: rig.status === 'ready' ? 'Work can start on it.' : `It is ${rig.status}.`,
      evidence: rig.targetTip === null ? '' : `${rig.target} is at ${rig.targetTip}`,
      next: `See its checks: gt rig doctor ${rig.id}`,
    },
    related: [rig.probeJob, rig.escalation],
  };
}

/** What its sentences may name: a rig, a bead, or a change with its rig and bead. */
export function aboutEscalation(reader: SqlReader, { id, subject }: Escalation): About {
  if (subject.startsWith('rig:')) return { escalation: id, rig: subject.slice('rig:'.length) };
  const request = mergeRequests.get(reader, subject);
  if (request === undefined) {
    const bead = beads.get(reader, subject);
    return bead === undefined
      ? { escalation: id }
      : { escalation: id, bead: bead.id, rig: bead.rig };
  }
  const { rig, bead, prUrl: url } = request;
  return { escalation: id, mergeRequest: request.id, rig, bead, url };
}

function ofEscalation(reader: SqlReader, escalation: Escalation): Subject {
  const { id, status, subject, question, failure } = escalation;
  const open = status !== 'resolved';
  return {
    ...named('escalation', id, question?.text ?? failure?.kind ?? escalation.severity, status),
    about: aboutEscalation(reader, escalation),
    parked: escalation.parked,
    failures: open && failure !== null ? [failure] : [],
    waits: question === null ? escalation.waits : [],
    atRest:
      question === null || !open
        ? {
            what: open ? 'It waits for a person.' : 'It was settled.',
            evidence: escalation.answer ?? '',
            next: `See what it is about: gt why ${subject}`,
          }
        : {
            what: 'An agent asks a question.',
            evidence: [question.text, ...question.choices].join('\n'),
            next: `Answer it: gt escalation resolve ${id} <answer>`,
          },
    related: [subject === 'town' ? null : subject],
  };
}

function ofJob(job: Job): Subject {
  const failed = job.result?.kind === 'failed' ? [job.result.failure] : [];
  return {
    ...named('job', job.id, `${job.kind} for ${job.subject}`, job.status),
    about: { rig: job.rig },
    parked: job.parked,
    failures: failed,
    waits: job.waits,
    atRest: { what: `It is ${job.status}.`, evidence: '', next: `gt why ${job.subject}` },
    related: [job.subject, job.rig, job.runner],
  };
}

function ofRunner(runner: Runner): Subject {
  const { id, status, inventory, live } = runner;
  return {
    ...named('runner', id, `${inventory.capacity} agents at once`, status),
    about: {},
    parked: runner.parked,
    failures:
      status === 'lost'
        ? [{ kind: 'runner_lost', helps: 'later', runner: id, lastSeenAt: runner.lastSeenAt }]
        : [],
    waits: status === 'lost' ? runner.waits : [], // of others only a sign of life is awaited
    atRest: {
      what: `It is ${status}.`,
      evidence: `${live} of ${inventory.capacity} agents at work`,
      next: 'gt agent list',
    },
    related: [],
  };
}

function ofTown(town: Town): Subject {
  const paused = town.status !== 'running';
  return {
    ...named('town', 'town', town.name, town.status),
    about: {},
    parked: null,
    failures: [],
    waits: [],
    atRest: {
      what: paused ? `The town is ${town.status}: nothing starts.` : 'The town is running.',
      evidence: '',
      next: paused ? 'gt resume' : 'gt status',
    },
    related: [],
  };
}

function ofDispatch(reader: SqlReader, name: string): Subject | null {
  const row = name === 'dispatch' ? dispatches.get(reader, 'dispatch') : undefined;
  if (row === undefined) return null;
  return {
    ...named('dispatch', row.id, 'starting agents', row.status),
    about: { escalation: row.escalation },
    parked: row.parked,
    failures: [],
    waits: row.waits,
    atRest: { what: 'Nothing waits to be started.', evidence: '', next: 'gt bead list' },
    related: [row.escalation],
  };
}

function named(kind: EntityKind, id: string, title: string, status: string) {
  return { kind, id, title, status };
}
