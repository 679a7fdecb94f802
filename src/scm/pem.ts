/**
 * Private keys as forges hand them out. GitHub gives the older form of PEM (PKCS#1), and the web's
 * cryptography takes the newer one (PKCS#8), which is the older one in an envelope.
 *
 * P1 Throws on what is no key at all; whoever calls says so without showing it.
 */
import { assert } from '../core/assert.ts';

const OLD = /-----BEGIN RSA PRIVATE KEY-----([\s\S]+?)-----END RSA PRIVATE KEY-----/;

/** PKCS#8, whichever it was. A pasted key may have lost its line breaks to `\n`. */
export function pkcs8Of(pem: string): string {
  const text = pem.replaceAll('\\n', '\n').trim();
  const old = OLD.exec(text);
  if (old === null) return text;
  const key = Uint8Array.from(atob((old[1] ?? '').replace(/\s+/g, '')), (c) => c.charCodeAt(0));
  const octets = tlv(0x04, key);
  const whole = tlv(0x30, joined([VERSION, RSA, octets]));
  return `-----BEGIN PRIVATE KEY-----\n${base64(whole)}\n-----END PRIVATE KEY-----`;
}

const VERSION: Readonly<Uint8Array> = Uint8Array.of(0x02, 0x01, 0x00);
/** rsaEncryption (1.2.840.113549.1.1.1) without parameters. */
const RSA: Readonly<Uint8Array> = Uint8Array.from([
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
]);

/** Type, length, value. */
function tlv(type: number, value: Uint8Array): Uint8Array {
  const { length } = value;
  assert(length < 0x10000, 'no RSA key is that long');
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return joined([Uint8Array.of(type, ...size), value]);
}

function joined(parts: readonly Readonly<Uint8Array>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function base64(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/.{64}/g, '$&\n').trim();
}
