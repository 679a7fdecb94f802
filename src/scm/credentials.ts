/**
 * Which credential a rig's requests are made with: the most specific one that is bound to the
 * rig's forge, and for every other one why it was passed over.
 *
 * C1 Order: the rig's token, the rig's app, the town's CLI token, the town's token, the town's app,
 *    the machine's own login. C2 A rig pinned to an app uses that one or none.
 * C3 A token belongs to the origin and the API it was saved for: gitlab.com gets no other host's.
 * C4 A source that is set up and whose issuer fails ends the search: trying the next would act as
 *    somebody else during an outage. That is `token_unavailable`, never `no_token`.
 * C5 The context names a rig, always: no caller can forget the rig's own sources.
 */
import { assert } from '../core/assert.ts';
import type { PRStatusError, TriedSource } from '../core/pr-status.ts';
import { err, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import type { Instant } from '../core/time.ts';
import type { ForgeContext } from '../ports/forge.ts';
import { placeOf } from './http.ts';
import {
  fingerprintOfSecret,
  originOf,
  schemeFor,
  type CredentialLease,
  type ForgeBinding,
} from './lease.ts';

/** A token as it is stored: bound when it was saved. C3 */
export interface StoredToken {
  readonly provider: ForgeBinding['provider'];
  readonly origin: string;
  readonly apiOrigin: string;
  readonly secret: Secret;
  /** Whose it is, where somebody asked; its budget is shared under that name. */
  readonly login: string | null;
  readonly expiresAt: Instant | null;
}

/** An app that can be asked for tokens. */
export interface AppSource {
  /** Of the integration, what a rig is pinned to. */
  readonly id: string;
  readonly provider: ForgeBinding['provider'];
  readonly origin: string;
  /** Where its tokens are sent. C3 */
  readonly apiOrigin: string;
  issue(context: ForgeContext, source: string): Promise<Issued>;
  /** The forge refused this one: the next is made anew. */
  forget(lease: CredentialLease): void;
}

export type Issued =
  | { readonly ok: true; readonly lease: CredentialLease }
  | { readonly ok: false; readonly why: 'not_installed' | 'suspended' }
  /** `cause` in a word or two: `HTTP 502`, `timeout`, `bad key`. Never a secret. */
  | { readonly ok: false; readonly why: 'unavailable'; readonly cause: string };

export type MachineLogin =
  | { readonly ok: true; readonly token: StoredToken; readonly source: string }
  | { readonly ok: false; readonly tried: readonly TriedSource[] };

export interface CredentialSources {
  readonly rigTokens: readonly StoredToken[];
  readonly rigApp: AppSource | null;
  readonly townCliTokens: readonly StoredToken[];
  readonly townTokens: readonly StoredToken[];
  readonly townApp: AppSource | null;
  /** The integration a rig is pinned to. C2 */
  readonly pinnedTo: string | null;
  /** null: this host is no person's machine. `turned_off`: a setting says no. */
  readonly machine: ((forge: ForgeBinding) => Promise<MachineLogin>) | 'turned_off' | null;
}

export type CredentialResolution =
  | { readonly ok: true; readonly token: CredentialLease; readonly source: string }
  | {
      readonly ok: false;
      readonly tried: readonly TriedSource[];
      /** The source that ended the search. C4 */
      readonly unavailable: { readonly source: string; readonly cause: string } | null;
      /** C2 */
      readonly pinnedTo: string | null;
    };

export type GitHubTokenResolution = CredentialResolution;

export async function resolveGitHubToken(
  context: ForgeContext,
  sources: CredentialSources,
  now: Instant,
): Promise<GitHubTokenResolution> {
  assert(context.project.provider === 'github', 'a GitHub token is for a rig on GitHub');
  return await resolveCredential(context, sources, now);
}

export async function resolveCredential(
  context: ForgeContext,
  sources: CredentialSources,
  now: Instant,
): Promise<CredentialResolution> {
  const { pinnedTo } = sources;
  const tried: TriedSource[] = [];
  for (const look of ordered(context, sources, now)) {
    const found = await look();
    if (found.is === 'lease') return { ok: true, token: found.lease, source: found.lease.source };
    if (found.is === 'unavailable') {
      const { source, cause } = found;
      tried.push({ source, why: 'unavailable' });
      return { ok: false, tried, unavailable: { source, cause }, pinnedTo };
    }
    tried.push(...found.tried);
  }
  return { ok: false, tried, unavailable: null, pinnedTo };
}

type Found =
  | { readonly is: 'lease'; readonly lease: CredentialLease }
  | { readonly is: 'unavailable'; readonly source: string; readonly cause: string }
  | { readonly is: 'nothing'; readonly tried: readonly TriedSource[] };

type Look = () => Promise<Found>;

/** C1 */
function ordered(context: ForgeContext, sources: CredentialSources, now: Instant): readonly Look[] {
  const { rigTokens, rigApp, townCliTokens, townTokens, townApp, pinnedTo, machine } = sources;
  const stored = (source: string, tokens: readonly StoredToken[]): Look => {
    if (pinnedTo !== null) return () => passedOver(source, 'pinned_elsewhere');
    return () => fromStored(context, source, tokens, now);
  };
  const app = (source: string, from: AppSource | null): Look => {
    const isOther = pinnedTo !== null && from !== null && from.id !== pinnedTo;
    if (isOther) return () => passedOver(source, 'pinned_elsewhere');
    return () => fromApp(context, source, from);
  };
  const own: Look = () => {
    if (machine === null) return Promise.resolve({ is: 'nothing', tried: [] });
    if (pinnedTo !== null) return passedOver(MACHINE, 'pinned_elsewhere');
    if (machine === 'turned_off') return passedOver(MACHINE, 'turned_off');
    return fromMachine(context, machine, now);
  };
  return [
    stored('rig.token', rigTokens),
    app('rig.app', rigApp),
    stored('town.cli_token', townCliTokens),
    stored('town.token', townTokens),
    app('town.app', townApp),
    own,
  ];
}

const MACHINE = 'machine login';

function passedOver(source: string, why: TriedSource['why']): Promise<Found> {
  return Promise.resolve({ is: 'nothing', tried: [{ source, why }] });
}

/** C3: the first that fits; else the best reason of those there are. */
async function fromStored(
  { project }: ForgeContext,
  source: string,
  tokens: readonly StoredToken[],
  now: Instant,
): Promise<Found> {
  const here = tokens.filter((token) => fits(token, project));
  const good = here.find(({ expiresAt }) => expiresAt === null || expiresAt > now);
  if (good !== undefined) return { is: 'lease', lease: await leaseOf(good, source) };
  if (here.length > 0) return await passedOver(source, 'expired');
  return await passedOver(source, tokens.length > 0 ? 'wrong_host' : 'absent');
}

function fits(token: StoredToken, project: ForgeBinding): boolean {
  const isHere = token.provider === project.provider && token.origin === project.origin;
  return isHere && token.apiOrigin === originOf(project.apiBase);
}

export async function leaseOf(token: StoredToken, source: string): Promise<CredentialLease> {
  const { provider, origin, apiOrigin, secret, login, expiresAt } = token;
  const fingerprint = await fingerprintOfSecret(secret);
  const sent = { scheme: schemeFor(provider), identity: login ?? fingerprint } as const;
  const bound = { provider, origin, apiOrigin, source, kind: 'token' } as const;
  return { ...bound, ...sent, fingerprint, expiresAt, secret };
}

async function fromApp(
  context: ForgeContext,
  source: string,
  app: AppSource | null,
): Promise<Found> {
  if (app === null) return await passedOver(source, 'absent');
  const { provider, origin, apiBase } = context.project;
  const isHere = app.provider === provider && app.origin === origin;
  if (!isHere || app.apiOrigin !== originOf(apiBase)) {
    return await passedOver(source, 'wrong_host');
  }
  const issued = await app.issue(context, source);
  if (issued.ok) return { is: 'lease', lease: issued.lease };
  if (issued.why === 'unavailable') return { is: 'unavailable', source, cause: issued.cause };
  return await passedOver(source, issued.why);
}

/** What the machine gives is checked like everything else. */
async function fromMachine(
  context: ForgeContext,
  machine: (forge: ForgeBinding) => Promise<MachineLogin>,
  now: Instant,
): Promise<Found> {
  const login = await machine(context.project);
  if (!login.ok) return { is: 'nothing', tried: login.tried };
  return await fromStored(context, login.source, [login.token], now);
}

/** What a failed resolution is to somebody who wanted to read or write. C4 */
export function credentialError(
  { project }: ForgeContext,
  resolution: Extract<CredentialResolution, { ok: false }>,
): PRStatusError {
  const { unavailable, tried, pinnedTo } = resolution;
  const pinned = pinnedTo === null ? {} : { pinnedTo };
  return unavailable === null
    ? { kind: 'no_token', ...placeOf(project), resolutionChain: tried, ...pinned }
    : { kind: 'token_unavailable', ...placeOf(project), ...unavailable };
}

/**
 * Makes a call with the rig's credential. Without one no request is made; a token of an app that
 * the forge refuses is made anew and tried once more, and no other is.
 */
export async function withCredential<T>(
  context: ForgeContext,
  sources: CredentialSources,
  now: () => Instant,
  call: (lease: CredentialLease) => Promise<Result<T, PRStatusError>>,
): Promise<Result<T, PRStatusError>> {
  const first = await resolveCredential(context, sources, now());
  if (!first.ok) return err(credentialError(context, first));
  const answer = await call(first.token);
  if (first.token.kind !== 'app' || !wasRefused(answer)) return answer;
  for (const app of [sources.rigApp, sources.townApp]) app?.forget(first.token);
  const second = await resolveCredential(context, sources, now());
  if (!second.ok) return err(credentialError(context, second));
  return await call(second.token);
}

function wasRefused<T>(answer: Result<T, PRStatusError>): boolean {
  if (answer.ok || answer.error.kind !== 'http_error') return false;
  return answer.error.reason === 'unauthenticated';
}

/** For saving a token: it belongs to this forge from then on. C3 */
export function bindToken(
  forge: ForgeBinding,
  secret: Secret,
  known: { readonly login?: string | null; readonly expiresAt?: Instant | null } = {},
): StoredToken {
  const { provider, origin, apiBase } = forge;
  const apiOrigin = originOf(apiBase) ?? '';
  const { login = null, expiresAt = null } = known;
  return { provider, origin, apiOrigin, secret, login, expiresAt };
}
