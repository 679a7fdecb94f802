import { expect, test } from 'vitest';
import type { ForgeProject } from '../../core/pull-request.ts';
import { instant } from '../../core/time.ts';
import type { PullNode } from './fields.ts';
import { snapshotOf, type Whole } from './snapshot.ts';

const project: ForgeProject = {
  provider: 'github',
  origin: 'https://github.com',
  apiBase: 'https://api.github.com',
  path: 'acme/app',
};

const page = { pageInfo: { hasNextPage: false }, nodes: [] };

const pull: PullNode = {
  id: 'PR_1',
  number: 7,
  url: 'https://github.com/acme/app/pull/7',
  state: 'OPEN',
  isDraft: false,
  title: 'T',
  repository: { nameWithOwner: 'acme/app' },
  headRefName: 'gt/a',
  headRefOid: 'A'.repeat(40),
  headRepository: { nameWithOwner: 'acme/app' },
  baseRefName: 'main',
  mergeable: 'MERGEABLE',
  mergeStateStatus: 'CLEAN',
  latestOpinionatedReviews: page,
};

const whole: Whole = {
  unread: new Map(),
  contexts: [],
  unresolved: 0,
  unresolvedByBots: 0,
  rules: null,
};

function seen(change: Partial<PullNode>, more: Partial<Whole> = {}) {
  return snapshotOf(project, { ...pull, ...change }, { ...whole, ...more }, instant(0));
}

test('a request for changes counts although no rule asks for reviews', () => {
  const nodes = [{ state: 'APPROVED' }, { state: 'CHANGES_REQUESTED' }];
  const { review } = seen({ reviewDecision: null, latestOpinionatedReviews: { ...page, nodes } });
  expect(review).toMatchObject({ value: { decision: 'changes_requested' } });
});

test('how many approvals are left is told from the rules, or not at all', () => {
  const decision = { reviewDecision: 'REVIEW_REQUIRED' };
  const rules = { requiredChecks: [], approvals: 2, mergeQueue: false };
  const nodes = [{ state: 'APPROVED' }];
  const opinions = { ...decision, latestOpinionatedReviews: { ...page, nodes } };
  expect(seen(opinions, { rules }).review).toMatchObject({ value: { approvalsLeft: 1 } });
  expect(seen(opinions).review).toMatchObject({ value: { approvalsLeft: null } });
});

test('what GitHub calls mergeable while it is still computing is not', () => {
  for (const word of ['CLEAN', 'UNSTABLE', 'HAS_HOOKS', 'BLOCKED', 'BEHIND']) {
    const { mergeability, mergeableNow } = seen({ mergeable: 'UNKNOWN', mergeStateStatus: word });
    expect(mergeability).toEqual({ is: 'complete', value: 'computing' });
    expect(mergeableNow).toBe(false);
  }
});

test('words that nobody knows yet are unknown', () => {
  const { mergeability, review, mergeableNow } = seen({
    mergeStateStatus: 'SHINY',
    reviewDecision: 'SHINY',
  });
  expect([mergeability.is, review.is, mergeableNow]).toEqual(['unknown', 'unknown', false]);
});

test('a group that an error fell on is unknown, whatever was shown of it', () => {
  const { threads, checks, review } = seen({}, { unread: new Map([['threads', 'forbidden']]) });
  expect(threads).toEqual({ is: 'unknown', why: 'forbidden' });
  expect([checks.is, review.is]).toEqual(['complete', 'complete']);
});

test('an address of another origin is not passed on', () => {
  expect(seen({ url: 'https://evil.test/acme/app/pull/7' }).ref.url).toBe(
    'https://github.com/acme/app/pull/7',
  );
});

test('the same name in other letters is the same repository; another one is a fork', () => {
  const name = (nameWithOwner: string) => seen({ headRepository: { nameWithOwner } }).headProject;
  expect(name('Acme/App')).toBe('acme/app');
  expect(name('eve/app')).toBe('eve/app');
  expect(seen({ headRepository: null }).headProject).toBeNull();
});

test('who is in the queue is queued, merging or thrown out', () => {
  const queue = (state: string) => seen({ isInMergeQueue: true, mergeQueueEntry: { state } }).queue;
  expect(['AWAITING_CHECKS', 'LOCKED', 'UNMERGEABLE', 'SHINY'].map(queue)).toEqual(
    ['queued', 'merging', 'failed', 'queued'].map((value) => ({ is: 'complete', value })),
  );
});
