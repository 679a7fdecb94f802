/**
 * Pipelines and their jobs as a tally, and what is required of them.
 */
import { expect, test } from 'vitest';
import { checksFrom, isExplained } from './checks.ts';
import { jobShape, pipelineShape, type Job, type Pipeline } from './shapes.ts';

const MUST = { mustSucceed: true, maySkip: false };
const NEED_NOT = { mustSucceed: false, maySkip: false };

function pipeline(status: string): Pipeline {
  const web_url = 'https://gitlab.example.com/acme/app/-/pipelines/9';
  return pipelineShape.parse({ id: 9, sha: 'a'.repeat(40), status, web_url });
}

function job(name: string, status: string, more: object = {}): Job {
  return jobShape.parse({ id: name.length, name, status, ...more });
}

test('required is the pipeline where the project says so, nothing where not, null unread', () => {
  const jobs = [job('unit', 'success'), job('build', 'failed')];
  const all = { passed: 1, failed: 1, pending: 0, missing: 0 };
  const seen = (rule: typeof MUST | null) => checksFrom(pipeline('failed'), jobs, rule, false);
  expect(seen(MUST)).toMatchObject({ required: all, all });
  expect(seen(NEED_NOT)).toMatchObject({ all });
  expect(seen(NEED_NOT).required).toEqual({ passed: 0, failed: 0, pending: 0, missing: 0 });
  expect(seen(null)).toMatchObject({ required: null, all });
  expect(seen(MUST).failing.map(({ name }) => name)).toEqual(['build']);
});

test('no pipeline where one is required is missing, and so is a skipped one', () => {
  expect(checksFrom(null, [], MUST, false).required).toMatchObject({ missing: 1 });
  expect(checksFrom(null, [], NEED_NOT, false).required).toMatchObject({ missing: 0 });
  expect(checksFrom(pipeline('skipped'), [], MUST, false).required).toMatchObject({ missing: 1 });
  const maySkip = { ...MUST, maySkip: true };
  expect(checksFrom(pipeline('skipped'), [], maySkip, false).required).toMatchObject({
    missing: 0,
  });
});

test('a pipeline that failed without a failed job is a failed check of its own', () => {
  const seen = checksFrom(pipeline('failed'), [], MUST, false);
  expect(seen.all).toEqual({ passed: 0, failed: 1, pending: 0, missing: 0 });
  expect(seen.failing).toMatchObject([{ name: 'pipeline', id: null }]);
});

test('a pipeline that runs is pending though every job we saw has passed', () => {
  for (const status of ['running', 'created', 'manual', 'canceled', 'something_new']) {
    const { all } = checksFrom(pipeline(status), [job('unit', 'success')], MUST, false);
    expect(all).toMatchObject({ failed: 0, pending: 1 });
  }
});

test('a job that may fail counts only when it passed', () => {
  const jobs = [
    job('unit', 'success'),
    job('lint', 'failed', { allow_failure: true }),
    job('deploy', 'manual', { allow_failure: true }),
    job('docs', 'success', { allow_failure: true }),
  ];
  const { all, failing } = checksFrom(pipeline('success'), jobs, MUST, false);
  expect(all).toEqual({ passed: 2, failed: 0, pending: 0, missing: 0 });
  expect(failing).toEqual([]);
});

test('jobs explain a pipeline only when one of them has its verdict', () => {
  expect(isExplained(pipeline('failed'), [job('unit', 'success')])).toBe(false);
  expect(isExplained(pipeline('failed'), [job('unit', 'failed')])).toBe(true);
  expect(isExplained(pipeline('success'), [])).toBe(false);
});
