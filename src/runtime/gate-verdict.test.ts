/** What real tools print, and what each of it means. */
import { describe, expect, test } from 'vitest';
import type { GateResult } from '../core/job.ts';
import { judgeGate } from './gate-verdict.ts';
import type { GateRun } from './gate-verdict.ts';

function judge(over: Partial<GateRun>): GateResult {
  return judgeGate({
    exitCode: 0,
    signal: null,
    timedOut: false,
    startFailure: null,
    output: '',
    ...over,
  }).result;
}

const JEST_NONE = 'No tests found, exiting with code 1\nRun with `--passWithNoTests`';
const CARGO_NONE =
  'running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n';
const CARGO_SOME = `${CARGO_NONE}\nrunning 3 tests\n\ntest result: ok. 3 passed; 0 failed\n`;
const NODE_MAIN =
  "Error: Cannot find module '/w/node_modules/vitest/vitest.mjs'\n    at Module._resolve {\n" +
  "  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}";
const NODE_IMPORT =
  "Error: Cannot find module './lib.js'\nRequire stack:\n- /w/test.js {\n" +
  "  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/w/test.js' ]\n}";

describe('a run of a gate', () => {
  test.each<[string, number, string, GateResult]>([
    ['a silent success', 0, '', 'passed'],
    ['a linter that says it is done', 0, 'All matched files use the correct format.', 'passed'],
    ['vitest', 0, ' Test Files  2 passed (2)\n      Tests  9 passed (9)', 'passed'],
    [
      'vitest in colour',
      0,
      '\u001B[2m Tests \u001B[22m \u001B[32m9 passed\u001B[39m (9)',
      'passed',
    ],
    ['jest', 0, 'Tests:       3 passed, 3 total', 'passed'],
    ['mocha', 0, '  12 passing (20ms)', 'passed'],
    ['mocha with one hundred', 0, '  100 passing (20ms)', 'passed'],
    ['node:test', 0, '# tests 2\n# pass 2\n# fail 0', 'passed'],
    ['node:test for people', 0, 'ℹ tests 2\nℹ pass 2\nℹ fail 0', 'passed'],
    ['TAP', 0, 'TAP version 13\nok 1 - a\n1..1', 'passed'],
    ['pytest', 0, '===== 3 passed, 1 skipped in 0.02s =====', 'passed'],
    ['unittest', 0, 'Ran 4 tests in 0.001s\n\nOK', 'passed'],
    ['go', 0, 'ok  \texample.com/a\t0.004s', 'passed'],
    ['go, cached', 0, 'ok  \texample.com/a\t(cached)', 'passed'],
    ['go with a package without tests', 0, '?   \ta\t[no test files]\nok  \tb\t0.1s', 'passed'],
    ['cargo with an empty doc test', 0, CARGO_SOME, 'passed'],
    ['maven', 0, '[INFO] Tests run: 7, Failures: 0, Errors: 0, Skipped: 0', 'passed'],
    ['phpunit', 0, 'OK (5 tests, 9 assertions)', 'passed'],
    ['rspec', 0, '10 examples, 0 failures', 'passed'],
    [
      'a package without tests beside one with',
      0,
      'No tests found\n Tests  3 passed (3)',
      'passed',
    ],
  ])('passes: %s', (_, exitCode, output, expected) => {
    expect(judge({ exitCode, output })).toBe(expected);
  });

  test.each<[string, number, string]>([
    ['jest', 1, JEST_NONE],
    ['jest, told to pass', 0, 'No tests found, exiting with code 0'],
    ['vitest', 1, 'No test files found, exiting with code 1'],
    ['vitest, told to pass', 0, 'No test files found, exiting with code 0'],
    ['vitest, all skipped', 0, ' Test Files  1 skipped (1)\n      Tests  4 skipped (4)'],
    ['jest, all skipped', 0, 'Tests:       4 skipped, 4 total'],
    ['mocha', 0, '\n  0 passing (2ms)\n'],
    ['node:test', 0, '# tests 0\n# suites 0\n# pass 0\n# fail 0'],
    ['node:test, all skipped', 0, '1..0 # skipped'],
    ['TAP', 0, 'TAP version 13\n1..0'],
    [
      'pytest',
      5,
      '===== test session starts =====\ncollected 0 items\n=== no tests ran in 0.01s ===',
    ],
    ['pytest, quiet', 5, 'pytest: nothing'],
    ['pytest, all skipped', 0, '===== 3 skipped in 0.01s ====='],
    ['unittest', 5, 'Ran 0 tests in 0.000s\n\nNO TESTS RAN'],
    ['go everywhere', 0, '?   \ta\t[no test files]\n?   \tb\t[no test files]'],
    ['go with a filter', 0, 'testing: warning: no tests to run\nok  \ta\t0.01s [no tests to run]'],
    ['cargo', 0, CARGO_NONE],
    ['maven', 0, '[INFO] No tests to run.'],
    ['gradle', 0, '> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s'],
    ['phpunit', 0, 'No tests executed!'],
    ['rspec', 0, '0 examples, 0 failures'],
    ['deno', 0, 'ok | 0 passed | 0 failed (0ms)'],
    ['bun', 0, ' 0 pass\n 0 fail\nRan 0 tests across 1 files.'],
    ['the default of npm', 1, 'Error: no test specified'],
  ])('ran nothing: %s', (_, exitCode, output) => {
    expect(judge({ exitCode, output })).toBe('ran_nothing');
  });

  test.each<[string, number, string]>([
    ['command not found', 127, 'sh: 1: vitest: not found'],
    ['not executable', 126, 'sh: ./mvnw: Permission denied'],
    ['npm, old', 1, 'npm ERR! Missing script: "test"'],
    ['npm', 1, 'npm error Missing script: "typecheck"\nnpm error'],
    ['pnpm', 1, 'ERR_PNPM_NO_SCRIPT  Missing script: lint'],
    ['yarn', 1, 'error Command "lint" not found.'],
    ['yarn berry', 1, 'Usage Error: Couldn\'t find a script named "lint".'],
    ['bun', 1, 'error: Script not found "lint"'],
    ['make without the target', 2, "make: *** No rule to make target 'test'.  Stop."],
    [
      'make with a missing tool',
      2,
      'make: pytest: No such file or directory\nmake: *** [m] Error 127',
    ],
    ['python without pytest', 1, '/usr/bin/python3: No module named pytest'],
    ['cargo without a subcommand', 101, 'error: no such command: `nextest`'],
    ['node without the program', 1, NODE_MAIN],
    ['a program that cannot start another', 1, 'Error: spawn tsc ENOENT'],
    ['a full disk', 1, 'cp: error writing: No space left on device'],
  ])('could not run: %s', (_, exitCode, output) => {
    expect(judge({ exitCode, output })).toBe('could_not_run');
  });

  test.each<[string, number, string]>([
    ['a plain failure', 1, 'assertion failed'],
    ['jest', 1, 'Tests:       1 failed, 2 passed, 3 total'],
    ['jest, a suite that does not compile', 1, 'Test Suites: 1 failed, 1 total\nTests: 0 total'],
    ['mocha', 1, '  0 passing (2ms)\n  1 failing'],
    ['pytest, nothing collected because of an error', 2, 'collected 0 items / 1 error'],
    ['go that does not build', 1, 'FAIL\ta [build failed]\n?  \tb\t[no test files]\nFAIL'],
    ['an import of the change that is missing', 1, NODE_IMPORT],
    ['a test that itself misses a command', 1, 'spawn foo ENOENT\n Tests  1 failed (1)'],
    ['an exit code without a meaning', 3, ''],
  ])('failed: %s', (_, exitCode, output) => {
    expect(judge({ exitCode, output })).toBe('failed');
  });

  test.each<[string, GateResult]>([
    ['SIGKILL', 'could_not_run'],
    ['SIGTERM', 'could_not_run'],
    ['SIGSEGV', 'failed'],
    ['SIGABRT', 'failed'],
  ])('ended by %s: %s', (signal, expected) => {
    expect(judge({ exitCode: null, signal })).toBe(expected);
  });

  test('a signal that a shell or the sandbox reports as a number counts alike', () => {
    expect(judge({ exitCode: 137 })).toBe('could_not_run');
    expect(judge({ exitCode: 139 })).toBe('failed');
    expect(judge({ exitCode: 255 })).toBe('failed');
  });

  test('the time limit goes before everything else', () => {
    expect(judge({ exitCode: 0, timedOut: true, output: '3 passed' })).toBe('timed_out');
  });

  test('what did not start could not run', () => {
    expect(judge({ exitCode: null, startFailure: 'no sandbox' })).toBe('could_not_run');
  });

  test('without an exit code nothing passes', () => {
    expect(judge({ exitCode: null })).toBe('failed');
  });
});
