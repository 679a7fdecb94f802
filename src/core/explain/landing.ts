/**
 * Words for submissions, gates, budgets and landings. Pure; `explain.ts` is the door to it.
 * A submission is refused to the agent, so its words fit an agent and a person alike.
 */
import {
  again,
  known,
  counted,
  lines,
  named,
  number,
  quoted,
  setting,
  short,
  stacked,
  tail,
  type About,
  type Says,
} from './words.ts';
import type { FailureOf } from '../failure.ts';

type Kinds =
  | 'submission_empty'
  | 'submission_foreign'
  | 'submission_dirty'
  | 'submission_not_descendant'
  | 'submission_submodule'
  | 'submission_lfs'
  | 'gate_failed'
  | 'target_red'
  | 'lost_races'
  | 'over_budget'
  | 'rejected_by_person'
  | 'consent_needed';

const RESULTS = {
  failed: 'failed',
  could_not_run: 'could not be run',
  ran_nothing: 'ran, but tested nothing',
  timed_out: 'did not end in time',
} as const;

export const landingWords: Says<Kinds> = {
  submission_empty: ({ base, head }) => ({
    what: 'The work that was handed in changes nothing.',
    evidence: `From ${short(base)} to ${short(head)} no file differs.`,
    next: 'Commit the change on this branch and hand it in again',
  }),
  submission_foreign: ({ commits, of }) => ({
    what: `The branch carries commits of ${named(of)}, which are not in the target.`,
    evidence: lines(commits.map(short)),
    next: 'Take these commits off the branch and hand it in again',
  }),
  submission_dirty: ({ files }) => ({
    what: 'Some changes are not committed, so they would not have been handed in.',
    evidence: lines(files),
    next: 'Commit these files, or remove them, and hand the work in again',
  }),
  submission_not_descendant: ({ head, published }) => ({
    what: 'The work does not build on what was handed in before.',
    evidence: `${short(published)} is not an ancestor of ${short(head)}.`,
    next: `Merge ${short(published)} into the branch, do not rewrite it, and hand it in again`,
  }),
  submission_submodule: ({ paths }) => ({
    what: 'The change moves a submodule, which this version cannot land.',
    evidence: lines(paths),
    next: 'Put the submodule back to its old commit and hand the work in again',
  }),
  submission_lfs: ({ paths }) => ({
    what: 'The change adds content kept by Git LFS, which this version cannot push.',
    evidence: lines(paths),
    next: 'Take these files out of the change and hand the work in again',
  }),
  gate_failed: (failure, about) => ({
    what:
      `The gate ${named(failure.gate)} ${RESULTS[failure.result]}` +
      (failure.exitCode === null ? '.' : ` (exit code ${failure.exitCode}).`),
    evidence: stacked(`$ ${named(failure.command)}`, tail(failure.output)),
    next: gateNext(failure, about),
  }),
  target_red: (failure, about) => ({
    what:
      `The gate ${named(failure.gate)} ${RESULTS[failure.result]} on ${named(failure.target)} ` +
      'itself, so no change can pass it.',
    evidence: stacked(
      `At ${short(failure.tip)}: $ ${named(failure.command)}`,
      tail(failure.output),
    ),
    next: redNext(failure, about),
  }),
  lost_races: ({ target, times }, about) => ({
    what:
      `${named(target)} moved each time before the change could be pushed, ` +
      `${counted(times, 'time')} in a row.`,
    evidence: 'Nothing was pushed, and the change is still in line.',
    next: again('Wait until the target is quiet', about),
  }),
  over_budget: ({ scope, unit, limit, used }, about) => ({
    what: `The budget of the ${scope} is used up.`,
    evidence: spent(used, limit, unit),
    next: `Raise it: ${raise(scope, unit, limit, about)}`,
  }),
  rejected_by_person: ({ reason }, about) => ({
    what: 'A person rejected the change.',
    evidence: reason === '' ? 'No reason was given.' : `The reason: ${quoted(reason, 400)}`,
    next: known(about.bead ?? about.mergeRequest)
      ? `See what happens now: gt why ${about.bead ?? about.mergeRequest}`
      : 'Find the change: gt mr list',
  }),
  consent_needed: ({ rig, remote }) => ({
    what: `Nobody has agreed yet that the town writes to ${named(remote)}.`,
    evidence: 'Work goes on until something would be pushed; then it waits.',
    next: `Agree: gt rig consent ${named(rig)}`,
  }),
};

function redNext(failure: FailureOf<'target_red'>, about: About): string {
  if (mayBeMisspelt(failure)) return correctGate(failure, about);
  if (!known(about.rig)) return 'Find the rig it belongs to: gt rig list';
  const title = `"repair ${named(failure.gate)} on ${named(failure.target)}"`;
  return `Have it repaired: gt sling ${about.rig} ${title} --priority 0`;
}

function mayBeMisspelt({ result }: FailureOf<'gate_failed' | 'target_red'>): boolean {
  return result === 'could_not_run' || result === 'ran_nothing';
}

function correctGate({ gate }: { readonly gate: string }, about: About): string {
  const value = `'${named(gate)}=<command>'`;
  return `If the command is wrong, correct it: ${setting('gates', value, about)}`;
}

function gateNext(failure: FailureOf<'gate_failed'>, about: About): string {
  if (mayBeMisspelt(failure)) return correctGate(failure, about);
  const id = about.mergeRequest ?? about.bead;
  return known(id) ? `Read its whole output: gt mr show ${id}` : 'Find the change: gt mr list';
}

function spent(used: number, limit: number, unit: 'tokens' | 'usd'): string {
  if (unit === 'tokens') return `Used ${number(used)} of ${number(limit)} tokens.`;
  return `Used $${number(Math.round(used * 100) / 100)} of $${number(limit)}.`;
}

function raise(
  scope: 'bead' | 'rig' | 'town',
  unit: 'tokens' | 'usd',
  limit: number,
  about: About,
): string {
  const key = `budget.${scope}.${unit}`;
  return setting(key, String(limit * 2), scope === 'town' ? {} : about);
}
