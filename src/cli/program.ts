/**
 * From words to a command: builds the commander tree from the declarations, runs the chosen
 * command, and turns whatever ends it into output and an exit code.
 *
 * G1 The only place that catches: a `Stop` is shown as its problem, Ctrl-C ends with 130, anything
 *    else is a bug of ours and says so.
 * G2 Commander decides what was meant; it never writes or exits by itself.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import { resolve } from 'node:path';
import { Client } from './client.ts';
import { nouns, topCommands } from './commands/index.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Output } from './output.ts';
import { Interrupted, Stop, usage } from './problem.ts';
import { Input, type ArgumentSpec, type CommandSpec, type OptionSpec } from './spec.ts';
import type { World } from './world.ts';

const ABOUT = 'Runs coding agents on your repositories and lands their work.';
const JSON_FLAG = ['--json', 'print one JSON document'] as const;

export async function runProgram(argv: readonly string[], world: World): Promise<ExitCode> {
  const typed = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const json = typed.includes('--json');
  const state: State = { exitCode: exitCodes.ok, output: new Output(world, json) };
  try {
    const program = buildProgram(world, async (chosen) => {
      state.output = new Output(world, chosen.json);
      state.exitCode = await perform(chosen, world, state.output);
    });
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    return state.exitCode;
  } catch (thrown) {
    return explain(thrown, state.output, argv, world);
  }
}

interface State {
  exitCode: ExitCode;
  output: Output;
}

/** What was typed, once the parser has accepted it. */
export interface Chosen {
  readonly spec: CommandSpec;
  readonly input: Input;
  readonly json: boolean;
}

type Sinks = Pick<World, 'stdout' | 'stderr'>;
type Perform = (chosen: Chosen) => Promise<void>;

/** The whole tree; `perform` is given the command that was typed. */
export function buildProgram(world: Sinks, perform: Perform): Command {
  const program = new Command('gt')
    .description(ABOUT)
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option(...JSON_FLAG)
    .option('--version', 'print the version')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      outputError: () => {}, // G2
      getOutHelpWidth: () => Math.min(world.stdout.columns ?? 80, 100),
      getErrHelpWidth: () => Math.min(world.stderr.columns ?? 80, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ subcommandTerm: termOf });
  for (const { title, commands } of topCommands) {
    program.commandsGroup(title);
    for (const spec of commands) addCommand(program, spec.words, spec, perform);
  }
  program.commandsGroup('Things of the town, each with verbs of its own:');
  for (const noun of nouns) {
    const parent = program.command(noun.noun).description(noun.summary);
    parent.helpCommand(false);
    for (const alias of noun.aliases ?? []) parent.alias(alias);
    for (const spec of noun.commands) {
      addCommand(parent, spec.words.slice(noun.noun.length + 1), spec, perform);
    }
  }
  return program;
}

/** `sling <rig> <title>`; aliases stand in the help of the command itself. */
function termOf(command: Command): string {
  const args = command.registeredArguments.map((arg) => {
    const shown = arg.variadic ? `${arg.name()}...` : arg.name();
    return arg.required ? `<${shown}>` : `[${shown}]`;
  });
  return [command.name(), ...args].join(' ');
}

function addCommand(parent: Command, name: string, spec: CommandSpec, perform: Perform): void {
  const command = parent.command(name, { hidden: spec.hidden === true }).summary(spec.summary);
  command.description(spec.detail === undefined ? spec.summary : `${spec.summary}\n${spec.detail}`);
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const arg of spec.args ?? []) command.addArgument(argument(arg));
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.option(...JSON_FLAG);
  const examples = spec.examples.map((example) => `  $ ${example}`);
  command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  command.action(() => {
    const json = command.optsWithGlobals()['json'] === true;
    const named = (spec.args ?? []).map(
      (arg, at) => [arg.name, command.processedArgs[at]] as const,
    );
    return perform({ spec, input: new Input(Object.fromEntries(named), command.opts()), json });
  });
}

function perform({ spec, input }: Chosen, world: World, output: Output): Promise<ExitCode> {
  const gastownHome = homeOf(world);
  const client = new Client(world, gastownHome);
  return spec.run({ world, output, client, gastownHome }, input);
}

function argument(spec: ArgumentSpec): Argument {
  const name = spec.many === true ? `${spec.name}...` : spec.name;
  const built = new Argument(spec.optional === true ? `[${name}]` : `<${name}>`, spec.about);
  return spec.choices === undefined ? built : built.choices(spec.choices);
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.about);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.many === true) {
    option.argParser<readonly string[]>((value, before) => [...(before ?? []), value]);
  }
  return option;
}

function homeOf(world: World): string {
  const given = world.env['GASTOWN_HOME'];
  return given === undefined || given === ''
    ? resolve(world.home, '.gastown')
    : resolve(world.cwd, given);
}

/** G1 */
function explain(thrown: unknown, output: Output, argv: readonly string[], world: World): ExitCode {
  if (thrown instanceof Interrupted || (world.interrupted.aborted && isAbort(thrown))) {
    output.interrupted(exitCodes.interrupted);
    return exitCodes.interrupted;
  }
  if (thrown instanceof Stop) {
    output.problem(thrown.problem, thrown.exitCode);
    return thrown.exitCode;
  }
  if (thrown instanceof CommanderError) return explainParse(thrown, output, argv);
  output.problem(
    {
      kind: 'gastown_bug',
      what: 'gt itself failed: this is a bug.',
      evidence: `${String(thrown)}${placeOf(thrown)}`,
      next: 'Report it with the line above; nothing was sent to the town after this point',
    },
    exitCodes.failure,
  );
  return exitCodes.failure;
}

/** Where it was thrown, for a report; a whole stack tells a person nothing. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const place = /\/(src\/\S+:\d+):\d+/.exec(stack)?.[1];
  return place === undefined ? '' : ` (${place})`;
}

function explainParse(error: CommanderError, output: Output, argv: readonly string[]): ExitCode {
  if (error.code === 'commander.helpDisplayed') return exitCodes.ok;
  // Help is on stderr by now, which is no document.
  if (error.code === 'commander.help' && !output.json) return exitCodes.usage;
  const [message = '', near] = error.message.replace(/^error: /, '').split('\n');
  const words = argv.filter((word) => /^[a-z]+$/.test(word)).slice(0, 2);
  const what = error.code === 'commander.help' ? 'a command is missing' : message;
  const meant = /Did you mean (?:one of )?(.*)\?\)/.exec(near ?? '')?.[1];
  const next = meant === undefined ? helpFor(error.code, words) : `did you mean ${meant}?`;
  const stop = usage(what, ['gt', ...argv].join(' ').slice(0, 200), next);
  output.problem(stop.problem, stop.exitCode);
  return stop.exitCode;
}

function helpFor(code: string, words: readonly string[]): string {
  if (code === 'commander.unknownCommand') {
    const [noun] = words.length > 1 ? words : [];
    return noun === undefined ? 'gt --help' : `gt ${noun} --help`;
  }
  return ['gt', ...words, '--help'].join(' ');
}

function isAbort(thrown: unknown): boolean {
  return (
    thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')
  );
}
