/**
 * Words for machines, disks, jobs, and mistakes of our own. Pure; `explain.ts` is the door to
 * it.
 */
import { again, named, span, stacked, tail, when, type Says } from './words.ts';
import { oneLine } from '../quote.ts';
import type { Instant } from '../time.ts';

type Kinds = 'job_failed' | 'job_timed_out' | 'runner_lost' | 'disk_full' | 'gastown_bug';

const PLACES = {
  decide: 'while deciding what it needs',
  apply: 'while writing what was decided',
  missed_wake: 'by not looking at it in time; that was made up for',
  livelock: 'by deciding the same again and again',
  perform: 'while calling a runner for it',
} as const;

export const machineWords: Says<Kinds> = {
  job_failed: ({ job, step, output }, about) => ({
    what: `The job ${named(job)} could not be done: ${named(step)} failed.`,
    evidence: tail(output),
    next: again('Check the machine and the repository', about),
  }),
  job_timed_out: ({ job, limitMs }, about) => ({
    what: `The job ${named(job)} did not end in time.`,
    evidence: `The limit is ${span(limitMs)}.`,
    next: again('Check the machine and the network', about),
  }),
  runner_lost: ({ runner, lastSeenAt }, { now }) => ({
    what: `The runner ${named(runner)} cannot be reached.`,
    evidence: heardOf(lastSeenAt, now),
    next: 'Start it again on its machine: gt up',
  }),
  disk_full: ({ path }) => ({
    what: `The disk that holds ${named(path)} is full.`,
    evidence: 'What could not be written was not half written.',
    next: 'Free space on that disk; work goes on by itself',
  }),
  gastown_bug: ({ entity, message, where }) => ({
    what: `Gastown made a mistake with ${named(entity)} ${PLACES[where]}.`,
    evidence: stacked(oneLine(message, 400), 'Everything else goes on; nothing was lost.'),
    next: 'Report it with what the town knows: gt export town.json',
  }),
};

function heardOf(at: Instant | null, now: Instant | undefined): string {
  if (at === null) return 'It was never heard of.';
  const time = now === undefined ? when(at, now) : `${span(now - at)} ago`;
  return `It was last heard of ${time}.`;
}
