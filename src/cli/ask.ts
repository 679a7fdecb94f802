/**
 * Questions to the person at the terminal. Where nobody is there to answer, the command refuses and
 * says which option answers instead.
 *
 * A1 No answer, or an interrupted one, is a no. A2 Nothing is asked with --json.
 */
import { Interrupted } from './problem.ts';
import type { Context } from './spec.ts';

/** Can a question be asked at all? A2 */
export function canAsk({ world, output }: Context): boolean {
  return world.stdin.isTty && world.stderr.isTty && !output.json;
}

export async function askYes({ world, output }: Context, question: string): Promise<boolean> {
  output.ask(`${question} [y/N] `);
  const answer = await world.stdin.readLine(world.interrupted);
  if (world.interrupted.aborted) throw new Interrupted();
  return /^\s*y(?:es)?\s*$/i.test(answer ?? ''); // A1
}
