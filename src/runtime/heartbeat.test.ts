/** Signs of life: as long as something is held, and no longer. */
import { expect, it } from 'vitest';
import { limits } from '../core/limits.ts';
import { Heartbeat } from './heartbeat.ts';

it('beats while something is held, and an idle runner has no timer', () => {
  const armed = new Map<number, () => void>();
  let next = 0;
  let held = 0;
  let beats = 0;
  const heartbeat = new Heartbeat({
    timers: {
      after: (ms, run) => {
        expect(ms).toBe(limits.heartbeatMs);
        const id = next;
        next += 1;
        armed.set(id, run);
        return () => armed.delete(id);
      },
    },
    isBusy: () => held > 0,
    beat: () => {
      beats += 1;
    },
  });
  const pass = (): void => {
    for (const [id, run] of Array.from(armed)) {
      armed.delete(id);
      run();
    }
  };
  heartbeat.update();
  expect(armed.size).toBe(0);
  held = 2;
  heartbeat.update();
  heartbeat.update();
  pass();
  pass();
  expect([beats, armed.size]).toEqual([2, 1]);
  held = 0;
  heartbeat.update();
  expect([beats, armed.size]).toEqual([2, 0]);
});
