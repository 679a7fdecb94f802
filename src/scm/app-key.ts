/**
 * The private key of an app, before it is kept: is it one, and which.
 *
 * K1 What is wrong is said by the name of the PEM block at most; nothing of a key is ever shown.
 * K2 Its fingerprint is that of the public half, as GitHub lists it with the app: people can
 *    compare the two.
 */
import { err, ok, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import { pkcs8Of } from './pem.ts';

export interface ReadKey {
  /** `SHA256:…`, base64. K2 */
  readonly fingerprint: string;
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const BITS_MIN = 2048;
const PEM = /-----BEGIN ([A-Z0-9 ]{1,40})-----/;

/** The error is what was given, for `bad_value`. K1 */
export async function readAppKey(key: Secret): Promise<Result<ReadKey, string>> {
  const block = PEM.exec(key.open())?.[1];
  if (block === undefined) return err('no PEM block');
  if (block !== 'RSA PRIVATE KEY' && block !== 'PRIVATE KEY') return err(`a PEM block ${block}`);
  try {
    const { subtle } = crypto;
    const own = await subtle.importKey('pkcs8', bytesOf(key), RSA, true, ['sign']);
    const { n, e } = await subtle.exportKey('jwk', own);
    if (n === undefined || e === undefined) return err('no RSA key');
    const bits = Math.ceil((n.length * 6) / 8) * 8;
    if (bits < BITS_MIN) return err(`an RSA key of less than ${BITS_MIN} bits`);
    const half = { kty: 'RSA', n, e };
    const shared = await subtle.importKey('jwk', half, RSA, true, ['verify']);
    const spki = await subtle.exportKey('spki', shared);
    const hashed = new Uint8Array(await subtle.digest('SHA-256', spki));
    return ok({ fingerprint: `SHA256:${btoa(String.fromCharCode(...hashed))}` });
  } catch {
    return err(`a PEM block ${block} that holds no RSA key`);
  }
}

function bytesOf(key: Secret): Uint8Array<ArrayBuffer> {
  const body = pkcs8Of(key.open()).replace(/-----[A-Z ]+-----/g, '');
  return Uint8Array.from(atob(body.replace(/\s+/g, '')), (char) => char.charCodeAt(0));
}
