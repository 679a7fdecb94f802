/**
 * Settings: town-wide, overridable per rig unless marked. One table says each key's type, default
 * and meaning; parsing, help, the generated document and resolution all read it.
 *
 * S1 A value is checked when it is set; an impossible combination is refused with its reason.
 * S2 Every key here changes behaviour somewhere, and a test shows it.
 */
import type { AgentProfile, Author, Gate, SetupStep } from './launch-spec.ts';
import type { MergeMethod } from './job.ts';
import type { ForgeProvider } from './pull-request.ts';

export interface Settings {
  /** null: the first agent the runner finds. */
  defaultAgent: string | null;
  /** null: the agent's own. */
  defaultModel: string | null;
  /** null: `pr` on a forge, else `direct`. */
  mergeStrategy: 'direct' | 'pr' | null;
  autoMerge: boolean;
  autoMergeDelayMinutes: number;
  checksPolicy: 'required' | 'all' | 'none' | readonly string[];
  autoResolvePrFeedback: boolean;
  autoResolveMergeConflicts: boolean;
  strangerCommits: 'accept' | 'ask';
  deleteBranchAfterMerge: boolean;
  draft: boolean;
  labels: readonly string[];
  reviewers: readonly string[];
  mergeMethod: MergeMethod | 'auto';
  approval: 'none' | 'person';
  /** null: what `rig add` detected. */
  setup: readonly SetupStep[] | null;
  gates: readonly Gate[] | null;
  gateFreshness: 'exact' | 'clean_merge';
  maxPolecatsPerRig: number;
  maxDispatchAttempts: number;
  maxFeedbackRounds: number;
  'budget.bead.tokens': number | null;
  'budget.bead.usd': number | null;
  'budget.rig.tokens': number | null;
  'budget.rig.usd': number | null;
  'budget.town.tokens': number | null;
  'budget.town.usd': number | null;
  'isolation.require': 'strong' | null;
  'isolation.network': 'open' | 'model-and-loopback';
  /** null: the user's git identity on the runner's machine. */
  'git.author': Author | null;
  'git.signoff': boolean;
  branchPrefix: string;
  customInstructions: string;
  envVars: Readonly<Record<string, string>>;
  /** Any command that speaks ACP, by the name it is chosen with. */
  agents: readonly AgentProfile[];
  /** Forges besides those everybody knows. */
  'forge.instances': readonly ForgeInstanceSetting[];
  /** The machine's own `gh` or `glab` login, or a token in its environment, may be used. */
  'credentials.machine': boolean;
  /** The one app whose tokens may be used, by its name; null: the most specific credential. */
  'credentials.pinnedTo': string | null;
}

/** An Enterprise Server, a self-managed GitLab, a Gitea: where it is and how it is spoken to. */
export interface ForgeInstanceSetting {
  readonly provider: ForgeProvider;
  /** As a person writes it, a sub-path included: `https://git.example.com/forge`. */
  readonly url: string;
  /** null: where this provider has it. */
  readonly apiBase: string | null;
  /** null: git over ssh is at the same host. */
  readonly sshHost: string | null;
  /** May be spoken to without TLS although it is not on this machine. For labs. */
  readonly allowHttp: boolean;
}

export type SettingKey = keyof Settings;
