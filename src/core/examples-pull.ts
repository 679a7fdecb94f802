/**
 * One example of every failure around pull requests; `examples.ts` says what examples are for.
 *
 * X2 Names are made up; untrusted text in them behaves as badly as real text does.
 */
import type { Examples } from './examples.ts';
import { commitOf } from './ids.ts';
import { instant } from './time.ts';

const head = commitOf('9fceb02d0ae598e95dc970b74767f19372d61af8');

export const pullExamples = {
  pr_reads_fail: {
    kind: 'pr_reads_fail',
    helps: 'later',
    url: 'https://gitlab.com/team/web/-/merge_requests/12',
    error: { kind: 'network_error', provider: 'gitlab', host: 'gitlab.com', cause: 'timeout' },
    count: 3,
    seenAt: instant(Date.UTC(2030, 0, 31, 12)),
  },
  pr_poll_failed: {
    kind: 'pr_poll_failed',
    helps: 'person',
    url: 'https://github.com/team/web/pull/12',
    by: 'immediate',
    error: {
      kind: 'no_token',
      provider: 'github',
      host: 'github.com',
      resolutionChain: [
        { source: 'rig.token', why: 'absent' },
        { source: 'town.token', why: 'absent' },
      ],
    },
  },
  pr_address: {
    kind: 'pr_address',
    helps: 'person',
    error: {
      kind: 'unrecognized_url',
      provider: 'github',
      host: 'github.com',
      url: 'https://github.com/team/web/pull/new/greet',
    },
  },
  pr_unread: {
    kind: 'pr_unread',
    helps: 'person',
    url: 'https://github.com/team/web/pull/12',
    rig: 'web',
    error: { kind: 'network_error', provider: 'github', host: 'github.com', cause: 'timeout' },
  },
  pr_not_adopted: {
    kind: 'pr_not_adopted',
    helps: 'person',
    provider: 'github',
    url: 'https://github.com/team/web/pull/12',
    why: { is: 'watched', bead: 'web-17' },
  },
  pr_closed: {
    kind: 'pr_closed',
    helps: 'person',
    url: 'https://github.com/team/web/pull/12',
    by: 'ann',
  },
  pr_left_behind: {
    kind: 'pr_left_behind',
    helps: 'person',
    url: 'https://github.com/team/web/pull/12',
    rig: 'web',
  },
  pr_rival: {
    kind: 'pr_rival',
    helps: 'person',
    url: 'https://github.com/team/web/pull/9',
    issues: ['team/web#7'],
  },
  pr_not_ours: {
    kind: 'pr_not_ours',
    helps: 'person',
    url: 'https://github.com/team/web/pull/9',
    branch: 'gt/abcd/web-17/say-hello',
  },
  pr_refused: {
    kind: 'pr_refused',
    helps: 'person',
    branch: 'gt/abcd/web-17/say-hello',
    reason: 'archived',
    detail: 'Repository was archived so is read-only.',
  },
  pr_merge_refused: {
    kind: 'pr_merge_refused',
    helps: 'person',
    url: 'https://github.com/team/web/pull/12',
    reason: 'blocked',
    detail: 'Required status check "ci" is expected.',
    times: 5,
  },
  pr_feedback: {
    kind: 'pr_feedback',
    helps: 'no',
    url: 'https://github.com/team/web/pull/12',
    checks: [{ name: 'ci', step: 'npm test', log: 'expected 3, got 4\n' }],
    threads: [
      {
        id: 'T_1',
        place: 'src/hello.ts:4',
        author: 'ann',
        relation: 'member',
        text: 'ann: Please say it in Danish.',
      },
    ],
    more: 0,
  },
  pr_merged_elsewhere: {
    kind: 'pr_merged_elsewhere',
    helps: 'person',
    url: 'https://github.com/acme/web/pull/12',
    by: 'ann',
    base: 'next',
    target: 'main',
  },
  pr_merged_without: {
    kind: 'pr_merged_without',
    helps: 'person',
    url: 'https://github.com/acme/web/pull/12',
    by: 'ann',
    merged: commitOf('3'.repeat(40)),
    head,
  },
  branch_contaminated: {
    kind: 'branch_contaminated',
    helps: 'person',
    branch: 'gt/abcd/web-17/say-hello',
    commits: [head],
    of: 'web-16',
  },
  branch_taken: {
    kind: 'branch_taken',
    helps: 'person',
    branch: 'gt/abcd/web-17/say-hello',
    remoteHead: head,
  },
} as const satisfies Partial<Examples>;
