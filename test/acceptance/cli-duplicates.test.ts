/** What `gt` sends about an issue, and how it says that another bead came first. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTown, gt } from './cli-fake-town.ts';
import { bead } from './cli-samples.ts';

let town: FakeTown;

beforeEach(async () => {
  town = await new FakeTown().start();
});

afterEach(async () => {
  await town.stop();
  if (town.wrong.length > 0) throw new Error(town.wrong.join('\n'));
});

const what = 'It is held as a duplicate: web-1 came first to team/web#7.';
const evidence = 'See it: gt bead show web-1';
const next = 'Let it go on: gt bead release web-2';
const duplicate = { of: 'web-1', issue: 'team/web#7', letGo: false };

const held = (letGo = false) =>
  bead({
    id: 'web-2',
    title: 'again',
    status: letGo ? 'open' : 'held',
    held: !letGo,
    issues: ['team/web#7'],
    duplicate: { ...duplicate, letGo },
    waits: letGo ? [] : [{ reason: 'held', on: ['web-2'], until: null, what, evidence, next }],
  });

test('an issue is sent as it was typed, and a duplicate says which bead came first', async () => {
  town.on('sling', () => held());
  const ran = await gt(town.home, ['sling', 'web', 'again', '--issue', '#7']);
  expect(town.of('sling')).toMatchObject([{ body: { title: 'again', body: '', issue: '#7' } }]);
  expect(ran).toMatchObject({ code: 0, err: '', out: `web-2  held  again\n  ${what}\n` });
});

test('a bead that names no issue sends none', async () => {
  town.on('sling', () => bead());
  await gt(town.home, ['sling', 'web', 't']);
  expect(town.of('sling')).toMatchObject([{ body: { issue: null } }]);
});

test('a duplicate shows its issue, its match and what to do', async () => {
  town.on('getBead', () => held()).on('listAgents', () => ({ items: [], next: null }));
  const ran = await gt(town.home, ['bead', 'show', 'web-2']);
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/^ *fixes +team\/web#7$/m);
  expect(ran.out).toMatch(/^ *duplicate +of web-1, which came first to team\/web#7$/m);
  for (const said of [what, evidence, next]) expect(ran.out).toContain(said);
});

test('one that says the same shows that, and is sent as wanted anyway', async () => {
  const same = bead({ duplicate: { of: 'web-1', issue: null, letGo: true } });
  town.on('sling', () => same);
  await gt(town.home, ['sling', 'web', 't']);
  await gt(town.home, ['sling', 'web', 't', '--anyway']);
  expect(town.of('sling').map(({ body }) => body)).toMatchObject([
    { anyway: false },
    { anyway: true },
  ]);
  town.on('getBead', () => same).on('listAgents', () => ({ items: [], next: null }));
  const ran = await gt(town.home, ['bead', 'show', 'web-2']);
  expect(ran.out).toMatch(/of web-1, which came first with the same words; let go all the same$/m);
});

test('one that a person let go says so, and waits for nothing', async () => {
  town.on('getBead', () => held(true)).on('listAgents', () => ({ items: [], next: null }));
  const ran = await gt(town.home, ['bead', 'show', 'web-2']);
  expect(ran.out).toMatch(/which came first to team\/web#7; let go all the same$/m);
  expect(ran.out).not.toContain(next);
});
