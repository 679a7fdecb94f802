/**
 * What reading a pull request answers: a result, or exactly why there is none. Never null, never
 * thrown; every kind is a different answer with a different remedy.
 *
 * E1 `kind` names the cause and the fields carry the evidence; no field ever holds a secret.
 * E2 A failure to look says nothing about the work: nothing is redone because of it. P5
 */
import type { ForgeProvider, PullRequestSnapshot } from './pull-request.ts';
import type { Instant } from './time.ts';

/** One place a credential was looked for, and why it gave none. */
export interface TriedSource {
  /** `rig.token`, `town.token`, `gh login`, … */
  readonly source: string;
  readonly why:
    | 'absent'
    | 'wrong_host'
    | 'expired'
    | 'unavailable'
    | 'not_installed'
    | 'suspended'
    | 'pinned_elsewhere'
    | 'turned_off';
}

interface Shape {
  readonly no_token: {
    readonly resolutionChain: readonly TriedSource[];
    /** The app the rig is pinned to: nothing else could have been used. */
    readonly pinnedTo?: string;
  };
  readonly http_error: {
    readonly status: number;
    readonly statusText: string;
    /** 5xx, 408, 425 and 429 without limit data. */
    readonly transient: boolean;
    readonly reason:
      | 'unauthenticated'
      | 'forbidden'
      | 'sso_required'
      | 'not_found_or_hidden'
      | 'gone'
      | 'server_error'
      | 'other';
    readonly requestId: string | null;
    readonly missingPermissions?: readonly string[];
    readonly ssoUrl?: string;
    /** A rule of the organization or the forge forbids it, whatever the token may do. */
    readonly policy?:
      | 'ip_allow_list'
      | 'app_restricted'
      | 'account_suspended'
      | 'repository_disabled';
    readonly tokenSource: string;
    /** For a 404: what a look at the repository itself found. */
    readonly repository?: 'visible' | 'hidden_too' | 'not_probed';
  };
  readonly unrecognized_url: {
    readonly url: string;
    /** Scheme, host and port of the forge it could be of. */
    readonly origin?: string;
  };
  readonly host_mismatch: { readonly expected: string; readonly got: string };
  readonly invalid_response: {
    readonly reason:
      | 'json_parse'
      | 'schema_mismatch'
      | 'graphql_errors'
      | 'html'
      | 'too_large'
      | 'redirect';
    /** Names only, at most 8. */
    readonly sampleKeys: readonly string[];
  };
  readonly network_error: { readonly cause: 'dns' | 'connect' | 'tls' | 'timeout' | 'reset' };
  readonly token_unavailable: { readonly source: string; readonly cause: string };
  readonly throttled: {
    readonly scope: 'primary' | 'secondary';
    readonly retryAt: Instant;
    readonly budget: { readonly limit: number | null; readonly remaining: number | null };
  };
  /** A 404 within two minutes of our own create; it has no fields of its own. */
  readonly not_yet: unknown;
}

export type PRStatusErrorKind = keyof Shape;

export type PRStatusError = {
  [K in PRStatusErrorKind]: {
    readonly kind: K;
    readonly provider: ForgeProvider;
    readonly host: string;
  } & Shape[K];
}[PRStatusErrorKind];

/** No request was made: the address alone says so. */
export type PullAddressError = Extract<
  PRStatusError,
  { readonly kind: 'unrecognized_url' | 'host_mismatch' }
>;

export type PRStatusResult = PullRequestSnapshot;

export type PRStatusOutcome =
  | { readonly ok: true; readonly result: PRStatusResult }
  | { readonly ok: false; readonly error: PRStatusError };
