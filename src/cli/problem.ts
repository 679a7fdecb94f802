/**
 * A problem as the command line shows it: what, evidence, next. The town's own come over HTTP,
 * already worded; those that arise before the town is reached are worded here.
 *
 * P1 A command ends with a problem by throwing `Stop`; `program.ts` alone catches it.
 * P2 `next` is one thing the reader can do.
 */
import { exitCodes, type ExitCode } from './exit-codes.ts';

export interface Problem {
  readonly kind: string;
  readonly what: string;
  readonly evidence: string;
  readonly next: string;
}

/** Ends a command with a problem and its exit code. P1 */
export class Stop extends Error {
  readonly problem: Problem;
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, problem: Problem) {
    super(problem.what);
    this.name = 'Stop';
    this.problem = problem;
    this.exitCode = exitCode;
  }
}

/** Ends a command at Ctrl-C: nothing to explain. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

export function usage(what: string, evidence: string, next: string): Stop {
  return new Stop(exitCodes.usage, { kind: 'usage', what, evidence, next });
}

export function failure(kind: string, what: string, evidence: string, next: string): Stop {
  return new Stop(exitCodes.failure, { kind, what, evidence, next });
}

export function refused(kind: string, what: string, evidence: string, next: string): Stop {
  return new Stop(exitCodes.refused, { kind, what, evidence, next });
}

export function notRunning(home: string, evidence: string): Stop {
  return new Stop(exitCodes.notRunning, {
    kind: 'not_running',
    what: `no town is running in ${home}`,
    evidence,
    next: 'gt up',
  });
}
