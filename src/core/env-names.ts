/**
 * Which names a person may set for agents, setup steps and gates through `envVars`. Pure, so the
 * settings can refuse a name when it is set and the runner can refuse it again when it is used.
 *
 * E1 A name that this product gives meaning to is ours: an agent's labels, its capability.
 * E2 A name that makes a loader, a shell, git or an interpreter run code of its value is refused:
 *    it would run in every child, whatever that child was meant to be.
 * E3 A name that moves a child out of its own home or its own tools is refused.
 */

const OURS = 'names that start with GASTOWN_ belong to Gastown';
const LOADER = 'the system loader would run what it names inside every child';
const SHELL = 'every shell would run what it names';
const RUNTIME = 'the interpreter would run what it names in every child';
const GIT = 'git takes commands and credentials from names that start with GIT_';
const PLACE = 'each child is given its own by the runner';

const PREFIXES: Readonly<Record<string, string>> = {
  GASTOWN_: OURS,
  LD_: LOADER,
  DYLD_: LOADER,
  GIT_: GIT,
  BASH_FUNC_: SHELL,
};

const NAMES: Readonly<Record<string, string>> = {
  BASH_ENV: SHELL,
  ENV: SHELL,
  ZDOTDIR: SHELL,
  PROMPT_COMMAND: SHELL,
  SHELLOPTS: SHELL,
  BASHOPTS: SHELL,
  PS4: SHELL,
  IFS: SHELL,
  NODE_OPTIONS: RUNTIME,
  PYTHONSTARTUP: RUNTIME,
  PYTHONHOME: RUNTIME,
  PERL5OPT: RUNTIME,
  RUBYOPT: RUNTIME,
  JAVA_TOOL_OPTIONS: RUNTIME,
  _JAVA_OPTIONS: RUNTIME,
  JDK_JAVA_OPTIONS: RUNTIME,
  HOME: PLACE,
  PATH: PLACE,
  TMPDIR: PLACE,
  USER: PLACE,
  LOGNAME: PLACE,
  SHELL: PLACE,
  SSH_AUTH_SOCK: 'agents and gates are not given the keys of the person',
  SSH_AGENT_PID: 'agents and gates are not given the keys of the person',
  SSH_ASKPASS: 'git and ssh would run what it names',
};

/** Why this name may not be set, or null when it may. E1 E2 E3 */
export function checkEnvName(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return 'a name has letters, digits and underscores, and does not start with a digit';
  }
  const upper = name.toUpperCase();
  const prefix = Object.keys(PREFIXES).find((start) => upper.startsWith(start));
  return (prefix === undefined ? NAMES[upper] : PREFIXES[prefix]) ?? null;
}
