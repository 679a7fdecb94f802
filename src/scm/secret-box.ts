/**
 * Secrets at rest: sealed with a key that lies beside the database and not in it, so that copies
 * and backups of the database tell nothing. Whoever has both has the secrets, and is told so.
 *
 * B1 AES-256-GCM with a fresh nonce each time; what a secret is for is bound to it, so that one
 *    row's secret does not open in another's place.
 * B2 What is shown is a mask. A mask that comes back changes nothing, and can never be stored.
 * B3 The nonce comes from the platform, not from an injected chance: used twice it gives both away.
 */
import { assert } from '../core/assert.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';

const PREFIX = 'sealed1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

export class SecretBox {
  readonly #key: CryptoKey;
  /** Of the key, to tell a wrong key from a damaged secret. */
  readonly #keyId: string;

  private constructor(key: CryptoKey, keyId: string) {
    this.#key = key;
    this.#keyId = keyId;
  }

  /** The host's 32 bytes: from a file only its user reads, or from a binding. */
  static async from(bytes: Uint8Array<ArrayBuffer>): Promise<SecretBox> {
    assert(bytes.length === KEY_BYTES, 'the key of the secrets has 32 bytes');
    const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, [
      'encrypt',
      'decrypt',
    ]);
    const hashed = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return new SecretBox(key, encode(hashed.subarray(0, 6)));
  }

  /** `purpose` names the row: `rig.web.token`. B1 */
  async seal(text: string, purpose = ''): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const how = { name: 'AES-GCM', iv, additionalData: utf8(purpose) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(how, this.#key, utf8(text)));
    return [PREFIX, this.#keyId, encode(iv), encode(sealed)].join('.');
  }

  async open(sealed: string, purpose = ''): Promise<Result<Secret, 'wrong_key' | 'damaged'>> {
    const [prefix, keyId, nonce = '', body = '', ...rest] = sealed.split('.');
    if (prefix !== PREFIX || rest.length > 0) return err('damaged');
    if (keyId !== this.#keyId) return err('wrong_key');
    try {
      const how = { name: 'AES-GCM', iv: decode(nonce), additionalData: utf8(purpose) };
      const text = await crypto.subtle.decrypt(how, this.#key, decode(body));
      return ok(new Secret(new TextDecoder('utf-8', { fatal: true }).decode(text)));
    } catch {
      return err('damaged');
    }
  }
}

const STARS = '****';
const TAIL_CHARS = 4;
/** Of a shorter secret the end would be too large a part. */
const TAIL_FROM_CHARS = 16;

/** `****abcd`; of a short secret the stars alone. B2 */
export function maskOf(secret: Secret): string {
  const text = secret.open();
  return text.length < TAIL_FROM_CHARS ? STARS : STARS + text.slice(-TAIL_CHARS);
}

export type Written =
  | { readonly is: 'unchanged' }
  | { readonly is: 'new'; readonly secret: Secret }
  /** A mask of something else: what it stands for is not known here. */
  | { readonly is: 'foreign_mask' };

/** What it means that somebody wrote `given` where `stored` is. B2 */
export function writtenBack(given: string, stored: Secret | null): Written {
  const text = given.trim();
  if (stored !== null && text === maskOf(stored)) return { is: 'unchanged' };
  return text.startsWith(STARS) ? { is: 'foreign_mask' } : { is: 'new', secret: new Secret(text) };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** base64url. */
function encode(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}
