/**
 * What is checked without running the code: types and walls, lint, format, dead files and
 * dependencies. `npm run check` runs the list; `npm test` runs it first. Each step counts as one.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

export interface Step {
  readonly name: string;
  run(): Promise<Count>;
}

export const root = resolve(import.meta.dirname, '..');

export const CHECKS: readonly Step[] = [
  check('types and walls', ['tsc', '-b']),
  check('lint', ['oxlint', '--type-aware', '--deny-warnings']),
  check('format', ['oxfmt', '--check']),
  check('unused code', ['knip', '--no-progress', '--treat-config-hints-as-errors']),
];

if (import.meta.main) {
  const { failed } = await runSteps(CHECKS);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Runs the steps in order, all of them whatever fails, and names the failed ones at the end. */
export async function runSteps(steps: readonly Step[]): Promise<Count> {
  let passed = 0;
  let failed = 0;
  const broken: string[] = [];
  for (const step of steps) {
    const start = performance.now();
    console.log(`\n── ${step.name}`);
    const count = await step.run();
    passed += count.passed;
    failed += count.failed;
    if (count.failed > 0) broken.push(step.name);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`── ${step.name}: ${count.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  }
  if (broken.length > 0) console.log(`\nfailed: ${broken.join(', ')}`);
  return { passed, failed };
}

/** Runs an installed tool with this Node; resolves to its exit code. */
export function runTool([tool, ...args]: readonly [string, ...string[]]): Promise<number> {
  const file = resolve(root, 'node_modules', '.bin', tool);
  return new Promise((done) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', env: toolEnv() });
    child.on('error', (error) => {
      console.error(`${tool}: ${error.message}`);
      done(1);
    });
    child.on('exit', (code) => done(code ?? 1));
  });
}

/** Tools start "node" by name; they get the one that runs this file, not an older one on PATH. */
export function toolEnv(): NodeJS.ProcessEnv {
  const path = `${resolve(process.execPath, '..')}:${process.env['PATH'] ?? ''}`;
  return { ...process.env, PATH: path };
}

function check(name: string, command: readonly [string, ...string[]]): Step {
  return {
    name,
    async run() {
      const code = await runTool(command);
      return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    },
  };
}
