/**
 * Chance on this host: the operating system's, so tokens cannot be guessed.
 *
 * Every character of a token is equally likely: 36 does not divide 256, so bytes are not reduced.
 */
import { randomInt } from 'node:crypto';
import type { Random } from '../../ports/host.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const systemRandom: Random = {
  below: (bound) => randomInt(bound),
  token: (chars) =>
    Array.from({ length: chars }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
};
