/** The sequences that broke before, and the rules they taught. */
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { limits } from './limits.ts';
import type { PRStatusError } from './pr-status.ts';
import {
  afterFailure,
  afterSuccess,
  bucketOf,
  judge,
  noStrikes,
  retryAt,
  type Strikes,
} from './strikes.ts';
import { after, instant, type Instant } from './time.ts';

const start = instant(1_800_000_000_000);
const where = { provider: 'github', host: 'github.com' } as const;
const http = (status: number, transient: boolean): PRStatusError => ({
  ...where,
  kind: 'http_error',
  status,
  statusText: '',
  transient,
  reason: transient ? 'server_error' : 'forbidden',
  requestId: null,
  tokenSource: 'town.token',
});
const outage = http(502, true);
const malformed: PRStatusError = {
  ...where,
  kind: 'invalid_response',
  reason: 'schema_mismatch',
  sampleKeys: ['message'],
};
const throttled = (retryAtMs: number): PRStatusError => ({
  ...where,
  kind: 'throttled',
  scope: 'primary',
  retryAt: instant(retryAtMs),
  budget: { limit: 5000, remaining: 0 },
});

/** Reads one after another, `everyMs` apart; answers the verdict after the last. */
function run(errors: readonly (PRStatusError | 'success')[], everyMs: number) {
  let strikes: Strikes = noStrikes;
  let now: Instant = start;
  for (const error of errors) {
    strikes = error === 'success' ? afterSuccess() : afterFailure(strikes, error, now);
    if (judge(strikes, now).is === 'unobservable') break;
    now = after(now, everyMs);
  }
  return { verdict: judge(strikes, now), strikes, elapsedMs: now - start };
}
const times = <T>(count: number, value: T): readonly T[] =>
  Array.from({ length: count }, () => value);
const minute = 60_000;

describe('buckets', () => {
  test('two outages and then one malformed answer are not three of anything', () => {
    expect(run([outage, outage, malformed], 2 * minute).verdict).toEqual({ is: 'fine' });
  });

  test('two malformed answers and then eight outages are not ten of anything', () => {
    const errors = [malformed, malformed, ...times(8, outage)];
    expect(run(errors, minute).verdict).toEqual({ is: 'fine' });
  });

  test('alternating outages and malformed answers end within the hour', () => {
    const errors = times(60, [outage, malformed]).flat();
    const { verdict, elapsedMs } = run(errors, minute);
    expect(verdict.is).toBe('unobservable');
    expect(elapsedMs).toBeLessThan(60 * minute);
  });

  test('a success between clears every counter at once', () => {
    const errors = [
      malformed,
      malformed,
      ...times(9, outage),
      'success',
      malformed,
      outage,
    ] as const;
    const { strikes } = run(errors, 30_000);
    expect(strikes).toMatchObject({
      pollSoftErrorCount: 1,
      pollTransientCount: 1,
      failingMs: 30_000,
    });
  });

  test('one missing token, one refusal, is enough', () => {
    expect(run([http(401, false)], 0).verdict).toEqual({ is: 'unobservable', by: 'immediate' });
  });
});

describe('elapsed time', () => {
  test('malformed answers to webhooks seconds apart do not use up the strikes', () => {
    expect(run(times(20, malformed), 5000).verdict.is).toBe('fine');
    expect(run(times(40, malformed), 5000).verdict).toEqual({ is: 'unobservable', by: 'soft' });
  });

  test('ten outages need ten minutes', () => {
    expect(run(times(12, outage), 30_000).verdict.is).toBe('fine');
    expect(run(times(21, outage), 30_000).verdict).toEqual({ is: 'unobservable', by: 'transient' });
  });
});

describe('the backstop', () => {
  test('is not tripped by one outage in a pull request that is read hourly', () => {
    const errors = times(4, [outage, 'success'] as const).flat();
    expect(run(errors, 60 * minute).verdict.is).toBe('fine');
    expect(run([malformed, outage, malformed, outage], 60 * minute).strikes.failingMs).toBe(0);
  });

  test('is not tripped by an hour of throttling', () => {
    const errors = [outage, malformed, ...times(60, throttled(start + 60 * minute)), outage];
    const { verdict, strikes } = run(errors, minute);
    expect(verdict.is).toBe('fine');
    expect(strikes.failingMs).toBeLessThan(limits.backstopMs);
  });

  test('is not tripped by a laptop asleep for a night', () => {
    let strikes = noStrikes;
    for (const at of [0, 1, 2]) strikes = afterFailure(strikes, outage, after(start, at * minute));
    const morning = after(start, 8 * 60 * minute);
    strikes = afterFailure(strikes, malformed, morning);
    strikes = afterFailure(strikes, outage, after(morning, minute));
    expect(judge(strikes, after(morning, minute))).toEqual({ is: 'fine' });
  });
});

describe('throttling', () => {
  test('is no strike, and the next read is when the forge said', () => {
    const until = start + 17 * minute;
    const strikes = afterFailure(noStrikes, throttled(until), start);
    expect(bucketOf(throttled(until))).toBeNull();
    expect(judge(strikes, start)).toEqual({ is: 'fine' });
    expect(retryAt(strikes, start)).toBe(until);
  });
});

test('after any failure the next read is at most two minutes away', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(outage, malformed), { maxLength: 40 }), (errors) => {
      const { strikes } = run(errors, minute);
      const wait = retryAt(strikes, start) - start;
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(limits.pollAfterFailureMsMax);
    }),
  );
});

test('no bucket ever moves another’s counter', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(outage, malformed, throttled(start))), (errors) => {
      let strikes = noStrikes;
      for (const error of errors) strikes = afterFailure(strikes, error, start);
      expect(strikes.pollTransientCount).toBe(errors.filter((one) => one === outage).length);
      expect(strikes.pollSoftErrorCount).toBe(errors.filter((one) => one === malformed).length);
    }),
  );
});
