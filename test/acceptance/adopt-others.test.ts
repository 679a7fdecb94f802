/** Adoption on GitLab and Gitea: a merge request of the repository itself, and one from a fork. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pull } from '../../src/devforge/pull.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import { ForgeGround, passing } from './forge-ground.ts';
import { until } from './town.ts';

interface Adopted {
  readonly id: string;
  readonly bead: string;
  readonly pr: { readonly repairs: string };
}

describe.each([
  ['gitlab', '-/merge_requests'],
  ['gitea', 'pulls'],
] as const)('on %s', (provider, page) => {
  const ground = new ForgeGround({ provider });
  const { town, forge } = ground;
  let repo: Repo;
  let fork: Repo;

  beforeAll(async () => {
    await ground.start();
    const made = await forge.addRepo('team/web', {
      collaborators: { ann: 'admin', gastown: 'write' },
      protection: { requiredChecks: ['ci'] },
      ci: [{ name: 'ci', conclusion: 'success', appearsAfterMs: 0, takesMs: 0 }],
      files: { '.gastown.json': JSON.stringify({ setup: [], gates: [passing] }), 'a.txt': 'a\n' },
    });
    repo = made.repo;
    forge.addUser('bob');
    fork = await forge.world.fork(repo, 'bob');
    await town.json(['rig', 'add', 'web', made.cloneUrl, '--yes']);
    const login = await ground.login('--rig', 'web');
    if (login.code !== 0) throw new Error(login.err);
  }, 60_000);
  afterAll(() => ground.end(), 60_000);

  async function merged(pull: Pull): Promise<Adopted> {
    const url = `${forge.origin}/team/web/${page}/${pull.number}`;
    const adopted = await town.json<Adopted>(['mr', 'adopt', url, '--repair']);
    await until(
      'it is merged',
      async () => {
        if (pull.state === 'merged') return true;
        await town.run(['mr', 'retry', adopted.id]); // refused once it is merged
        return false;
      },
      60_000,
    );
    expect(await ground.closed(adopted.bead)).toBe('merged');
    return adopted;
  }

  test('one of the repository itself is merged', async () => {
    await repo.push('ann', 'greet', { 'greet.txt': 'hi\n' });
    const by = forge.world.user('ann');
    const spec = { by, title: 'Greet', body: null, head: 'greet', base: 'main' };
    const adopted = await merged(await repo.openPull(spec));
    expect(adopted.pr.repairs).toBe('agreed');
    expect(await repo.git.file('main', 'greet.txt')).toBe('hi\n');
  }, 120_000);

  test('one from a fork is merged from where the repository shows it', async () => {
    await fork.push('bob', 'sing', { 'sing.txt': 'la\n' });
    const by = forge.world.user('bob');
    const spec = { by, title: 'Sing', body: null, head: 'sing', base: 'main', headRepo: fork };
    const adopted = await merged(await repo.openPull(spec));
    expect(adopted.pr.repairs).toBe('fork');
    expect(await repo.git.file('main', 'sing.txt')).toBe('la\n');
    expect(repo.refs.has('sing')).toBe(false);
  }, 120_000);
});
