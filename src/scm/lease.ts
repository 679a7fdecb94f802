/**
 * A credential on loan to one request: opaque, and bound to one forge. Whoever holds a lease can
 * say where it comes from and have it sent, and can neither read it nor send it elsewhere.
 *
 * L1 `apiOrigin` (scheme, host, port) is the only place the HTTP door sends it to; `origin` is the
 *    forge's own address, where git is told the same credential. Neither is taken from a URL
 *    that somebody typed.
 * L2 `fingerprint` changes with the token and tells nothing of it: the key of caches and incidents.
 */
import type { ForgeProject, ForgeProvider } from '../core/pull-request.ts';
import type { Secret } from '../core/secret.ts';
import type { Instant } from '../core/time.ts';

/** One forge as it is configured, without a repository. */
export type ForgeBinding = Pick<ForgeProject, 'provider' | 'origin' | 'apiBase'>;

export interface CredentialLease {
  readonly provider: ForgeProvider;
  readonly origin: string;
  readonly apiOrigin: string;
  /** `rig.token`, `town.app`, `gh login`, …: shown to people. */
  readonly source: string;
  readonly kind: 'token' | 'app' | 'jwt';
  /** How it is sent: `Authorization: Bearer`, `Authorization: token`, or `PRIVATE-TOKEN`. */
  readonly scheme: 'bearer' | 'token' | 'private-token';
  /** Whose budget it uses: the login or the installation where known, else the fingerprint. */
  readonly identity: string;
  readonly fingerprint: string;
  readonly expiresAt: Instant | null;
  readonly secret: Secret;
}

/** Scheme, host and port of an address, or null where it is none. */
export function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}

/** L2 */
export async function fingerprintOf(text: string): Promise<string> {
  const hashed = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hashed).subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

export async function fingerprintOfSecret(secret: Secret): Promise<string> {
  return await fingerprintOf(secret.open());
}

export function schemeFor(provider: ForgeProvider): CredentialLease['scheme'] {
  switch (provider) {
    case 'github':
      return 'bearer';
    case 'gitlab':
      return 'private-token';
    case 'gitea':
      return 'token';
  }
}
