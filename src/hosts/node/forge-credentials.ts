/**
 * Credentials on this host: the town's sealed rows opened with the home's key, and the machine's
 * own login where a setting lets it be used.
 *
 * C1 What a sealed row is for is bound to it: one rig's does not open in another's place.
 * C2 The machine's login is for the forge's API. Git has the machine's own credentials already,
 *    so it is given what is stored only; where the machine's would be somebody else's (a pinned
 *    rig, an app whose issuer is out) it is told so.
 * C3 A token's row that this key does not open is no credential, and the log says so once a look.
 */
import type { ForgeProject } from '../../core/pull-request.ts';
import type { Secret } from '../../core/secret.ts';
import { after, type Instant } from '../../core/time.ts';
import type { Clock, Log, Timers } from '../../ports/host.ts';
import type { ForgeContext } from '../../ports/forge.ts';
import type { CredentialFor, GitLogin } from '../../runtime/git-credential.ts';
import { runProcess } from '../../runtime/run-process.ts';
import {
  resolveCredential,
  type CredentialResolution,
  type CredentialSources,
  type MachineLogin,
  type StoredToken,
} from '../../scm/credentials.ts';
import type { ForgeBinding } from '../../scm/lease.ts';
import { machineLogin } from '../../scm/machine-login.ts';
import type { SecretBox } from '../../scm/secret-box.ts';
import type { SealedCredential } from '../../storage/tables/secrets.ts';
import type { ForgeQueries } from '../../town/forge-queries.ts';
import type { HostApps } from './forge-apps.ts';

export interface CredentialGround {
  readonly box: SecretBox;
  readonly apps: HostApps;
  readonly queries: ForgeQueries;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const LOGIN_MS = 5000;
/** A login is asked for again after this long: it costs a process. */
const LOGIN_KEPT_MS = 60_000;

export class HostCredentials {
  readonly #ground: CredentialGround;
  readonly #logins = new Map<string, { readonly until: Instant; readonly login: MachineLogin }>();

  constructor(ground: CredentialGround) {
    this.#ground = ground;
  }

  /** Of a rig, always: the port has no other context. */
  async sources(context: ForgeContext): Promise<CredentialSources> {
    const { queries } = this.#ground;
    const rig = queries.rig(context.rig);
    const mayUse = queries.settings(rig)['credentials.machine'];
    return {
      ...(await this.stored(context)),
      machine: mayUse ? (forge) => this.#machine(forge) : 'turned_off',
    };
  }

  /** Without the machine's login. */
  async stored({ rig, project }: ForgeContext): Promise<CredentialSources> {
    const { queries, apps } = this.#ground;
    const own = queries.rig(rig);
    const rigTokens = own === null ? [] : await this.#opened(queries.sealed(own.id));
    const rigApp = own === null ? null : await apps.of(own.id, project);
    const townCliTokens = await this.#opened(queries.sealed(null, true));
    const townTokens = await this.#opened(queries.sealed(null));
    const townApp = await apps.of(null, project);
    const pinnedTo = queries.settings(own)['credentials.pinnedTo'];
    const all = { rigTokens, rigApp, townCliTokens, townTokens, townApp };
    return { ...all, pinnedTo, machine: null };
  }

  /** C2 */
  async forGit(
    whose: CredentialFor,
    projectOf: (remote: string) => ForgeProject | null,
  ): Promise<GitLogin> {
    const name = 'rig' in whose ? whose.rig : whose.by;
    const rig = name === null ? null : this.#ground.queries.rig(name);
    const project = 'rig' in whose ? (rig?.forge ?? null) : projectOf(whose.remote);
    if (project === null) return { is: 'own' };
    const context = { rig: rig?.id ?? '', project };
    const sources = await this.stored(context);
    const found = await resolveCredential(context, sources, this.#ground.clock.now());
    if (!found.ok) return withoutStored(found);
    const { token, source } = found;
    const username = project.provider === 'github' ? 'x-access-token' : 'oauth2';
    const apps = [sources.rigApp, sources.townApp];
    const refused = (): void => apps.forEach((app) => app?.forget(token));
    const given = { origin: project.origin, username, secret: token.secret, source };
    return { is: 'given', credential: given, renew: token.kind === 'app' ? refused : null };
  }

  async secretOf(row: SealedCredential): Promise<Secret | null> {
    const opened = await this.#ground.box.open(row.sealed, purposeOf(row.scope, row.origin));
    if (opened.ok) return opened.value;
    const { scope, origin } = row;
    this.#ground.log.error('credential_unreadable', { scope, origin, why: opened.error }); // C3
    return null;
  }

  async #opened(rows: readonly SealedCredential[]): Promise<readonly StoredToken[]> {
    const tokens = await Promise.all(
      rows.map(async (row) => {
        const secret = await this.secretOf(row);
        if (secret === null) return [];
        const { provider, origin, apiOrigin, login } = row;
        return [{ provider, origin, apiOrigin, login, secret, expiresAt: null }];
      }),
    );
    return tokens.flat();
  }

  async #machine(forge: ForgeBinding): Promise<MachineLogin> {
    const { clock, timers, env } = this.#ground;
    const now = clock.now();
    const key = `${forge.provider} ${forge.origin}`;
    const kept = this.#logins.get(key);
    if (kept !== undefined && kept.until > now) return kept.login;
    const own = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const run = async (command: string, args: readonly string[]): Promise<string | null> => {
      const all = { ...Object.fromEntries(own), GH_PROMPT_DISABLED: '1', NO_PROMPT: '1' };
      const spec = { command, args, cwd: '/', env: all, timeoutMs: LOGIN_MS };
      const ended = await runProcess(spec, timers);
      return ended.exitCode === 0 ? ended.stdout.toString('utf8') : null;
    };
    const login = await machineLogin({ env, run }, forge);
    this.#logins.set(key, { until: after(now, LOGIN_KEPT_MS), login });
    return login;
  }
}

/** C2 */
function withoutStored(found: Extract<CredentialResolution, { ok: false }>): GitLogin {
  const { unavailable, pinnedTo, tried } = found;
  if (unavailable !== null) return { is: 'refused', refusal: { ...unavailable, pinnedTo } };
  if (pinnedTo === null) return { is: 'own' };
  const why = tried.map(({ source, why: because }) => `${source} ${because}`).join(', ');
  return { is: 'refused', refusal: { source: null, cause: why.replaceAll('_', ' '), pinnedTo } };
}

/** C1 */
export function purposeOf(scope: string, origin: string): string {
  return `${scope} ${origin}`;
}
