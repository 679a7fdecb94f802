/**
 * What may stand at the end of a half-typed command line, from the same declarations the parser is
 * built from. Pure: ids of the running town are asked for by the caller.
 *
 * C1 Offers nothing that the parser would refuse at that place.
 */
import type { Completes, CommandSpec, NounSpec, OptionSpec } from './spec.ts';

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The caller adds these: names of things in the town, or files. */
  readonly wants: Completes | null;
}

const NONE: Completion = { candidates: [], wants: null };

const EVERYWHERE: readonly OptionSpec[] = [
  { flags: '--json', about: 'print one JSON document' },
  { flags: '-h, --help', about: 'show help' },
];

/** `words` is what was typed after `gt`; the last one is being typed and may be empty. */
export function completionFor(
  words: readonly string[],
  top: readonly CommandSpec[],
  nouns: readonly NounSpec[],
): Completion {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [first, second] = before;
  if (first === undefined) return offer(firstWords(top, nouns), current);
  const noun = nouns.find((spec) => spec.noun === first || spec.aliases?.includes(first) === true);
  if (noun === undefined) {
    const spec = top.find(({ words, aliases }) => words === first || aliases?.includes(first));
    return spec === undefined ? NONE : ofCommand(spec, before.slice(1), current);
  }
  if (second === undefined) return offer(verbs(noun), current);
  const spec = noun.commands.find(
    (one) => verbOf(noun, one) === second || one.aliases?.includes(second) === true,
  );
  return spec === undefined ? NONE : ofCommand(spec, before.slice(2), current);
}

function ofCommand(spec: CommandSpec, before: readonly string[], current: string): Completion {
  const options = [...(spec.options ?? []), ...EVERYWHERE];
  const open = options.find(
    (option) => takesValue(option) && namesOf(option).includes(before.at(-1) ?? ''),
  );
  if (open !== undefined) return value(open.choices, open.completes, current);
  if (current.startsWith('-')) {
    const names = options.flatMap((option) =>
      namesOf(option)
        .filter((name) => name.startsWith('--'))
        .map((text) => ({ text, about: option.about })),
    );
    return offer(names, current);
  }
  const args = spec.args ?? [];
  const at = positionals(before, options);
  const arg = args[at] ?? (args.at(-1)?.many === true ? args.at(-1) : undefined);
  return arg === undefined ? NONE : value(arg.choices, arg.completes, current);
}

function value(
  choices: readonly string[] | undefined,
  completes: Completes | undefined,
  current: string,
): Completion {
  if (choices !== undefined) {
    return offer(
      choices.map((text) => ({ text, about: '' })),
      current,
    );
  }
  return { candidates: [], wants: completes ?? null };
}

/** How many arguments stand before the one being typed. */
function positionals(before: readonly string[], options: readonly OptionSpec[]): number {
  const valued = options.filter(takesValue).flatMap(namesOf);
  return before.filter(
    (word, at) => !word.startsWith('-') && !valued.includes(before[at - 1] ?? ''),
  ).length;
}

function firstWords(top: readonly CommandSpec[], nouns: readonly NounSpec[]): Candidate[] {
  const commands = top
    .filter(({ hidden }) => hidden !== true)
    .map(({ words, summary }) => ({ text: words, about: summary }));
  return [...commands, ...nouns.map(({ noun, summary }) => ({ text: noun, about: summary }))];
}

function verbs(noun: NounSpec): Candidate[] {
  return noun.commands.map((spec) => ({ text: verbOf(noun, spec), about: spec.summary }));
}

function verbOf(noun: NounSpec, spec: CommandSpec): string {
  return spec.words.slice(noun.noun.length + 1);
}

function offer(candidates: readonly Candidate[], current: string): Completion {
  return { candidates: candidates.filter(({ text }) => text.startsWith(current)), wants: null };
}

function takesValue({ flags }: OptionSpec): boolean {
  return flags.includes('<');
}

function namesOf({ flags }: OptionSpec): readonly string[] {
  return flags.replace(/ <.*$/, '').split(', ');
}
