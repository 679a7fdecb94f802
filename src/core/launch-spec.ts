/**
 * What an agent is started with, and everything the runner needs to do it without asking back.
 * Built by one pure function from (town, rig, bead, attempt); its hash tells whether two starts
 * would be the same.
 *
 * L1 No secret is in it. L2 Every path in it is decided by the runner, not by the town.
 */
import type { AttemptId, BeadId, Commit, RigId } from './ids.ts';

/** The name a launch carries when nobody chose an agent and the machine has none. */
export const noAgent = 'none';

/** The built-in agent that follows a script: only ever used when somebody asked for it. */
export const scriptedAgent = 'scripted';

/** How the runner reaches a rig's repository. */
export interface RigRef {
  readonly rig: RigId;
  /** Names the town in branches and hidden refs, so two towns can share one repository. */
  readonly tag: string;
  /** A URL or an absolute path; never with credentials in it. */
  readonly remote: string;
  /** A local repository that lends its objects to the mirror, or null. */
  readonly lends: string | null;
  /** The branch on the remote that changes land on. */
  readonly target: string;
}

/** One preparation step, run before the first turn and before gates, cached by its key files. */
export interface SetupStep {
  readonly name: string;
  /** A shell command line. */
  readonly command: string;
  readonly timeoutMs: number;
  /** Paths whose contents decide whether the step must run again; empty: once per workspace. */
  readonly cacheKeyFiles: readonly string[];
}

export interface Gate {
  readonly name: string;
  readonly command: string;
  readonly timeoutMs: number;
  /** A gate that is not required is run and shown, and never blocks. */
  readonly required: boolean;
  /** How often a failure is run again; a pass after a failure is shown as flaky. */
  readonly retries: number;
}

/** A command that speaks ACP on stdio. Built-in profiles are data of the same shape. */
export interface AgentProfile {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files of the user's home the agent needs to be logged in, relative to it; never copied. */
  readonly loginFiles: readonly string[];
}

export type IsolationLevel = 'strong' | 'process';

export interface Isolation {
  /** Refuse to start below this level; null accepts what the machine has. */
  readonly require: 'strong' | null;
  readonly network: 'open' | 'model-and-loopback';
}

/** Who makes the commits of the system and of agents. */
export interface Author {
  readonly name: string;
  readonly email: string;
}

export interface LaunchSpec {
  readonly rig: RigRef;
  readonly bead: BeadId;
  readonly attempt: AttemptId;
  readonly number: number;
  /** The bead's title, for the agent's tools; untrusted text. */
  readonly title: string;
  /** 0 on a fresh start, then the bead's rounds so far, counted over all causes. */
  readonly round: number;
  /** The bead's branch, `gt/<tag>/<bead>/<slug>`; every attempt at the bead shares it. */
  readonly branch: string;
  /** Where the branch starts; null until the first attempt cut it from the fetched target. */
  readonly base: Commit | null;
  /** The submission this attempt goes on from, for a round; null on a fresh start. */
  readonly head: Commit | null;
  /** A built-in profile's name, or the configured profile itself. */
  readonly agent: string;
  readonly profile: AgentProfile | null;
  /** null: the agent's own default. */
  readonly model: string | null;
  /** The first message of the first turn; the runner adds what it must know of its tools. */
  readonly prompt: string;
  /** The declared scope, which what is handed in is compared with; empty: none. */
  readonly scope: readonly string[];
  readonly setup: readonly SetupStep[];
  readonly isolation: Isolation;
  readonly author: Author | null;
  readonly signoff: boolean;
  /** Added to the agent's environment; checked against reserved names when it was set. */
  readonly env: Readonly<Record<string, string>>;
  /** Tokens this attempt may still use; null: no limit. */
  readonly tokensMax: number | null;
  readonly usdMax: number | null;
}
