/**
 * All checkers, made fresh for each world.
 */
import { adoption } from './adoption.ts';
import { alarmArmed } from './alarm-armed.ts';
import { boundedSpend } from './bounded-spend.ts';
import { budget } from './budget.ts';
import type { Checker } from './checker.ts';
import { fencing } from './fencing.ts';
import { gatesClosed } from './gates-closed.ts';
import { idleIsFree } from './idle-is-free.ts';
import { journalStatus } from './journal-status.ts';
import { mergedHead } from './merged-head.ts';
import { mergedMeansDone } from './merged-means-done.ts';
import { noForeignCommits } from './no-foreign-commits.ts';
import { noBugs } from './no-bugs.ts';
import { nothingLeftOpen } from './nothing-left-open.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneLiveAttempt } from './one-live-attempt.ts';
import { onePerWork } from './one-per-work.ts';
import { onePull } from './one-pull.ts';
import { pollDispatch } from './poll-dispatch.ts';
import { resyncDry } from './resync-dry.ts';
import { settlement } from './settlement.ts';
import { slotDiscipline } from './slot-discipline.ts';
import { stopsExplain, type Voice } from './stops-explain.ts';
import { takenOut } from './taken-out.ts';
import { tickCost } from './tick-cost.ts';
import { unknownMerge } from './unknown-merge.ts';
import { unobservableExplains } from './unobservable-explains.ts';

export function allCheckers(voice: Voice): readonly Checker[] {
  return [
    mergedMeansDone(),
    oneLiveAttempt(),
    noForeignCommits(),
    nothingLost(),
    stopsExplain(voice),
    gatesClosed(),
    boundedSpend(),
    tickCost(),
    fencing(),
    alarmArmed(),
    resyncDry(),
    journalStatus(),
    slotDiscipline(),
    noBugs(),
    settlement(),
    onePull(),
    adoption(),
    onePerWork(),
    mergedHead(),
    pollDispatch(),
    unknownMerge(),
    unobservableExplains(),
    budget(),
    nothingLeftOpen(),
    takenOut(),
    idleIsFree(),
  ];
}
