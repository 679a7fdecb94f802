/**
 * Deliveries of forges: is one signed with the secret that was agreed on, and what is it a hint of?
 * Polling stays the truth: a lost, forged or repeated delivery harms nothing.
 *
 * W1 The size is looked at before anything else, the signature before the body is parsed. Both are
 *    of the raw bytes. W2 Compared by the platform's `verify`, in constant time.
 * W3 Without an agreed secret nothing is accepted. A secret of the signed form (`whsec_`) is never
 *    accepted as a plain token.
 * W4 A delivery has two names: the forge's, which is not always signed, and the body's digest.
 */
import { limits } from '../core/limits.ts';
import type { ForgeProvider } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import type { Instant } from '../core/time.ts';
import { parseJson, textAt } from './json.ts';
import { dueFrom, type Due } from './webhook-hints.ts';

export interface Hint {
  readonly provider: ForgeProvider;
  /** W4: a repeat has the same. */
  readonly id: string;
  readonly digest: string;
  readonly event: string;
  /** null: nothing is due because of it. */
  readonly due: Due | null;
}

export type WebhookRefusal =
  | 'too_large'
  | 'no_secret'
  | 'no_signature'
  | 'bad_signature'
  /** Signed at another time than now. */
  | 'stale'
  | 'malformed';

export async function verifyWebhook(
  provider: ForgeProvider,
  headers: Headers,
  rawBody: Uint8Array<ArrayBuffer>,
  secret: Secret,
  now: Instant,
): Promise<Result<Hint, WebhookRefusal>> {
  if (rawBody.byteLength > limits.webhookBodyBytesMax) return err('too_large');
  if (secret.open().trim() === '') return err('no_secret');
  const refused = await refusal(provider, headers, rawBody, secret, now);
  if (refused !== null) return err(refused);
  const json = bodyOf(headers, rawBody);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return err('malformed');
  const event = eventOf(provider, headers, json);
  const digest = await digestOf(rawBody);
  const id = idOf(provider, headers) ?? digest;
  return ok({ provider, id, digest, event, due: dueFrom(provider, event, json) });
}

/** W1, W2 */
async function refusal(
  provider: ForgeProvider,
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  secret: Secret,
  now: Instant,
): Promise<WebhookRefusal | null> {
  const text = secret.open();
  switch (provider) {
    case 'github': {
      const given = headers.get('x-hub-signature-256');
      if (given === null) return 'no_signature';
      return await matches(text, body, given.startsWith('sha256=') ? given.slice(7) : '');
    }
    case 'gitea': {
      const given = headers.get('x-forgejo-signature') ?? headers.get('x-gitea-signature');
      return given === null ? 'no_signature' : await matches(text, body, given);
    }
    case 'gitlab':
      return headers.get('webhook-signature') === null
        ? await gitlabToken(headers, text)
        : await gitlabSigned(headers, body, text, now);
  }
}

async function matches(
  secret: string,
  body: Uint8Array<ArrayBuffer>,
  hex: string,
): Promise<WebhookRefusal | null> {
  const given = /^[0-9a-f]{64}$/i.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : null;
  return given !== null && (await isSigned(utf8(secret), body, given)) ? null : 'bad_signature';
}

const SIGNED_SECRET = 'whsec_';

/** W3. Both under a key of this moment, so that the comparison tells nothing by its time. */
async function gitlabToken(headers: Headers, secret: string): Promise<WebhookRefusal | null> {
  const given = headers.get('x-gitlab-token');
  if (given === null || secret.startsWith(SIGNED_SECRET)) return 'no_signature';
  const key = await hmacKey(crypto.getRandomValues(new Uint8Array(32)));
  const expected = await crypto.subtle.sign('HMAC', key, utf8(secret));
  const isSame = await crypto.subtle.verify('HMAC', key, expected, utf8(given));
  return isSame ? null : 'bad_signature';
}

/** Standard Webhooks: `id.timestamp.body`, several signatures while a secret is changed. */
async function gitlabSigned(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  secret: string,
  now: Instant,
): Promise<WebhookRefusal | null> {
  const id = headers.get('webhook-id') ?? '';
  const at = headers.get('webhook-timestamp') ?? '';
  const key = signingKey(secret);
  if (id === '' || !/^\d{1,12}$/.test(at) || key === null) return 'bad_signature';
  const signed = new Uint8Array([...utf8(`${id}.${at}.`), ...body]);
  for (const each of (headers.get('webhook-signature') ?? '').split(' ').slice(0, 8)) {
    const given = each.startsWith('v1,') ? decode(each.slice(3)) : null;
    if (given === null || !(await isSigned(key, signed, given))) continue;
    return Math.abs(now - Number(at) * 1000) > limits.webhookSkewMs ? 'stale' : null;
  }
  return 'bad_signature';
}

function signingKey(secret: string): Uint8Array<ArrayBuffer> | null {
  return secret.startsWith(SIGNED_SECRET)
    ? decode(secret.slice(SIGNED_SECRET.length))
    : utf8(secret);
}

async function isSigned(
  secret: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
  given: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (secret.byteLength === 0) return false;
  return await crypto.subtle.verify('HMAC', await hmacKey(secret), given, signed);
}

async function hmacKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const how = { name: 'HMAC', hash: 'SHA-256' };
  return await crypto.subtle.importKey('raw', secret, how, false, ['sign', 'verify']);
}

/** JSON, or JSON in a form, as GitHub and Gitea send it when asked to. undefined: neither. */
function bodyOf(headers: Headers, rawBody: Uint8Array): unknown {
  const text = new TextDecoder().decode(rawBody);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers.get('content-type') ?? '');
  return parseJson(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
}

function eventOf(provider: ForgeProvider, headers: Headers, json: unknown): string {
  const named = {
    github: headers.get('x-github-event'),
    gitlab: textAt(json, 'object_kind'),
    gitea: headers.get('x-forgejo-event') ?? headers.get('x-gitea-event'),
  }[provider];
  return named !== null && /^[\w-]{1,60}$/.test(named) ? named : 'unknown';
}

function idOf(provider: ForgeProvider, headers: Headers): string | null {
  const names = {
    github: ['x-github-delivery'],
    gitlab: ['webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'],
    gitea: ['x-forgejo-delivery', 'x-gitea-delivery'],
  }[provider];
  const id = names.map((name) => headers.get(name)).find((each) => each !== null) ?? '';
  return /^[\w.:-]{1,120}$/.test(id) ? id : null;
}

async function digestOf(body: Uint8Array<ArrayBuffer>): Promise<string> {
  const hashed = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  return [...hashed].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** null: no base64. */
function decode(base64: string): Uint8Array<ArrayBuffer> | null {
  return /^[A-Za-z\d+/]+={0,2}$/.test(base64) && base64.length % 4 === 0
    ? Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    : null;
}
