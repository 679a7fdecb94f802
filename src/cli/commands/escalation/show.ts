/**
 * `gt escalation show`: one escalation with its evidence, and how to answer it.
 *
 * S1 An open one ends with the command that answers it.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences, statusCell } from '../../format.ts';
import { ago, clean } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { questionLines } from '../agent/show.ts';

export async function show(
  { client, output, world }: Context,
  { id }: { readonly id: string },
): Promise<ExitCode> {
  const one = await client.get('/escalations/{escalation}', { escalation: id });
  const now = world.now();
  output.result(one, () => [
    `${output.paint('bold', one.id)}  about ${one.subject}`,
    ...output.fields([
      ['severity', statusCell(one.severity)],
      ['status', one.status],
      ['since', ago(Date.parse(one.createdAt), now)],
      ['answer', one.answer === null ? null : clean(one.answer)],
    ]),
    ...questionLines(output, one.question),
    ...(one.failure === null ? [] : ['', ...sentences(output, one.failure)]),
    ...(one.status === 'resolved' ? [] : ['', `answer: gt escalation resolve ${one.id} "…"`]), // S1
  ]);
  return exitCodes.ok;
}
