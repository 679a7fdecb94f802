/**
 * Reading pull requests: what every adapter must see, whole, and what it must not take for green.
 */
import { expect } from 'vitest';
import type { Known } from '../core/pull-request.ts';
import { instant } from '../core/time.ts';
import type { Cases } from './forge.conformance.ts';

export function readingCases(cases: Cases): void {
  states(cases);
  mergeability(cases);
  checks(cases);
  reviews(cases);
  threads(cases);
  batches(cases);
}

function valueOf<T>(group: Known<T>): T {
  if (group.is !== 'complete') throw new Error(`the group is ${JSON.stringify(group)}`);
  return group.value;
}

function states({ check, checkIf }: Cases): void {
  check('reads an open pull request', async (scene) => {
    const pull = await scene.pull('gt/a');
    const seen = await scene.snapshot(pull);
    expect(seen).toMatchObject({
      state: 'open',
      draft: false,
      title: 'gt/a',
      author: 'ann',
      head: pull.headSha,
      headBranch: 'gt/a',
      headProject: scene.repo.fullName,
      baseBranch: 'main',
      mergeability: { is: 'complete', value: 'clean' },
      mergeableNow: true,
      mergeCommit: null,
      mergedBy: null,
    });
    expect(seen.ref).toMatchObject({ number: pull.number, project: scene.context.project });
    expect(seen.observedAt).toBe(scene.now());
  });

  check('reads which issues it says it closes', async (scene) => {
    const pull = await scene.pull('gt/a', { body: 'As in #6.\n\nFixes #7, closes ann/docs#3' });
    expect((await scene.snapshot(pull)).fixes).toEqual(['#7', 'ann/docs#3']);
    const none = await scene.pull('gt/b');
    expect((await scene.snapshot(none)).fixes).toEqual([]);
  });

  check('reads a merged one with its commit and who merged it', async (scene) => {
    const pull = await scene.pull('gt/a');
    const sha = await pull.merge('bob', { method: 'squash' });
    expect(await scene.snapshot(pull)).toMatchObject({
      state: 'merged',
      mergeCommit: sha,
      mergedBy: 'bob',
      mergeableNow: false,
    });
  });

  check('reads a closed one', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.close('bob');
    const seen = await scene.snapshot(pull);
    expect(seen).toMatchObject({ state: 'closed', mergeCommit: null, mergedBy: null });
    expect([null, 'bob']).toContain(seen.closedBy); // not every forge tells
  });

  checkIf('draft')('reads a draft', async (scene) => {
    const pull = await scene.pull('gt/a', { draft: true });
    const seen = await scene.snapshot(pull);
    expect(seen).toMatchObject({ draft: true, mergeableNow: false });
    expect(valueOf(seen.mergeability)).toBe('draft');
  });

  checkIf('merge_queue')(
    'reads that it is in the merge queue',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.enqueue(scene.world.served.world.user('ann'));
      expect(valueOf((await scene.snapshot(pull)).queue)).toBe('queued');
    },
    { protection: { mergeQueue: true } },
  );
}

function mergeability({ check, checkIf }: Cases): void {
  checkIf('conflict')('sees a conflict', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.repo.push('bob', 'main', { 'gt-a.txt': 'something else\n' });
    const seen = await scene.snapshot(pull);
    expect(seen.mergeability).toEqual({ is: 'complete', value: 'conflict' });
    expect(seen.mergeableNow).toBe(false);
  });

  checkIf('behind')(
    'sees that it is behind, where that matters',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      await scene.repo.push('bob', 'main', { 'other.txt': 'other\n' });
      const seen = await scene.snapshot(pull);
      expect(valueOf(seen.mergeability)).toBe('behind');
      expect(seen.mergeableNow).toBe(false);
    },
    { protection: { requireUpToDate: true } },
  );

  check('does not take a mergeability that is being computed for clean', async (scene) => {
    const { served, clock } = scene.world;
    served.world.mergeabilityMs = 60_000;
    const pull = await scene.pull('gt/a');
    const seen = await scene.snapshot(pull);
    expect(seen.mergeableNow).toBe(false);
    expect(seen.mergeability).toEqual({ is: 'complete', value: 'computing' });
    clock.pass(61_000);
    expect((await scene.snapshot(pull)).mergeability).toEqual({ is: 'complete', value: 'clean' });
  });

  checkIf('unknown_words')('takes a word it does not know for unknown', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.addCheckRun({ name: 'build' });
    await scene.snapshot(pull);
    scene.world.served.faults.add({ fault: { kind: 'unknown_enum' }, times: 100 });
    const outcome = await scene.outcome(pull);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    expect(outcome.result.mergeableNow).toBe(false);
    expect(outcome.result.mergeability.is).toBe('unknown');
    const { checks: seen } = outcome.result;
    if (seen.is === 'complete') expect(seen.value.all.passed).toBe(0);
  });
}

function checks({ check, checkIf }: Cases): void {
  check('reads more checks than fit a page, to the last', async (scene) => {
    const pull = await scene.pull('gt/a');
    for (let n = 0; n < 129; n += 1) pull.addCheckRun({ name: `job ${n}` });
    pull.addCheckRun({ name: 'last', conclusion: 'failure' });
    const { all, failing } = valueOf((await scene.snapshot(pull)).checks);
    expect(all).toMatchObject({ passed: 129, failed: 1, pending: 0 });
    expect(failing.map(({ name }) => name)).toEqual(['last']);
  });

  checkIf('required_checks')(
    'tells required checks from optional ones',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.addCheckRun({ name: 'build' });
      pull.addCheckRun({ name: 'lint', conclusion: 'failure' });
      const seen = await scene.snapshot(pull);
      expect(seen.mergeableNow).toBe(true);
      const { required, all } = valueOf(seen.checks);
      expect(required).toEqual({ passed: 1, failed: 0, pending: 0, missing: 0 });
      expect(all).toMatchObject({ passed: 1, failed: 1 });
    },
    { protection: { requiredChecks: ['build'] } },
  );

  checkIf('required_checks')(
    'counts a required check that is not there yet as missing',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.addCheckRun({ name: 'lint' });
      const seen = await scene.snapshot(pull);
      expect(seen.mergeableNow).toBe(false);
      const { required } = valueOf(seen.checks);
      expect(required).toEqual({ passed: 0, failed: 0, pending: 0, missing: 1 });
    },
    { protection: { requiredChecks: ['build'] } },
  );

  check('takes neutral and skipped for passed, what runs for pending', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.addCheckRun({ name: 'a', conclusion: 'neutral' });
    pull.addCheckRun({ name: 'b', conclusion: 'skipped' });
    pull.addCheckRun({ name: 'c', status: 'in_progress' });
    const { all } = valueOf((await scene.snapshot(pull)).checks);
    expect(all).toMatchObject({ failed: 0, pending: 1 });
    expect(all.passed).toBeGreaterThan(0); // a forge without the word does not show all of them
  });

  check('counts statuses of the older kind', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.addStatus({ context: 'ci/old', state: 'success' });
    pull.addStatus({ context: 'ci/bad', state: 'failure' });
    const { all, failing } = valueOf((await scene.snapshot(pull)).checks);
    expect(all).toMatchObject({ passed: 1, failed: 1 });
    expect(failing.map(({ name }) => name)).toEqual(['ci/bad']);
  });

  check('counts a check that ran again once, by its newest run', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.addCheckRun({ name: 'build', conclusion: 'failure' });
    pull.addCheckRun({ name: 'build', conclusion: 'success' });
    const { all } = valueOf((await scene.snapshot(pull)).checks);
    expect(all).toMatchObject({ passed: 1, failed: 0 });
  });

  check('says that there is no check, not that all passed', async (scene) => {
    const { all, failing } = valueOf((await scene.snapshot(await scene.pull('gt/a'))).checks);
    expect(all).toEqual({ passed: 0, failed: 0, pending: 0, missing: 0 });
    expect(failing).toEqual([]);
  });

  checkIf('permissions')(
    'leaves checks that the credential may not read unknown',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.addCheckRun({ name: 'build', conclusion: 'failure' });
      const weak = scene.world.port(scene.world.weakToken('ann', 'checks'));
      const outcome = await scene.outcome(pull, weak);
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
      expect(outcome.result.checks.is).toBe('unknown');
    },
    { private: true },
  );
}

function reviews({ checkIf }: Cases): void {
  checkIf('reviews')(
    'tells an approval that is needed from one that was given',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const needed = await scene.snapshot(pull);
      expect(needed.mergeableNow).toBe(false);
      expect(valueOf(needed.review)).toEqual({ decision: 'required', approvalsLeft: 1 });
      pull.review('bob', 'APPROVED');
      const given = await scene.snapshot(pull);
      expect(given.mergeableNow).toBe(true);
      expect(valueOf(given.review).decision).toBe('approved');
    },
    { protection: { requiredApprovals: 1 } },
  );

  checkIf('reviews')(
    'sees a request for changes, also where no review is required',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.review('bob', 'CHANGES_REQUESTED', 'no');
      expect(valueOf((await scene.snapshot(pull)).review).decision).toBe('changes_requested');
    },
  );
}

function threads({ checkIf }: Cases): void {
  checkIf('resolved_threads')('counts 150 threads to the last', async (scene) => {
    const pull = await scene.pull('gt/a');
    const opened = Array.from({ length: 150 }, (_, n) => pull.openThread('bob', { body: `${n}` }));
    for (const thread of opened.slice(0, 30)) pull.resolve(thread, 'bob');
    const { threads: seen } = await scene.snapshot(pull);
    expect(valueOf(seen)).toEqual({ unresolved: 120, unresolvedByBots: 0 });
  });

  checkIf('bot_threads')('tells threads of bots from those of people', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.openThread('bob', { body: 'why?' });
    pull.openThread('checker[bot]', { body: 'style' });
    const { threads: seen } = await scene.snapshot(pull);
    expect(valueOf(seen)).toEqual({ unresolved: 1, unresolvedByBots: 1 });
  });

  checkIf('outdated_threads')('does not count threads on lines that are gone', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.openThread('bob', { path: 'gt-a.txt', body: 'why?' });
    await pull.push('ann', { 'gt-a.txt': 'because\n' });
    const { threads: seen } = await scene.snapshot(pull);
    expect(valueOf(seen).unresolved).toBe(0);
  });
}

function batches({ check, checkIf }: Cases): void {
  check('answers for every target, in order, whatever one of them is', async (scene) => {
    const pulls = [];
    for (let n = 0; n < 27; n += 1) pulls.push(await scene.pull(`gt/${n}`));
    const refs = pulls.map((pull) => scene.ref(pull));
    const [some] = refs;
    if (some === undefined) throw new Error('no target');
    const targets = [...refs.slice(0, 20), { ...some, number: 999 }, ...refs.slice(20)];
    const outcomes = await scene.port.checkPRStatuses(scene.context, targets);
    const numbers = outcomes.map((one) => (one.ok ? one.result.ref.number : one.error.kind));
    expect(numbers).toEqual([
      ...pulls.slice(0, 20).map(({ number }) => number),
      'http_error',
      ...pulls.slice(20).map(({ number }) => number),
    ]);
  });

  checkIf('rename')('follows a repository to its new name', async (scene) => {
    const pull = await scene.pull('gt/a');
    const before = await scene.snapshot(pull);
    await scene.repo.rename(`${scene.repo.name}-new`);
    const { project } = scene.context;
    for (const nodeId of [null, before.ref.nodeId]) {
      const target = { ...scene.ref(pull), nodeId };
      const [outcome] = await scene.port.checkPRStatuses(scene.context, [target]);
      if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
      expect(outcome.result.ref.project).toEqual({ ...project, path: scene.repo.fullName });
      expect(outcome.result.state).toBe('open');
    }
  });

  check('tells when it was opened', async (scene) => {
    const pull = await scene.pull('gt/a');
    expect((await scene.snapshot(pull)).ref.createdAt).toBe(instant(pull.createdAt));
  });
}
