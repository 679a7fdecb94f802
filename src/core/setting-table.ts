/**
 * The table of every setting: type, default, where it may be set, meaning, how a value is read.
 * Data only; `setting-definitions.ts` says what is done with it.
 *
 * S1 A value is checked when it is set. S3 `null` is a value, "not set" is the absence of the key.
 */
import type { SettingKey, Settings } from './settings.ts';
import * as read from './setting-values.ts';

export type SettingScope = 'town' | 'town and rig';

export interface SettingDefinition<T> {
  /** The type in words, for help and the document. */
  readonly type: string;
  readonly default: T;
  readonly scope: SettingScope;
  /** One sentence. */
  readonly meaning: string;
  /** What `gt config set` takes on the command line. */
  readonly example: string;
  readonly parse: read.Parse<T>;
}

type Definitions = { readonly [K in SettingKey]: SettingDefinition<Settings[K]> };

const AGENT_NAME = /^[A-Za-z0-9][\w.-]*$/;
const MODEL_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._:/@[\] -]*$/u;
const REF_COMPONENT = /^(?!.*(?:\.\.|\.lock$|\.$))[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const INSTRUCTIONS_CHARS_MAX = 20_000;
/** As `appNameOf` writes it. */
const APP_NAME = /^[A-Za-z0-9.]+(?:\/[1-9]\d*)?$/;
const APP_NAME_CHARS_MAX = 120;

export const settingDefinitions: Definitions = {
  defaultAgent: {
    type: 'name of an agent, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'The agent that works on beads which name none; null: the first one a runner finds.',
    example: 'codex',
    parse: read.orNull(read.text('the name of an agent, such as codex', 60, AGENT_NAME)),
  },
  defaultModel: {
    type: 'name of a model, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'The model the default agent is told to use; null: the one it chooses itself.',
    example: 'gpt-5-codex',
    parse: read.orNull(read.text('the name of a model, as its agent writes it', 200, MODEL_NAME)),
  },
  agents: {
    type: 'list of { name, command, args, env, loginFiles }',
    default: [],
    scope: 'town and rig',
    meaning: 'Further agents: any command that speaks ACP on its standard input and output.',
    example: 'mine="my-agent --acp"',
    parse: read.listOf(read.agentProfile),
  },
  mergeStrategy: {
    type: 'direct, pr or null',
    default: null,
    scope: 'town and rig',
    meaning:
      'How changes land: pushed by the town, or through a pull request; null: pr on a forge.',
    example: 'pr',
    parse: read.orNull(read.oneOf('direct', 'pr')),
  },
  autoMerge: {
    type: 'true or false',
    default: false,
    scope: 'town and rig',
    meaning: 'Whether the town merges a pull request that is green, or leaves that to a person.',
    example: 'true',
    parse: read.yesOrNo,
  },
  autoMergeDelayMinutes: {
    type: 'whole number',
    default: 0,
    scope: 'town and rig',
    meaning: 'How long a pull request has been green at one head before the town merges it.',
    example: '10',
    parse: read.wholeNumber(0, 10_080),
  },
  checksPolicy: {
    type: 'required, all, none, or a list of check names',
    default: 'required',
    scope: 'town and rig',
    meaning: 'Which checks of a pull request must pass before it is merged.',
    example: 'all',
    parse: read.checksPolicy,
  },
  autoResolvePrFeedback: {
    type: 'true or false',
    default: true,
    scope: 'town and rig',
    meaning: 'Whether failing checks and open remarks go back to the bead as a round.',
    example: 'false',
    parse: read.yesOrNo,
  },
  autoResolveMergeConflicts: {
    type: 'true or false',
    default: true,
    scope: 'town and rig',
    meaning: 'Whether the town merges the target into a branch that is behind or conflicts.',
    example: 'false',
    parse: read.yesOrNo,
  },
  strangerCommits: {
    type: 'accept or ask',
    default: 'accept',
    scope: 'town and rig',
    meaning: 'What happens with commits that somebody else pushes to the branch of a bead.',
    example: 'ask',
    parse: read.oneOf('accept', 'ask'),
  },
  deleteBranchAfterMerge: {
    type: 'true or false',
    default: true,
    scope: 'town and rig',
    meaning: 'Whether the branch of a merged pull request is deleted on the forge.',
    example: 'false',
    parse: read.yesOrNo,
  },
  draft: {
    type: 'true or false',
    default: false,
    scope: 'town and rig',
    meaning: 'Whether pull requests are opened as drafts, which are never merged by the town.',
    example: 'true',
    parse: read.yesOrNo,
  },
  labels: {
    type: 'list of names',
    default: [],
    scope: 'town and rig',
    meaning: 'Labels that pull requests are opened with.',
    example: 'agent',
    parse: read.listOf(read.text('a label', 50, /^\S.*$/)),
  },
  reviewers: {
    type: 'list of logins',
    default: [],
    scope: 'town and rig',
    meaning: 'Who is asked to review pull requests.',
    example: 'ann',
    parse: read.listOf(read.text('a login', 100, /^[\w.-]+$/)),
  },
  mergeMethod: {
    type: 'auto, merge, squash or rebase',
    default: 'auto',
    scope: 'town and rig',
    meaning: 'How a change becomes part of its target; auto makes a merge commit.',
    example: 'squash',
    parse: read.oneOf('auto', 'merge', 'squash', 'rebase'),
  },
  approval: {
    type: 'none or person',
    default: 'none',
    scope: 'town and rig',
    meaning: 'With person, a change whose gates passed lands only after `gt mr decide … approve`.',
    example: 'person',
    parse: read.oneOf('none', 'person'),
  },
  setup: {
    type: 'list of { name, command, timeoutMs, cacheKeyFiles }, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'What prepares a workspace before an agent or a gate runs; null: what was detected.',
    example: 'install="npm ci"',
    parse: read.orNull(read.listOf(read.setupStep)),
  },
  gates: {
    type: 'list of { name, command, timeoutMs, required, retries }, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'What a change must pass before it lands; null: what was detected; []: nothing.',
    example: 'test="npm test"',
    parse: read.orNull(read.listOf(read.gate)),
  },
  gateFreshness: {
    type: 'exact or clean_merge',
    default: 'exact',
    scope: 'town and rig',
    meaning:
      'When the target moved after the gates passed: exact runs them again, clean_merge lets ' +
      'them stand if no path was touched by both.',
    example: 'clean_merge',
    parse: read.oneOf('exact', 'clean_merge'),
  },
  maxPolecatsPerRig: {
    type: 'whole number from 1 to 100',
    default: 2,
    scope: 'town and rig',
    meaning: 'How many agents work on one rig at a time.',
    example: '4',
    parse: read.wholeNumber(1, 100),
  },
  maxDispatchAttempts: {
    type: 'whole number from 1 to 50',
    default: 5,
    scope: 'town and rig',
    meaning: 'How many attempts at one bead may crash, stall or time out before a person is asked.',
    example: '3',
    parse: read.wholeNumber(1, 50),
  },
  maxFeedbackRounds: {
    type: 'whole number from 1 to 50',
    default: 5,
    scope: 'town and rig',
    meaning: 'How many rounds one cause (gates, conflicts, …) may take before a person is asked.',
    example: '3',
    parse: read.wholeNumber(1, 50),
  },
  'budget.bead.tokens': tokens('one bead', 'town and rig'),
  'budget.bead.usd': usd('one bead', 'town and rig'),
  'budget.rig.tokens': tokens('one rig', 'town and rig'),
  'budget.rig.usd': usd('one rig', 'town and rig'),
  'budget.town.tokens': tokens('the whole town', 'town'),
  'budget.town.usd': usd('the whole town', 'town'),
  'isolation.require': {
    type: 'strong or null',
    default: null,
    scope: 'town and rig',
    meaning: 'With strong, no agent or gate starts where mounts and processes cannot be separated.',
    example: 'strong',
    parse: read.orNull(read.oneOf('strong')),
  },
  'isolation.network': {
    type: 'open or model-and-loopback',
    // Not enforced at any level yet, so a default that sounds closed would promise too much.
    default: 'open',
    scope: 'town and rig',
    meaning:
      'What agents and gates may reach; model-and-loopback is recorded and shown as not enforced.',
    example: 'model-and-loopback',
    parse: read.oneOf('open', 'model-and-loopback'),
  },
  'git.author': {
    type: '{ name, email }, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'Who the commits are by; null: the git identity of the person on that machine.',
    example: '"Ada Lovelace <ada@example.com>"',
    parse: read.orNull(read.author),
  },
  'git.signoff': {
    type: 'true or false',
    default: false,
    scope: 'town and rig',
    meaning: 'Whether every commit, of agents and of the system, ends with a Signed-off-by line.',
    example: 'true',
    parse: read.yesOrNo,
  },
  branchPrefix: {
    type: 'one component of a branch name',
    default: 'gt',
    scope: 'town and rig',
    meaning: 'What the branches of new beads start with.',
    example: 'agents',
    parse: read.text('one component of a branch name, such as gt', 40, REF_COMPONENT),
  },
  customInstructions: {
    type: 'text',
    default: '',
    scope: 'town and rig',
    meaning: 'What every agent is told besides its task.',
    example: '"Write a test for every change."',
    parse: read.text(
      `a text of at most ${INSTRUCTIONS_CHARS_MAX} characters`,
      INSTRUCTIONS_CHARS_MAX,
      /^/,
    ),
  },
  envVars: {
    type: 'names with their values',
    default: {},
    scope: 'town and rig',
    meaning: 'Added to the environment of agents, setup and gates; not for secrets, they read it.',
    example: 'CI=true',
    parse: read.envVars,
  },
  'forge.instances': {
    type: 'list of { provider, url, apiBase, sshHost, allowHttp }',
    default: [],
    scope: 'town',
    meaning: 'Code hosts of your own: Enterprise Server, self-managed GitLab, Gitea, Forgejo.',
    example: 'github=https://git.example.com',
    parse: read.listOf(read.forgeInstance),
  },
  'credentials.machine': {
    type: 'true or false',
    default: true,
    scope: 'town and rig',
    meaning: 'Whether the login of gh or glab, or a token in the environment, may be used.',
    example: 'false',
    parse: read.yesOrNo,
  },
  'credentials.pinnedTo': {
    type: 'name of an app, or null',
    default: null,
    scope: 'town and rig',
    meaning: 'The only app whose tokens are used, by its name: app id, or app id/installation.',
    example: '12345/678',
    parse: read.orNull(
      read.text('the name of an app, such as 12345 or 12345/678', APP_NAME_CHARS_MAX, APP_NAME),
    ),
  },
};

function tokens(who: string, scope: SettingScope): SettingDefinition<number | null> {
  return {
    type: 'whole number, or null',
    default: null,
    scope,
    meaning: `How many tokens ${who} may use, input and output together; null: no limit.`,
    example: '2000000',
    parse: read.orNull(read.wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  };
}

function usd(who: string, scope: SettingScope): SettingDefinition<number | null> {
  return {
    type: 'dollars, or null',
    default: null,
    scope,
    meaning: `How much ${who} may cost, where agents report a price; null: no limit.`,
    example: '5',
    parse: read.orNull(read.money),
  };
}
