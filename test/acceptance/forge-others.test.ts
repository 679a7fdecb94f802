/**
 * Pull requests on GitLab and Gitea, by hand: the real `./gt` against a development forge that
 * speaks as one of them. A bead lands through one; what its checks and people say comes back.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Repo } from '../../src/devforge/repo.ts';
import { ForgeGround, passing } from './forge-ground.ts';
import { addFile } from './small-repository.ts';
import { script, until } from './town.ts';

const check = (conclusion: 'success' | 'failure') => [
  { name: 'ci', conclusion, appearsAfterMs: 0, takesMs: 0 },
];

const writes = (name: string) => [
  { write: { path: `${name}.txt`, text: `${name}\n` } },
  { commit: `Write ${name}` },
  { done: `${name} is written.` },
];

describe.each([
  ['gitlab', '.gitlab/merge_request_templates/Default.md'],
  ['gitea', '.gitea/pull_request_template.md'],
] as const)('on %s', (provider, template) => {
  const ground = new ForgeGround({ provider });
  const { town, forge } = ground;
  let repo: Repo;

  beforeAll(async () => {
    await ground.start();
    const made = await forge.addRepo('team/web', {
      collaborators: { ann: 'admin', gastown: 'write' },
      protection: { requiredChecks: ['ci'] },
      ci: check('success'),
      files: {
        '.gastown.json': JSON.stringify({ setup: [], gates: [passing] }),
        'a.txt': 'a\n',
        [template]: '<!-- by hand -->\n# What is it?\n\n# Checklist\n\n- [ ] signed\n',
      },
    });
    repo = made.repo;
    await town.json(['rig', 'add', 'web', made.cloneUrl, '--yes']);
    const login = await ground.login('--rig', 'web');
    if (login.code !== 0) throw new Error(login.err);
  }, 60_000);
  afterAll(() => ground.end(), 60_000);

  /** The town need not wait for its next look; what is merged by then refuses it. */
  async function untilSeen(what: string, bead: string, look: () => boolean): Promise<void> {
    const id = (await town.bead(bead)).mergeRequest ?? '';
    await until(what, async () => look() || (await town.run(['mr', 'retry', id]), false), 60_000);
  }

  test('a bead lands through its pull request', async () => {
    const bead = await town.sling('web', addFile('one'), ['--scope', 'docs', '--scope', 'src/**']);
    const pull = await ground.pullOf(bead, repo);
    await untilSeen('it is merged', bead, () => pull.state === 'merged');
    expect(await ground.closed(bead)).toBe('merged');
    expect((await town.bead(bead)).proof?.by).toBe('forge');
    expect(pull.mergedBy?.login).toBe('gastown');
    expect(await repo.git.file('main', 'one.txt')).toBe('one\n');
    expect(repo.pulls).toHaveLength(1);
    expect(pull.body).toContain(
      '# What is it?\n\n> one is written.\n\n# Checklist\n\n- [ ] signed',
    );
    expect(pull.body).toContain(
      '## Scope\n\nDeclared: `docs`, `src/**`. 1 file is touched, 1 of them outside of that.\n\n' +
        'Outside of what was declared:\n\n- `one.txt`\n\n',
    );
    const shown = (await town.run(['bead', 'show', bead])).out;
    expect(shown).toContain('1 file; outside the declared scope: one.txt');
  }, 120_000);

  test('a failing check comes back as a round on the same pull request', async () => {
    repo.ci = check('failure');
    const bead = await town.sling('web', {
      title: 'Add two',
      body: script(writes('two'), writes('three')),
    });
    const pull = await ground.pullOf(bead, repo);
    const before = pull.headSha;
    repo.ci = check('success');
    await untilSeen('another head is there', bead, () => pull.headSha !== before);
    await untilSeen('it is merged', bead, () => pull.state === 'merged');
    expect(await ground.closed(bead)).toBe('merged');
    expect(await town.bead(bead)).toMatchObject({ attempts: 2, rounds: 1 });
    expect(await repo.git.file('main', 'three.txt')).toBe('three\n');
    expect(repo.pulls).toHaveLength(2);
  }, 180_000);

  test('a merge that the credential may not make says so at once', async () => {
    const fault = { kind: 'status', status: 403 } as const;
    const lift = forge.faults.add({ fault, path: /\/merge$/, times: 1_000 });
    const bead = await town.sling('web', addFile('six'));
    const pull = await ground.pullOf(bead, repo);
    const id = (await town.bead(bead)).mergeRequest ?? '';
    await town.run(['mr', 'retry', id]); // its check is green by then
    const refused = async () =>
      (await ground.change(bead))?.failures.some(({ kind }) => kind === 'pr_merge_refused');
    await until('it says why', async () => (await refused()) === true, 40_000);
    const why = await town.run(['why', id]);
    expect(why.out).toContain('may not merge');
    lift();
    await town.run(['mr', 'retry', id]);
    expect(await ground.closed(bead)).toBe('merged');
    expect(pull.state).toBe('merged');
  }, 120_000);

  test('a person’s thread is answered in code, said to be, and resolved', async (context) => {
    if (provider === 'gitea') context.skip('it has no API that resolves a thread');
    await town.json(['rig', 'set', 'web', 'autoMergeDelayMinutes=30']);
    const bead = await town.sling('web', {
      title: 'Add four',
      body: script(writes('four'), writes('five')),
    });
    const pull = await ground.pullOf(bead, repo);
    const thread = pull.openThread('ann', { path: 'four.txt', line: 1, body: 'And five?' });
    await untilSeen('it is resolved', bead, () => thread.resolvedBy !== null);
    expect(thread.resolvedBy?.login).toBe('gastown');
    expect(thread.comments.map(({ author }) => author.login)).toEqual(['ann', 'gastown']);
    expect(thread.comments[1]?.body).toContain(pull.headSha.slice(0, 12));
    await town.json(['rig', 'set', 'web', 'autoMergeDelayMinutes=0']);
    await untilSeen('it is merged', bead, () => pull.state === 'merged');
    expect(await ground.closed(bead)).toBe('merged');
    expect(await repo.git.file('main', 'five.txt')).toBe('five\n');
  }, 180_000);
});
