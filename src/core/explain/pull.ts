/**
 * Words for pull requests: when nobody can read one, when a person closed it, when a forge
 * refuses, and what its checks and threads ask for. Pure; `explain.ts` is the door to it.
 */
import { again, counted, known, lines, listed, named, quoted, short } from './words.ts';
import { stacked, tail, when, type Says } from './words.ts';
import { explainPullRequestError } from '../explain-forge.ts';

type Kinds =
  | 'pr_poll_failed'
  | 'pr_reads_fail'
  | 'pr_closed'
  | 'pr_left_behind'
  | 'pr_not_ours'
  | 'pr_rival'
  | 'pr_refused'
  | 'pr_merge_refused'
  | 'pr_feedback'
  | 'pr_merged_elsewhere'
  | 'pr_merged_without'
  | 'branch_contaminated'
  | 'branch_taken';

export const pullWords: Says<Kinds> = {
  pr_poll_failed: ({ url, error }, about) => explainPullRequestError(error, { ...about, url }),
  pr_reads_fail: ({ url, error, count, seenAt }, about) => {
    const { what, evidence } = explainPullRequestError(error, { ...about, url });
    const since =
      seenAt === null ? 'It was never read.' : `What is shown was read ${when(seenAt)}.`;
    return {
      what: `Reading its pull request failed ${counted(count, 'time')}; it goes on being tried.`,
      evidence: stacked(since, what, evidence),
      next: known(about.mergeRequest)
        ? `Read it again now: gt mr retry ${about.mergeRequest}`
        : 'See what is read when: gt forge status',
    };
  },
  pr_closed: ({ url, by }, about) => ({
    what: `${by === null ? 'Somebody' : by} closed the pull request without merging it.`,
    evidence: stacked(
      url,
      'redo: another round, with a pull request of its own',
      'drop: the bead is closed without landing',
      'reopen: it is opened again there, and watched',
      'the address of another: that one takes its place, and its merge closes the bead',
    ),
    next: known(about.escalation)
      ? `Say what happens: gt escalation resolve ${about.escalation} redo`
      : 'See what is asked: gt escalation list',
  }),
  pr_left_behind: ({ url, rig }) => ({
    what: `The rig ${named(rig)} moved, and this pull request stays where it was: nobody reads it.`,
    evidence: url,
    next: 'Close it there',
  }),
  pr_not_ours: ({ url, branch }, about) => ({
    what: `An open pull request already uses the branch ${branch}, and it is not this bead's.`,
    evidence: url,
    next: again('Close it there', about),
  }),
  pr_rival: ({ url, issues }, about) => ({
    what: `Somebody else has a pull request open for ${listed(issues.map(named))}.`,
    evidence: stacked(
      url,
      'open: a pull request of our own is opened beside it',
      'again: it is looked for once more, as when theirs was closed',
      'drop: the bead is closed without landing',
      'its address: that one takes our place, and its merge closes the bead',
    ),
    next: known(about.escalation)
      ? `Say what happens: gt escalation resolve ${about.escalation} open`
      : 'See what is asked: gt escalation list',
  }),
  pr_refused: ({ branch, reason, detail }, about) => ({
    what: refusalWords(reason, branch),
    evidence: stacked(reason.replaceAll('_', ' '), quoted(detail)),
    next: THERE[reason] ?? again('Put it right', about),
  }),
  pr_merge_refused: ({ url, reason, detail, times }, about) => ({
    what:
      reason === 'permission'
        ? 'The credential may not merge the pull request.'
        : `The forge refused to merge the pull request${times === 1 ? '' : ` ${times} times`}.`,
    evidence: stacked(url, reason.replaceAll('_', ' '), quoted(detail)),
    next: again(
      reason === 'permission'
        ? 'Give it that right, or log in with one that has it'
        : 'Put it right',
      about,
    ),
  }),
  pr_feedback: ({ checks, threads, more }) => ({
    what: 'The pull request has failing checks or open remarks.',
    evidence: stacked(
      ...checks.map(({ name, step, log }) =>
        stacked(`check ${name}${step === null ? '' : `, step ${step}`}`, tail(log)),
      ),
      ...threads.map(({ id, place, author, relation, text }, index) => {
        const number = id === '' ? '' : `thread ${index + 1}, `;
        return stacked(`${number}${place}, ${author} (${relation})`, quoted(text));
      }),
      more === 0 ? '' : `and ${more} more`,
    ),
    next: 'Answer each in code or in words, on the same branch, and hand the work in again',
  }),
  pr_merged_elsewhere: ({ url, by, base, target }, { bead }) => ({
    what: `${by === null ? 'Somebody' : by} merged it into ${base}, not into ${target}.`,
    evidence: url,
    next: known(bead)
      ? `Merge ${base} into ${target}, or give it up: gt bead close ${bead}`
      : `Merge ${base} into ${target}; it is looked for there`,
  }),
  pr_merged_without: ({ url, by, merged, head }, { bead }) => ({
    what: `${by === null ? 'Somebody' : by} merged an older head, without what came in since.`,
    evidence: lines([url, `merged ${short(merged)}`, `left out: up to ${short(head)}`]),
    next: known(bead)
      ? `Look at it, and sling what is missing: gt bead checkout ${bead}`
      : 'See which bead it is: gt bead list --status closed',
  }),
  branch_contaminated: ({ branch, commits, of }, about) => ({
    what: `The branch ${branch} carries commits of ${named(of)}; it is never used again.`,
    evidence: lines(commits.map(short)),
    next: again('Take these commits off it', about),
  }),
  branch_taken: ({ branch, remoteHead }, about) => ({
    what: `The remote already has a branch ${branch} that this town did not make.`,
    evidence: `It is at ${short(remoteHead)}.`,
    next: again('Delete or rename it there', about),
  }),
};

/** What a person can do only there, and nothing is to be said here afterwards. */
const THERE: Readonly<Record<string, string>> = {
  close: 'Close it there',
  dequeue: 'Take it out of the queue there',
};

function refusalWords(reason: string, branch: string): string {
  if (reason === 'dequeue') {
    return `The forge did not take the pull request for ${branch} out of its merge queue.`;
  }
  return reason === 'reopen' || reason === 'close'
    ? `The forge did not ${reason} the pull request for ${branch}.`
    : `The forge did not open a pull request for ${branch}.`;
}
