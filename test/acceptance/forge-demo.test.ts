/**
 * The demonstration with `--forge`: its beads land through pull requests of a code host, and it
 * leaves nothing behind.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Place } from './cli-real.ts';

const demo = resolve(import.meta.dirname, '../../tools/demo.ts');
const place = new Place();
afterAll(() => place.end());

interface Document {
  readonly landed: readonly { readonly bead: string; readonly pullRequest: number | null }[];
  readonly remote: string;
}

test('three beads land through three pull requests, and nothing is left', async () => {
  const temporary = join(place.folder, 'tmp');
  mkdirSync(temporary);
  const words = [`TMPDIR=${temporary}`, process.execPath, demo, '--forge', '--json'];
  const child = place.start(words, 'env');
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (out += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (err += part));
  const code = await new Promise((done) => child.on('close', done));
  expect([code, code === 0 ? '' : err]).toEqual([0, '']);
  const { landed, remote }: Document = JSON.parse(out);
  expect(landed.map(({ bead }) => bead)).toEqual(['greet-1', 'greet-2', 'greet-3']);
  expect(new Set(landed.map(({ pullRequest }) => pullRequest))).toEqual(new Set([1, 2, 3]));
  expect(remote).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/demo\/greet\.git$/);
  expect(readdirSync(temporary)).toEqual([]);
}, 170_000);
