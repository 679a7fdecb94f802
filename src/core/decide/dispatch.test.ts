/** Table tests of the dispatcher: who gets the next slot, and when nobody does. */
import { describe, expect, test } from 'vitest';
import {
  beadWith,
  dispatchView,
  endedAttempt,
  later,
  now,
  rigWith,
  runnerWith,
  settingsWith,
  townWith,
} from '../../../test/fixtures/views.ts';
import type { Plan } from '../action.ts';
import type { Attempt } from '../attempt.ts';
import type { Dispatch } from '../dispatch.ts';
import { attemptId, beadId, rigId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { Rig } from '../rig.ts';
import { instant } from '../time.ts';
import type { DispatchView, Line } from '../view.ts';
import { decideDispatch } from './dispatch.ts';

const decide = (dispatch: Partial<Dispatch>, set: Partial<DispatchView> = {}) =>
  decideDispatch(dispatchView(dispatch, set));

const line = (name: string, rig: Partial<Rig> = {}, max = 2): Line => ({
  rig: rigWith({ ...rig, id: rigId(name) }),
  settings: settingsWith({ maxPolecatsPerRig: max }),
  first: beadWith({ id: beadId(`${name}-1`), rig: rigId(name), ready: true, attempts: 4 }),
});

const granted = (plan: Plan): readonly Attempt[] =>
  plan.actions.flatMap((action) =>
    action.do === 'insert' && action.entity === 'attempt' ? [action.row] : [],
  );

describe('a grant', () => {
  test('makes the next numbered attempt and writes its name on the bead', () => {
    const plan = decide({}, { lines: [line('web')] });
    expect(granted(plan)).toMatchObject([{ id: 'web-1.5', number: 5, status: 'starting' }]);
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        entity: 'bead',
        id: 'web-1',
        set: { attempt: 'web-1.5', attempts: 5 },
      }),
    );
    expect(plan.blame).toEqual({ kind: 'bead', id: 'web-1' });
  });

  test('goes to the rig with the fewest live attempts, then to the one granted longest ago', () => {
    const busy = line('api', { live: 1 });
    expect(granted(decide({}, { lines: [busy, line('web')] }))[0]?.bead).toBe('web-1');
    const recent = line('api', { grantedAt: now });
    const longAgo = line('web', { grantedAt: instant(now - 1) });
    expect(granted(decide({}, { lines: [recent, longAgo] }))[0]?.bead).toBe('web-1');
  });

  test('is not made beyond the rig’s limit or the runner’s capacity', () => {
    expect(granted(decide({}, { lines: [line('web', { live: 2 })] }))).toEqual([]);
    const full = runnerWith({ live: 4 });
    const plan = decide({}, { lines: [line('web')], runners: [full] });
    expect(plan.waits).toMatchObject([{ reason: 'runner', on: ['local'] }]);
  });

  test.each([
    ['on an unready rig', { lines: [line('web', { status: 'unready' })] }],
    ['in a paused town', { lines: [line('web')], town: townWith({ status: 'paused' }) }],
    [
      'on a draining runner',
      { lines: [line('web')], runners: [runnerWith({ status: 'draining' })] },
    ],
  ] as const)('is not made %s', (_, view) => {
    expect(granted(decide({}, view))).toEqual([]);
  });

  test('never falls to the scripted agent by default', () => {
    const inventory = { ...runnerWith().inventory, agents: ['scripted'] };
    const plan = decide({}, { lines: [line('web')], runners: [runnerWith({ inventory })] });
    expect(granted(plan)[0]?.spec.agent).not.toBe('scripted');
  });
});

describe('the breaker', () => {
  const failures = Array.from({ length: limits.breakerCount }, (_, index) =>
    endedAttempt('start_failed', {
      id: attemptId(`web-1.${index}`),
      failure: {
        kind: 'agent_missing',
        helps: 'person',
        agent: 'codex',
        command: 'codex',
        known: [],
      },
    }),
  );
  const probe = { status: 'probing', probe: attemptId('web-1.5') } as const;

  test('opens on too many failures, names the commonest cause, and grants nothing', () => {
    const plan = decide({}, { failures, lines: [line('web')] });
    expect(granted(plan)).toEqual([]);
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        failure: expect.objectContaining({ kind: 'agent_missing' }),
      }),
    );
    const broken = decide({ status: 'broken', openedAt: now }, { lines: [line('web')] });
    expect(broken.waits).toMatchObject([{ until: later(limits.breakerProbeMs) }]);
  });

  test('lets one probe through and no second', () => {
    const first = decide({ status: 'probing' }, { lines: [line('web')] });
    expect(granted(first)).toHaveLength(1);
    const running = endedAttempt(null, { status: 'running', endedAt: null });
    const second = decide(probe, { lines: [line('web')], probe: running });
    expect(granted(second)).toEqual([]);
  });

  test('closes on the probe’s success and opens again on its failure', () => {
    const closed = decide(probe, { probe: endedAttempt('submitted') });
    expect(closed.actions).toContainEqual(
      expect.objectContaining({ set: expect.objectContaining({ status: 'granting' }) }),
    );
    const opened = decide(probe, { probe: endedAttempt('crashed') });
    expect(opened.actions).toContainEqual(
      expect.objectContaining({ set: expect.objectContaining({ status: 'broken' }) }),
    );
  });
});
