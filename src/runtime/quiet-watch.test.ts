/** Silence is noted, noted again, and only then ends an attempt; any sign of life starts anew. */
import { expect, it } from 'vitest';
import { limits } from '../core/limits.ts';
import { QuietWatch } from './quiet-watch.ts';

const minute = 60_000;

function make() {
  let now = 0;
  let lastAt = 0;
  let armed: { at: number; run: () => void } | null = null;
  const said: string[] = [];
  const activity = {
    get quietMs() {
      return now - lastAt;
    },
  };
  const watch = new QuietWatch(
    activity,
    {
      after: (ms, run) => {
        armed = { at: now + ms, run };
        return () => {
          armed = null;
        };
      },
    },
    { onQuiet: (note) => said.push(note), onSilent: (ms) => said.push(`stopped after ${ms}`) },
  );
  const pass = (ms: number): void => {
    const end = now + ms;
    while (armed !== null && armed.at <= end) {
      now = armed.at;
      const { run } = armed;
      armed = null;
      run();
    }
    now = end;
  };
  const live = (): void => {
    lastAt = now;
  };
  return { watch, said, pass, live, isArmed: () => armed !== null };
}

it('notes silence twice, then ends the attempt', () => {
  const { watch, said, pass } = make();
  watch.start();
  pass(limits.quietWarnMs - 1);
  expect(said).toEqual([]);
  pass(1);
  expect(said).toEqual(['Nothing from the agent for 15 min; stopped at 120 min.']);
  pass(limits.quietAskMs - limits.quietWarnMs);
  expect(said[1]).toContain('for 60 min');
  pass(limits.quietStopMs);
  expect(said.slice(2)).toEqual([`stopped after ${limits.quietStopMs}`]);
});

it('says nothing while there are signs of life, and nothing once it is closed', () => {
  const { watch, said, pass, live, isArmed } = make();
  watch.start();
  for (let n = 0; n < 30; n += 1) {
    pass(10 * minute);
    live();
  }
  expect(said).toEqual([]);
  watch.close();
  expect(isArmed()).toBe(false);
});
