/**
 * `npm test`: everything that proves a checkout, in the order in which a failure is cheapest to
 * read. Ends with exactly one plain line, `N passed, N failed`, that sums every step.
 *
 * T1: a step that ran nothing has failed; nothing is skipped in silence.
 * T2: a later step runs whatever an earlier one found, so that one run shows everything.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { CHECKS, root, runSteps, runTool, toolEnv, type Count, type Step } from './check.ts';

/**
 * The same seeds in every run, so that a red run is about the change and not about luck. Seeds that
 * no run has seen are drawn by `npm run sim -- --fresh N`; one that fails becomes a scenario.
 */
const SIMULATION = ['src/sim/main.ts', '--seeds', '1..1800', '--fresh', '200', '--jobs', '2'];

const STEPS: readonly Step[] = [
  ...CHECKS,
  vitest('unit'),
  vitest('parts'),
  vitest('workerd'),
  vitest('acceptance'),
  script('simulation', SIMULATION),
];

const total = await runSteps(STEPS);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

/** One vitest project. A file that cannot be loaded counts as one failed test. */
function vitest(project: string): Step {
  const report = resolve(root, '.build', 'test', `${project}.json`);
  return {
    name: `tests: ${project}`,
    async run() {
      rmSync(report, { force: true });
      mkdirSync(resolve(report, '..'), { recursive: true });
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const code = await runTool(['vitest', 'run', '--project', project, ...reporters]);
      return countReport(report, code);
    },
  };
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { status: string; assertionResults: readonly unknown[] }[];
}

function countReport(file: string, code: number): Count {
  const report = readReport(file);
  if (report === undefined) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.length === 0,
  ).length;
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloaded;
  const silent = failed === 0 && (code !== 0 || passed === 0); // T1, or an error outside any test
  return { passed, failed: silent ? 1 : failed };
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // the run ended before it could write: the step has failed
  }
}

/**
 * A program of ours that may end with a count of its own. That line is added to the total and not
 * repeated, because only the last line of the run may look like it. Without one, the exit code
 * counts.
 */
function script(name: string, [file = '', ...args]: readonly string[]): Step {
  return {
    name,
    async run() {
      console.log(`node ${file} ${args.join(' ')}`);
      const { code, counts } = await runScript(file, args);
      const passed = counts?.passed ?? (code === 0 ? 1 : 0);
      const failed = counts?.failed ?? 0;
      const silent = failed === 0 && (code !== 0 || passed === 0); // T1
      return { passed, failed: silent ? 1 : failed };
    },
  };
}

function runScript(
  file: string,
  args: readonly string[],
): Promise<{ code: number; counts: Count | undefined }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve(root, file), ...args], {
      cwd: root,
      env: toolEnv(),
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    let counts: Count | undefined;
    let rest = '';
    const take = (line: string): void => {
      const match = /^(\d+) passed, (\d+) failed$/.exec(line);
      if (match === null) console.log(line);
      else counts = { passed: Number(match[1]), failed: Number(match[2]) };
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    child.on('error', (error) => console.error(`${file}: ${error.message}`));
    child.on('close', (code) => {
      if (rest !== '') take(rest);
      done({ code: code ?? 1, counts });
    });
  });
}
