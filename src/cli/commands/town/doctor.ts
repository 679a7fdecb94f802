/**
 * `gt doctor`: what this machine, the server and every rig are like, each with its remedy.
 *
 * D1 Works without a running town: then it says so, and checks what it can.
 * D2 Ends with 0 when nothing failed; a note is no failure.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { clean } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { machineChecks } from './doctor-machine.ts';
import { townChecks } from './doctor-town.ts';

export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'failed';
  /** What was seen. */
  readonly says: string;
  /** What to do about it; empty when nothing. */
  readonly next: string;
}

export async function doctor(context: Context): Promise<ExitCode> {
  const { output } = context;
  const checks = [...(await machineChecks(context)), ...(await townChecks(context))];
  const healthy = checks.every(({ state }) => state !== 'failed');
  output.result({ healthy, checks }, () =>
    checks.flatMap(({ name, state, says, next }) => {
      const style = state === 'ok' ? 'green' : state === 'note' ? 'yellow' : 'red';
      const mark = output.paint(style, (state === 'failed' ? 'FAIL' : state).padEnd(4));
      const line = `${mark}  ${name.padEnd(12)}  ${clean(says)
        .split('\n')
        .join(`\n${' '.repeat(20)}`)}`;
      return next === '' ? [line] : [line, `${' '.repeat(20)}next: ${clean(next)}`];
    }),
  );
  return healthy ? exitCodes.ok : exitCodes.failure;
}
