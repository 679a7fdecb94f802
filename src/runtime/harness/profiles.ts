/**
 * The agents we know, as data: a command that speaks ACP on stdio, what it must be told so that
 * it asks nobody and phones nobody, and where its login lies in the person's home.
 *
 * F1 A profile configured by a person wins over a built-in one of the same name.
 * F2 Login files are named here and bound where the agent runs; they are never copied.
 * F3 `scripted` is part of the product: it is always there, and never the best one.
 */
import { fileURLToPath } from 'node:url';
import type { AgentProfile } from '../../core/launch-spec.ts';

/** What differs between agents besides how they are started. */
export interface Quirks {
  /** `authenticate` methods that need no person, in the order to try them. */
  readonly logins: readonly string[];
  /** Session modes in which it asks for no permission. */
  readonly modes: readonly string[];
  /** An environment variable that chooses the model where the protocol does not offer it. */
  readonly modelEnv: string | null;
}

export interface KnownAgent {
  readonly profile: AgentProfile;
  readonly quirks: Quirks;
}

export const noQuirks: Quirks = { logins: [], modes: [], modelEnv: null };

const opencodeConfig = JSON.stringify({
  autoupdate: false,
  share: 'disabled',
  snapshot: false,
  permission: { edit: 'allow', bash: 'allow', external_directory: 'allow' },
});

/** Best first. */
const known: readonly KnownAgent[] = [
  {
    profile: {
      name: 'claude',
      command: 'claude-agent-acp',
      args: [],
      env: {
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_ERROR_REPORTING: '1',
        // Without it the mode that asks nobody is refused to root, as in a container.
        IS_SANDBOX: '1',
        // Otherwise the tools are hidden until the model searches for them.
        ENABLE_TOOL_SEARCH: 'false',
      },
      loginFiles: ['.claude/.credentials.json'],
    },
    quirks: { logins: [], modes: ['bypassPermissions'], modelEnv: 'ANTHROPIC_MODEL' },
  },
  {
    profile: {
      name: 'codex',
      command: 'codex-acp',
      args: [],
      // Read by the newer adapter, which ignores the configuration's approval and sandbox.
      env: { INITIAL_AGENT_MODE: 'agent-full-access' },
      loginFiles: ['.codex/auth.json', '.codex/config.toml'],
    },
    quirks: {
      logins: ['codex-api-key', 'openai-api-key', 'api-key'],
      modes: ['agent-full-access', 'full-access'],
      modelEnv: null,
    },
  },
  {
    profile: {
      name: 'opencode',
      command: 'opencode',
      args: ['acp'],
      env: {
        OPENCODE_CONFIG_CONTENT: opencodeConfig,
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_SHARE: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      },
      loginFiles: ['.local/share/opencode/auth.json', '.config/opencode/opencode.json'],
    },
    quirks: noQuirks,
  },
  {
    profile: {
      name: 'kilo',
      command: 'kilo',
      args: ['acp'],
      env: {
        KILO_CONFIG_CONTENT: opencodeConfig,
        KILO_DISABLE_AUTOUPDATE: '1',
        KILO_DISABLE_LSP_DOWNLOAD: '1',
        KILO_DISABLE_SHARE: '1',
        KILO_DISABLE_DEFAULT_PLUGINS: '1',
        KILO_TELEMETRY_LEVEL: 'off',
        KILO_DISABLE_SESSION_INGEST: '1',
      },
      loginFiles: ['.local/share/kilo/auth.json', '.config/kilo/kilo.json'],
    },
    quirks: noQuirks,
  },
  {
    profile: {
      name: 'gemini',
      command: 'gemini',
      args: ['--experimental-acp', '--approval-mode', 'yolo'],
      env: { GEMINI_CLI_NO_RELAUNCH: 'true' },
      loginFiles: ['.gemini/oauth_creds.json', '.gemini/settings.json'],
    },
    quirks: { logins: ['gemini-api-key'], modes: ['yolo'], modelEnv: 'GEMINI_MODEL' },
  },
  {
    profile: {
      name: 'qwen',
      command: 'qwen',
      args: ['--acp', '--approval-mode', 'yolo'],
      env: {},
      loginFiles: ['.qwen/oauth_creds.json', '.qwen/settings.json'],
    },
    quirks: { logins: [], modes: ['yolo'], modelEnv: 'OPENAI_MODEL' },
  },
];

export const scriptedName = 'scripted';

/** F3. `node` runs it: the program this process runs in. */
export function scriptedAgent(node: string): KnownAgent {
  const program = fileURLToPath(new URL('./scripted.ts', import.meta.url));
  return {
    profile: { name: scriptedName, command: node, args: [program], env: {}, loginFiles: [] },
    quirks: noQuirks,
  };
}

/** Every name that works without being configured, best first. */
export function knownAgents(): readonly string[] {
  return [...known.map(({ profile }) => profile.name), scriptedName];
}

/** The profile a launch means, or null when no agent has that name. F1 */
export function findAgent(
  name: string,
  configured: AgentProfile | null,
  node: string,
): KnownAgent | null {
  const builtIn =
    name === scriptedName
      ? scriptedAgent(node)
      : (known.find(({ profile }) => profile.name === name) ?? null);
  if (configured === null) return builtIn;
  return { profile: configured, quirks: builtIn?.quirks ?? noQuirks };
}

/** The agents whose command is on this machine, best first. F3 */
export async function probeAgents(
  findCommand: (command: string) => Promise<string | null>,
): Promise<readonly string[]> {
  const paths = await Promise.all(known.map(({ profile }) => findCommand(profile.command)));
  const found = known.filter((_, index) => paths[index] !== null);
  return [...found.map(({ profile }) => profile.name), scriptedName];
}
