/** The system's own commits: in whose name they are, and whether they are signed off. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildSpec, git, launch, makeWorld, runnerOver, submitted } from '../../test/git-world.ts';
import type { World } from '../../test/git-world.ts';
import { buildCandidate } from './candidate.ts';

let world: World;

beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.remove());

const ada = { name: 'Ada Lovelace', email: 'ada@example.org' };

test.each([
  [{}, 'Town <town@example.com>', ''],
  [{ author: ada }, 'Ada Lovelace <ada@example.org>', ''],
  [{ signoff: true }, 'Town <town@example.com>', 'Town <town@example.com>'],
  [
    { author: ada, signoff: true },
    'Ada Lovelace <ada@example.org>',
    'Ada Lovelace <ada@example.org>',
  ],
] as const)('a candidate of a merge with %o is by %s', async (settings, by, signedOffBy) => {
  const runner = runnerOver(world.home, 'one');
  const head = await submitted(runner, launch(world.rig, 'web-1'), { 'b.txt': 'two\n' });
  const built = await buildCandidate(runner, buildSpec(world.rig, head, 'merge', null, settings));
  const answer = built.kind === 'build' ? built.answer : null;
  const commit = answer?.is === 'built' ? answer.candidate.commit : '';
  const store = await runner.stores.open(world.rig.rig);
  const format = '%an <%ae>|%(trailers:key=Signed-off-by,valueonly,separator=%x2C)';
  expect(await store.lines(['show', '-s', `--format=${format}`, commit])).toEqual([
    `${by}|${signedOffBy}`,
  ]);
  expect(git(world.remote, 'rev-parse', 'main')).toBe(world.first); // only built, not pushed
});
