/** Table tests of an attempt's decision: its calls, its lease, its stop, its end. */
import { describe, expect, test } from 'vitest';
import {
  attemptView,
  beadWith,
  commit,
  later,
  now,
  runnerWith,
  settingsWith,
  townWith,
} from '../../../test/fixtures/views.ts';
import { calls, setsOf } from '../../../test/fixtures/plans.ts';
import type { Plan } from '../action.ts';
import type { Attempt, Outcome } from '../attempt.ts';
import { callId } from '../ids.ts';
import { limits } from '../limits.ts';
import { instant } from '../time.ts';
import type { AttemptView } from '../view.ts';
import { decideAttempt } from './attempt.ts';

const decide = (attempt: Partial<Attempt>, set: Partial<AttemptView> = {}) =>
  decideAttempt(attemptView(attempt, set));

const sets = (plan: Plan) => setsOf(plan, 'attempt');

const granted = { status: 'starting', phase: 'granted', acceptedAt: null } as const;
const silent = { lastSeenAt: instant(now - limits.leaseMs - 1) };

describe('a granted attempt', () => {
  test('is started with its own call id and waits for the answer', () => {
    const plan = decide(granted);
    expect(calls(plan)).toMatchObject([{ op: 'start_attempt', callId: 'web-1.1:start' }]);
    const { callDeadline } = sets(plan);
    const waiting = decide({ ...granted, callDeadline: callDeadline ?? null });
    expect(waiting.actions).toEqual([]);
    expect(waiting.waits).toMatchObject([{ reason: 'call', until: later(limits.callAckMs) }]);
  });

  test('that was not heard is started again under the same call id', () => {
    expect(calls(decide({ ...granted, callDeadline: now }))).toMatchObject([
      { op: 'start_attempt', callId: 'web-1.1:start' },
    ]);
  });

  test('waits for its runner to come back', () => {
    const plan = decide(granted, { runner: runnerWith({ status: 'lost' }) });
    expect(plan.waits).toMatchObject([{ reason: 'runner', on: ['local'] }]);
  });

  test('runs once its first turn has started', () => {
    expect(sets(decide({ status: 'starting', acceptedAt: now }))).toMatchObject({
      status: 'running',
    });
  });

  test('that never gets to its first turn is stopped and ends as a failed start', () => {
    const stuck = { status: 'starting', phase: 'spawned', phaseDeadline: now } as const;
    expect(sets(decide(stuck))).toMatchObject({ status: 'stopping', stopReason: 'quiet' });
    const end = { outcome: 'cancelled', failure: null, saved: null, at: now } as const;
    const stopped = { ...stuck, status: 'stopping', stopReason: 'quiet', end } as const;
    expect(sets(decide(stopped)).outcome).toBe('start_failed');
  });
});

describe('a lease', () => {
  test('that ran out is extended by what the runner said since', () => {
    const plan = decide({ leaseUntil: now });
    expect(calls(plan)).toEqual([]);
    expect(sets(plan)).toEqual({ leaseUntil: later(limits.leaseMs) });
  });

  test('that ran out in silence is a question, not a verdict', () => {
    const plan = decide({ leaseUntil: now }, { runner: runnerWith(silent) });
    expect(calls(plan)).toMatchObject([{ op: 'list', runner: 'local' }]);
    expect(sets(plan).status).toBeUndefined();
  });

  test('ends the attempt only when the runner has been lost for longer than every grace', () => {
    const grace = limits.linkGraceMs + limits.stopGraceMs;
    const lost = (ms: number) => runnerWith({ status: 'lost', lastSeenAt: instant(now - ms) });
    expect(sets(decide({ leaseUntil: now }, { runner: lost(grace) })).status).toBeUndefined();
    expect(sets(decide({ leaseUntil: now }, { runner: lost(grace + 1) }))).toMatchObject({
      status: 'ended',
      outcome: 'evicted',
    });
  });
});

describe('a stop', () => {
  const submitted = { head: commit('b'), summary: '', touched: null };
  test.each([
    ['submitted', { submitted }, {}],
    ['asked', { question: { text: '?', choices: [] } }, {}],
    ['person', {}, { bead: beadWith({ hold: true }) }],
    ['person', {}, { bead: beadWith({ closeAs: 'dropped' }) }],
    ['person', {}, { bead: beadWith({ stopAsked: true }) }],
    ['paused', {}, { town: townWith({ status: 'halted' }) }],
    [
      'budget',
      {},
      {
        settings: settingsWith({ 'budget.bead.tokens': 10 }),
        bead: beadWith({ usage: { inputTokens: 9, outputTokens: 1, usd: null } }),
      },
    ],
  ] as const)('for the reason %s is decided', (reason, attempt, view) => {
    expect(sets(decide(attempt, view))).toMatchObject({ status: 'stopping', stopReason: reason });
  });

  test('is not decided in a paused town: what runs may finish', () => {
    const plan = decide({}, { town: townWith({ status: 'paused' }) });
    expect(plan.actions).toEqual([]);
  });

  const stopping = {
    status: 'stopping',
    stopReason: 'person',
    stopCall: callId('web-1.1:stop'),
  } as const;

  test('is called, called again when unheard, and asked about when nothing ends', () => {
    expect(calls(decide(stopping))).toMatchObject([
      { op: 'stop_attempt', callId: 'web-1.1:stop', reason: 'person' },
    ]);
    const unheard = { ...stopping, callDeadline: now, phaseDeadline: later(1000) };
    expect(sets(decide(unheard))).toMatchObject({ phaseDeadline: null });
    const endless = { ...stopping, phaseDeadline: now };
    expect(calls(decide(endless))).toMatchObject([{ op: 'list' }]);
  });
});

describe('an end', () => {
  const end = (outcome: Outcome) => ({
    end: { outcome, failure: null, saved: null, at: now },
  });
  const question = { text: '?', choices: [] };

  test('is what the runner reported', () => {
    expect(sets(decide({ ...end('crashed') }))).toMatchObject({
      status: 'ended',
      outcome: 'crashed',
      endedAt: now,
    });
  });

  test('is outweighed by what was accepted before it', () => {
    const submitted = { head: commit('b'), summary: '', touched: null };
    expect(sets(decide({ ...end('crashed'), submitted })).outcome).toBe('submitted');
    expect(sets(decide({ ...end('evicted'), question })).outcome).toBe('asked');
  });

  test('by a person is cancelled, by a budget over budget, by silence timed out', () => {
    const by = (stopReason: Attempt['stopReason']) =>
      sets(decide({ ...end('crashed'), stopReason })).outcome;
    expect([by('person'), by('paused'), by('budget'), by('quiet')]).toEqual([
      'cancelled',
      'cancelled',
      'over_budget',
      'timed_out',
    ]);
  });

  test('that claims a submission nobody accepted is an idle end', () => {
    expect(sets(decide({ ...end('submitted') })).outcome).toBe('idle_without_done');
  });

  test('is final', () => {
    expect(decide({ status: 'ended', outcome: 'crashed' })).toEqual({ actions: [], waits: [] });
  });
});
