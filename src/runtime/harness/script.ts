/**
 * The script of the built-in `scripted` agent, as it stands in a prompt: a fenced block
 * `gastown-script` with one step per line, each a JSON object with one key.
 *
 *     ```gastown-script
 *     {"write": {"path": "hello.txt", "text": "hello\n"}}
 *     {"commit": "Say hello"}
 *     {"done": "It says hello"}
 *     ```
 *
 * C1 A line `--- round` starts the steps of the next round, `--- attempt` those of the next
 *    attempt at it; the last ones are used again when there are more.
 * C2 Steps start from the top in every attempt: `write` and `commit` may be repeated.
 */
import { fieldsOf } from './fields.ts';

export interface Step {
  readonly verb: string;
  readonly argument: unknown;
}

export interface Script {
  /** By round, then by attempt. C1 */
  readonly rounds: readonly (readonly (readonly Step[])[])[];
}

export type Parsed =
  | { readonly ok: true; readonly script: Script | null }
  | { readonly ok: false; readonly problem: string };

const blocks = /^[ \t>]*```gastown-script[ \t]*\n([\s\S]*?)^[ \t>]*```/gm;

/** `script` is null when the prompt has none. */
export function parseScript(prompt: string): Parsed {
  // The task's own text comes last: what stands before it may quote anything.
  const text = [...prompt.matchAll(blocks)].at(-1)?.[1];
  if (text === undefined) return { ok: true, script: null };
  const rounds: Step[][][] = [[[]]];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/^[ \t>]*/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line === '--- round') {
      rounds.push([[]]);
      continue;
    }
    if (line === '--- attempt') {
      rounds.at(-1)?.push([]);
      continue;
    }
    const step = parseStep(line);
    if (step === null) return { ok: false, problem: `not a step of a script: ${line}` };
    rounds.at(-1)?.at(-1)?.push(step);
  }
  return { ok: true, script: { rounds } };
}

/** The steps of this round (from 0) and attempt (from 1). C1 */
export function stepsFor(script: Script, round: number, attempt: number): readonly Step[] {
  const attempts = script.rounds[Math.min(round, script.rounds.length - 1)] ?? [];
  // A later round's attempts are counted on from those before it: only the first can be told apart.
  const index = script.rounds.length > 1 ? attempt - 1 - round : attempt - 1;
  return attempts[Math.min(Math.max(0, index), attempts.length - 1)] ?? [];
}

function parseStep(line: string): Step | null {
  try {
    const [entry, ...more] = Object.entries(fieldsOf(JSON.parse(line)));
    if (entry === undefined || more.length > 0) return null;
    return { verb: entry[0], argument: entry[1] };
  } catch {
    return null;
  }
}
