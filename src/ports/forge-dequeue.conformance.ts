/**
 * Taking a merge back: out of the queue, nothing armed, and what is over is said to be over.
 */
import { expect } from 'vitest';
import type { Dequeued } from '../core/forge-answers.ts';
import { commitOf } from '../core/ids.ts';
import type { Pull } from '../devforge/pull.ts';
import type { Cases, Scene } from './forge.conformance.ts';

async function dequeue(scene: Scene, pull: Pull, port = scene.port): Promise<Dequeued> {
  const answer = await port.dequeue(scene.context, scene.ref(pull));
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

export function dequeueCases({ check, checkIf }: Cases): void {
  const queue = { protection: { mergeQueue: true } };

  checkIf('merge_queue')(
    'takes out of the merge queue what it has put there, once',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      await scene.snapshot(pull);
      const how = { method: 'squash', title: 'Land it', message: '' } as const;
      const expectedHead = commitOf(pull.headSha);
      const put = await scene.port.merge(scene.context, scene.ref(pull), { ...how, expectedHead });
      expect(put).toEqual({ ok: true, value: { is: 'queued' } });
      expect((await scene.snapshot(pull)).queue).toEqual({ is: 'complete', value: 'queued' });
      expect(await dequeue(scene, pull)).toEqual({ is: 'out' });
      expect(pull.queue).toBeNull();
      expect((await scene.snapshot(pull)).queue).toEqual({ is: 'complete', value: 'none' });
      expect(await dequeue(scene, pull)).toEqual({ is: 'out' });
      expect(pull.state).toBe('open');
    },
    queue,
  );

  checkIf('merge_queue')(
    'says that the credential may not take it out of the queue',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      pull.enqueue(scene.world.served.world.user('ann'));
      const eve = scene.world.port(scene.world.served.addToken('eve').secret);
      expect(await dequeue(scene, pull, eve)).toMatchObject({ reason: 'permission' });
      expect(pull.queue).not.toBeNull();
    },
    queue,
  );

  check('ends a merge that waits for its checks', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.armAutoMerge(scene.world.served.world.user('bob'), 'squash');
    expect(await dequeue(scene, pull)).toEqual({ is: 'out' });
    expect(pull.autoMerge).toBeNull();
    expect(pull.state).toBe('open');
  });

  check('says what became of one that was merged or closed meanwhile', async (scene) => {
    const merged = await scene.pull('gt/a');
    await scene.snapshot(merged);
    await merged.merge(scene.world.served.world.user('bob'), {});
    const closed = await scene.pull('gt/b');
    closed.close('bob');
    expect(await dequeue(scene, merged)).toEqual({ is: 'over', state: 'merged' });
    expect(await dequeue(scene, closed)).toEqual({ is: 'over', state: 'closed' });
  });

  check('takes out what it was told to although the answer was lost', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.armAutoMerge(scene.world.served.world.user('bob'), 'squash');
    const path = /graphql|\/merge$|cancel_merge/;
    scene.world.served.faults.add({ fault: { kind: 'lost_answer' }, path });
    const lost = await scene.port.dequeue(scene.context, scene.ref(pull));
    expect(lost).toMatchObject({ ok: false, error: { kind: 'network_error' } });
    expect(await dequeue(scene, pull)).toEqual({ is: 'out' });
    expect(pull.autoMerge).toBeNull();
  });

  check('does not take a limit for a refusal', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.armAutoMerge(scene.world.served.world.user('bob'), 'squash');
    const fault = { kind: 'secondary', status: 403, retryAfterSeconds: 30 } as const;
    scene.world.served.faults.add({ fault, times: 10 });
    const answer = await scene.port.dequeue(scene.context, scene.ref(pull));
    expect(answer).toMatchObject({ ok: false, error: { kind: 'throttled' } });
  });
}
