/**
 * Tokens of a GitHub App: a statement signed with the app's key buys an installation's token, which
 * is good for an hour and kept until five minutes before its end.
 *
 * A1 One mint at a time for an installation: whoever comes meanwhile gets the same answer.
 * A2 A token the forge refused is made anew once, however many callers report it.
 * A3 An issuer that does not answer is `unavailable`, an app that is not there `not_installed`,
 *    one that was stopped `suspended`: the first passes, the others need a person.
 * A4 Nothing is assumed of a token's length or form. Ends are told by the forge's own clock.
 * A5 With an installation given no other is used, also where the repository is found in another.
 */
import { importPKCS8, SignJWT } from 'jose';
import { limits } from '../core/limits.ts';
import type { ForgeProject } from '../core/pull-request.ts';
import { Secret } from '../core/secret.ts';
import { instant, type Instant } from '../core/time.ts';
import type { AppSource, Issued } from './credentials.ts';
import { request, type ForgeAnswer, type ForgeDoor, type ForgeResponse } from './http.ts';
import { at, textAt, wholeAt } from './json.ts';
import { fingerprintOf, originOf, type CredentialLease, type ForgeBinding } from './lease.ts';
import { pkcs8Of } from './pem.ts';
import { SingleFlight } from './single-flight.ts';

export interface App extends ForgeBinding {
  readonly provider: 'github';
  /** Of the integration in this town. */
  readonly id: string;
  /** Who signs: the app's client id, or its number. */
  readonly clientId: string;
  /** The only one that counts; null: whichever the repository is found in. A5 */
  readonly installation: number | null;
  /** PEM, of either form. */
  readonly privateKey: Secret;
}

interface Minted {
  readonly installation: number;
  readonly text: string;
  readonly fingerprint: string;
  readonly expiresAt: Instant;
}

type Refused = Extract<Issued, { ok: false }>;
type Answer<T> = { readonly ok: true; readonly value: T } | Refused;

/** A class, because tokens and mints under way belong to one host and end with it. */
export class AppTokens implements AppSource {
  readonly provider = 'github';
  readonly id: string;
  readonly origin: string;
  readonly apiOrigin: string;
  readonly #door: ForgeDoor;
  readonly #app: App;
  /** By path: an app may be installed for some repositories of an owner only. */
  readonly #installations = new Map<string, number>();
  readonly #minted = new Map<number, Minted>();
  readonly #finds = new SingleFlight<Answer<number>>();
  readonly #mints = new SingleFlight<Answer<Minted>>();

  constructor(door: ForgeDoor, app: App) {
    this.#door = door;
    this.#app = app;
    this.id = app.id;
    this.origin = app.origin;
    this.apiOrigin = originOf(app.apiBase) ?? '';
  }

  async issue({ project }: { readonly project: ForgeProject }, source: string): Promise<Issued> {
    const path = project.path.toLowerCase();
    const found = await this.#installationOf(path);
    if (!found.ok) return found;
    const installation = found.value;
    const kept = this.#minted.get(installation);
    if (kept !== undefined && kept.expiresAt - limits.appTokenEarlyMs > this.#now()) {
      return { ok: true, lease: this.#leaseOf(kept, source) };
    }
    const answer = await this.#mints.run(String(installation), () => this.#mint(installation));
    if (answer.ok) return { ok: true, lease: this.#leaseOf(answer.value, source) };
    // Installed anew it has another number.
    if (answer.why !== 'unavailable') this.#installations.delete(path);
    return answer;
  }

  /** Whether the forge takes the key, and the installation where one is given. */
  async check(): Promise<Answer<void>> {
    const { installation } = this.#app;
    if (installation === null) {
      const answer = await this.#ask('GET', '/app');
      return wholeAt(jsonOf(answer), 'id') === null
        ? refusalOf(answer)
        : { ok: true, value: undefined };
    }
    const minted = await this.#mints.run(String(installation), () => this.#mint(installation));
    return minted.ok ? { ok: true, value: undefined } : minted;
  }

  /** A2: only if it is still the one that was refused. */
  forget({ fingerprint }: CredentialLease): void {
    for (const [installation, kept] of this.#minted) {
      if (kept.fingerprint === fingerprint) this.#minted.delete(installation);
    }
  }

  async #installationOf(path: string): Promise<Answer<number>> {
    const known = this.#installations.get(path);
    if (known !== undefined) return { ok: true, value: known };
    return await this.#finds.run(path, async () => {
      const answer = await this.#ask('GET', `/repos/${path}/installation`);
      const value = wholeAt(jsonOf(answer), 'id');
      if (value === null) return refusalOf(answer);
      const isOther = (this.#app.installation ?? value) !== value;
      if (isOther) return { ok: false, why: 'not_installed' }; // A5
      const isSuspended = at(jsonOf(answer), 'suspended_at') !== null;
      if (isSuspended) return { ok: false, why: 'suspended' };
      this.#installations.set(path, value);
      return { ok: true, value };
    });
  }

  async #mint(installation: number): Promise<Answer<Minted>> {
    const answer = await this.#ask('POST', `/app/installations/${installation}/access_tokens`);
    const value = await mintedFrom(answer, installation, this.#now());
    if (value === null) return refusalOf(answer);
    this.#minted.set(installation, value);
    return { ok: true, value };
  }

  /** As the app itself. A clock of ours that is off is noticed by the forge's, corrected once. */
  async #ask(method: 'GET' | 'POST', path: string): Promise<ForgeAnswer | 'bad key'> {
    const first = await this.#askAt(method, path, this.#now());
    if (first === 'bad key' || first.is === 'error' || first.status !== 401) return first;
    const { date } = first;
    const isOff = date !== null && Math.abs(date - this.#now()) > CLOCK_SLACK_MS;
    return isOff ? await this.#askAt(method, path, date) : first;
  }

  async #askAt(
    method: 'GET' | 'POST',
    path: string,
    at: Instant,
  ): Promise<ForgeAnswer | 'bad key'> {
    const jwt = await signed(this.#app, at);
    if (jwt === null) return 'bad key';
    const lease = this.#bound({ kind: 'jwt', source: 'app key', secret: new Secret(jwt) });
    const url = `${this.#app.apiBase}${path}`;
    const headers = { 'x-github-api-version': '2022-11-28' };
    const ask = { to: this.#app, lease, method, url, headers } as const;
    return await request(this.#door, { ...ask, mediaType: 'application/vnd.github+json' });
  }

  #leaseOf(minted: Minted, source: string): CredentialLease {
    const { text, fingerprint, expiresAt, installation } = minted;
    const secret = new Secret(text);
    const lease = this.#bound({ kind: 'app', source, secret });
    return { ...lease, fingerprint, expiresAt, identity: `installation ${installation}` };
  }

  #bound(given: Pick<CredentialLease, 'kind' | 'source' | 'secret'>): CredentialLease {
    const { origin, apiBase, clientId } = this.#app;
    const bound = { provider: 'github', origin, apiOrigin: originOf(apiBase) ?? '' } as const;
    const who = { scheme: 'bearer', identity: clientId, fingerprint: clientId } as const;
    return { ...bound, ...who, ...given, expiresAt: null };
  }

  #now(): Instant {
    return this.#door.clock.now();
  }
}

const CLOCK_SLACK_MS = 30_000;
/** GitHub refuses more than ten minutes, and a clock of its own that is a little behind. */
const JWT_BACK_S = 60;
const JWT_AHEAD_S = 540;

async function signed({ clientId, privateKey }: App, at: Instant): Promise<string | null> {
  try {
    const key = await importPKCS8(pkcs8Of(privateKey.open()), 'RS256');
    const seconds = Math.floor(at / 1000);
    return await new SignJWT()
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(clientId)
      .setIssuedAt(seconds - JWT_BACK_S)
      .setExpirationTime(seconds + JWT_AHEAD_S)
      .sign(key);
  } catch {
    return null; // no key that can be read; what it is must not be said
  }
}

async function mintedFrom(
  answer: ForgeAnswer | 'bad key',
  installation: number,
  now: Instant,
): Promise<Minted | null> {
  const json = jsonOf(answer);
  const text = textAt(json, 'token');
  const ends = Date.parse(textAt(json, 'expires_at') ?? '');
  if (text === null || Number.isNaN(ends)) return null;
  // A4
  const date = (answer === 'bad key' || answer.is === 'error' ? null : answer.date) ?? now;
  const expiresAt = instant(now + (ends - date));
  const fingerprint = await fingerprintOf(text);
  return { installation, text, fingerprint, expiresAt };
}

/** A3 */
function refusalOf(answer: ForgeAnswer | 'bad key'): Refused {
  if (answer === 'bad key') return { ok: false, why: 'unavailable', cause: 'bad key' };
  if (answer.is === 'error') {
    const { error } = answer;
    const cause = error.kind === 'network_error' ? error.cause : error.kind;
    return { ok: false, why: 'unavailable', cause };
  }
  const { status } = answer;
  if (status === 404) return { ok: false, why: 'not_installed' };
  if (isSuspended(answer)) return { ok: false, why: 'suspended' };
  const cause = answer.status < 300 ? 'invalid_response' : `HTTP ${status}`;
  return { ok: false, why: 'unavailable', cause };
}

function isSuspended({ status, text }: ForgeResponse): boolean {
  return status === 403 && /suspended/i.test(text.slice(0, 1000));
}

function jsonOf(answer: ForgeAnswer | 'bad key'): unknown {
  if (answer === 'bad key' || answer.is === 'error') return null;
  return answer.status >= 200 && answer.status < 300 ? answer.json : null;
}
