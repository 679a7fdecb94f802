/**
 * Ctrl-C at every stage of `gt up`, `gt run` and `gt rig add`, as a terminal sends it: to the whole
 * group in the foreground. No process is left that should not be, and the home works afterwards.
 *
 * C1 A stage is something that can be seen from outside; it is waited for, never slept for.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addFile, makeRemote } from './small-repository.ts';
import { git, signal, TestTown, until, type BeadView, type Running } from './town.ts';

const LAND_MS_MAX = 60_000;
/** Less than the patience with a host that does not end. */
const END_MS_MAX = 20_000;
let town: TestTown;

beforeEach(() => {
  town = new TestTown();
});
afterEach(() => town.close());

const isThere = (name: string) => (): boolean => existsSync(join(town.home, name));

type Stage = readonly [name: string, reached: (gt: Running) => boolean | Promise<boolean>];

const upStages: readonly Stage[] = [
  ['at once', (gt) => gt.child.pid !== undefined],
  ['when its home is made', () => isThere('logs')()],
  ['when it holds the lock', () => isThere('lock.json')()],
  ['when it has a database', () => isThere('town.sqlite')()],
  ['when it listens', () => isThere('server.json')()],
];

for (const [name, reached] of upStages) {
  test.each(['up', 'up --detach'])(`Ctrl-C ${name} leaves nothing of gt %s`, async (words) => {
    const gt = town.start(words.split(' '));
    await until(name, () => reached(gt));
    const asked = performance.now();
    interrupt(gt);
    const code = await codeOf(gt);
    expect([0, 130]).toContain(code);
    expect(performance.now() - asked).toBeLessThan(END_MS_MAX);
    if (code === 0 && words.includes('detach')) await town.down(); // it was up before the key
    await expectNothingLeft();
    await expectUsable();
  });
}

test('Ctrl-C stops a town that is up in the foreground, with an agent at work', async () => {
  const gt = town.start(['up', '--port', '0']);
  await until('it is up', () => gt.said().includes('up at'), 20_000);
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const steps = [{ write: { path: 'half.txt', text: 'half\n' } }, { wait: 60_000 }];
  const bead = await town.sling('web', addFile('a', steps));
  await until('an agent runs', () => town.agents().length > 0, LAND_MS_MAX);
  interrupt(gt);
  expect((await gt.ended).code).toBe(0);
  await expectNothingLeft();
  await town.up();
  const going = async () => (await town.bead(bead)).attempts === 2;
  await until('it goes on', going, LAND_MS_MAX);
  expect((await town.bead(bead)).charged).toBe(0);
});

const runStages: readonly Stage[] = [
  ['at once', (gt) => gt.child.pid !== undefined],
  ['when the town listens', () => isThere('server.json')()],
  ['when the bead is slung', async () => (await beads()).length > 0],
  ['while the agent works', async () => (await beads())[0]?.status === 'in_progress'],
  ['while it lands', async () => (await beads())[0]?.status === 'in_review'],
];

test.each(runStages)('Ctrl-C %s ends gt run; what was accepted lands', async (name, reached) => {
  const remote = await makeRemote(town, { gate: 'sleep 1; echo 1 test passed' });
  const words = (task: { readonly title: string; readonly body: string }): readonly string[] => {
    const about = ['--body', task.body, '--agent', 'scripted', '--target', 'main', '--yes'];
    return ['run', remote, task.title, ...about];
  };
  const gt = town.start(words(addFile('a', [{ wait: 500 }])));
  await until(name, () => reached(gt), LAND_MS_MAX);
  interrupt(gt);
  expect(await codeOf(gt)).toBe(130);
  if ((await town.run(['status'])).code === 5) {
    await expectNothingLeft();
    await town.up();
  }
  const accepted = await beads();
  for (const { id } of accepted) await merged(id);
  // Whatever was half done is found or done by the next one.
  expect(await town.run(words(addFile('b')))).toMatchObject({ code: 0 });
  const log = await git(remote, 'log', '--format=%s', '--no-merges', 'main', '--', '[ab].txt');
  expect(log.split('\n')).toEqual(['Write b', ...accepted.map(() => 'Write a')]);
});

const addStages: readonly Stage[] = [
  ['at once', (gt) => gt.child.pid !== undefined],
  ['when the rig is there', async () => (await rigs()).length > 0],
  ['when it was examined', async () => (await rigs())[0]?.status === 'ready'],
];

test.each(addStages)('Ctrl-C %s ends gt rig add; it can be said again', async (name, reached) => {
  await town.up();
  const remote = await makeRemote(town);
  const words = ['rig', 'add', 'web', remote, '--yes'];
  const gt = town.start(words);
  await until(name, () => reached(gt), 20_000);
  interrupt(gt);
  await gt.ended;
  // Accepted, it is refused as taken (4); else it is done now (0).
  const wanted = (await rigs()).length === 0 ? 0 : 4;
  expect((await town.run(words)).code).toBe(wanted);
  const ready = async () => (await rigs())[0]?.status === 'ready';
  await until('the rig is ready', ready, 20_000);
  if ((await rigs())[0]?.consentAt === null) await town.json(['rig', 'consent', 'web']);
  await merged(await town.sling('web', addFile('a')));
});

function interrupt(gt: Running): void {
  if (gt.child.pid !== undefined) signal(-gt.child.pid, 'SIGINT');
}

/** As a shell tells it; before the first line of the program runs, the signal itself ends it. */
async function codeOf(gt: Running): Promise<number> {
  return (await gt.ended).code ?? 130;
}

async function expectNothingLeft(): Promise<void> {
  await until(
    'no process is left',
    async () => {
      const server = town.address();
      return server === null && (await town.processes()).length === 0;
    },
    30_000,
  ).catch(async (error: unknown) => {
    throw new Error(`left: ${(await town.processes()).join('\n')}`, { cause: error });
  });
}

async function expectUsable(): Promise<void> {
  await town.up();
  expect(await town.beads()).toEqual([]);
  await town.down();
}

async function merged(id: string): Promise<BeadView> {
  return until(
    `${id} is merged`,
    async () => {
      const bead = await town.bead(id);
      return bead.resolution === 'merged' ? bead : null;
    },
    LAND_MS_MAX,
  );
}

/** Empty while nothing listens. */
function beads(): Promise<readonly BeadView[]> {
  return town.beads().catch(() => []);
}

type RigView = { readonly status: string; readonly consentAt: string | null };

function rigs(): Promise<readonly RigView[]> {
  return town.items<RigView>('/rigs').catch(() => []);
}
