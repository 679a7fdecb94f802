/**
 * Secrets at rest: what opens a seal and what does not, and what masks do when they come back.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { maskOf, SecretBox, writtenBack } from './secret-box.ts';

const box = await SecretBox.from(new Uint8Array(32).fill(7));
const another = await SecretBox.from(new Uint8Array(32).fill(8));
const token = `ghp_${'a'.repeat(36)}wxyz`;

describe('a seal', () => {
  test('opens again, whatever was sealed, and shows nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 12 }), async (text) => {
        const sealed = await box.seal(text, 'rig.web.token');
        const opened = await box.open(sealed, 'rig.web.token');
        expect(opened.ok && opened.value.open()).toBe(text);
        expect(sealed).not.toContain(text);
      }),
      { numRuns: 50 },
    );
  });

  test('of the same secret is another each time', async () => {
    expect(await box.seal(token)).not.toBe(await box.seal(token));
  });

  test('opens into a secret that does not print', async () => {
    const opened = await box.open(await box.seal(token));
    expect(`${JSON.stringify(opened)}${String(opened.ok && opened.value)}`).not.toContain('aaaa');
  });

  test('of another key is told from a damaged one', async () => {
    const sealed = await box.seal(token);
    expect(await another.open(sealed)).toEqual({ ok: false, error: 'wrong_key' });
    expect(await box.open(`${sealed}x`)).toEqual({ ok: false, error: 'damaged' });
  });

  test('of one row does not open in another', async () => {
    const sealed = await box.seal(token, 'rig.web.token');
    expect(await box.open(sealed, 'rig.api.token')).toEqual({ ok: false, error: 'damaged' });
  });

  test.each(['', 'ghp_plain', 'sealed1', 'sealed1.a.b', 'sealed2.a.b.c', 'sealed1.a.b.c.d'])(
    'is not %j',
    async (text) => {
      expect((await box.open(text)).ok).toBe(false);
    },
  );

  test('takes keys of 32 bytes only', async () => {
    await expect(SecretBox.from(new Uint8Array(16))).rejects.toThrow('32 bytes');
  });
});

describe('a mask', () => {
  test('shows the end of a long secret and nothing of a short one', () => {
    expect(maskOf(new Secret(token))).toBe('****wxyz');
    expect(maskOf(new Secret('short-secret'))).toBe('****');
  });

  test('that is written back changes nothing', () => {
    for (const stored of [new Secret(token), new Secret('short')]) {
      expect(writtenBack(` ${maskOf(stored)} `, stored)).toEqual({ is: 'unchanged' });
    }
  });

  test.each([
    ['of another secret', '****9999', new Secret(token)],
    ['where nothing is stored', '****wxyz', null],
    ['of stars alone', '****', new Secret(token)],
  ])('%s is never stored', (_name, given, stored) => {
    expect(writtenBack(given, stored)).toEqual({ is: 'foreign_mask' });
  });

  test('is told from a new secret', () => {
    const written = writtenBack(` ${token}\n`, new Secret('old'));
    expect(written.is === 'new' && written.secret.open()).toBe(token);
  });
});
