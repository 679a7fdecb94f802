/**
 * `gt rig doctor`: examine the repository again and show every check.
 *
 * D1 Ends with 0 only when every check passed.
 */
import type { RigDoctorAnswer } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences } from '../../format.ts';
import type { Output } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { lookLines } from '../forge/look.ts';
import { examined } from './examine.ts';

export async function doctor(
  context: Context,
  { name }: { readonly name: string },
): Promise<ExitCode> {
  const { client, output, world } = context;
  await client.post('/rigs/{rig}/probe', { rig: name }, {});
  await examined(context, name);
  const answer = await client.get('/rigs/{rig}/doctor', { rig: name });
  output.result(answer, () => [
    ...checkLines(output, answer),
    ...(answer.forge === null ? [] : ['', ...lookLines(output, answer.forge, world.now(), name)]),
  ]);
  return answer.healthy ? exitCodes.ok : exitCodes.failure;
}

export function checkLines(output: Output, answer: RigDoctorAnswer): string[] {
  const lines = answer.checks.flatMap((check) => {
    if (check.passed) return [`${output.paint('green', 'ok  ')}  ${check.name}`];
    return [`${output.paint('red', 'FAIL')}  ${check.name}`, ...sentences(output, check, '      ')];
  });
  return lines.length === 0 ? ['not examined yet'] : lines;
}
