/** Table tests of a job's and a rig's decisions. */
import { describe, expect, test } from 'vitest';
import {
  doneJob,
  endedAttempt,
  jobView,
  jobWith,
  later,
  now,
  rigReportWith,
  rigView,
  runnerWith,
} from '../../../test/fixtures/views.ts';
import { calls } from '../../../test/fixtures/plans.ts';
import type { Plan } from '../action.ts';
import type { Failure } from '../failure.ts';
import { attemptId, jobId } from '../ids.ts';
import type { Job, JobResult, RigReport } from '../job.ts';
import { limits } from '../limits.ts';
import type { Rig } from '../rig.ts';
import { decideJob } from './job.ts';
import { decideRig } from './rig.ts';

function sets(plan: Plan): Partial<Job> & Partial<Rig> {
  const found = {};
  for (const action of plan.actions) if (action.do === 'update') Object.assign(found, action.set);
  return found;
}

const unreachable: Failure = {
  kind: 'remote_unreachable',
  helps: 'later',
  remote: '/srv/web.git',
  cause: 'connect',
  output: '',
};
const refused: Failure = {
  kind: 'push_refused',
  helps: 'person',
  remote: '/srv/web.git',
  ref: 'gt/probe',
  cause: 'permission',
  output: '',
};

describe('a job', () => {
  const running = { status: 'running', deadline: later(1000), acceptedAt: now } as const;

  test('is started, and started again under the same call id until it is answered', () => {
    const asked = { status: 'running', deadline: later(99_999) } as const;
    expect(calls(decideJob(jobView(asked)))).toMatchObject([{ callId: 'job-1:1' }]);
    expect(calls(decideJob(jobView({ ...asked, callDeadline: now })))).toMatchObject([
      { callId: 'job-1:1' },
    ]);
    expect(decideJob(jobView({ ...asked, callDeadline: later(5) })).actions).toEqual([]);
  });

  test('waits for a lost runner without calling it', () => {
    const plan = decideJob(jobView({}, { runner: runnerWith({ status: 'lost' }) }));
    expect(plan.waits).toMatchObject([{ reason: 'runner' }]);
  });

  test('that may pass by itself is tried again later, as another call', () => {
    const report: JobResult = { kind: 'failed', failure: unreachable };
    expect(sets(decideJob(jobView({ ...running, report })))).toMatchObject({
      status: 'queued',
      tries: 1,
      callId: 'job-1:2',
      notBefore: later(limits.jobRetryMs[0]),
    });
    const last = { ...running, report, tries: limits.jobTriesMax - 1 };
    expect(sets(decideJob(jobView(last)))).toMatchObject({ status: 'done', result: report });
  });

  test('that only a person can help is done at once', () => {
    const report: JobResult = { kind: 'failed', failure: refused };
    expect(sets(decideJob(jobView({ ...running, report })))).toMatchObject({ status: 'done' });
  });

  test('past its deadline is cancelled at the runner and tried again', () => {
    const plan = decideJob(jobView({ ...running, deadline: now }));
    expect(calls(plan)).toMatchObject([{ op: 'cancel_job' }]);
    expect(sets(plan)).toMatchObject({ status: 'queued', tries: 1 });
  });

  test('that is done never changes', () => {
    expect(decideJob(jobView({ status: 'done', cancelAsked: true }))).toEqual({
      actions: [],
      waits: [],
    });
  });
});

describe('a rig', () => {
  const report = (failure: Failure | null): RigReport =>
    rigReportWith({
      checks: [
        { name: 'reachable', passed: true, failure: null },
        { name: 'push', passed: failure === null, failure },
      ],
    });
  const probing = { status: 'unready', probedAt: null, probeJob: jobId('job-1') } as const;
  const probed = (failure: Failure | null) => ({
    probe: doneJob('fetch', { kind: 'fetch', report: report(failure) }),
  });

  test('that is new is looked at before any work', () => {
    const plan = decideRig(rigView({ status: 'unready', probedAt: null }));
    expect(plan.actions).toContainEqual(expect.objectContaining({ do: 'insert', entity: 'job' }));
  });

  test('is ready when every check passed, and unready with the first that did not', () => {
    expect(sets(decideRig(rigView(probing, probed(null))))).toMatchObject({
      status: 'ready',
      failure: null,
    });
    const plan = decideRig(rigView(probing, probed(refused)));
    expect(sets(plan)).toMatchObject({ status: 'unready', failure: refused });
    expect(plan.actions).toContainEqual(expect.objectContaining({ do: 'escalate' }));
  });

  test('that is unready looks again by itself only where that can help', () => {
    const soon = decideRig(rigView({ status: 'unready', failure: unreachable }));
    expect(soon.waits).toMatchObject([{ until: later(limits.rigProbeMs) }]);
    const never = decideRig(rigView({ status: 'unready', failure: refused }));
    expect(never.waits).toMatchObject([{ reason: 'human' }]);
    expect(never.waits[0]).not.toHaveProperty('until');
  });

  test('whose setup failed stays unready until a person asks for another look', () => {
    const setupFailure: Failure = {
      kind: 'setup_failed',
      helps: 'person',
      name: 'install',
      command: 'npm ci',
      exitCode: 1,
      signal: null,
      timedOut: false,
      output: '',
    };
    expect(sets(decideRig(rigView({ setupFailure })))).toMatchObject({ status: 'unready' });
    expect(sets(decideRig(rigView({ ...probing, setupFailure }, probed(null))))).toMatchObject({
      status: 'unready',
      failure: setupFailure,
    });
    const asked = { status: 'unready', setupFailure, probeAsked: true } as const;
    expect(sets(decideRig(rigView(asked)))).toMatchObject({ setupFailure: null });
  });

  const failedStart = (failure: Failure, number: number) =>
    endedAttempt('start_failed', {
      id: attemptId(`web-1.${number}`),
      failure,
      endedAt: later(number),
    });

  test('whose last starts all failed for one cause is unready; a mixed lot is not', () => {
    const failure: Failure = {
      kind: 'agent_start_failed',
      helps: 'later',
      agent: 'codex',
      phase: 'initialize',
      cause: 'timeout',
      exitCode: null,
      signal: null,
      output: '',
    };
    const failed = (number: number) => failedStart(failure, number);
    const alike = [3, 2, 1].map(failed);
    expect(sets(decideRig(rigView({}, { lastEnded: alike })))).toMatchObject({
      status: 'unready',
      failure,
    });
    const mixed = [failed(3), endedAttempt('submitted', { endedAt: later(2) }), failed(1)];
    expect(decideRig(rigView({}, { lastEnded: mixed })).actions).toEqual([]);
  });

  test('whose look passed forgives starts that end ahead of a clock that jumped back', () => {
    const failure: Failure = { kind: 'workspace_failed', helps: 'later', step: 'x', output: '' };
    const lastEnded = [3, 2, 1].map((number) => failedStart(failure, number));
    const plan = decideRig(rigView(probing, { ...probed(null), lastEnded }));
    expect(sets(plan)).toMatchObject({ status: 'ready', probedAt: later(3) });
  });

  describe('whose start failed for what only a person can cure', () => {
    const missing: Failure = {
      kind: 'agent_missing',
      helps: 'person',
      agent: 'codex',
      command: 'codex-acp',
      known: [],
    };
    const login: Failure = { kind: 'remote_needs_login', helps: 'person', remote: 'r', output: '' };
    const submitted = endedAttempt('submitted', { endedAt: later(2) });
    const own = [attemptId('web-1.1')];

    test.each([
      ['is unready at the first', [failedStart(missing, 1)], [], missing],
      ['whatever ended since', [submitted, failedStart(missing, 1)], [], missing],
      ['unless the bead chose the agent', [failedStart(missing, 1)], own, null],
      ['also then, when it is not the agent', [failedStart(login, 1)], own, login],
      ['not for one before its last look', [failedStart(missing, -1)], [], null],
    ])('%s', (_case, lastEnded, ownChoice, failure) => {
      const { actions } = decideRig(rigView({}, { lastEnded, ownChoice }));
      const asked = actions.flatMap((action) => (action.do === 'escalate' ? [action.failure] : []));
      expect(asked).toEqual(failure === null ? [] : [failure]);
      const moved = actions.filter((action) => action.do === 'update').map(({ set }) => set);
      expect(moved).toEqual(failure === null ? [] : [{ status: 'unready', failure }]);
    });
  });

  test('is parked and unparked by a person, through another look', () => {
    expect(sets(decideRig(rigView({ parkAsked: true })))).toMatchObject({ status: 'parked' });
    expect(sets(decideRig(rigView({ status: 'parked', parkAsked: false })))).toMatchObject({
      status: 'unready',
      probeAsked: true,
    });
  });

  test('waits for its probe to answer', () => {
    const probe = jobWith({ status: 'running' });
    expect(decideRig(rigView(probing, { probe })).waits).toMatchObject([
      { reason: 'call', on: ['job-1'] },
    ]);
  });
});
