/** What each `--dry-run` sends: one request that asks for one, and nothing that would do it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nouns, topCommands } from '../../src/cli/commands/index.ts';
import { routes, type Route, type RouteName } from '../../src/protocol/http.ts';
import { FakeTown, gt } from './cli-fake-town.ts';
import { bead, escalation, mergeRequest, rig } from './cli-samples.ts';

let town: FakeTown;
beforeEach(async () => {
  town = await new FakeTown().start();
});
afterEach(async () => {
  await town.stop();
  if (town.wrong.length > 0) throw new Error(town.wrong.join('\n'));
});

const url = 'https://github.com/team/web/pull/12';
const checkout = { directory: '/srv/look', branch: 'gt/abcd/web-1/add-a-page' };
const course = {
  agent: 'codex',
  model: 'large',
  lands: 'pr' as const,
  target: 'main',
  remote: 'https://github.com/team/web.git',
  consentAt: null,
};
const held = bead({ id: 'web-9', status: 'open', course });

/** What is typed, the route that is asked, what would be, and what is said of it. */
const cases: readonly (readonly [string, RouteName, object, string])[] = [
  ['sling web greet', 'sling', held, 'make web-9:'],
  ['bead release web-9', 'releaseBead', held, 'release web-9:'],
  ['bead retry web-9', 'retryBead', held, 'retry web-9:'],
  ['bead close web-9', 'closeBead', held, 'close web-9:'],
  ['bead revert web-1', 'revertBead', held, 'make a bead that takes web-1 back:'],
  ['bead checkout web-1 /srv/look', 'checkoutBead', checkout, 'put gt/abcd/web-1/add-a-page into'],
  ['rig add web /srv/web', 'addRig', rig(), 'examine it, and where it passes attach web:'],
  ['rig move web /srv/web', 'moveRig', rig(), 'move web there, and examine it'],
  ['rig consent web', 'consentRig', rig(), 'let the town write to'],
  [`mr adopt ${url}`, 'adoptPull', mergeRequest(), 'adopt it:'],
  ['mr retry mr-1', 'retryMergeRequest', mergeRequest(), 'look at mr-1 again'],
  ['mr decide mr-1 reject', 'decideMergeRequest', mergeRequest(), 'reject mr-1:'],
  ['escalation resolve esc-1 yes', 'resolveEscalation', escalation(), 'resolve esc-1, and'],
];

test.each(cases)('gt %s --dry-run', async (words, route, would, says) => {
  town.on(route, () => ({ dryRun: true, would }));
  town.on('getMergeRequest', () => mergeRequest());
  const typed = [...words.split(' '), '--dry-run'];
  const ran = await gt(town.home, typed, { tty: true, env: { NO_COLOR: '1' } });
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain(`Nothing was done. It would ${says}`);
  const sent = town.received.filter((one) => routes[one.route].method !== 'get');
  expect(sent).toMatchObject([{ route, query: { dryRun: 'true' } }]);
  const ranAgain = await gt(town.home, [...typed, '--json']);
  expect(ranAgain.document()).toMatchObject({ dryRun: true, would });
});

test('a bead is said with who would do it, and where it would land', async () => {
  town.on('sling', () => ({ dryRun: true, would: held }));
  const ran = await gt(town.home, ['sling', 'web', 'greet', '--dry-run']);
  expect(ran.out.split('\n').slice(1)).toEqual([
    'title   add a page',
    'status  open',
    'agent   codex with large',
    'lands   by pull request, on main of https://github.com/team/web.git',
    'writes  not agreed yet: nothing lands before that',
    '',
  ]);
});

test('a run asks nothing, and says what it would ask', async () => {
  town.on('listRigs', () => ({ items: [], next: null }));
  town.on('rehearseRun', () => ({ dryRun: true, would: { rig: rig(), bead: held } }));
  const typed = ['run', '/srv/web', 'greet', '--dry-run'];
  const ran = await gt(town.home, typed, { tty: true });
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('first you would be asked whether it may push to /srv/web');
  expect(town.received.map(({ route }) => route)).toEqual(['listRigs', 'rehearseRun']);
});

test('every route that takes a dry run has a command that asks for one', () => {
  const all: readonly [string, Route][] = Object.entries(routes);
  const dry = all.filter(([, route]) => route.dryRun === true).map(([name]) => name);
  expect(cases.map(([, route]) => route).toSorted()).toEqual(dry.toSorted());
  const specs = [...topCommands, ...nouns].flatMap(({ commands }) => commands);
  const offer = specs.filter(({ options = [] }) =>
    options.some(({ flags }) => flags === '--dry-run'),
  );
  const named = offer.map(({ words }) => words).filter((words) => !/^(run|export)$/.test(words));
  expect(named.toSorted()).toEqual(
    cases
      .map(([words]) => words.split(' '))
      .map(([noun = '', verb = '']) => (noun === 'sling' ? noun : `${noun} ${verb}`))
      .toSorted(),
  );
});
