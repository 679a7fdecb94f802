/**
 * Every line of `core/neighbours.ts` is needed: a town without it fails a checker. Each rule has
 * the seed at which that was first seen, and the search starts there.
 */
import { assert, describe, expect, test } from 'vitest';
import { neighbourRules } from '../core/neighbours.ts';
import { calm, Stage } from './scenarios/scenario.ts';
import { simulate } from './simulator.ts';
import { faultKinds } from './world/faults.ts';

const firstSeen: Readonly<Record<string, number>> = {
  'ready bead wakes the dispatcher': 1,
  'ended bead wakes its dependents': 2,
  'a person’s wish wakes the attempt': 22,
  'submission or wish wakes the merge request': 2,
  'attempt wakes its bead': 1,
  'ended attempt frees a slot': 1,
  'failed start wakes the rig': 50,
  'merge request wakes its bead': 1,
  'a pull request to read wakes its account': 2,
  'free slot wakes the line': 2,
  'done job wakes its subject': 1,
  'job makes its runner busy or free': 1,
  'rig wakes the dispatcher': 3,
  'rig wakes its merge requests': 19,
  'rig settings wake its beads': 47,
  'moved target wakes requests that found it red': 60,
  'resolved escalation wakes its subject': 3,
  'runner wakes what it holds': 3,
  'town status wakes what it stops or lets go': 22,
  'town settings wake everything': 3,
};

/** Too rare for seeds: a runner that was lost comes back while a bead waits for it. */
const byScript = 'runner wakes the dispatcher';
const seedsMax = 400;

describe('a town fails a checker without the rule', () => {
  for (const { name } of neighbourRules) {
    if (name === byScript) continue;
    test(`no rule: ${name}`, { timeout: 900_000 }, async () => {
      const first = firstSeen[name] ?? 1;
      const caught = await firstFailure(name, first);
      assert(caught !== null, `no seed from ${first} on fails`);
      // With every rule the same world is clean, so the failure is about this one.
      const { failures } = await simulate({ seed: caught, ticks: 100, faults: faultKinds });
      expect(failures).toEqual([]);
    });
  }

  test('no rule: runner wakes the dispatcher', async () => {
    const without = neighbourRules.filter((rule) => rule.name !== byScript);
    expect(await lostRunnerComesBack(neighbourRules)).toEqual([]);
    expect(await lostRunnerComesBack(without)).not.toEqual([]);
  });
});

async function firstFailure(withoutRule: string, first: number): Promise<number | null> {
  for (let seed = first; seed < first + seedsMax; seed += 1) {
    const run = { seed, ticks: 100, faults: faultKinds, withoutRule };
    if ((await simulate(run)).failures.length > 0) return seed;
  }
  return null;
}

async function lostRunnerComesBack(rules: typeof neighbourRules): Promise<readonly unknown[]> {
  const stage = new Stage(1, calm, rules);
  await stage.begin();
  const { link, runner, rows } = stage.world;
  const is = (status: string) => () => rows.read().runners[0]?.status === status;
  link.up = false;
  await stage.sling('one');
  await stage.until(is('lost'));
  const second = await stage.sling('two');
  link.up = true;
  runner.connect();
  await stage.until(is('connected'));
  stage.expect(stage.bead(second).attempt !== null, `${second} is granted at once`);
  return stage.failures();
}
