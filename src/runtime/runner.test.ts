/** The runner's agent half with real processes: what a town is told of each way an attempt goes. */
import { afterEach, describe, expect, it } from 'vitest';
import { call, launchSpec, makeWorld, script, type World } from '../../test/agents/world.ts';

let world: World;
afterEach(() => world.close());

describe('an attempt that works', () => {
  it('goes through its phases, hands in its commits and ends', async () => {
    world = await makeWorld();
    await world.runner.start();
    const spec = launchSpec({ prompt: 'Please add a note.' });
    expect(await world.runner.startAttempt(call, spec)).toEqual({ ok: true, value: undefined });
    const ended = await world.until('attempt_ended');
    expect(ended.end).toEqual({ outcome: 'submitted', failure: null, saved: null });
    expect(world.phases()).toEqual(['workspace_ready', 'spawned', 'session_ready', 'turn_started']);
    const submitted = await world.until('work_submitted');
    expect(submitted.head).toBe(await world.git('web-1', 'rev-parse', 'HEAD'));
    expect(await world.git('web-1', 'show', 'HEAD:NOTES.md')).toBe('- Say hello');
    expect(world.facts.indexOf(submitted)).toBeLessThan(world.facts.indexOf(ended));
  });

  it('follows the script of its prompt', async () => {
    world = await makeWorld();
    await world.runner.start();
    const prompt = script(
      { say: 'I start.' },
      { write: { path: 'a/b.txt', text: 'one\n' } },
      { edit: { path: 'a/b.txt', find: 'one', replace: 'two' } },
      { usage: { inputTokens: 100, outputTokens: 20, usd: 0.5 } },
      { commit: "It's two" },
      { done: 'Made it two.' },
    );
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    const ended = await world.until('attempt_ended');
    expect(ended.end.outcome).toBe('submitted');
    expect(ended.usage).toEqual({ inputTokens: 100, outputTokens: 20, usd: 0.5 });
    expect(await world.git('web-1', 'show', 'HEAD:a/b.txt')).toBe('two');
    expect(await world.git('web-1', 'log', '-1', '--format=%s')).toBe("It's two");
    expect(world.transcript()).toContain('I start.');
    expect(world.transcript()).toContain('+two');
  });

  it('resolves a conflict by the side it was told to take', async () => {
    world = await makeWorld();
    await world.runner.start();
    const other = 'git checkout -qb other && echo theirs > a && git commit -qam theirs';
    const prompt = script(
      { write: { path: 'a', text: 'base\n' } },
      { commit: 'base of both' },
      { run: `${other} && git checkout -q -` },
      { write: { path: 'a', text: 'ours\n' } },
      { commit: 'ours' },
      { merge: { ref: 'other', take: 'theirs' } },
      { done: 'Merged.' },
    );
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    expect((await world.until('attempt_ended')).end.outcome).toBe('submitted');
    expect(await world.git('web-1', 'show', 'HEAD:a')).toBe('theirs');
    expect(await world.git('web-1', 'rev-list', '--count', '--merges', 'HEAD')).toBe('1');
  });
});
