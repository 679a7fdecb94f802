import { expect, test } from 'vitest';
import { checksFrom } from './checks.ts';
import type { ContextNode } from './fields.ts';

function run(
  name: string,
  conclusion: string | null,
  more: Partial<ContextNode> = {},
): ContextNode {
  const status = conclusion === null ? 'IN_PROGRESS' : 'COMPLETED';
  const workflowRun = { event: 'pull_request', workflow: { name: 'CI' } };
  return {
    __typename: 'CheckRun',
    name,
    status,
    conclusion,
    databaseId: 1,
    checkSuite: { app: { slug: 'github-actions' }, workflowRun },
    ...more,
  };
}

function of(workflow: string): Partial<ContextNode> {
  const workflowRun = { event: 'push', workflow: { name: workflow } };
  return { checkSuite: { app: { slug: 'github-actions' }, workflowRun } };
}

test('what two workflows call by one name are two checks', () => {
  const contexts = [run('build', 'FAILURE', of('Linux')), run('build', 'SUCCESS', of('macOS'))];
  expect(checksFrom(contexts, [], false).all).toMatchObject({ passed: 1, failed: 1 });
});

test('of several runs of one check the newest counts, in whatever order they come', () => {
  const old = run('build', 'FAILURE', { databaseId: 1 });
  const fresh = run('build', 'SUCCESS', { databaseId: 2 });
  for (const contexts of [
    [old, fresh],
    [fresh, old],
  ]) {
    expect(checksFrom(contexts, [], false).all).toMatchObject({ passed: 1, failed: 0 });
  }
});

test('neutral and skipped pass; cancelled, stale and new words are never green', () => {
  const words = ['NEUTRAL', 'SKIPPED', 'SUCCESS', 'CANCELLED', 'STALE', 'SOMETHING_NEW', null];
  const contexts = words.map((word, index) => run(`job ${index}`, word));
  expect(checksFrom(contexts, [], false).all).toEqual({
    passed: 3,
    failed: 0,
    pending: 4,
    missing: 0,
  });
});

test('a required status that is not there yet is missing, and one that is there counts', () => {
  const status = { __typename: 'StatusContext', context: 'ci/old', state: 'SUCCESS' };
  const seen = checksFrom([status, run('lint', 'FAILURE')], ['ci/old', 'build'], false);
  expect(seen.required).toEqual({ passed: 1, failed: 0, pending: 0, missing: 1 });
  expect(seen.failing.map(({ name }) => name)).toEqual(['lint']);
});

test('without the rules nobody can tell what is required, unless GitHub calls it mergeable', () => {
  const contexts = [run('build', 'SUCCESS', { isRequired: true })];
  expect(checksFrom(contexts, null, false).required).toBeNull();
  expect(checksFrom(contexts, null, true).required).toMatchObject({ passed: 1, missing: 0 });
});
