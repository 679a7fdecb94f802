/**
 * From an HTTP answer to what it means: a rate-limited 403, an SSO 403, a missing permission, a
 * 404 that may hide something and a bad token are five different answers. Pure.
 *
 * O1 Decided by status and headers. A forge's words are looked at only where it gives no other
 *    sign, and are never kept: what is kept are numbers and names of a known form.
 * O2 Throttled needs data of a limit. A 429 without any is an outage that may pass.
 * O3 An answer that is no error is null; what its body is worth is the adapter's to say.
 */
import { limits } from '../core/limits.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import { after, type Instant } from '../core/time.ts';
import { invalidResponse, placeOf, type ForgeResponse } from './http.ts';
import type { ForgeBinding } from './lease.ts';
import { readLimits } from './limit-headers.ts';
import { missingPermissions } from './permissions.ts';
import { redactPatterns } from '../core/redact.ts';

type HttpError = Extract<PRStatusError, { kind: 'http_error' }>;

export interface Asked {
  readonly to: ForgeBinding;
  /** `source` of the lease that was sent, or `none`. */
  readonly tokenSource: string;
  readonly now: Instant;
  /** The thing asked for is of our own making and younger than two minutes: a 404 may pass. */
  readonly justCreated?: boolean;
}

/** O3 */
export function outcomeOf(response: ForgeResponse, asked: Asked): PRStatusError | null {
  const { status } = response;
  if ((status >= 200 && status < 300) || status === 304) return null;
  if (status === 404 && asked.justCreated === true) {
    return { kind: 'not_yet', ...placeOf(asked.to) };
  }
  if (status === 403 || status === 429) return forbidden(response, asked);
  return httpError(response, asked, reasonOf(status), isTransient(status));
}

function reasonOf(status: number): HttpError['reason'] {
  if (status === 401) return 'unauthenticated';
  if (status === 404) return 'not_found_or_hidden';
  if (status === 410 || status === 451) return 'gone';
  return status >= 500 ? 'server_error' : 'other';
}

function isTransient(status: number): boolean {
  return status >= 500 || status === 408 || status === 425;
}

/** The statuses that mean several things. */
function forbidden(response: ForgeResponse, asked: Asked): PRStatusError {
  const { headers, status } = response;
  if (status === 403 && ssoOf(headers) === 'required') {
    return httpError(response, asked, 'sso_required', false);
  }
  const words = wordsOf(response);
  // Said in so many words: the last call of a budget may be one that is not allowed.
  const isPermission = PERMISSION.test(words);
  const limited = isPermission ? null : throttled(response, asked, words);
  if (limited !== null) return limited;
  if (status === 429) return httpError(response, asked, 'other', true);
  const policy = policyOf(words);
  if (policy === 'locked_out') return httpError(response, asked, 'unauthenticated', false);
  const error = httpError(response, asked, 'forbidden', false);
  if (policy === null) return error;
  // More permissions would not help.
  const { missingPermissions: _, ...rest } = error;
  return { ...rest, policy };
}

/** O2 */
function throttled(response: ForgeResponse, asked: Asked, words: string): PRStatusError | null {
  const { now } = asked;
  const found = readLimits(response.headers, response.date, now);
  const isSecondary = SECONDARY.test(words);
  const isPrimary = found.remaining === 0 && !isSecondary;
  if (!isPrimary && !isSecondary && found.retryAt === null) return null;
  const at = found.retryAt ?? (isPrimary ? found.resetAt : null);
  return {
    kind: 'throttled',
    ...placeOf(asked.to),
    scope: isPrimary ? 'primary' : 'secondary',
    retryAt: at !== null && at > now ? at : after(now, limits.forgeThrottleMs),
    budget: { limit: found.limit, remaining: found.remaining },
  };
}

const PERMISSION = /resource not accessible by|must have (?:admin|push|write) (?:access|rights)/i;
const SECONDARY = /secondary rate limit|abuse detection|triggered an abuse/i;

type Policy = NonNullable<HttpError['policy']>;

function policyOf(words: string): Policy | 'locked_out' | null {
  if (/maximum number of login attempts/i.test(words)) return 'locked_out';
  if (/ip allow ?list|ip address is not permitted/i.test(words)) return 'ip_allow_list';
  if (/oauth app access restrictions/i.test(words)) return 'app_restricted';
  if (/account (?:was|is|has been) (?:suspended|blocked)/i.test(words)) return 'account_suspended';
  return /repository (?:access blocked|was archived|is disabled)/i.test(words)
    ? 'repository_disabled'
    : null;
}

const WORDS_MAX = 4000;

function wordsOf({ text }: ForgeResponse): string {
  return text.slice(0, WORDS_MAX);
}

function httpError(
  response: ForgeResponse,
  { to, tokenSource }: Asked,
  reason: HttpError['reason'],
  transient: boolean,
): HttpError {
  const { status, headers } = response;
  const missing = [401, 403, 404].includes(status) ? missingPermissions(response, to.provider) : [];
  const ssoUrl = reason === 'sso_required' ? ssoUrlOf(headers, to) : null;
  return {
    kind: 'http_error',
    ...placeOf(to),
    status,
    statusText: named(response.statusText),
    transient,
    reason,
    requestId: requestIdOf(headers),
    tokenSource,
    ...(missing.length === 0 ? {} : { missingPermissions: missing }),
    ...(ssoUrl === null ? {} : { ssoUrl }),
    ...(reason === 'not_found_or_hidden' ? { repository: 'not_probed' as const } : {}),
  };
}

/** Of a line a forge may fill as it likes: a few plain words. */
function named(text: string): string {
  return redactPatterns(text.replace(/[^\x20-\x7E]+/g, ' ').trim()).slice(0, 60);
}

function requestIdOf(headers: Headers): string | null {
  const id = headers.get('x-github-request-id') ?? headers.get('x-request-id');
  return id !== null && /^[\w:.-]{1,100}$/.test(id) ? id : null;
}

/** GitHub's word on single sign-on; `partial`: the answer lacks what organizations keep back. */
export function ssoOf(headers: Headers): 'required' | 'partial' | null {
  const value = headers.get('x-github-sso') ?? '';
  if (value.startsWith('required')) return 'required';
  return value.startsWith('partial-results') ? 'partial' : null;
}

/** Only a page of the forge itself is worth showing to a person. */
function ssoUrlOf(headers: Headers, to: ForgeBinding): string | null {
  const url = /url=([^\s;,]+)/.exec(headers.get('x-github-sso') ?? '')?.[1] ?? '';
  return URL.canParse(url) && new URL(url).origin === to.origin ? url : null;
}

/** One entry of `errors` in a GraphQL answer, as far as it can be believed. */
export interface GraphqlError {
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  readonly extensions?: { readonly saml_failure?: boolean | undefined } | undefined;
}

/** HTTP 200 with errors is no success. The status stays the one that was answered. */
export function graphqlOutcome(
  error: GraphqlError,
  response: ForgeResponse,
  asked: Asked,
): PRStatusError {
  const seen = { ...response, statusText: error.type ?? '' };
  switch (error.type ?? '') {
    case 'RATE_LIMITED':
    case 'RATE_LIMIT':
      return graphqlThrottled(response, asked);
    case 'NOT_FOUND':
      return asked.justCreated === true
        ? { kind: 'not_yet', ...placeOf(asked.to) }
        : httpError(seen, asked, 'not_found_or_hidden', false);
    case 'FORBIDDEN':
    case 'INSUFFICIENT_SCOPES':
      return httpError(seen, asked, graphqlForbidden(error, response), false);
    default:
      return SECONDARY.test(error.message ?? '')
        ? graphqlThrottled(response, asked, 'secondary')
        : invalidResponse(asked.to, 'graphql_errors', typeName(error));
  }
}

function graphqlForbidden(error: GraphqlError, { headers }: ForgeResponse): HttpError['reason'] {
  const isSso = error.extensions?.saml_failure === true || ssoOf(headers) === 'required';
  return isSso ? 'sso_required' : 'forbidden';
}

function graphqlThrottled(
  response: ForgeResponse,
  { to, now }: Asked,
  scope: 'primary' | 'secondary' = 'primary',
): PRStatusError {
  const found = readLimits(response.headers, response.date, now);
  const at = found.retryAt ?? (scope === 'primary' ? found.resetAt : null);
  return {
    kind: 'throttled',
    ...placeOf(to),
    scope,
    retryAt: at !== null && at > now ? at : after(now, limits.forgeThrottleMs),
    budget: { limit: found.limit, remaining: found.remaining },
  };
}

function typeName({ type }: GraphqlError): readonly string[] {
  return type !== undefined && /^[A-Z_]{1,60}$/.test(type) ? [type] : [];
}
