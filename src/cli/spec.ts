/**
 * How a command is declared: its words, arguments, options, examples, and where its work is.
 * Declarations are data: the parser, the help and the shell completion are made from them.
 *
 * S1 A declaration loads nothing but itself; `run` imports the work when the command is chosen.
 * S2 What a person typed is read through `Input`, which refuses a wrong value as usage.
 */
import type { Client } from './client.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { usage } from './problem.ts';
import type { World } from './world.ts';

/** What shell completion offers for a value. */
export type Completes =
  | 'bead'
  | 'rig'
  | 'merge request'
  | 'attempt'
  | 'escalation'
  | 'setting'
  | 'anything'
  | 'file';

export interface ArgumentSpec {
  readonly name: string;
  readonly about: string;
  readonly optional?: boolean;
  readonly many?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export interface OptionSpec {
  /** `--rig <name>`, `-f, --follow`; as commander writes them. */
  readonly flags: string;
  readonly about: string;
  readonly choices?: readonly string[];
  /** May be given several times, or as a list with commas. */
  readonly many?: boolean;
  readonly completes?: Completes;
}

export interface CommandSpec {
  /** `bead list` */
  readonly words: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** More for the help of the command itself. */
  readonly detail?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** At least two. */
  readonly examples: readonly string[];
  readonly hidden?: boolean;
  /** Imports the work and does it. S1 */
  readonly run: (context: Context, input: Input) => Promise<ExitCode>;
}

export interface NounSpec {
  readonly noun: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}

/** What every command is given. */
export interface Context {
  readonly world: World;
  readonly output: Output;
  readonly client: Client;
  /** `$GASTOWN_HOME`, absolute. */
  readonly gastownHome: string;
}

/** What was typed, after the parser; keys are as declared. S2 */
export class Input {
  readonly #args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(
    args: Readonly<Record<string, string | readonly string[] | undefined>>,
    options: Readonly<Record<string, unknown>>,
  ) {
    this.#args = args;
    this.#options = options;
  }

  arg(name: string): string {
    const value = this.#args[name];
    return typeof value === 'string' ? value : '';
  }

  optionalArg(name: string): string | undefined {
    const value = this.#args[name];
    return typeof value === 'string' ? value : undefined;
  }

  args(name: string): readonly string[] {
    const value = this.#args[name];
    if (value === undefined) return [];
    return typeof value === 'string' ? [value] : value;
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Given several times or with commas; blanks fall away. */
  texts(name: string): readonly string[] {
    return this.all(name)
      .flatMap((part) => part.split(','))
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** Given several times, each as it is: for values that may contain commas. */
  all(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A whole number from `least` to `most`. */
  whole(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw usage(
      `--${name} takes a whole number from ${least} to ${most}`,
      `it was given ${JSON.stringify(value)}`,
      'give a number in that range',
    );
  }
}
