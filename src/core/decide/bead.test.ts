/** Table tests of a bead's decision: plain values in, actions and waits out. */
import { describe, expect, test } from 'vitest';
import {
  attemptWith,
  beadView,
  commit,
  endedAttempt,
  escalationWith,
  later,
  now,
  requestWith,
  settingsWith,
  submissionOf,
  townWith,
} from '../../../test/fixtures/views.ts';
import { reasons, setsOf } from '../../../test/fixtures/plans.ts';
import type { Plan } from '../action.ts';
import type { Outcome } from '../attempt.ts';
import type { Bead } from '../bead.ts';
import type { Failure } from '../failure.ts';
import { attemptId, beadId, escalationId, mergeRequestId } from '../ids.ts';
import { limits } from '../limits.ts';
import { touchedBy } from '../touched.ts';
import type { BeadView } from '../view.ts';
import { decideBead } from './bead.ts';

/** What a plan sets on the bead itself, merged. */
const beadSets = (plan: Plan) => setsOf(plan, 'bead');
const first = attemptId('web-1.1');
const decide = (bead: Partial<Bead>, set: Partial<BeadView> = {}) =>
  decideBead(beadView(bead, set));

describe('an open bead', () => {
  test('becomes ready once and then waits for a slot', () => {
    expect(beadSets(decide({}))).toEqual({ ready: true, readyAt: now });
    expect(reasons(decide({ ready: true }))).toEqual(['slot']);
  });

  test('that was granted an attempt is in progress and no longer in line', () => {
    const plan = decide({ ready: true, attempt: first }, { attempt: attemptWith() });
    expect(beadSets(plan)).toEqual({ status: 'in_progress', ready: false, readyAt: null });
  });

  test('in a backoff is not ready and says until when', () => {
    const until = later(1000);
    expect(beadSets(decide({ ready: true, notBefore: until }))).toEqual({
      ready: false,
      readyAt: null,
    });
    expect(decide({ notBefore: until }).waits).toMatchObject([{ reason: 'backoff', until }]);
    expect(beadSets(decide({ notBefore: now }))).toMatchObject({ ready: true });
  });

  test('goes back behind a blocker that was added later', () => {
    expect(beadSets(decide({ ready: true, openBlockers: 1 }))).toMatchObject({
      status: 'blocked',
      ready: false,
    });
  });

  test('is held when a person says so', () => {
    expect(beadSets(decide({ ready: true, hold: true }))).toMatchObject({
      status: 'held',
      ready: false,
    });
  });

  test('over its budget waits for it and is ready again when it is raised', () => {
    const usage = { inputTokens: 80, outputTokens: 20, usd: null };
    const tight = { settings: settingsWith({ 'budget.bead.tokens': 100 }) };
    const over = decide({ ready: true, usage }, tight);
    expect(beadSets(over)).toMatchObject({ ready: false, failure: { kind: 'over_budget' } });
    const { failure } = beadSets(over);
    expect(failure).toBeDefined();
    expect(reasons(decide({ usage, failure: failure ?? null }, tight))).toEqual(['budget']);
    expect(beadSets(decide({ usage, failure: failure ?? null }))).toEqual({ failure: null });
  });

  test('waits for the pause to end while the town is paused', () => {
    expect(reasons(decide({ ready: true }, { town: townWith({ status: 'paused' }) }))).toEqual([
      'paused',
    ]);
  });

  test('that asked a question waits for a person and takes the answer into the next round', () => {
    const asked = { escalation: escalationId('esc-1') };
    expect(reasons(decide(asked, { escalation: escalationWith() }))).toEqual(['human']);
    const answered = escalationWith({ status: 'resolved', answer: 'Say moin.' });
    expect(beadSets(decide(asked, { escalation: answered }))).toMatchObject({
      escalation: null,
      round: { cause: 'answer', number: 1, answer: 'Say moin.' },
    });
  });

  test('that undoes another goes into review without an attempt', () => {
    const reverts = { bead: beadId('web-0'), before: commit('a'), after: commit('d') };
    const plan = decide({ reverts });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'insert',
        entity: 'merge_request',
        row: expect.objectContaining({
          head: null,
          reverts: { before: commit('a'), after: commit('d') },
        }),
      }),
    );
    expect(beadSets(plan)).toMatchObject({ status: 'in_review', mergeRequest: 'mr-3' });
  });
});

describe('a blocked bead', () => {
  test('opens when its last blocker has landed', () => {
    expect(beadSets(decide({ status: 'blocked', openBlockers: 0 }))).toEqual({ status: 'open' });
  });

  test('names the blockers it waits for', () => {
    const plan = decide(
      { status: 'blocked', openBlockers: 2 },
      { blockers: [beadId('web-7'), beadId('web-8')] },
    );
    expect(plan.waits).toMatchObject([{ reason: 'blocked', on: ['web-7', 'web-8'] }]);
  });

  test('asks a person when a blocker ended without landing', () => {
    const plan = decide({ status: 'blocked', openBlockers: 1, brokenBlocker: beadId('web-7') });
    expect(plan.waits).toMatchObject([{ reason: 'human', on: ['web-7'] }]);
  });
});

describe('a bead in progress', () => {
  const working = { status: 'in_progress', attempt: first } as const;

  test('takes the base its first attempt cut', () => {
    expect(beadSets(decide(working, { attempt: attemptWith() }))).toEqual({ base: commit('a') });
  });

  test('goes into review with a new merge request on an accepted submission', () => {
    const touched = touchedBy([], ['hello.txt']);
    const attempt = attemptWith({
      status: 'stopping',
      submitted: { head: commit('b'), summary: 'done', touched },
    });
    const plan = decide({ ...working, base: commit('a'), charged: 3 }, { attempt });
    expect(beadSets(plan)).toMatchObject({
      status: 'in_review',
      charged: 0,
      mergeRequest: 'mr-3',
      submission: { head: commit('b'), attempt: 'web-1.1', touched },
    });
    expect(plan.actions.filter((action) => action.do === 'insert')).toHaveLength(1);
  });

  test('keeps its one live merge request for a later submission', () => {
    const attempt = attemptWith({ submitted: { head: commit('b'), summary: '', touched: null } });
    const mergeRequest = requestWith({ stage: 'changes_requested' });
    const bead = { ...working, base: commit('a'), mergeRequest: mergeRequest.id };
    const plan = decide(bead, { attempt, mergeRequest });
    expect(plan.actions.filter((action) => action.do === 'insert')).toEqual([]);
    expect(beadSets(plan)).toMatchObject({ status: 'in_review' });
  });

  const free: readonly Outcome[] = ['cancelled', 'evicted', 'over_budget', 'asked'];
  test.each(free)('is open again and not charged when its attempt ended %s', (outcome) => {
    const bead = { ...working, base: commit('a'), charged: 1 };
    const sets = beadSets(decide(bead, { attempt: endedAttempt(outcome) }));
    expect(sets).toMatchObject({ status: 'open', attempt: null });
    expect(sets.charged).toBeUndefined();
    expect(sets.notBefore).toBeUndefined();
  });

  const paid: readonly Outcome[] = ['crashed', 'idle_without_done', 'timed_out'];
  test.each(paid)('is charged and backs off when its attempt ended %s', (outcome) => {
    const bead = { ...working, base: commit('a'), charged: 1 };
    const sets = beadSets(decide(bead, { attempt: endedAttempt(outcome) }));
    expect(sets).toMatchObject({
      status: 'open',
      attempt: null,
      charged: 2,
      notBefore: later(limits.dispatchBackoffMs[1]),
    });
  });

  test('fails and asks a person once its charged attempts are used up', () => {
    const settings = settingsWith({ maxDispatchAttempts: 2 });
    const bead = { ...working, base: commit('a'), charged: 1 };
    const plan = decide(bead, { attempt: endedAttempt('crashed'), settings });
    expect(beadSets(plan)).toMatchObject({
      status: 'failed',
      failure: { kind: 'attempts_exhausted', charged: 2, max: 2 },
    });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', dedupeKey: 'web-1:failed', bind: true }),
    );
  });

  test('backs off after a failed start without being charged', () => {
    const bead = { ...working, base: commit('a'), charged: 1 };
    const sets = beadSets(decide(bead, { attempt: endedAttempt('start_failed') }));
    expect(sets).toMatchObject({
      status: 'open',
      startFailures: 1,
      notBefore: later(limits.dispatchBackoffMs[0]),
    });
    expect(sets.charged).toBeUndefined();
  });

  test('asks a person at once where the agent it chose itself cannot be started', () => {
    const failure: Failure = {
      kind: 'agent_missing',
      helps: 'person',
      agent: 'codex',
      command: 'codex-acp',
      known: [],
    };
    const attempt = endedAttempt('start_failed', { failure });
    const chose = { ...working, base: commit('a'), agent: 'codex' };
    const plan = decide(chose, { attempt });
    expect(beadSets(plan)).toMatchObject({ status: 'failed', failure });
    expect(plan.actions).toContainEqual(expect.objectContaining({ do: 'escalate', failure }));
    expect(beadSets(decide({ ...chose, agent: null }, { attempt })).status).toBe('open');
  });

  test('raises the question its attempt asked', () => {
    const question = { text: 'Tabs or spaces?', choices: ['tabs', 'spaces'] };
    const attempt = endedAttempt('asked', { question });
    const plan = decide({ ...working, base: commit('a') }, { attempt });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', severity: 'question', question, bind: true }),
    );
  });
});

describe('a bead in review', () => {
  const request = mergeRequestId('mr-1');
  const reviewing = {
    status: 'in_review',
    mergeRequest: request,
    submission: submissionOf(commit('b')),
  } as const;
  const gateFailed = {
    kind: 'gate_failed',
    helps: 'no',
    gate: 'test',
    command: 'npm test',
    result: 'failed',
    exitCode: 1,
    output: 'no',
  } as const;

  test('closes as merged with exactly the merge request’s proof', () => {
    const proof = {
      by: 'candidate',
      commit: commit('c'),
      target: 'main',
      targetTip: commit('c'),
      at: now,
    } as const;
    const mergeRequest = requestWith({ stage: 'merged', proof });
    expect(beadSets(decide(reviewing, { mergeRequest }))).toMatchObject({
      status: 'closed',
      resolution: 'merged',
      proof,
    });
  });

  test('throws rather than close as merged without a proof', () => {
    const mergeRequest = requestWith({ stage: 'merged', proof: null });
    expect(() => decide(reviewing, { mergeRequest })).toThrow('without a proof');
  });

  test('goes back for a round that carries what failed, counted by its cause', () => {
    const mergeRequest = requestWith({ stage: 'changes_requested', failures: [gateFailed] });
    const sets = beadSets(decide({ ...reviewing, rounds: { conflict: 2 } }, { mergeRequest }));
    expect(sets).toMatchObject({
      status: 'open',
      rounds: { conflict: 2, gate: 1 },
      round: { cause: 'gate', number: 1, head: commit('b'), failures: [gateFailed] },
    });
    expect(sets.charged).toBeUndefined();
  });

  test('fails and asks a person when the rounds of one cause are used up', () => {
    const mergeRequest = requestWith({ stage: 'changes_requested', failures: [gateFailed] });
    const settings = settingsWith({ maxFeedbackRounds: 2 });
    const plan = decide({ ...reviewing, rounds: { gate: 2 } }, { mergeRequest, settings });
    expect(beadSets(plan)).toMatchObject({
      status: 'failed',
      failure: { kind: 'rounds_exhausted', cause: 'gate', rounds: 2, max: 2 },
    });
  });

  test('does not start a round before the last attempt has ended', () => {
    const mergeRequest = requestWith({ stage: 'changes_requested', failures: [gateFailed] });
    const attempt = attemptWith({ status: 'stopping' });
    const plan = decide({ ...reviewing, attempt: first }, { mergeRequest, attempt });
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'call', on: ['web-1.1'] }]);
  });

  test('closes as no change when merging it would change nothing', () => {
    const failures = [
      { kind: 'submission_empty', helps: 'no', base: commit('a'), head: commit('b') },
    ] as const;
    const mergeRequest = requestWith({ stage: 'abandoned', failures });
    expect(beadSets(decide(reviewing, { mergeRequest }))).toMatchObject({
      status: 'closed',
      resolution: 'no_change',
    });
  });

  test('that a person drops waits for its merge request to give up, then closes', () => {
    const dropped = { ...reviewing, closeAs: 'dropped' } as const;
    expect(reasons(decide(dropped, { mergeRequest: requestWith() }))).toEqual(['queue']);
    const mergeRequest = requestWith({ stage: 'abandoned' });
    expect(beadSets(decide(dropped, { mergeRequest }))).toMatchObject({
      status: 'closed',
      resolution: 'dropped',
      failure: null, // a closed bead tells nobody to try again
    });
  });

  test('that landed before it could be dropped closes as merged: git’s word wins', () => {
    const proof = {
      by: 'candidate',
      commit: commit('c'),
      target: 'main',
      targetTip: commit('c'),
      at: now,
    } as const;
    const mergeRequest = requestWith({ stage: 'merged', proof });
    const sets = beadSets(decide({ ...reviewing, closeAs: 'dropped' }, { mergeRequest }));
    expect(sets.resolution).toBe('merged');
  });

  test('that is held steps out of review and comes back to it when released', () => {
    expect(beadSets(decide({ ...reviewing, hold: true }, { mergeRequest: requestWith() }))).toEqual(
      { status: 'held' },
    );
    const held = { ...reviewing, status: 'held' } as const;
    expect(beadSets(decide(held, { mergeRequest: requestWith() }))).toEqual({
      status: 'in_review',
    });
  });
});

describe('a failed bead', () => {
  test('does nothing until a person decides', () => {
    const plan = decide({ status: 'failed' });
    expect(plan.actions).toEqual([]);
    expect(reasons(plan)).toEqual(['human']);
  });

  test('starts over with fresh counters when retried', () => {
    const spent = { status: 'failed', charged: 5, rounds: { gate: 5 }, retryAsked: true } as const;
    const plan = decide(spent);
    expect(beadSets(plan)).toMatchObject({ status: 'open', charged: 0, rounds: {} });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'resolve', dedupeKey: 'web-1:failed' }),
    );
  });
});

test('a closed bead is at rest for good', () => {
  expect(decide({ status: 'closed', resolution: 'dropped' })).toEqual({ actions: [], waits: [] });
});
