/**
 * The landing, killed at its worst moments, once per merge method, against a real bare remote
 * whose own hooks do the killing: while the push is under way, after the push and before its
 * result, between build and gate, and during a gate. Each change lands once, with its proof.
 *
 * K1 Two beads are slung at a time, so that the second one lands on a target that moved.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, isAlive, script, TestTown, until, type BeadView } from './town.ts';

const LAND_MS_MAX = 60_000;

test.concurrent.each(['merge', 'squash', 'rebase'])(
  'a %s that is killed at its worst moments lands once, with its proof',
  async (method) => {
    const town = new TestTown();
    try {
      const remote = await makeRemote(town);
      await town.up();
      await town.json(['rig', 'add', 'web', remote, '--yes']);
      await town.json(['rig', 'set', 'web', `mergeMethod=${method}`]);
      const landed: BeadView[] = [];

      arm(remote, 'pre-receive');
      const pushed = await slingTwo(town, 1);
      await killedBy(town, remote, 'pre-receive');
      const merged = async () => (await whysOf(town)).includes('merged');
      await until('the first has landed', merged, LAND_MS_MAX); // its orphaned push is over
      arm(remote, 'post-receive');
      await killedBy(town, remote, 'post-receive');
      landed.push(...(await untilMerged(town, pushed)));

      const judged = await slingTwo(town, 3);
      await killAt(
        town,
        async () => (await whysOf(town)).filter((why) => why === 'built').length > 2,
      );
      await killAt(town, async () => gateRuns(town));
      landed.push(...(await untilMerged(town, judged)));

      await expectLandedOnce(town, remote, method, landed);
    } finally {
      await town.close();
    }
  },
  180_000,
);

/** A bare remote with one commit, a gate that takes a moment, and hooks that kill when armed. */
async function makeRemote(town: TestTown): Promise<string> {
  const remote = join(town.folder, 'web.git');
  const seed = join(town.folder, 'seed');
  await git(town.folder, 'init', '-q', '--bare', '--initial-branch=main', remote);
  await git(town.folder, 'init', '-q', '--initial-branch=main', seed);
  const gates = [{ name: 'test', command: 'sleep 1; ls *.txt && echo 1 test passed' }];
  await writeFile(join(seed, 'readme.txt'), 'hello\n');
  await writeFile(join(seed, '.gastown.json'), JSON.stringify({ setup: [], gates }));
  await git(seed, 'add', '-A');
  await git(seed, 'commit', '-q', '-m', 'Begin');
  await git(seed, 'push', '-q', remote, 'main');
  const pid = `$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' '${town.home}/server.json')`;
  for (const [hook, then] of [
    ['pre-receive', 'sleep 1'], // the next life looks before the target has moved
    ['post-receive', 'exit 0'],
  ] as const) {
    const armed = join(remote, `armed-${hook}`);
    const lines = ['#!/bin/sh', `rm '${armed}' 2>/dev/null || exit 0`, `kill -9 ${pid}`, then, ''];
    await writeFile(join(remote, 'hooks', hook), lines.join('\n'));
    await chmod(join(remote, 'hooks', hook), 0o755);
  }
  return remote;
}

function arm(remote: string, hook: string): void {
  writeFileSync(join(remote, `armed-${hook}`), '');
}

/** K1 */
async function slingTwo(town: TestTown, first: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const number of [first, first + 1]) {
    const name = `page-${number}`;
    const steps = [
      { write: { path: `${name}.txt`, text: `${name}\n` } },
      { commit: `Write ${name}` },
      { done: `${name} is written.` },
    ];
    ids.push(await town.sling('web', { title: `Add ${name}`, body: script(steps) }));
  }
  return ids;
}

/** The hook has killed the server; starts it again. */
async function killedBy(town: TestTown, remote: string, hook: string): Promise<void> {
  const fired = (): boolean => !existsSync(join(remote, `armed-${hook}`));
  await until(`${hook} kills the server`, fired, LAND_MS_MAX);
  const pid = town.address()?.pid;
  expect(pid).toBeDefined();
  await until('the server is gone', () => !isAlive(pid ?? 0));
  await town.up();
}

async function killAt(town: TestTown, moment: () => Promise<boolean>): Promise<void> {
  await until('the moment to kill', moment, LAND_MS_MAX);
  await town.killServer();
  await town.up();
}

async function whysOf(town: TestTown): Promise<readonly string[]> {
  return (await town.journal())
    .filter(({ kind, from, to }) => kind === 'merge_request' && from !== to)
    .map(({ why }) => why);
}

/** Is there a process of a gate? */
async function gateRuns(town: TestTown): Promise<boolean> {
  const records = join(town.home, 'runner', 'processes');
  if (!existsSync(records)) return false;
  return readdirSync(records).some((name) => {
    try {
      const { pid }: { pid: number | null } = JSON.parse(readFileSync(join(records, name), 'utf8'));
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes('GASTOWN_AGENT_ROLE=gate');
    } catch {
      return false;
    }
  });
}

async function untilMerged(town: TestTown, ids: readonly string[]): Promise<readonly BeadView[]> {
  return until(
    `${ids.join(' and ')} are merged`,
    async () => {
      const beads = await Promise.all(ids.map((id) => town.bead(id)));
      const stuck = beads.find(
        ({ status, escalation }) => status === 'failed' || escalation !== null,
      );
      if (stuck !== undefined) throw new Error((await town.run(['why', stuck.id])).out);
      return beads.every(({ status }) => status === 'closed') ? beads : null;
    },
    LAND_MS_MAX,
  );
}

async function expectLandedOnce(
  town: TestTown,
  remote: string,
  method: string,
  beads: readonly BeadView[],
): Promise<void> {
  const fresh = join(town.folder, 'fresh');
  await git(town.folder, 'clone', '-q', remote, fresh);
  for (const { id, title, resolution, proof, rounds, mergeRequest } of beads) {
    expect({ id, resolution, rounds, by: proof?.by }).toEqual({
      id,
      resolution: 'merged',
      rounds: 0,
      by: expect.stringMatching(/candidate|head/),
    });
    await git(fresh, 'merge-base', '--is-ancestor', proof?.commit ?? '', 'origin/main');
    const file = `${title.replace('Add ', '')}.txt`;
    const added = await git(
      fresh,
      'log',
      '--no-merges',
      '--diff-filter=A',
      '--format=%H',
      '--',
      file,
    );
    expect(added.split('\n'), `${file} was added once`).toHaveLength(1);
    expect(mergeRequest).not.toBeNull();
  }
  const trailer = '%(trailers:key=Gastown-Bead,valueonly,separator=%x2C)';
  const log = await git(fresh, 'log', '--first-parent', `--format=${trailer}`, 'origin/main');
  const named = log.split('\n').filter((line) => line !== '');
  const wanted = method === 'rebase' ? [] : beads.map(({ id }) => id);
  expect(named.toSorted()).toEqual(wanted.toSorted());
  const merges = await git(fresh, 'log', '--merges', '--format=%H', 'origin/main');
  expect(merges.split('\n').filter((line) => line !== '')).toHaveLength(method === 'merge' ? 4 : 0);
  const stages = await town.items<{ stage: string }>('/merge-requests');
  expect(stages.map(({ stage }) => stage)).toEqual(['merged', 'merged', 'merged', 'merged']);
}
