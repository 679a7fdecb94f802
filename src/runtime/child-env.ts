/**
 * The environment of a child, complete and explicit: nothing is inherited. An agent, a setup step
 * and a gate get what is listed here and no more.
 *
 * V1 From the host's environment come only the names listed below: no forge token, no ssh agent,
 *    no git configuration, nothing of Gastown's own, nothing an interpreter would run.
 * V2 Model keys go to agents (`modelKeys: true`), never to setup or gates.
 * V3 GASTOWN_AGENT_ROLE, _ID and GASTOWN_TOWN_ID are labels for people and logs, never authority.
 * V4 A proxy or an index address that carries a password is left out.
 */
import { checkEnvName } from '../core/env-names.ts';

export interface ChildEnvSpec {
  /** The host's environment, read at its door. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** The child's own home; the person's only where an agent needs its login from there. */
  readonly home: string;
  readonly tmp: string;
  readonly labels: {
    readonly role: string;
    readonly agentId: string;
    readonly townId: string;
  };
  /** Settings and profile variables; reserved and dangerous names are left out. */
  readonly extra: Readonly<Record<string, string>>;
  /** Unguessable; finds what the child started, wherever it went. See process-tree.ts. */
  readonly marker: string;
  readonly modelKeys: boolean;
}

/** Holds the marker in every process of a tree. */
export const MARKER_NAME = 'GASTOWN_PROCESS_MARKER';

/** V1 */
const PLAIN: readonly string[] = [
  'PATH',
  'LANG',
  'LANGUAGE',
  'TERM',
  'COLORTERM',
  'TZ',
  'USER',
  'LOGNAME',
  'SHELL',
  'CI',
  'RUSTUP_TOOLCHAIN',
];

/** Where tool chains are installed: their launchers look below HOME otherwise, which is another. */
export const TOOL_PLACES: readonly string[] = [
  'JAVA_HOME',
  'GOROOT',
  'RUSTUP_HOME',
  'PYENV_ROOT',
  'RBENV_ROOT',
  'NVM_DIR',
  'FNM_DIR',
  'VOLTA_HOME',
  'ASDF_DIR',
  'ASDF_DATA_DIR',
  'MISE_DATA_DIR',
  'SDKMAN_DIR',
  'DOTNET_ROOT',
  'ANDROID_HOME',
  // Certificates of a company's own network.
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
];

/** Addresses: kept unless a password is in them. V4 */
const ADDRESSES: readonly string[] = [
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'npm_config_registry',
  'pip_index_url',
  'uv_index_url',
  'goproxy',
];

/** V2: keys and addresses of model providers. */
const MODEL_NAMES: readonly string[] = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'CODEX_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'GOOGLE_GEMINI_BASE_URL',
  'OPENROUTER_API_KEY',
  'MISTRAL_API_KEY',
  'DEEPSEEK_API_KEY',
  'XAI_API_KEY',
  'GROQ_API_KEY',
  'DASHSCOPE_API_KEY',
  'KILO_API_KEY',
  'OPENCODE_API_KEY',
  'AZURE_OPENAI_API_KEY',
  'AZURE_OPENAI_ENDPOINT',
];

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

export function childEnv(spec: ChildEnvSpec): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(spec.base)) {
    if (value !== undefined && isPassedOn(name, value, spec.modelKeys)) entries.push([name, value]);
  }
  const rustup = spec.base['HOME'] === undefined ? [] : [`${spec.base['HOME']}/.rustup`];
  return {
    PATH: DEFAULT_PATH,
    ...Object.fromEntries(rustup.map((path) => ['RUSTUP_HOME', path])),
    ...Object.fromEntries(entries),
    ...Object.fromEntries(
      Object.entries(spec.extra).filter(([name]) => checkEnvName(name) === null),
    ),
    HOME: spec.home,
    TMPDIR: spec.tmp,
    GASTOWN_AGENT_ROLE: spec.labels.role,
    GASTOWN_AGENT_ID: spec.labels.agentId,
    GASTOWN_TOWN_ID: spec.labels.townId,
    [MARKER_NAME]: spec.marker,
  };
}

function isPassedOn(name: string, value: string, modelKeys: boolean): boolean {
  if (PLAIN.includes(name) || TOOL_PLACES.includes(name) || name.startsWith('LC_')) return true;
  if (ADDRESSES.includes(name.toLowerCase())) return !carriesPassword(value);
  return modelKeys && MODEL_NAMES.includes(name);
}

/** `http://user:secret@host`, in any of a list's items. V4 */
function carriesPassword(value: string): boolean {
  return value.includes('@');
}
