/** How an attempt ended reaches the town: after a life that could not tell it, past a full disk. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fact } from '../core/fact.ts';
import { callId } from '../core/ids.ts';
import { call, launchSpec, makeWorld, script, type World } from '../../test/agents/world.ts';

let world: World;
afterEach(() => world.close());

describe('how an attempt ended', () => {
  const work = script({ write: { path: 'a', text: 'a' } }, { commit: 'a' }, { done: 'a' });

  it('is told by the next life, before what that one holds, if nobody took it', async () => {
    world = await makeWorld({
      tell: (fact) => {
        if (fact.kind !== 'attempt_ended') return { ok: true, value: undefined };
        throw new Error('the disk is full');
      },
    });
    await world.runner.start();
    await world.runner.startAttempt(call, launchSpec({ prompt: work }));
    const isEnd = ({ kind }: Fact): boolean => kind === 'attempt_ended';
    await expect.poll(() => world.facts.some(isEnd)).toBe(true);

    const next = await makeWorld({ home: world.home });
    await next.runner.start();
    expect(next.facts.slice(0, 2)).toMatchObject([
      { kind: 'attempt_ended', attempt: 'web-1.1', end: { outcome: 'submitted' } },
      { kind: 'runner_connected' },
    ]);
    await next.runner.stop();

    const last = await makeWorld({ home: world.home });
    await last.runner.start();
    expect(last.facts.map(({ kind }) => kind)).toEqual(['runner_connected']);
    await last.runner.stop();
  });

  it('is told, and the next starts, also where the disk cannot keep it', async () => {
    world = await makeWorld();
    await world.runner.start();
    const go = join(world.home, 'go');
    const prompt = script({ run: `until [ -e '${go}' ]; do sleep 0.05; done` }, { lie: true });
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    await world.until('attempt_phase', ({ phase }) => phase === 'turn_started');
    await rm(join(world.home, 'runner', 'attempts'), { recursive: true });
    await writeFile(join(world.home, 'runner', 'attempts'), 'no folder can be here');
    await writeFile(go, '');
    const { end } = await world.until('attempt_ended');
    expect(end.outcome).toBe('idle_without_done');
    await world.runner.list(callId('l1'));
    await world.until('runner_connected', ({ answers, attempts }) => {
      return answers !== null && attempts.length === 0;
    });

    await world.runner.startAttempt(call, launchSpec({ prompt: work, number: 2 }));
    const second = await world.until('attempt_ended', ({ attempt }) => attempt === 'web-1.2');
    expect(second.end.outcome).toBe('start_failed');
    expect(second.end.failure).toHaveProperty('message', expect.not.stringContaining('\n'));
  });
});
