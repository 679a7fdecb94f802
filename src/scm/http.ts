/**
 * The one door to forges: every request of every adapter leaves through `request`, and its answer
 * is a value. Here, and nowhere else in this room, a token is put into a header.
 *
 * H1 The address is compared with the binding and with the lease before a socket is opened: another
 *    scheme, host or port is `host_mismatch`, and nothing is sent.
 * H2 Redirects are followed by hand: same origin, at most three, writes only by 307 and 308. Off
 *    the origin only where a caller asks for it (logs), and then without credential and cookies.
 * H3 Connecting, answering and the body share one deadline. A body has a limit.
 * H4 Nothing is logged. What leaves as text for people goes through `redact` first.
 */
import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import type { Secret } from '../core/secret.ts';
import { instant, type Instant } from '../core/time.ts';
import type { Clock, Timers } from '../ports/host.ts';
import { refusedAddress } from './address.ts';
import { readBody, understand, understandRefusal, type BadBody } from './http-body.ts';
import { hostOf, originOf, type CredentialLease, type ForgeBinding } from './lease.ts';
import { networkCause, type NetworkCause } from './network-cause.ts';
import { redactPatterns } from '../core/redact.ts';

export interface ForgeDoor {
  /** The host's. It should give up connecting after `limits.forgeConnectMs`. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** `gastown/0.1.0`; forges refuse requests without one. */
  readonly userAgent: string;
  /** Origins that may be spoken to without TLS besides loopback addresses. */
  readonly httpOrigins: readonly string[];
}

export interface ForgeRequest {
  /** The forge this is for; the URL has to lie on its API's origin. H1 */
  readonly to: ForgeBinding;
  /** null: nothing is sent to say who asks. */
  readonly lease: CredentialLease | null;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Besides those that say who asks, which are set here only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `json` (default): a success that is not JSON is an error. `text`: logs. */
  readonly accept?: 'json' | 'text';
  /** The Accept header, where a forge has its own. */
  readonly mediaType?: string;
  readonly maxBytes?: number;
  /** `end`: of a longer body the last `maxBytes` are kept. For text. */
  readonly keep?: 'all' | 'end';
  readonly timeoutMs?: number;
  /** `bare`: a GET may follow to another https origin, without credential. H2 */
  readonly offOrigin?: 'refuse' | 'bare';
  readonly signal?: AbortSignal;
}

export interface ForgeResponse {
  readonly is: 'response';
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** Of a success the parsed object or list; null where there is no body, or it is no JSON. */
  readonly json: unknown;
  readonly text: string;
  /** The forge's own clock, from its Date header. */
  readonly date: Instant | null;
  /** Where the answer came from in the end. */
  readonly url: string;
  /** It said 301 or 308: ask there from now on. */
  readonly movedTo: string | null;
}

export type ForgeAnswer = ForgeResponse | { readonly is: 'error'; readonly error: PRStatusError };

/** Headers that say who asks, or where. */
const OURS: readonly string[] = ['authorization', 'private-token', 'job-token', 'cookie', 'host'];

export async function request(door: ForgeDoor, ask: ForgeRequest): Promise<ForgeAnswer> {
  const headers = new Headers(ask.headers);
  for (const name of OURS) assert(!headers.has(name), `the header ${name} is set by the door`);
  const refused = refusal(door, ask);
  if (refused !== null) return refused;
  const abort = new AbortController();
  const signal =
    ask.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, ask.signal]);
  const cancel = door.timers.after(ask.timeoutMs ?? limits.forgeMs, () => abort.abort());
  try {
    // A `fetch` that does not heed its signal is not waited for either. H3
    return await Promise.race([aborted(ask, signal), exchange(door, ask, signal)]);
  } finally {
    cancel();
  }
}

function aborted(ask: ForgeRequest, signal: AbortSignal): Promise<ForgeAnswer> {
  return new Promise((resolve) => {
    const give = (): void => resolve(networkError(ask, 'timeout'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** H1: nothing of it was sent, or null. */
function refusal(door: ForgeDoor, ask: ForgeRequest): ForgeAnswer | null {
  const expected = originOf(ask.to.apiBase);
  const { lease } = ask;
  if (expected === null) return mismatch(ask, ask.to.apiBase, 'no address');
  if (!URL.canParse(ask.url)) return mismatch(ask, expected, 'no address');
  const url = new URL(ask.url);
  const why = refusedAddress(url, door.httpOrigins);
  if (why !== null) return mismatch(ask, expected, `${url.origin} (${why})`);
  if (url.origin !== expected) return mismatch(ask, expected, url.origin);
  if (lease === null) return null;
  const fits =
    lease.provider === ask.to.provider &&
    lease.origin === ask.to.origin &&
    lease.apiOrigin === expected;
  return fits ? null : mismatch(ask, lease.apiOrigin, expected);
}

async function exchange(
  door: ForgeDoor,
  ask: ForgeRequest,
  signal: AbortSignal,
): Promise<ForgeAnswer> {
  try {
    const arrived = await follow(door, ask, signal);
    return 'is' in arrived ? arrived : await answer(ask, arrived);
  } catch (thrown) {
    return networkError(ask, signal.aborted ? 'timeout' : networkCause(thrown));
  }
}

interface Arrived {
  readonly response: Response;
  readonly url: string;
  readonly movedTo: string | null;
}

/** H2 */
async function follow(
  door: ForgeDoor,
  ask: ForgeRequest,
  signal: AbortSignal,
): Promise<Arrived | ForgeAnswer> {
  let url = ask.url;
  let movedTo: string | null = null;
  let bare = false;
  for (let hop = 0; hop <= limits.forgeRedirectsMax; hop += 1) {
    const init = bare ? bareInit(door, signal) : initOf(door, ask, signal);
    const response = await door.fetch(url, init);
    const next = redirectOf(response, url);
    if (next === null) return { response, url, movedTo };
    await response.body?.cancel().catch(() => undefined);
    const step = allowed(door, ask, response.status, { from: url, to: next, bare });
    if (step === 'refused') return invalid(ask, 'redirect', [hostOf(next).slice(0, 100)]);
    if (step === 'same' && [301, 308].includes(response.status)) movedTo = next;
    bare ||= step === 'bare';
    url = next;
  }
  return invalid(ask, 'redirect', []);
}

/** Where it sends us, or null where it does not. */
function redirectOf(response: Response, from: string): string | null {
  const location = response.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return null;
  return URL.canParse(location, from) ? new URL(location, from).href : '';
}

interface Hop {
  readonly from: string;
  readonly to: string;
  readonly bare: boolean;
}

function allowed(
  door: ForgeDoor,
  ask: ForgeRequest,
  status: number,
  { from, to, bare }: Hop,
): 'same' | 'bare' | 'refused' {
  if (!URL.canParse(to)) return 'refused';
  if (ask.method !== 'GET' && ![307, 308].includes(status)) return 'refused';
  if (refusedAddress(new URL(to), door.httpOrigins) !== null) return 'refused';
  if (!bare && originOf(to) === originOf(from)) return 'same';
  const isText = ask.accept === 'text' && ask.method === 'GET';
  if (ask.offOrigin !== 'bare' || !isText) return 'refused';
  // A forge on a loopback address is a lab: no other one sends us there, nor out of TLS.
  const isLab = originOf(ask.to.apiBase)?.startsWith('http:') ?? false;
  return new URL(to).protocol === 'https:' || isLab ? 'bare' : 'refused';
}

function initOf(door: ForgeDoor, ask: ForgeRequest, signal: AbortSignal): RequestInit {
  const headers = new Headers(ask.headers);
  const media = ask.accept === 'text' ? '*/*' : 'application/json';
  headers.set('accept', ask.mediaType ?? media);
  headers.set('user-agent', door.userAgent);
  if (ask.lease !== null) sign(headers, ask.lease);
  const init: RequestInit = { method: ask.method, headers, redirect: 'manual', signal };
  if (ask.body === undefined) return init;
  headers.set('content-type', 'application/json');
  return { ...init, body: JSON.stringify(ask.body) };
}

function bareInit(door: ForgeDoor, signal: AbortSignal): RequestInit {
  const headers = { accept: '*/*', 'user-agent': door.userAgent };
  return { method: 'GET', headers, redirect: 'manual', signal };
}

function sign(headers: Headers, { scheme, secret }: CredentialLease): void {
  if (scheme === 'private-token') headers.set('private-token', secret.open());
  if (scheme === 'bearer') headers.set('authorization', `Bearer ${secret.open()}`);
  if (scheme === 'token') headers.set('authorization', `token ${secret.open()}`);
}

async function answer(ask: ForgeRequest, arrived: Arrived): Promise<ForgeAnswer> {
  const { response, url, movedTo } = arrived;
  const body = await readBody(response, ask.maxBytes ?? limits.forgeBodyBytesMax, ask.keep);
  if ('tooLarge' in body) return invalid(ask, 'too_large', []);
  const { status, statusText, headers } = response;
  const { text } = body;
  const seen = { is: 'response', status, statusText, headers, text, url, movedTo } as const;
  const date = dateOf(headers);
  if (!response.ok) return { ...seen, date, json: understandRefusal(text) };
  if (ask.accept === 'text' || (text === '' && status !== 200))
    return { ...seen, date, json: null };
  const understood = understand(text, headers.get('content-type'));
  if ('bad' in understood) return invalid(ask, understood.bad, understood.sampleKeys);
  return { ...seen, date, json: understood.json };
}

function dateOf(headers: Headers): Instant | null {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? null : instant(ms);
}

function mismatch(ask: ForgeRequest, expected: string, got: string): ForgeAnswer {
  return { is: 'error', error: { kind: 'host_mismatch', ...placeOf(ask.to), expected, got } };
}

function networkError(ask: ForgeRequest, cause: NetworkCause): ForgeAnswer {
  return { is: 'error', error: { kind: 'network_error', ...placeOf(ask.to), cause } };
}

function invalid(ask: ForgeRequest, reason: BadBody, keys: readonly string[]): ForgeAnswer {
  return { is: 'error', error: invalidResponse(ask.to, reason, keys) };
}

/** For an adapter whose schema does not fit, or whose GraphQL answer holds errors. */
export function invalidResponse(
  to: ForgeBinding,
  reason: BadBody,
  sampleKeys: readonly string[],
): PRStatusError {
  return { kind: 'invalid_response', ...placeOf(to), reason, sampleKeys };
}

/** The two fields every error has. */
export function placeOf(to: ForgeBinding): Pick<PRStatusError, 'provider' | 'host'> {
  return { provider: to.provider, host: hostOf(to.origin) };
}

/** Text without the secrets that are in use, and without what looks like one. H4 */
export function redact(text: string, secrets: readonly Secret[] = []): string {
  const live = secrets
    .map((secret) => secret.open())
    .flatMap((each) => [each, encodeURIComponent(each), JSON.stringify(each).slice(1, -1)])
    .filter((each) => each !== '')
    .sort((a, b) => b.length - a.length);
  const known = live.reduce((left, each) => left.replaceAll(each, '‹secret›'), text);
  return redactPatterns(known);
}
