/**
 * `gt why`: why something is as it is. The sentences are the town's own, the same on every surface.
 *
 * W1 Without a name: the whole town, which is what everything that does not move waits for.
 */
import type { WhyResource } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { eventLine, sentences, statusCell } from '../../format.ts';
import { oneLine, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';

const HISTORY_MAX = 8;

export async function why(
  { client, output }: Context,
  { thing }: { readonly thing: string },
): Promise<ExitCode> {
  const answer = await client.get('/why/{name}', { name: thing });
  output.result(answer, () => whyLines(output, answer));
  return exitCodes.ok;
}

export function whyLines(output: Output, answer: WhyResource): string[] {
  const { subject } = answer;
  const status = statusCell(subject.status);
  const shown = output.paint(status.style, status.text);
  const told = new Set([answer.answer.what]);
  const more = [...answer.waits, ...answer.failures].filter(({ what }) => {
    const isNew = !told.has(what);
    told.add(what);
    return isNew;
  });
  const related = answer.related.map(({ kind, id, status }) => `${kind} ${id} (${status})`);
  const history = answer.history.slice(0, HISTORY_MAX).toReversed();
  return [
    `${output.paint('bold', subject.id)}  ${shown}  ${oneLine(subject.title)}`,
    '',
    ...sentences(output, answer.answer),
    ...more.flatMap((said) => ['', ...sentences(output, said)]),
    ...(related.length === 0
      ? []
      : ['', `${output.paint('dim', 'see also')} ${related.join(', ')}`]),
    ...(history.length === 0 ? [] : ['', output.paint('dim', 'last changes')]),
    ...history.map((entry) => eventLine(output, entry)),
  ];
}
