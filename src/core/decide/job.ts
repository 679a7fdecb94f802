/**
 * Decides what one job needs next: its start call, its deadline, another try. Pure.
 *
 * J1 The same call id until there is a result; another try is another call.
 * J3 A done job never changes.
 */
import type { Plan } from '../action.ts';
import { unreachable } from '../assert.ts';
import type { Failure } from '../failure.ts';
import { callId } from '../ids.ts';
import type { Job, JobResult, JobSpec } from '../job.ts';
import { limits } from '../limits.ts';
import { act, backoffUntil, rest, update, wait } from '../plan.ts';
import { after, earliest } from '../time.ts';
import type { JobView } from '../view.ts';

export function decideJob(view: JobView): Plan {
  const { job } = view;
  switch (job.status) {
    case 'queued':
      return job.cancelAsked ? finished(view, cancelled) : queued(view);
    case 'running':
      return running(view);
    case 'done':
      return rest();
    default:
      return unreachable(job.status);
  }
}

const cancelled: JobResult = {
  kind: 'failed',
  failure: { kind: 'stopped_by_person', helps: 'person', reason: 'no longer needed' },
};

function queued(view: JobView): Plan {
  const { job, runner, now } = view;
  if (job.notBefore !== null && job.notBefore > now) {
    return rest(wait('backoff', [], { tries: job.tries }, job.notBefore));
  }
  if (runner === null || runner.status === 'lost') return rest(wait('runner', [job.runner]));
  const deadline = after(now, deadlineMs(job.spec));
  const call = { callDeadline: null, acceptedAt: null };
  const columns = { status: 'running' as const, deadline, startedAt: now, ...call };
  return act(set(job, columns, 'started'));
}

function running(view: JobView): Plan {
  const { job, now, runner } = view;
  if (job.report !== null) return reported(view, job.report);
  if (job.cancelAsked) return act(...cancelCall(job), ...finished(view, cancelled).actions);
  if (job.deadline !== null && job.deadline <= now) {
    const failure = { kind: 'job_timed_out' as const, helps: 'later' as const };
    const late = { ...failure, job: job.id, limitMs: deadlineMs(job.spec) };
    return act(...cancelCall(job), ...reported(view, { kind: 'failed', failure: late }).actions);
  }
  const unanswered = job.callDeadline === null || job.callDeadline <= now;
  if (job.acceptedAt === null && unanswered) {
    if (runner === null || runner.status === 'lost') {
      return rest(wait('runner', [job.runner], {}, job.deadline));
    }
    return act(set(job, { callDeadline: after(now, limits.callAckMs) }, 'start_call'), {
      do: 'call',
      call: {
        op: 'start_job',
        callId: job.callId,
        runner: job.runner,
        job: job.id,
        spec: job.spec,
      },
    });
  }
  const answerBy = job.acceptedAt === null ? job.callDeadline : null;
  const until = earliest(answerBy, job.deadline);
  return rest(wait('call', [job.runner], { op: job.kind }, until));
}

function reported(view: JobView, result: JobResult): Plan {
  const { job, now } = view;
  if (!mayPass(result) || job.tries + 1 >= limits.jobTriesMax) return finished(view, result);
  const tries = job.tries + 1;
  const columns = {
    status: 'queued' as const,
    tries,
    callId: callId(`${job.id}:${tries + 1}`),
    notBefore: backoffUntil(now, tries, limits.jobRetryMs),
    report: null,
    acceptedAt: null,
    callDeadline: null,
    deadline: null,
  };
  return act(set(job, columns, 'retry'));
}

function mayPass(result: JobResult): boolean {
  return result.kind === 'failed' && helpsLater(result.failure);
}

function helpsLater(failure: Failure): boolean {
  return failure.helps === 'later';
}

function finished(view: JobView, result: JobResult): Plan {
  const done = { status: 'done' as const, result, report: null, endedAt: view.now };
  const cleared = { callDeadline: null, deadline: null };
  return act(set(view.job, { ...done, ...cleared }, result.kind === 'failed' ? 'failed' : 'done'));
}

function cancelCall(job: Job) {
  const call = {
    op: 'cancel_job' as const,
    callId: callId(`${job.callId}:cancel`),
    runner: job.runner,
    job: job.id,
  };
  return [{ do: 'call' as const, call }];
}

/** Longer than the runner's own deadline, which comes first. */
function deadlineMs(spec: JobSpec): number {
  switch (spec.kind) {
    case 'fetch':
      return limits.fetchMs + limits.leaseMs;
    case 'build':
      return limits.buildMs + limits.fetchMs + limits.leaseMs;
    case 'push':
    case 'publish':
    case 'update':
    case 'take':
    case 'prove':
      return limits.pushMs + limits.fetchMs + limits.leaseMs;
    case 'gate': {
      const setup = spec.setup.reduce((sum, step) => sum + step.timeoutMs, 0);
      return spec.gate.timeoutMs * (spec.gate.retries + 1) + setup + limits.leaseMs;
    }
    default:
      return unreachable(spec);
  }
}

function set(job: Job, columns: Partial<Job>, why: string) {
  return update('job', job.id, columns, why);
}
