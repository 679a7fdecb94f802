/** Table tests of what a forge account reads next. */
import { describe, expect, test } from 'vitest';
import {
  accountWith,
  forge,
  hidden,
  noToken,
  onGitHub,
  snapshotOf,
  watchedRequest,
} from '../../../test/fixtures/pulls.ts';
import {
  commit,
  later,
  now,
  requestWith,
  rigWith,
  townWith,
} from '../../../test/fixtures/views.ts';
import { incidentAfter, type ForgeAccount } from '../forge-account.ts';
import { mergeRequestId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../pr-status.ts';
import { instant } from '../time.ts';
import type { ForgeAccountView } from '../view.ts';
import { decideForgeAccount } from './forge-account.ts';

const flag = {
  failureReason: 'pr_poll_failed',
  failureKind: 'no_token',
  error: noToken,
  since: now,
} as const;

const request = (number: number, set: Partial<MergeRequest> = {}): MergeRequest =>
  requestWith({
    ...watchedRequest(commit('b')),
    id: mergeRequestId(`mr-${number}`),
    number,
    prNumber: number,
    readAt: instant(now - number),
    ...set,
  });
const blind = (number: number) => request(number, { unobservable: flag });

const decide = (account: Partial<ForgeAccount>, set: Partial<ForgeAccountView> = {}) =>
  decideForgeAccount({
    now,
    town: townWith(),
    next: { job: 1, mergeRequest: 1, escalation: 1 },
    account: accountWith(account),
    due: [],
    blind: [],
    rigs: [rigWith({ forge })],
    nextReadAt: null,
    nextBlindAt: null,
    ...set,
  });

const targets = (plan: ReturnType<typeof decide>) =>
  plan.actions.flatMap((action) =>
    action.do === 'call' && action.call.op === 'read_pulls'
      ? action.call.targets.map(({ mergeRequest }) => mergeRequest)
      : [],
  );

const incident = { status: 'incident', incidentSince: now } as const;
const set = (plan: ReturnType<typeof decide>) =>
  Object.assign({}, ...plan.actions.map((action) => (action.do === 'update' ? action.set : {})));

describe('an account', () => {
  test('reads whatever is due, longest due first, flagged or not', () => {
    const view = { due: [request(2), request(1)], blind: [blind(3)] };
    expect(targets(decide({}, view))).toEqual(['mr-3', 'mr-2', 'mr-1']);
  });

  test('reads no more than one request holds', () => {
    const many = Array.from({ length: limits.pullsPerRead }, (_, i) => request(i + 1));
    expect(targets(decide({}, { due: many, blind: [blind(99)] }))).toHaveLength(
      limits.pullsPerRead,
    );
  });

  test('says when an incident begins and when it is over', () => {
    expect(set(decide({ incidentSince: now }))).toMatchObject({ status: 'incident' });
    const over = decide({ ...incident, incidentSince: null, probeAt: later(60_000) });
    expect(set(over)).toMatchObject({ status: 'clear', probeAt: null });
  });

  test('probes one for all that are unobservable, and then not before the interval is over', () => {
    const view = { due: [request(1)], blind: [blind(2), blind(3)] };
    const plan = decide(incident, view);
    expect(targets(plan)).toEqual(['mr-2', 'mr-1']);
    expect(set(plan)).toMatchObject({ probeAt: later(limits.unobservableProbeMs) });
    const probed = { ...incident, probeAt: later(60_000) };
    expect(targets(decide(probed, view))).toEqual(['mr-1']);
    expect(set(decide(probed, view)).probeAt).toBeUndefined();
  });

  test.each([
    ['the next one that is seen', 10_000, 5_000, 10_000],
    ['its probe', 90_000, 5_000, 60_000],
    ['the next unobservable one, after the probe', 120_000, 90_000, 90_000],
  ])('waits for %s', (_, nextRead, nextBlind, until) => {
    const next = { nextReadAt: later(nextRead), nextBlindAt: later(nextBlind) };
    const plan = decide({ ...incident, probeAt: later(60_000) }, next);
    expect(plan.waits).toMatchObject([{ reason: 'poll', until: later(until) }]);
  });
});

describe('an incident', () => {
  const since = instant(now - 1000);
  const failed = (error: PRStatusError): PRStatusOutcome => ({ ok: false, error });
  const seen: PRStatusOutcome = { ok: true, result: snapshotOf(commit('b')) };
  const throttled = {
    ...onGitHub,
    kind: 'throttled',
    scope: 'primary',
    retryAt: later(1000),
    budget: { limit: null, remaining: null },
  } as const;

  test.each([
    ['begins with a read that failed whole', null, [failed(noToken), failed(noToken)], now],
    ['goes on from when it began', since, [failed(noToken)], since],
    ['ends with the first success', since, [failed(noToken), seen], null],
    ['is not one where only pull requests are gone', null, [failed(noToken), failed(hidden)], null],
    ['is not one while the forge asks to wait', null, [failed(throttled)], null],
    ['is not over by a read that was throttled', since, [failed(throttled)], since],
    ['is not begun by a read of nothing', null, [], null],
  ] as const)('%s', (_, incidentSince, outcomes, then) => {
    const account = accountWith({ incidentSince });
    expect({ ...account, ...incidentAfter(account, outcomes, now) }.incidentSince).toBe(then);
  });
});
