/** Table tests of the forge’s answers to a merge: which ask a person, and which come late. */
import { describe, expect, test } from 'vitest';
import { commit } from '../../../test/fixtures/views.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import { b, sets, watched } from '../../../test/fixtures/pull-decisions.ts';
import { jobs } from '../../../test/fixtures/plans.ts';
import type { ForgeReport } from '../merge-request.ts';

const onGitHub = { provider: 'github', host: 'github.com' } as const;

describe('a merge', () => {
  test('that is refused for want of a right is a person’s at once: none comes by waiting', () => {
    const answer = { is: 'not_now', reason: 'permission', detail: 'insufficient_scope' } as const;
    const plan = watched({ stage: 'landing', forgeReport: { op: 'merge', answer } });
    expect(sets(plan)).toMatchObject({ stage: 'approved', mergeTries: 0 });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        failure: expect.objectContaining({ kind: 'pr_merge_refused', reason: 'permission' }),
      }),
    );
  });

  test.each<ForgeReport>([
    { op: 'merge', answer: { is: 'merged', commit: commit('e') } },
    { op: 'merge', answer: { is: 'not_now', reason: 'permission', detail: 'it is merged' } },
    { op: 'merge', error: { ...onGitHub, kind: 'network_error', cause: 'timeout' } },
  ])('that is answered after it was seen merged holds up no proof: %o', (forgeReport) => {
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    const seen = { stage: 'landing', pr: 'merged', snapshot: merged } as const;
    const plan = watched({ ...seen, forgeReport });
    expect(plan.actions).toHaveLength(1);
    const columns = sets(plan);
    expect(columns).toEqual({ forgeCall: null, forgeReport: null, stage: 'approved' });
    expect(jobs(watched({ ...seen, ...columns }))).toMatchObject([{ kind: 'prove' }]);
  });
});
