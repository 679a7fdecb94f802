/**
 * Opening a pull request: once, whatever is repeated or lost, and never beside what is there. And
 * the probe that proves before any of it what a credential may do.
 */
import { expect } from 'vitest';
import type { Opened, OpenSpec } from '../core/forge-answers.ts';
import { commitOf } from '../core/ids.ts';
import type { Cases, Scene } from './forge.conformance.ts';

const TRAILER = 'Gastown: t4wn web-17';

export function openCases(cases: Cases): void {
  opened(cases);
  before(cases);
  rivals(cases);
  refused(cases);
  probed(cases);
}

async function specFor(scene: Scene, branch = 'gt/a'): Promise<OpenSpec> {
  const { repo } = scene;
  const head = await repo.push('ann', branch, { 'work.txt': 'work\n' });
  return {
    headBranch: branch,
    baseBranch: 'main',
    head: commitOf(head),
    title: 'Do the work',
    body: `Summary\n\n${TRAILER}`,
    trailer: TRAILER,
    draft: false,
    labels: ['bot'],
    reviewers: [],
    unless: { issues: [], ours: 'Gastown: t4wn/' },
    missing: 'create',
  };
}

async function open(scene: Scene, spec: OpenSpec): Promise<Opened> {
  const answer = await scene.port.open(scene.context, spec);
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

function opened({ check }: Cases): void {
  check('opens one with title, body, labels and head', async (scene) => {
    const spec = await specFor(scene);
    const answer = await open(scene, spec);
    expect(answer).toMatchObject({
      is: 'opened',
      snapshot: { state: 'open', head: spec.head, headBranch: 'gt/a', baseBranch: 'main' },
    });
    const [pull] = scene.repo.pulls;
    expect(pull).toMatchObject({ title: spec.title, body: spec.body, labels: ['bot'] });
    expect(pull?.draft).toBe(false);
  });

  check('opens none the second time', async (scene) => {
    const spec = await specFor(scene);
    await open(scene, spec);
    const again = await open(scene, spec);
    expect(again).toMatchObject({ is: 'adopted', snapshot: { ref: { number: 1 } } });
    expect(scene.repo.pulls).toHaveLength(1);
  });

  check('adopts the one whose answer was lost', async (scene) => {
    const spec = await specFor(scene);
    const lost = { fault: { kind: 'lost_answer' }, method: 'POST', path: /(pulls|requests)$/ };
    scene.world.served.faults.add({ ...lost, fault: { kind: 'lost_answer' } });
    const first = await scene.port.open(scene.context, spec);
    expect(first).toMatchObject({ ok: false, error: { kind: 'network_error' } });
    expect(scene.repo.pulls).toHaveLength(1);
    expect(await open(scene, spec)).toMatchObject({ is: 'adopted' });
    expect(scene.repo.pulls).toHaveLength(1);
    expect(scene.repo.pulls[0]?.labels).toEqual(['bot']);
  });

  check('adopts ours also when a person pointed it at another base', async (scene) => {
    const spec = await specFor(scene);
    await open(scene, spec);
    await scene.repo.push('bob', 'next', { 'next.txt': 'next\n' });
    scene.repo.pulls[0]?.edit(scene.world.served.world.user('bob'), { base: 'next' });
    expect(await open(scene, spec)).toMatchObject({ is: 'adopted' });
    expect(scene.repo.pulls).toHaveLength(1);
  });
}

function before({ check }: Cases): void {
  check('only looks where it is told to make none', async (scene) => {
    const spec = await specFor(scene);
    const looking = { ...spec, labels: [], missing: 'leave' } as const;
    expect(await open(scene, looking)).toEqual({ is: 'none' });
    expect(scene.repo.pulls).toHaveLength(0);
    await open(scene, spec);
    expect(await open(scene, looking)).toMatchObject({
      is: 'adopted',
      snapshot: { ref: { number: 1 } },
    });
  });

  check('opens none beside one that was merged before', async (scene) => {
    const spec = await specFor(scene);
    await open(scene, spec);
    const sha = await scene.repo.pulls[0]?.merge('bob');
    await scene.repo.push('ann', 'gt/a', { 'more.txt': 'more\n' });
    const again = await open(scene, spec);
    expect(again).toMatchObject({
      is: 'merged_before',
      snapshot: { state: 'merged', mergeCommit: sha },
    });
    expect(scene.repo.pulls).toHaveLength(1);
  });

  check('opens none beside one that a person closed', async (scene) => {
    const spec = await specFor(scene);
    await open(scene, spec);
    scene.repo.pulls[0]?.close('bob');
    expect(await open(scene, spec)).toMatchObject({
      is: 'closed_before',
      snapshot: { state: 'closed' },
    });
    expect(scene.repo.pulls).toHaveLength(1);
  });

  check('does not take over one that somebody else opened', async (scene) => {
    const spec = await specFor(scene);
    const by = scene.world.served.world.user('ann'); // the same login: the trailer tells
    const theirs = { by, title: 'Mine', body: 'Gastown: t4wn web-18', head: 'gt/a', base: 'main' };
    await scene.repo.openPull(theirs);
    expect(await open(scene, spec)).toMatchObject({ is: 'not_ours', snapshot: { title: 'Mine' } });
    expect(scene.repo.pulls).toHaveLength(1);
  });
}

function rivals({ check }: Cases): void {
  const about = (scene: Scene) => ({
    issues: [`${scene.repo.fullName.toLowerCase()}#7`],
    ours: 'Gastown: t4wn/',
  });

  check('opens none beside one that says it closes the same issue', async (scene) => {
    const theirs = await scene.pull('bob/fix', { body: 'Mine.\n\nCloses #7' });
    await scene.pull('bob/other', { body: 'As in #7' });
    const spec = { ...(await specFor(scene)), unless: about(scene) };
    expect(await open(scene, spec)).toMatchObject({
      is: 'rival',
      snapshot: { ref: { number: theirs.number }, fixes: ['#7'] },
    });
    expect(scene.repo.pulls).toHaveLength(2);
    theirs.close('bob');
    expect(await open(scene, spec)).toMatchObject({ is: 'opened' });
  });

  check('opens one beside another of ours, and where nobody is looked for', async (scene) => {
    await scene.pull('gt/b', { body: 'Fixes #7\n\nGastown: t4wn/web-18' });
    const spec = await specFor(scene);
    expect(await open(scene, { ...spec, unless: about(scene) })).toMatchObject({ is: 'opened' });
    await scene.pull('bob/fix', { body: 'Fixes #7' });
    expect(await open(scene, await specFor(scene, 'gt/c'))).toMatchObject({ is: 'opened' });
  });
}

function refused({ check, checkIf }: Cases): void {
  checkIf('empty_refused')('says that there is nothing to merge', async (scene) => {
    const spec = await specFor(scene);
    await scene.repo.createBranch(
      'gt/empty',
      scene.repo.refs.get('main') ?? '',
      scene.world.served.world.user('ann'),
    );
    const answer = await open(scene, { ...spec, headBranch: 'gt/empty' });
    expect(answer).toMatchObject({ is: 'refused', reason: 'no_commits' });
  });

  check('says that the base is gone', async (scene) => {
    const spec = { ...(await specFor(scene)), baseBranch: 'gone' };
    expect(await open(scene, spec)).toMatchObject({ is: 'refused', reason: 'base_missing' });
  });

  check('says that the branch is gone', async (scene) => {
    const spec = { ...(await specFor(scene)), headBranch: 'gt/gone' };
    expect(await open(scene, spec)).toMatchObject({ is: 'refused', reason: 'branch_missing' });
  });

  check('says that the repository is archived', async (scene) => {
    const spec = await specFor(scene);
    scene.repo.archive();
    expect(await open(scene, spec)).toMatchObject({ is: 'refused', reason: 'archived' });
  });

  checkIf('permissions')(
    'says which permission is missing',
    async (scene) => {
      const spec = await specFor(scene);
      const weak = scene.world.port(scene.world.weakToken('ann', 'writing'));
      const answer = await weak.open(scene.context, spec);
      expect(answer).toMatchObject({ ok: false, error: { kind: 'http_error' } });
      expect(answer.ok ? null : answer.error).toHaveProperty('missingPermissions');
      expect(scene.repo.pulls).toEqual([]);
    },
    { private: true },
  );

  checkIf('rename')('opens in a repository that was renamed', async (scene) => {
    const spec = await specFor(scene);
    await scene.repo.rename(`${scene.repo.name}-new`);
    const answer = await open(scene, spec);
    expect(answer.is).toBe('opened');
    expect(await open(scene, spec)).toMatchObject({ is: 'adopted' });
    expect(scene.repo.pulls).toHaveLength(1);
  });
}

function probed({ check, checkIf }: Cases): void {
  check('proves what a good credential may do, and changes nothing', async (scene) => {
    const refs = [...scene.repo.refs];
    const answer = await scene.port.probe(scene.context);
    expect(answer).toMatchObject({
      ok: true,
      value: {
        login: 'ann',
        canRead: true,
        canPush: true,
        canOpen: true,
        canReadChecks: true,
        canMerge: true,
        missing: [],
        archived: false,
        defaultBranch: 'main',
        movedTo: null,
      },
    });
    expect([...scene.repo.refs]).toEqual(refs);
    expect(scene.repo.pulls).toEqual([]);
  });

  checkIf('permissions')(
    'names the permissions that are missing',
    async (scene) => {
      const weak = scene.world.port(scene.world.weakToken('ann', 'writing'));
      const answer = await weak.probe(scene.context);
      expect(answer).toMatchObject({
        ok: true,
        value: { canRead: true, canOpen: false, canMerge: false },
      });
      const missing = answer.ok ? answer.value.missing : [];
      expect(missing).toEqual(expect.arrayContaining([...scene.world.namesOfWriting]));
    },
    { private: true },
  );

  check('sees that a member may only read', async (scene) => {
    const eve = scene.world.port(scene.world.served.addToken('eve').secret);
    expect(await eve.probe(scene.context)).toMatchObject({
      ok: true,
      value: { canRead: true, canPush: false, canMerge: false },
    });
  });

  check('sees that a repository is archived', async (scene) => {
    scene.repo.archive();
    expect(await scene.port.probe(scene.context)).toMatchObject({
      ok: true,
      value: { archived: true, canOpen: false, canMerge: false },
    });
  });

  checkIf('rename')('sees where a repository moved to', async (scene) => {
    await scene.repo.rename(`${scene.repo.name}-new`);
    expect(await scene.port.probe(scene.context)).toMatchObject({
      ok: true,
      value: { movedTo: scene.repo.fullName },
    });
  });

  check(
    'does not see a repository that is hidden',
    async (scene) => {
      const stranger = scene.world.port(scene.world.served.addToken('mal').secret);
      expect(await stranger.probe(scene.context)).toMatchObject({
        ok: false,
        error: { reason: 'not_found_or_hidden', repository: 'hidden_too' },
      });
    },
    { private: true },
  );

  checkIf('merge_queue')(
    'sees that a merge queue is required',
    async (scene) => {
      const answer = await scene.port.probe(scene.context);
      expect(answer).toMatchObject({ ok: true, value: { mergeQueue: true } });
    },
    { protection: { mergeQueue: true } },
  );

  check(
    'reads the methods of merging',
    async (scene) => {
      const answer = await scene.port.probe(scene.context);
      expect(answer.ok ? answer.value.mergeMethods : []).toEqual(['squash']);
    },
    { mergeMethods: ['squash'] },
  );
}
