/** Keys of apps before they are kept: what is one, which one, and what is told of what is none. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { readAppKey } from './app-key.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8'): string =>
  key.export({ type, format: 'pem' }).toString();
const read = (text: string) => readAppKey(new Secret(text));

test('both forms of one key have the fingerprint that GitHub shows', async () => {
  const der = createPublicKey(keys.privateKey).export({ type: 'spki', format: 'der' });
  const fingerprint = `SHA256:${createHash('sha256').update(der).digest('base64')}`;
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    expect(await read(pem(keys.privateKey, type))).toEqual({ ok: true, value: { fingerprint } });
  }
});

const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const shared = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const locked = keys.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const cut = pem(keys.privateKey, 'pkcs1').replace(/\n.{30}/, '\n');

test.each([
  ['a token', 'ghp_000000000000000000000000000000000000', 'no PEM block'],
  ['the public half', shared, 'a PEM block PUBLIC KEY'],
  ['a key behind a password', locked, 'a PEM block ENCRYPTED PRIVATE KEY'],
  ['a key of a curve', pem(curve, 'sec1'), 'a PEM block EC PRIVATE KEY'],
  ['one in the newer form', pem(curve), 'a PEM block PRIVATE KEY that holds no RSA key'],
  ['a damaged key', cut, 'a PEM block RSA PRIVATE KEY that holds no RSA key'],
  ['a short key', pem(short), 'an RSA key of less than 2048 bits'],
])('%s is none, and nothing of it is told', async (_name, text, error) => {
  expect(await read(text)).toEqual({ ok: false, error });
});
