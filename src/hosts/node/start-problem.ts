/**
 * Why a town could not start, in the words of every other problem, with the exit code a script
 * sees: 1 something broke, 2 wrong words, 4 the town says no.
 *
 * P1 A start either reaches `ready` or ends with exactly one of these on stderr.
 */
import { StorageDown } from '../../ports/sql.ts';

export interface StartProblem {
  readonly kind: string;
  readonly what: string;
  readonly evidence: string;
  readonly next: string;
  readonly exitCode: 1 | 2 | 4;
}

/** Thrown inside this room to end a start. P1 */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
  readonly problem: StartProblem;

  constructor(problem: StartProblem) {
    super(problem.what);
    this.problem = problem;
  }
}

export function written(problem: StartProblem): string {
  const evidence = problem.evidence.split('\n').join('\n    ');
  return `error: ${problem.what}\n  evidence: ${evidence}\n  next: ${problem.next}\n`;
}

/** Anything that was thrown while starting. `home` and `address` are for the sentence. */
export function startProblemOf(error: unknown, home: string, address: string): StartProblem {
  if (error instanceof CannotStart) return error.problem;
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return {
      kind: 'port_in_use',
      what: `Something else is listening on ${address}.`,
      evidence: messageOf(error),
      next: 'Start on another port: gt up --port 0 takes any free one',
      exitCode: 1,
    };
  }
  const down = error instanceof StorageDown ? error.cause_ : causes[code];
  if (down !== undefined) return { ...diskProblem(down, home), evidence: messageOf(error) };
  return {
    kind: 'start_failed',
    what: 'The town could not be started.',
    evidence: String(error),
    next: `Look into ${home}/logs/server.log, and report it as a bug`,
    exitCode: 1,
  };
}

export function heldProblem(home: string, evidence: string): StartProblem {
  return {
    kind: 'already_running',
    what: `A town is already running in ${home}.`,
    evidence,
    next: 'Use it: gt status. Or stop it first: gt down',
    exitCode: 4,
  };
}

export function newerProblem(home: string, found: number, known: number): StartProblem {
  return {
    kind: 'database_newer',
    what: `The database in ${home} was written by a newer version of Gastown.`,
    evidence: `its schema version is ${found}; this version knows up to ${known}`,
    next: 'Install the newer version again; nothing was changed',
    exitCode: 4,
  };
}

function diskProblem(cause: 'full' | 'read_only' | 'io', home: string) {
  switch (cause) {
    case 'full':
      return {
        kind: 'disk_full',
        what: `The disk of ${home} is full.`,
        next: 'Make room on it, then start again; nothing was lost',
        exitCode: 1,
      } as const;
    case 'read_only':
      return {
        kind: 'home_not_writable',
        what: `${home} cannot be written.`,
        next: 'Make it writable for you, or choose another with GASTOWN_HOME',
        exitCode: 1,
      } as const;
    case 'io':
      return {
        kind: 'disk_failed',
        what: `The disk failed while ${home} was opened.`,
        next: 'Check the disk, then start again',
        exitCode: 1,
      } as const;
  }
}

const causes: Readonly<Record<string, 'full' | 'read_only' | 'io'>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
  ENOTDIR: 'read_only',
  EEXIST: 'read_only', // a file where the directory should be
  ENOENT: 'read_only', // a place in which nothing can be made, such as /proc
  EIO: 'io',
};

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
