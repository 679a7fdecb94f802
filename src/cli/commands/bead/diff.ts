/**
 * `gt bead diff`: the change of a bead as a unified diff, ready for a pager or `git apply`.
 *
 * D1 The text is passed on as it is when it goes to a file or a pipe; a terminal gets it cleaned.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { clean, type Output, type Style } from '../../output.ts';
import type { Context } from '../../spec.ts';

export async function diff(
  { client, output, world }: Context,
  { bead }: { readonly bead: string },
): Promise<ExitCode> {
  const answer = await client.get('/beads/{bead}/diff', { bead });
  if (output.json) {
    output.result({ bead, ...answer }, () => []);
    return exitCodes.ok;
  }
  if (answer.text === '') output.warn(`${bead} has changed nothing yet`);
  else if (world.stdout.isTty) output.lines(colored(output, answer.text)); // D1
  else output.raw(answer.text);
  if (answer.truncated) output.warn(`the diff is cut: gt bead checkout ${bead} has all of it`);
  return exitCodes.ok;
}

function colored(output: Output, text: string): string[] {
  return clean(text)
    .trimEnd()
    .split('\n')
    .map((line) => output.paint(styleOf(line), line));
}

function styleOf(line: string): Style | undefined {
  if (/^(?:diff|index|\+\+\+|---) /.test(line)) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('+')) return 'green';
  return line.startsWith('-') ? 'red' : undefined;
}
