/** A declared scope on the command line: as it is typed, changed and shown. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bead } from './cli-samples.ts';
import { FakeTown, gt } from './cli-fake-town.ts';

let town: FakeTown;
beforeEach(async () => {
  town = await new FakeTown().start();
});
afterEach(async () => {
  await town.stop();
  if (town.wrong.length > 0) throw new Error(town.wrong.join('\n'));
});

test('a scope is sent path by path, commas and all', async () => {
  town.on('sling', () => bead());
  await gt(town.home, ['sling', 'web', 't', '--scope', 'src/**', '--scope', 'a,b']);
  await gt(town.home, ['sling', 'web', 't']);
  expect(town.of('sling')).toMatchObject([
    { body: { scope: ['src/**', 'a,b'] } },
    { body: { scope: [] } },
  ]);
});

test('edit replaces the scope, and an empty one takes it back', async () => {
  town.on('editBead', () => bead());
  await gt(town.home, ['bead', 'edit', 'web-1', '--scope', 'docs', '--scope', 'src']);
  await gt(town.home, ['bead', 'edit', 'web-1', '--scope', '']);
  const bodies = town.of('editBead').map((one) => one.body);
  expect(bodies).toEqual([{ scope: ['docs', 'src'] }, { scope: [] }]);
});

test('show says what is touched outside the declared scope, on one line', async () => {
  const outside = ['package.json', 'a\n\u001B[31mb'];
  const counts = { files: 9, outsideFiles: 4, notCompared: 2 };
  const touched = { ...counts, paths: [...outside, 'docs/a.md'], outside };
  town.on('getBead', () => bead({ scope: ['docs', 'src/**'], touched }));
  town.on('listAgents', () => ({ items: [], next: null }));
  const { out } = await gt(town.home, ['bead', 'show', 'web-1']);
  expect(out).toMatch(/^ *scope +docs, src\/\*\*$/m);
  expect(out).toContain(
    '9 files; outside the declared scope: package.json, a b, 2 more; ' +
      '2 not compared with the scope\n',
  );
});

test('show says only how much is touched where all of it is inside', async () => {
  const touched = { files: 1, paths: ['docs/a'], outside: [], outsideFiles: 0, notCompared: 0 };
  town.on('getBead', () => bead({ scope: ['docs'], touched }));
  town.on('listAgents', () => ({ items: [], next: null }));
  const { out } = await gt(town.home, ['bead', 'show', 'web-1']);
  expect(out).toMatch(/^ *touches +1 file$/m);
});
