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
  return stop(exitCodes.usage, 'usage', what, evidence, next);
}

export function failure(kind: string, what: string, evidence: string, next: string): Stop {
  return stop(exitCodes.failure, kind, what, evidence, next);
}

export function refused(kind: string, what: string, evidence: string, next: string): Stop {
  return stop(exitCodes.refused, kind, what, evidence, next);
}

export function notRunning(evidence: string): Stop {
  return stop(exitCodes.notRunning, 'not_running', 'no town runs in this home', evidence, 'gt up');
}

/** In the form of the town's own: a sentence, what was seen, what to do. */
function stop(
  exitCode: ExitCode,
  kind: string,
  what: string,
  evidence: string,
  next: string,
): Stop {
  const sentence = /[.?!]$/.test(what) ? what : `${what}.`;
  return new Stop(exitCode, { kind, what: begun(sentence), evidence, next: begun(next) });
}

/** With a capital, unless it starts with a command to type or a name. */
function begun(text: string): string {
  return text.startsWith('gt ') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
