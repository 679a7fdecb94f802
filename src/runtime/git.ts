/**
 * The only file that starts git. Two doors: `Git` for git directories no agent can write, and
 * `ContainedGit` for everything that reads what an agent wrote, which runs in the sandbox.
 *
 * G1 No git process with a credential, or outside the sandbox, ever uses a git directory an agent
 *    can write.
 * G2 Without `network` the person's configuration is not read; with it, it is (their credential
 *    helper), and nothing may ask a question: no terminal, no askpass, ssh in batch mode.
 * G3 Hooks, fsmonitor, external transports, lazy fetches, submodule recursion and gc are off.
 * G4 Messages are in English, because git-errors.ts reads them.
 * G5 A credential of the town goes to one process, for one origin (git-credential.ts). One that can
 *    be renewed is, once, when the remote refuses it.
 */
import {
  credentialEnv,
  type CredentialFor,
  type CredentialRefusal,
  type GitLogin,
} from './git-credential.ts';
import { isLoginRefused } from './git-login.ts';
import type { ProcessOutcome, RunContained, RunProcess } from './run-process.ts';

export interface GitOptions {
  readonly gitDir?: string;
  readonly workTree?: string;
  readonly indexFile?: string;
  /** Where git runs; the root folder when absent: nothing is discovered from it. */
  readonly cwd?: string;
  readonly input?: string | Buffer;
  readonly stdinFile?: string;
  readonly timeoutMs: number;
  /** With the person's own git configuration and credentials. G2 */
  readonly network?: boolean;
  /** With the town's credential for it, where there is one. G5 */
  readonly credential?: CredentialFor;
  readonly env?: Readonly<Record<string, string>>;
  readonly outputBytesMax?: number;
}

export interface GitOutcome {
  /** It ended by itself with 0. */
  readonly ok: boolean;
  readonly exitCode: number | null;
  /** stdout as text, without the last line's end. */
  readonly out: string;
  readonly bytes: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly spawnError: string | null;
  /** It was not started for want of a credential that may be used. */
  readonly refusal: CredentialRefusal | null;
  /** Where the town's credential that it was given came from; null: the machine's own login. */
  readonly credentialFrom: string | null;
}

export interface GitDeps {
  readonly run: RunProcess;
  /** The person's environment, read at the door. */
  readonly env: Readonly<Record<string, string>>;
  readonly gitBinary?: string;
  /** The town's credential for a rig, bound to its origin. G5 */
  readonly credentialFor?: (whose: CredentialFor) => Promise<GitLogin>;
}

export class Git {
  readonly #deps: GitDeps;

  constructor(deps: GitDeps) {
    this.#deps = deps;
  }

  async run(args: readonly string[], options: GitOptions): Promise<GitOutcome> {
    const network = options.network === true;
    const env = { ...(network ? this.#networkEnv() : this.#quietEnv()), ...options.env };
    if (network) env['GIT_SSH_COMMAND'] = await this.#sshCommand(env);
    const login = await this.#login(options);
    if (login.is === 'own') return await this.#start(args, options, env);
    if (login.is === 'refused') return notStarted(login.refusal);
    const outcome = await this.#startWith(login, args, options, env);
    if (login.renew === null || outcome.ok || !isLoginRefused(outcome.stderr)) return outcome;
    login.renew(); // G5: what was bought for an hour may be void before; nothing has happened
    const anew = await this.#login(options);
    if (anew.is === 'refused') return notStarted(anew.refusal);
    return anew.is === 'own' ? outcome : this.#startWith(anew, args, options, env);
  }

  /** G5 */
  async #login({ network, credential }: GitOptions): Promise<GitLogin> {
    if (network !== true || credential === undefined) return { is: 'own' };
    return (await this.#deps.credentialFor?.(credential)) ?? { is: 'own' };
  }

  /** For steps that fail only when the disk or the store does. Throws `GitFailed`. */
  async must(args: readonly string[], options: GitOptions): Promise<string> {
    const outcome = await this.run(args, options);
    if (!outcome.ok) throw new GitFailed(args[0] ?? 'git', outcome);
    return outcome.out;
  }

  async #start(
    args: readonly string[],
    options: GitOptions,
    env: Readonly<Record<string, string>>,
  ): Promise<GitOutcome> {
    const outcome = await this.#deps.run({
      command: this.#deps.gitBinary ?? 'git',
      args: [...placeArgs(options), ...SAFE, ...args],
      cwd: options.cwd ?? '/',
      env: { ...env, ...indexEnv(options) },
      timeoutMs: options.timeoutMs,
      ...optional('input', options.input),
      ...optional('stdinFile', options.stdinFile),
      ...optional('outputBytesMax', options.outputBytesMax),
    });
    return gitOutcome(outcome);
  }

  async #startWith(
    login: Extract<GitLogin, { is: 'given' }>,
    args: readonly string[],
    options: GitOptions,
    env: Readonly<Record<string, string>>,
  ): Promise<GitOutcome> {
    const outcome = await this.#start(args, options, withCredential(env, login));
    return { ...outcome, credentialFrom: login.credential.source };
  }

  #quietEnv(): Record<string, string> {
    return { ...this.#withoutGit([]), ...QUIET };
  }

  #networkEnv(): Record<string, string> {
    const kept = this.#withoutGit(NETWORK_NAMES);
    return { ...kept, ...ALWAYS, GIT_ASKPASS: 'false', SSH_ASKPASS: 'false' };
  }

  #withoutGit(kept: readonly string[]): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#deps.env).filter(
        ([name]) => !name.startsWith('GIT_') || kept.some((prefix) => name.startsWith(prefix)),
      ),
    );
  }

  /** Theirs, with batch mode: the variable hides `core.sshCommand`, so that is asked first. */
  async #sshCommand(env: Readonly<Record<string, string>>): Promise<string> {
    const batch = '-o BatchMode=yes';
    const given = env['GIT_SSH_COMMAND'];
    if (given !== undefined) return `${given} ${batch}`;
    const program = env['GIT_SSH'];
    if (program !== undefined) return `'${program.replaceAll("'", `'\\''`)}' ${batch}`;
    const args = ['config', '--get', 'core.sshCommand'];
    // `--git-dir` names nothing: only the person's own configuration is asked.
    const found = await this.#start(args, { gitDir: '/dev/null', timeoutMs: CONFIG_MS }, env);
    return `${found.ok && found.out !== '' ? found.out : 'ssh'} ${batch}`;
  }
}

export interface ContainedGitOptions {
  readonly gitDir: string;
  readonly workTree: string;
  readonly indexFile?: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  readonly input?: string | Buffer;
  readonly timeoutMs: number;
  readonly outputBytesMax?: number;
}

/** Git that reads what an agent wrote: in the sandbox, without a credential. G1 */
export class ContainedGit {
  readonly #contained: RunContained;
  readonly #path: string;
  readonly #binary: string;

  constructor(deps: {
    readonly contained: RunContained;
    readonly path: string;
    readonly gitBinary?: string;
  }) {
    this.#contained = deps.contained;
    this.#path = deps.path;
    this.#binary = deps.gitBinary ?? 'git';
  }

  async run(args: readonly string[], options: ContainedGitOptions): Promise<GitOutcome> {
    const outcome = await this.#contained({
      command: this.#binary,
      args: [...placeArgs(options), ...SAFE, ...args],
      cwd: options.workTree,
      env: { PATH: this.#path, ...QUIET, ...indexEnv(options) },
      timeoutMs: options.timeoutMs,
      readable: options.readable,
      writable: options.writable,
      ...optional('input', options.input),
      ...optional('outputBytesMax', options.outputBytesMax),
    });
    return gitOutcome(outcome);
  }

  async must(args: readonly string[], options: ContainedGitOptions): Promise<GitOutcome> {
    const outcome = await this.run(args, options);
    if (!outcome.ok) throw new GitFailed(args[0] ?? 'git', outcome);
    return outcome;
  }
}

/**
 * A local git step failed: no disk, a damaged store. Thrown inside this room so that a sequence of
 * steps reads as one, and turned into a `Failure` where it leaves it (`git-errors.ts`).
 */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly step: string;
  readonly outcome: GitOutcome;

  constructor(step: string, outcome: GitOutcome) {
    super(`git ${step}: ${outcome.stderr.slice(0, 2000)}`);
    this.step = step;
    this.outcome = outcome;
  }
}

/** The parts of a `-z` answer. Bytes as latin1, so that any file name survives the round trip. */
export function splitZ(bytes: Buffer): readonly string[] {
  return bytes
    .toString('latin1')
    .split('\0')
    .filter((part) => part !== '');
}

export function joinZ(parts: readonly string[]): Buffer {
  return Buffer.from(parts.map((part) => `${part}\0`).join(''), 'latin1');
}

/** A file name from `splitZ`, as people read it. */
export function shown(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** G3 */
const SAFE: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.attributesFile=/dev/null',
  'core.precomposeUnicode=false',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.followTags=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'diff.ignoreSubmodules=all',
  'advice.addEmbeddedRepo=false',
].flatMap((setting) => ['-c', setting]);

const ALWAYS: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  LANGUAGE: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_EDITOR: 'false',
  GIT_PAGER: 'cat',
};

const QUIET: Readonly<Record<string, string>> = {
  ...ALWAYS,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
};

/** What of the person's `GIT_…` a network operation keeps: how to connect, where config is. */
const NETWORK_NAMES: readonly string[] = [
  'GIT_SSH',
  'GIT_SSL_',
  'GIT_PROXY_',
  'GIT_HTTP_',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_KEY_',
  'GIT_CONFIG_VALUE_',
  'GIT_ALLOW_PROTOCOL',
  'GIT_EXEC_PATH',
];

const CONFIG_MS = 10_000;

function placeArgs(options: { readonly gitDir?: string; readonly workTree?: string }): string[] {
  const gitDir = options.gitDir === undefined ? [] : [`--git-dir=${options.gitDir}`];
  const tree = options.workTree === undefined ? [] : [`--work-tree=${options.workTree}`];
  return [...gitDir, ...tree];
}

function indexEnv(options: { readonly indexFile?: string }): Record<string, string> {
  return options.indexFile === undefined ? {} : { GIT_INDEX_FILE: options.indexFile };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const one: { [P in K]?: V } = {};
  if (value !== undefined) one[key] = value;
  return one;
}

function gitOutcome(outcome: ProcessOutcome): GitOutcome {
  const { exitCode, stderr, timedOut, truncated, spawnError } = outcome;
  return {
    ok: exitCode === 0 && !timedOut,
    exitCode,
    out: outcome.stdout.toString('utf8').replace(/\n$/, ''),
    bytes: outcome.stdout,
    stderr,
    timedOut,
    truncated,
    spawnError,
    refusal: null,
    credentialFrom: null,
  };
}

function withCredential(
  env: Readonly<Record<string, string>>,
  { credential }: Extract<GitLogin, { is: 'given' }>,
): Readonly<Record<string, string>> {
  return { ...env, ...credentialEnv(credential, env) };
}

function notStarted(refusal: CredentialRefusal): GitOutcome {
  const nothing = { out: '', bytes: Buffer.alloc(0), stderr: '', timedOut: false };
  const unused = { truncated: false, spawnError: null, credentialFrom: null };
  return { ok: false, exitCode: null, ...nothing, ...unused, refusal };
}
