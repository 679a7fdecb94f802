/**
 * A home whose disk cannot be written or is full, with the real `gt` in a private mount namespace:
 * refused with the cause and the next step, nothing accepted is lost, and it goes on afterwards.
 */
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, type TestContext } from 'vitest';
import { privateMounts, type PrivateMounts } from './private-mounts.ts';
import { addFile, makeRemote } from './small-repository.ts';
import { TestTown, until, type BeadView } from './town.ts';

let town: TestTown;

beforeEach(() => {
  town = new TestTown();
});
afterEach(() => town.close());

test('a read-only home is refused by name, and works where it can be written', async (context) => {
  await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const bead = await town.sling('web', addFile('a'), ['--hold']);
  await town.down();
  const home = quoted(town.home);
  const readOnly = `mount --bind ${home} ${home}; mount -o remount,bind,ro ${home}`;
  const mounts = await mountsOr(context, readOnly);
  town.within = mounts.within;
  const ran = await town.run(['up', '--detach']);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(`${town.home} cannot be written`);
  expect(ran.err).toMatch(/evidence: .*(EROFS|read-only)/is);
  expect(ran.err).toMatch(/next: .*GASTOWN_HOME/i);
  expect(ran.out).toBe('');
  town.within = [];
  await mounts.close();
  await town.up();
  expect((await town.bead(bead)).status).toBe('held');
});

test('a start on a disk without room for a word says so', async (context) => {
  mkdirSync(town.home);
  const mounts = await mountsOr(context, `mount -t tmpfs -o size=1m none ${quoted(town.home)}`);
  const filler = quoted(`${town.home}/filler`);
  await mounts.sh(`dd if=/dev/zero of=${filler} bs=4k; true`);
  town.within = mounts.within;
  const ran = await town.run(['up', '--detach']);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(`The disk of ${town.home} is full.`);
  expect(ran.err).toMatch(/evidence: 0 bytes/);
  expect(ran.err).toMatch(/next: Make room/);
  await mounts.sh(`rm ${filler}`);
  await town.up();
});

test('a full disk refuses commands, loses nothing, and heals with room', async (context) => {
  mkdirSync(town.home);
  const mounts = await mountsOr(context, `mount -t tmpfs -o size=32m none ${quoted(town.home)}`);
  town.within = mounts.within;
  const remote = await makeRemote(town);
  const { pid } = await town.up();
  await town.json(['rig', 'add', 'web', remote, '--yes']);
  const accepted = [await sling('before')];
  const filler = `${town.home}/filler`;
  expect((await mounts.sh(`dd if=/dev/zero of=${quoted(filler)} bs=4k; true`)).err).toMatch(
    /No space left/,
  );
  // What the database had reserved is used up first.
  const refusal = await until(
    'a command is refused',
    async () => {
      const ran = await slinging('while full');
      if (ran.code !== 0) return ran;
      accepted.push(idIn(ran.out));
      return null;
    },
    30_000,
  );
  expect(refusal.code).toBe(1);
  expect(refusal.err).toMatch(/disk .*full/i);
  expect(refusal.err).toMatch(/evidence: /);
  expect(refusal.err).toMatch(/next: .*room/i);
  expect((await slinging('again')).code).toBe(1);
  await mounts.sh(`rm ${quoted(filler)}`);
  accepted.push(await sling('after'));
  const { items } = await town.json<{ items: readonly BeadView[] }>(['bead', 'list', '--all']);
  expect(items.map(({ id }) => id).toSorted()).toEqual(accepted.toSorted());
  const landing = (await town.json<BeadView>(['sling', 'web', ...wordsOf('lands', [])])).id;
  await until(
    'it lands',
    async () => {
      const bead = await town.json<BeadView>(['bead', 'show', landing]);
      return bead.resolution === 'merged';
    },
    60_000,
  );
  const log = await mounts.sh(`cat ${quoted(town.home)}/lock.json`);
  expect(JSON.parse(log.out)).toMatchObject({ pid }); // it is the same process all along
  await town.down();
  await mounts.close();
});

async function mountsOr(context: TestContext, mount: string): Promise<PrivateMounts> {
  const mounts = await privateMounts(town, mount);
  return typeof mounts === 'string' ? context.skip(mounts) : mounts;
}

/** A task with a body that does not fit into what is left over on a disk. */
function wordsOf(name: string, more: readonly string[]): readonly string[] {
  const { title, body } = addFile(name.replaceAll(' ', '-'));
  return [title, '--body', `${body}\n${'x'.repeat(60_000)}`, '--agent', 'scripted', ...more];
}

function slinging(name: string) {
  return town.run(['sling', 'web', ...wordsOf(name, ['--hold']), '--json']);
}

async function sling(name: string): Promise<string> {
  const ran = await slinging(name);
  expect(ran).toMatchObject({ code: 0 });
  return idIn(ran.out);
}

function idIn(out: string): string {
  const { id }: { id: string } = JSON.parse(out);
  return id;
}

function quoted(text: string): string {
  return `'${text}'`;
}
