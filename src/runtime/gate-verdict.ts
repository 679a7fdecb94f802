/**
 * What one run of a gate means. Pure. Exit 0 alone is not a pass: a runner that found no tests, a
 * script that is not there and a machine that ran out of memory say nothing about the change.
 *
 * V1 `passed` only for exit 0 with no sign that nothing ran. Doubt is never a pass.
 * V2 `could_not_run` is the machine's or the rig's: a missing tool or script, a kill from outside.
 *    SIGKILL, SIGTERM, SIGINT and SIGHUP come from outside (out of memory, an administrator); a
 *    crash (SIGSEGV, SIGABRT, …) is the program's own, so it is `failed`.
 * V3 `ran_nothing` whatever the exit code, unless something ran as well: in a repository of many
 *    packages one without tests is normal.
 */
import type { GateResult } from '../core/job.ts';

export interface GateRun {
  /** null after a signal or when nothing started. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Why nothing started, or null. */
  readonly startFailure: string | null;
  readonly output: string;
}

export interface GateVerdict {
  readonly result: GateResult;
  /** Why it is not an ordinary pass or failure. */
  readonly note: string | null;
}

type Pattern = readonly [pattern: RegExp, note: string];

/** V2. Only read when the exit code is not 0. */
const CANNOT_RUN: readonly Pattern[] = [
  [/^npm (?:ERR!|error) (?:Missing script|missing script):?.*/m, 'npm: missing script'],
  [/ERR_PNPM_NO_SCRIPT/, 'pnpm: missing script'],
  [/^(?:Usage Error: )?Couldn't find a script named/m, 'yarn: missing script'],
  [/^error Command "[^"]*" not found\.?$/m, 'yarn: missing script'],
  [/^error: (?:Script not found|Missing script)/m, 'bun: missing script'],
  [/^npm (?:ERR!|error) enoent/im, 'npm: a file it needs is missing'],
  [/^make(?:\[\d+\])?: \*\*\* No rule to make target/m, 'make: no such target'],
  [/^make(?:\[\d+\])?: \*\*\* .*\bError 12[67]$/m, 'make: a command was not found'],
  [/^make(?:\[\d+\])?: [^:\n]+: No such file or directory$/m, 'make: a command was not found'],
  [/: No module named '?(?:pytest|unittest|tox|nox|mypy|ruff|flake8)'?$/m, 'python: missing tool'],
  [/^error: no such (?:sub)?command: /m, 'cargo: missing subcommand'],
  [/^error: could not find `Cargo\.toml`/m, 'cargo: no Cargo.toml'],
  [/^go: (?:cannot find main module|go\.mod file not found)/m, 'go: no module here'],
  [/^bundler: command not found/m, 'bundler: missing command'],
  [/^Could not find gem|^Bundler::GemNotFound/m, 'bundler: gems are not installed'],
  [/^ERROR:? (?:Error: )?Task .* not found/m, 'missing task'],
  [/^Error: Cannot find module '[^']+'[\s\S]*?requireStack: \[\]/m, 'node: the program is missing'],
  [/^(?:\/bin\/)?(?:ba|da|z)?sh: .*: (?:command )?not found$/m, 'a command was not found'],
  [/\bspawn \S+ ENOENT\b/, 'a command was not found'],
  [/^[^\n]*\bNo space left on device\b/m, 'the disk is full'],
];

/** V3. One of these, and none of SOMETHING. */
const NOTHING: readonly Pattern[] = [
  [/\bno test specified\b/i, 'npm: no test specified'],
  [/^\s*No tests? found\b.*/im, 'no tests found'],
  [/\bNo test files found\b/i, 'no test files found'],
  [/\bno tests ran\b/i, 'no tests ran'],
  [/\bcollected 0 items\b/, 'pytest: collected 0 items'],
  [/^=+ (?:\d+ (?:skipped|deselected|warnings?),? ?)+in [\d.]+s/m, 'pytest: nothing but skipped'],
  [/^Ran 0 tests\b/m, 'ran 0 tests'],
  [/^(?: {2,})?0 passing\b/m, '0 passing'],
  [/^\s*1\.\.0\b/m, 'TAP: 1..0'],
  [/^[#ℹ] pass 0$/m, 'pass 0'],
  [/^[#ℹ] tests 0$/m, 'tests 0'],
  [
    /^\s*Tests:?\s+(?:\d+ (?:skipped|todo),?(?: \|)?\s*)*(?:0 total|\d+ total|\(\d+\))$/m,
    '0 passed',
  ],
  [/\[no test files\]/, 'go: no test files'],
  [/^testing: warning: no tests to run$/m, 'go: no tests to run'],
  [/^(?:go: warning: .* matched no packages|no packages to test)$/m, 'go: no packages'],
  [/^running 0 tests$/m, 'cargo: running 0 tests'],
  [/\bNo tests to run\b/i, 'no tests to run'],
  [/^\[(?:INFO|WARNING)\] Tests run: 0,/m, 'maven: tests run 0'],
  [/^> Task :(?:\S+:)?test NO-SOURCE$/m, 'gradle: no source'],
  [/^No tests executed!$/m, 'phpunit: no tests executed'],
  [/^0 examples, 0 failures/m, 'rspec: 0 examples'],
  [/^No test (?:is available|modules found)/m, 'no tests available'],
  [/\b0 passed\b/, '0 passed'],
  [/^\s*0 pass$/m, '0 pass'],
  [/Couldn't find any files to test/, 'no files to test'],
  [/no spec files were found/i, 'no spec files found'],
  [/^\s*No tasks were (?:executed|run)\b/im, 'no tasks were run'],
];

/** Signs that at least one test ran, whatever came of it. V3 */
const SOMETHING: readonly RegExp[] = [
  /\b[1-9]\d* (?:tests? )?(?:pass|passed|passing|completed)\b/i,
  /\b[1-9]\d* (?:tests? )?(?:fail|failed|failing|failures?|errors?)\b/i,
  /^ok\s+\S+\s+(?:\(cached\)|[\d.]+s)(?!.*\[no tests to run\])/m,
  /^FAIL\s+\S+\s+(?:[\d.]+s|\[(?:build|setup) failed\])/m,
  /^--- (?:FAIL|PASS):/m,
  /^running [1-9]\d* tests?$/m,
  /^\s*1\.\.[1-9]/m,
  /^[#ℹ] (?:pass|fail) [1-9]/m,
  /^Ran [1-9]\d* tests?\b/m,
  /\bTests run: [1-9]/,
  /\bOK \([1-9]\d* tests?\b/,
  /^[1-9]\d* examples?, /m,
  /^(?:Passed|Failed)!\s+- /m,
];

const FROM_OUTSIDE: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** A shell reports its child's signal as 128 plus its number. */
const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

const PYTEST_NOTHING_COLLECTED = 5;

export function judgeGate(run: GateRun): GateVerdict {
  if (run.timedOut) return { result: 'timed_out', note: null };
  if (run.startFailure !== null) return { result: 'could_not_run', note: run.startFailure };
  const signal = run.signal ?? SIGNAL_NAMES[(run.exitCode ?? 0) - 128];
  if (signal !== undefined) return judgeSignal(signal);
  if (run.exitCode === 127) return { result: 'could_not_run', note: 'exit 127: command not found' };
  if (run.exitCode === 126) return { result: 'could_not_run', note: 'exit 126: not executable' };

  const output = plain(run.output);
  const nothing = nothingRan(run.exitCode, output);
  if (nothing !== null) return { result: 'ran_nothing', note: nothing };
  if (run.exitCode === 0) return { result: 'passed', note: null };
  const cannot = SOMETHING.some((sign) => sign.test(output)) ? null : firstNote(CANNOT_RUN, output);
  return cannot === null
    ? { result: 'failed', note: null }
    : { result: 'could_not_run', note: cannot };
}

/** V2 */
function judgeSignal(signal: string): GateVerdict {
  if (!FROM_OUTSIDE.includes(signal)) return { result: 'failed', note: `ended by ${signal}` };
  const hint = signal === 'SIGKILL' ? ', often because memory ran out' : '';
  return { result: 'could_not_run', note: `killed by ${signal}${hint}` };
}

/** V3 */
function nothingRan(exitCode: number | null, output: string): string | null {
  if (SOMETHING.some((sign) => sign.test(output))) return null;
  const note = firstNote(NOTHING, output);
  if (note !== null) return note;
  const pytest = exitCode === PYTEST_NOTHING_COLLECTED && /\bpytest\b|test session/.test(output);
  return pytest ? 'pytest: exit 5, no tests collected' : null;
}

function firstNote(patterns: readonly Pattern[], output: string): string | null {
  return patterns.find(([pattern]) => pattern.test(output))?.[1] ?? null;
}

/** Without colours and carriage returns, which no pattern expects. */
function plain(output: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  return output.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}
