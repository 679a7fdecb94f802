/** Table tests of a pull request that was merged somewhere else than it was for. */
import { describe, expect, test } from 'vitest';
import { jobs } from '../../../test/fixtures/plans.ts';
import { b, done, job, sets, watched } from '../../../test/fixtures/pull-decisions.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import { beadWith, commit, later } from '../../../test/fixtures/views.ts';
import type { JobResult } from '../job.ts';
import { limits } from '../limits.ts';

describe('a pull request that was merged into another branch', () => {
  const merged = snapshotOf(b, { state: 'merged', baseBranch: 'next', mergedBy: 'ann' });
  const notThere: JobResult = {
    kind: 'prove',
    answer: { is: 'not_there', targetTip: commit('f') },
  };
  const proving = { snapshot: merged, pr: 'merged', job } as const;

  test('is told of once, and looked for in the target now and then', () => {
    const plan = watched(proving, done('prove', notThere));
    const notBefore = later(limits.pollCoolMs);
    const { failures } = sets(plan);
    expect(sets(plan)).toMatchObject({ job: null, notBefore });
    expect(failures).toMatchObject([
      { kind: 'pr_merged_elsewhere', by: 'ann', base: 'next', target: 'main' },
    ]);
    const told = ({ actions }: typeof plan) => actions.filter((one) => one.do === 'escalate');
    expect(told(plan)).toHaveLength(1);
    const again = watched({ ...proving, failures: failures ?? [] }, done('prove', notThere));
    expect(sets(again)).toMatchObject({ job: null, notBefore });
    expect(told(again)).toEqual([]);
    const waiting = watched({ ...proving, job: null, notBefore });
    expect(waiting.waits).toMatchObject([
      { reason: 'human', until: notBefore, detail: { because: 'elsewhere', base: 'next' } },
    ]);
  });

  test('may be given up, which one that is in the target may not', () => {
    const bead = beadWith({ status: 'in_review', closeAs: 'dropped' });
    expect(sets(watched(proving, { bead }))).toMatchObject({ stage: 'abandoned' });
    const snapshot = snapshotOf(b, { state: 'merged' });
    const plan = watched({ ...proving, snapshot, job: null }, { bead });
    expect(jobs(plan)).toMatchObject([{ kind: 'prove' }]);
  });
});
