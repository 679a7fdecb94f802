/** Answers that break off: a command goes on, or says so and leaves nothing half done. */
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTown, gt } from './cli-fake-town.ts';
import { attempt, bead } from './cli-samples.ts';

let town: FakeTown;
beforeEach(async () => {
  town = await new FakeTown().start();
});
afterEach(async () => town.stop());

const chunk = (seq: number, text: string) => ({
  seq,
  entries: [{ kind: 'message' as const, at: '2026-03-01T10:00:00.000Z', text, tool: null }],
});

test('a command is sent again under the same key when the answer is cut off', async () => {
  let cut = 0;
  town.on('sling', (_, response) => {
    if (cut === 1) return bead();
    cut += 1;
    response.writeHead(201, { 'content-length': '100' });
    response.write('{"id":', () => response.destroy());
    return undefined;
  });
  const ran = await gt(town.home, ['sling', 'web', 't', '--json']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(town.of('sling').map(({ key }) => key)).toEqual(['key-1', 'key-1']);
});

test('a command that gets half a document blames the answer, without a stack', async () => {
  town.on('sling', () => '{"id":');
  const ran = await gt(town.home, ['sling', 'web', 't', '--json']);
  expect(ran.code).toBe(1);
  expect(ran.document()).toMatchObject({ error: { kind: 'unexpected_answer' } });
  expect(ran.err).not.toMatch(/^\s+at /m);
});

test('an export that breaks off says so, and no half of it is kept', async () => {
  town.on('export', (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"kind":', () => response.destroy());
    return undefined;
  });
  const file = join(town.home, 'cut.json');
  for (const to of [file, '-']) {
    const ran = await gt(town.home, ['export', to]);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/not whole[^]*broke off/);
  }
  expect(readdirSync(town.home).filter((name) => name.startsWith('cut.json'))).toEqual([]);
});

test('a transcript is followed across a restart of the town', async () => {
  const server = join(town.home, 'server.json');
  let looks = 0;
  town.on('getAgent', () => attempt({ status: (looks += 1) > 1 ? 'ended' : 'running' }));
  town.on('transcript', ({ query }, response) => {
    if (query['limit'] !== undefined) {
      return { items: looks === 1 ? [] : [chunk(0, 'after it')], next: null };
    }
    renameSync(server, `${server}.away`);
    setTimeout(() => renameSync(`${server}.away`, server), 100); // it is up again
    return void response.end();
  });
  const ran = await gt(town.home, ['agent', 'logs', 'web-1', '-f']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('after it');
});
