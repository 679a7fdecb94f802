/**
 * Merging: at exactly the head that was decided for, by an allowed method, past nothing.
 */
import { expect } from 'vitest';
import type { MergeAnswer } from '../core/forge-answers.ts';
import { commitOf } from '../core/ids.ts';
import type { Pull } from '../devforge/pull.ts';
import type { Cases, Scene } from './forge.conformance.ts';

type Method = 'merge' | 'squash' | 'rebase';

function how(pull: Pull, method: Method = 'squash') {
  const expectedHead = commitOf(pull.headSha);
  return { expectedHead, method, title: 'Land it', message: 'Because.' };
}

async function merge(scene: Scene, pull: Pull, wish = how(pull)): Promise<MergeAnswer> {
  const answer = await scene.port.merge(scene.context, scene.ref(pull), wish);
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

export function mergeCases(cases: Cases): void {
  merged(cases);
  renamed(cases);
  notMerged(cases);
  rights(cases);
  queued(cases);
}

function merged({ check }: Cases): void {
  for (const method of ['merge', 'squash', 'rebase'] as const) {
    check(
      `merges by ${method}`,
      async (scene) => {
        const pull = await scene.pull('gt/a');
        await scene.snapshot(pull);
        const answer = await merge(scene, pull, how(pull, method));
        expect(answer.is).toBe('merged');
        expect(pull.state).toBe('merged');
        if (answer.is !== 'merged') return;
        expect([null, scene.repo.refs.get('main')]).toContain(answer.commit);
      },
      { mergeMethods: [method] },
    );
  }

  check('says merged when the answer was lost and it is asked again', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.snapshot(pull);
    const wish = how(pull);
    scene.world.served.faults.add({ fault: { kind: 'lost_answer' }, path: /\/merge$/ });
    const lost = await scene.port.merge(scene.context, scene.ref(pull), wish);
    expect(lost).toMatchObject({ ok: false, error: { kind: 'network_error' } });
    expect(pull.state).toBe('merged');
    const main = scene.repo.refs.get('main');
    expect(await merge(scene, pull, wish)).toEqual({ is: 'merged', commit: main });
    expect(scene.repo.refs.get('main')).toBe(main);
  });
}

function renamed({ checkIf }: Cases): void {
  checkIf('rename')('merges and talks under the former name of a repository', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.snapshot(pull);
    await scene.repo.rename(`${scene.repo.name}-new`);
    const said = { do: 'comment', marker: '<!-- m -->', body: 'Landing' } as const;
    expect((await scene.port.write(scene.context, scene.ref(pull), said)).ok).toBe(true);
    expect((await merge(scene, pull)).is).toBe('merged');
    expect(pull.comments).toHaveLength(1);
    expect(pull.state).toBe('merged');
  });
}

function notMerged({ check, checkIf }: Cases): void {
  check('does not merge a head that moved', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.snapshot(pull);
    const wish = how(pull);
    await pull.push('bob', { 'more.txt': 'more\n' });
    await scene.snapshot(pull); // nothing else stands against it
    expect(await merge(scene, pull, wish)).toEqual({ is: 'head_moved' });
    expect(pull.state).toBe('open');
  });

  check(
    'says that the method is not allowed',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      await scene.snapshot(pull);
      const answer = await merge(scene, pull, how(pull, 'rebase'));
      expect(answer).toMatchObject({ is: 'not_now', reason: 'method' });
      expect(pull.state).toBe('open');
    },
    { mergeMethods: ['squash'] },
  );

  checkIf('draft')('does not merge a draft', async (scene) => {
    const pull = await scene.pull('gt/a', { draft: true });
    await scene.snapshot(pull);
    expect(await merge(scene, pull)).toMatchObject({ is: 'not_now', reason: 'draft' });
    expect(pull.state).toBe('open');
  });

  checkIf('required_checks')(
    'does not merge past a rule of the branch',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      await scene.snapshot(pull);
      expect(await merge(scene, pull)).toMatchObject({ is: 'not_now', reason: 'blocked' });
      expect(pull.state).toBe('open');
    },
    { protection: { requiredChecks: ['build'] } },
  );

  checkIf('conflict')('says that there is a conflict', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.repo.push('bob', 'main', { 'gt-a.txt': 'something else\n' });
    await scene.snapshot(pull);
    expect(await merge(scene, pull)).toMatchObject({ is: 'not_now', reason: 'conflict' });
    expect(pull.state).toBe('open');
  });

  check('does not merge what was closed', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.close('bob');
    expect(await merge(scene, pull)).toMatchObject({ is: 'not_now', reason: 'blocked' });
  });
}

function rights({ check }: Cases): void {
  check('says that the credential may not merge', async (scene) => {
    const pull = await scene.pull('gt/a');
    await scene.snapshot(pull);
    const eve = scene.world.port(scene.world.served.addToken('eve').secret);
    const answer = await eve.merge(scene.context, scene.ref(pull), how(pull));
    expect(answer).toMatchObject({ ok: true, value: { is: 'not_now', reason: 'permission' } });
    expect(pull.state).toBe('open');
  });

  check('does not take a limit for a missing right', async (scene) => {
    const pull = await scene.pull('gt/a');
    const fault = { kind: 'secondary', status: 403, retryAfterSeconds: 30 } as const;
    scene.world.served.faults.add({ fault, times: 10 });
    const answer = await scene.port.merge(scene.context, scene.ref(pull), how(pull));
    expect(answer).toMatchObject({ ok: false, error: { kind: 'throttled' } });
  });

  check(
    'does not take a hidden repository for a missing right',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const stranger = scene.world.port(scene.world.served.addToken('mal').secret);
      const answer = await stranger.merge(scene.context, scene.ref(pull), how(pull));
      expect(answer).toMatchObject({ ok: false, error: { repository: 'hidden_too' } });
    },
    { private: true },
  );
}

function queued({ checkIf }: Cases): void {
  const spec = { protection: { mergeQueue: true } };

  checkIf('merge_queue')(
    'enters the merge queue where one is required, once',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      await scene.snapshot(pull);
      expect(await merge(scene, pull)).toEqual({ is: 'queued' });
      expect(pull.queue?.head).toBe(pull.headSha);
      const { queue } = pull;
      expect(await merge(scene, pull)).toEqual({ is: 'queued' });
      expect(pull.queue).toBe(queue);
      expect(pull.state).toBe('open');
    },
    spec,
  );

  checkIf('merge_queue')(
    'does not enter the queue with a head that moved',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const wish = how(pull);
      await pull.push('bob', { 'more.txt': 'more\n' });
      expect(await merge(scene, pull, wish)).toEqual({ is: 'head_moved' });
      expect(pull.queue).toBeNull();
    },
    spec,
  );
}
