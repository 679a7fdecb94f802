import { expect, test } from 'vitest';
import { after } from '../../core/time.ts';
import { WorldTime } from './time.ts';

test('events run in order of time, and of planning where the time is the same', () => {
  const time = new WorldTime();
  const seen: string[] = [];
  for (const [ms, name] of [
    [30, 'd'],
    [10, 'a'],
    [20, 'b'],
    [20, 'c'],
    [40, 'e'],
  ] as const) {
    time.after(ms, () => seen.push(name));
  }
  while (time.nextAt() !== null) time.runNext();
  expect(seen.join('')).toBe('abcde');
  expect(time.now).toBe(40);
});

test('a jump of the wall clock moves neither events nor a process clock', () => {
  const time = new WorldTime();
  const clock = time.clock();
  const start = clock.now();
  const alarm = after(start, 1000);
  time.jump(-5000);
  expect(clock.now()).toBe(start - 5000);
  expect(clock.monotonicMs()).toBe(0);
  expect(time.whenWall(alarm)).toBe(6000);
  expect(time.isBehind).toBe(true);
  time.advance(5000);
  expect(time.isBehind).toBe(false);
});

test('what was taken back neither runs nor moves the time', () => {
  const time = new WorldTime();
  const seen: string[] = [];
  const takeBack = time.after(10, () => seen.push('never'));
  time.after(20, () => seen.push('later'));
  takeBack();
  expect(time.nextAt()).toBe(20);
  time.runNext();
  expect(seen).toEqual(['later']);
  takeBack();
  expect(time.nextAt()).toBeNull();
});
