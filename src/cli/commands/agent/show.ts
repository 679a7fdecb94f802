/**
 * `gt agent show`: one attempt: how far it came, what it runs as, what became of it.
 *
 * S1 Isolation is always shown: it says what the agent could reach.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences, shortCommit, statusCell, usageText } from '../../format.ts';
import { ago, clean, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';

export async function show(
  { client, output, world }: Context,
  { id }: { readonly id: string },
): Promise<ExitCode> {
  const attempt = await client.get('/agents/{attempt}', { attempt: id });
  const now = world.now();
  output.result(attempt, () => [
    `${output.paint('bold', attempt.id)}  ${attempt.name} on ${attempt.bead}`,
    ...output.fields([
      ['status', statusCell(attempt.outcome ?? attempt.status)],
      ['phase', attempt.phase.replaceAll('_', ' ')],
      ['agent', attempt.agent],
      ['model', attempt.model],
      ['isolation', attempt.isolation ?? 'not known yet'], // S1
      ['runner', attempt.runner],
      ['round', attempt.round === 0 ? null : String(attempt.round)],
      ['branch', attempt.branch],
      ['submitted', shortCommit(attempt.head)],
      ['summary', attempt.summary === null ? null : clean(attempt.summary)],
      ['used', usageText(attempt.usage)],
      ['started', ago(Date.parse(attempt.startedAt), now)],
      ['last word', ago(Date.parse(attempt.lastActivityAt), now)],
      ['ended', attempt.endedAt === null ? null : ago(Date.parse(attempt.endedAt), now)],
    ]),
    ...questionLines(output, attempt.question),
    ...(attempt.failure === null ? [] : ['', ...sentences(output, attempt.failure)]),
    ...attempt.waits.flatMap((wait) => ['', ...sentences(output, wait)]),
  ]);
  return exitCodes.ok;
}

export function questionLines(
  output: Output,
  question: { readonly text: string; readonly choices: readonly string[] } | null,
): string[] {
  if (question === null) return [];
  const choices = question.choices.map((choice) => `  - ${clean(choice)}`);
  return ['', output.paint('dim', 'question'), clean(question.text), ...choices];
}
