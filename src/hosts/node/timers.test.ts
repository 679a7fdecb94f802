/** Clock and alarm against a source of time that the test moves. */
import { describe, expect, test } from 'vitest';
import { instant } from '../../core/time.ts';
import type { Timers } from '../../ports/host.ts';
import { systemRandom } from './random.ts';
import { NodeTimers, SteadyClock, TimerAlarm } from './timers.ts';

const HOUR = 3_600_000;

/** Time that stands still until it is moved, with the timers that count it. */
class World implements Timers {
  wall = 1_000_000;
  mono = 500;
  pending: { at: number; run: () => void }[] = [];
  longest = 0;

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.mono;
  }

  after(ms: number, run: () => void): () => void {
    this.longest = Math.max(this.longest, ms);
    const timer = { at: this.mono + ms, run };
    this.pending.push(timer);
    return () => {
      this.pending = this.pending.filter((one) => one !== timer);
    };
  }

  pass(ms: number): void {
    const until = this.mono + ms;
    for (;;) {
      const next = this.pending.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.pending = this.pending.filter((one) => one !== next);
      this.wall += next.at - this.mono;
      this.mono = next.at;
      next.run();
    }
    this.wall += until - this.mono;
    this.mono = until;
  }
}

describe('the clock', () => {
  test('passes with the time of the process', () => {
    const world = new World();
    const clock = new SteadyClock(world);
    expect(clock.now()).toBe(1_000_000);
    world.pass(250);
    expect(clock.now()).toBe(1_000_250);
  });

  test('goes on when the wall clock is set back an hour', () => {
    const world = new World();
    const clock = new SteadyClock(world);
    world.wall -= HOUR;
    expect(clock.now()).toBe(1_000_000);
    world.pass(10);
    expect(clock.now()).toBe(1_000_010);
  });

  test('follows a jump forward, and does not fall back behind it', () => {
    const world = new World();
    const clock = new SteadyClock(world);
    world.wall += HOUR;
    expect(clock.now()).toBe(1_000_000 + HOUR);
    world.wall -= HOUR;
    world.pass(5);
    expect(clock.now()).toBe(1_000_005 + HOUR);
  });
});

describe('the alarm', () => {
  function started(): { world: World; alarm: TimerAlarm; rings: number[]; clock: SteadyClock } {
    const world = new World();
    const clock = new SteadyClock(world);
    const rings: number[] = [];
    const alarm = new TimerAlarm(clock, world, () => rings.push(clock.now()));
    return { world, alarm, rings, clock };
  }

  test('rings once, at its time', () => {
    const { world, alarm, rings } = started();
    alarm.set(instant(1_000_100));
    world.pass(99);
    expect(rings).toEqual([]);
    world.pass(5000);
    expect(rings).toEqual([1_000_100]);
  });

  test('that is replaced or cleared rings at the last time only', () => {
    const { world, alarm, rings } = started();
    alarm.set(instant(1_000_100));
    alarm.set(instant(1_000_300));
    world.pass(200);
    expect(rings).toEqual([]);
    alarm.set(null);
    world.pass(HOUR);
    expect(rings).toEqual([]);
    expect(world.pending).toEqual([]);
  });

  test('in the past rings at once', () => {
    const { world, alarm, rings } = started();
    alarm.set(instant(5));
    world.pass(0);
    expect(rings).toHaveLength(1);
  });

  test('sixty days away rings then, and no timer counts further than it can', () => {
    const { world, alarm, rings } = started();
    const away = 60 * 24 * HOUR;
    alarm.set(instant(1_000_000 + away));
    world.pass(away - 1);
    expect(rings).toEqual([]);
    world.pass(1);
    expect(rings).toEqual([1_000_000 + away]);
    expect(world.longest).toBeLessThan(2 ** 31);
  });

  test('notices that the machine slept through it', () => {
    const { world, alarm, rings } = started();
    alarm.set(instant(1_000_000 + 2 * HOUR));
    world.wall += 3 * HOUR;
    world.pass(10 * 60 * 1000);
    expect(rings).toHaveLength(1);
  });

  test('that is closed is never armed again', () => {
    const { world, alarm, rings } = started();
    alarm.close();
    alarm.set(instant(1));
    world.pass(HOUR);
    expect(rings).toEqual([]);
  });
});

test('a real timer fires, and not when it is cancelled', async () => {
  const timers = new NodeTimers();
  const fired: string[] = [];
  const cancel = timers.after(0, () => fired.push('cancelled'));
  cancel();
  await new Promise<void>((done) => {
    timers.after(1, done);
  });
  expect(fired).toEqual([]);
});

test('tokens are lower-case letters and digits, as many as asked, and differ', () => {
  const tokens = Array.from({ length: 50 }, () => systemRandom.token(32));
  expect(tokens.every((token) => /^[a-z0-9]{32}$/.test(token))).toBe(true);
  expect(new Set(tokens).size).toBe(50);
  expect(systemRandom.below(1)).toBe(0);
});
