/** How attempts end when agents crash, lie, hang, flood, leave children behind or cost too much. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../core/limits.ts';
import { err } from '../core/result.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import {
  call,
  launchSpec,
  makeWorld,
  programProfile,
  script,
  type World,
  type WorldOptions,
} from '../../test/agents/world.ts';
import { processTable } from './process-table.ts';

let world: World;
afterEach(() => world.close());

async function run(spec: Partial<LaunchSpec> & { prompt: string }, options: WorldOptions = {}) {
  world = await makeWorld(options);
  await world.runner.start();
  await world.runner.startAttempt(call, launchSpec(spec));
  return world.until('attempt_ended');
}

/** A minute passes in a second. */
const hurried: WorldOptions = { delayMs: (ms) => ms / 60, clockSpeed: 60 };

/** Time passes this much faster; only the deadlines of a start keep their length. */
function rushed(speed: number): WorldOptions {
  return { delayMs: (ms) => (ms === limits.spawnMs ? ms : ms / speed), clockSpeed: speed };
}

describe('a start that fails names its cause', () => {
  it('for an agent nobody knows', async () => {
    const { end } = await run({ prompt: 'x', agent: 'nobody' });
    expect(end.outcome).toBe('start_failed');
    expect(end.failure).toMatchObject({ kind: 'agent_missing', agent: 'nobody' });
    expect(end.failure).toHaveProperty('known', expect.arrayContaining(['codex', 'scripted']));
  });

  it('for an agent whose command is not installed', async () => {
    const { end } = await run({ prompt: 'x', agent: 'gemini' }, { path: '/nowhere' });
    expect(end.failure).toMatchObject({ kind: 'agent_missing', command: 'gemini' });
  });

  it('for an agent that exits at once, with what it said', async () => {
    const profile = programProfile('console.error("no licence"); process.exit(3)');
    const { end } = await run({ prompt: 'x', agent: 'program', profile });
    expect(end.outcome).toBe('start_failed');
    expect(end.failure).toMatchObject({
      kind: 'agent_start_failed',
      phase: 'initialize',
      cause: 'exited',
      exitCode: 3,
      output: expect.stringContaining('no licence'),
    });
  });

  it('for an agent that never answers', async () => {
    const profile = programProfile('setInterval(() => {}, 1000)');
    const { end } = await run({ prompt: 'x', agent: 'program', profile }, hurried);
    expect(end.failure).toMatchObject({
      kind: 'agent_start_failed',
      phase: 'initialize',
      cause: 'timeout',
    });
  });

  it('for an agent that never lists the tools', async () => {
    const { end } = await run({ prompt: 'x', agent: 'program', profile: deafToTools }, hurried);
    expect(end.failure).toMatchObject({ kind: 'agent_start_failed', cause: 'tools_not_listed' });
    expect(world.phases()).not.toContain('turn_started');
  });

  it('for an agent that needs a login', async () => {
    const profile = programProfile(
      lineAgent(`m.method === 'session/new' ? fail(m, -32000, 'log in first') : hello(m)`),
    );
    const { end } = await run({ prompt: 'x', agent: 'program', profile });
    expect(end.failure).toMatchObject({ kind: 'agent_start_failed', cause: 'login_needed' });
    expect(end.failure).toHaveProperty('output', expect.stringContaining('log in first'));
  });

  it('for a model the agent does not have', async () => {
    const { end } = await run({ prompt: 'x', model: 'big-one' });
    expect(end.failure).toMatchObject({ kind: 'model_mismatch', wanted: 'big-one' });
    expect(end.outcome).toBe('start_failed');
  });
});

describe('a turn that goes wrong', () => {
  it('ends as crashed when the agent dies, with its exit code, its edits saved', async () => {
    const prompt = script(
      { write: { path: 'a.txt', text: 'half' } },
      { run: 'git add a.txt' },
      { crash: 7 },
    );
    const { end } = await run({ prompt });
    expect(end.outcome).toBe('crashed');
    expect(end.failure).toMatchObject({ kind: 'agent_crashed', exitCode: 7 });
    expect(await world.git('web-1', 'show', `${end.saved}:a.txt`)).toBe('half');
  });

  it('ends as crashed by a signal', async () => {
    const { end } = await run({ prompt: script({ crash: { signal: 'SIGKILL' } }) });
    expect(end.failure).toMatchObject({ kind: 'agent_crashed', signal: 'SIGKILL' });
  });

  it('ends as crashed when the agent answers the turn with an error', async () => {
    const { end } = await run({ prompt: script({ fail: 'out of credit' }) });
    expect(end.outcome).toBe('crashed');
    expect(end.failure).toMatchObject({ kind: 'agent_crashed', exitCode: null });
    expect(end.failure).toHaveProperty('output', expect.stringContaining('out of credit'));
  });

  it('asks a liar once to go on, then calls it idle', async () => {
    const { end } = await run({ prompt: script({ say: 'All done!' }, { lie: true }) });
    expect(end.outcome).toBe('idle_without_done');
    const prompts = world.facts
      .flatMap((fact) => (fact.kind === 'transcript' ? fact.entries : []))
      .filter((entry) => entry.kind === 'prompt');
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toHaveProperty('text', expect.stringContaining('gt_done'));
  });

  it('takes work that is handed in only after being asked to go on', async () => {
    const prompt = script(
      { write: { path: 'a', text: 'a' } },
      { commit: 'a' },
      { lie: 1 },
      { done: 'a' },
    );
    const { end } = await run({ prompt });
    expect(end.outcome).toBe('submitted');
  });

  it('ends as crashed on words that are no protocol', async () => {
    const { end } = await run({ prompt: script({ garbage: '}{ nonsense\n' }, { wait: 60_000 }) });
    expect(end.outcome).toBe('crashed');
    expect(end.failure).toHaveProperty('output', expect.stringContaining('}{ nonsense'));
  });

  it('survives a hundred thousand events and still hears the end', async () => {
    const before = process.memoryUsage().rss;
    const prompt = script(
      { flood: { events: 100_000 } },
      { write: { path: 'a', text: 'a' } },
      { commit: 'a' },
      { done: 'a' },
    );
    world = await makeWorld();
    await world.runner.start();
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const { end } = await world.until('attempt_ended', () => true, 30_000);
    clearInterval(watch);
    expect(end.outcome).toBe('submitted');
    expect(longest).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    const chunks = world.facts.filter((fact) => fact.kind === 'transcript');
    expect(chunks.map((fact) => fact.seq)).toEqual(chunks.map((_, index) => index));
    for (const { entries } of chunks) {
      expect(Buffer.byteLength(JSON.stringify(entries))).toBeLessThan(80 * 1024);
    }
  }, 40_000);

  it('stops a turn that says nothing for too long', async () => {
    const { end } = await run({ prompt: script({ hang: true }) }, rushed(20_000));
    expect(end.outcome).toBe('timed_out');
    expect(end.failure).toMatchObject({ kind: 'agent_timed_out' });
  });

  it('cancels a turn that goes over its budget', async () => {
    const prompt = script({ usage: { inputTokens: 900, outputTokens: 200 } }, { wait: 60_000 });
    const ended = await run({ prompt, tokensMax: 1000 });
    expect(ended.end.outcome).toBe('over_budget');
    expect(ended.end.failure).toMatchObject({ kind: 'over_budget', limit: 1000, used: 1100 });
    expect(ended.usage.inputTokens + ended.usage.outputTokens).toBe(1100);
  });
});

describe('a stop', () => {
  it('by a person is a cancellation, answered when nothing of the agent is left', async () => {
    world = await makeWorld();
    await world.runner.start();
    const spec = launchSpec({
      prompt: script({ child: 600 }, { say: 'child there' }, { hang: true }),
    });
    await world.runner.startAttempt(call, spec);
    await world.until('transcript', (fact) => JSON.stringify(fact.entries).includes('child there'));
    expect(await ours(world)).not.toEqual([]);
    await world.runner.stopAttempt(call, spec.attempt, 'person');
    const { end } = await world.until('attempt_ended');
    expect(end).toMatchObject({ outcome: 'cancelled', failure: null });
    await expect.poll(() => ours(world)).toEqual([]);
  });

  it('kills an agent that is deaf to it after the grace', async () => {
    world = await makeWorld(rushed(200));
    await world.runner.start();
    const spec = launchSpec({ prompt: script({ say: 'deaf' }, { hang: 'deaf' }) });
    await world.runner.startAttempt(call, spec);
    await world.until('transcript', (fact) => JSON.stringify(fact.entries).includes('"deaf"'));
    await world.runner.stopAttempt(call, spec.attempt, 'paused');
    expect((await world.until('attempt_ended')).end.outcome).toBe('cancelled');
    await expect.poll(() => ours(world)).toEqual([]);
  });

  it('of the runner saves and evicts what runs, and refuses new starts', async () => {
    world = await makeWorld();
    await world.runner.start();
    const prompt = script(
      { write: { path: 'a.txt', text: 'half' } },
      { run: 'git add .' },
      { say: 'in the middle' },
      { hang: 1 },
    );
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    await world.until('transcript', (fact) =>
      JSON.stringify(fact.entries).includes('in the middle'),
    );
    await world.runner.drain();
    const { end } = await world.until('attempt_ended', () => true, 1);
    expect(end.outcome).toBe('evicted');
    expect(await world.git('web-1', 'show', `${end.saved}:a.txt`)).toBe('half');
    const refused = await world.runner.startAttempt(call, launchSpec({ prompt, number: 2 }));
    expect(refused).toEqual(err({ kind: 'draining' }));
  });
});

describe('what the agent is told by its tools', () => {
  it('refuses uncommitted work with what to do, and the agent can act on it', async () => {
    const prompt = script(
      { write: { path: 'a.txt', text: 'a' } },
      { done: 'too early' },
      { commit: 'a' },
      { done: 'Made a.' },
    );
    const { end } = await run({ prompt });
    expect(end.outcome).toBe('submitted');
    expect(world.transcript()).toContain('these files are not committed: a.txt');
    expect(world.facts.filter((fact) => fact.kind === 'work_submitted')).toHaveLength(1);
  });

  it('passes a question on and ends the attempt as asked', async () => {
    const prompt = script({ ask: { question: 'Tabs or spaces?', choices: ['tabs', 'spaces'] } });
    const { end } = await run({ prompt });
    expect(end.outcome).toBe('asked');
    const asked = await world.until('attempt_asked');
    expect(asked.question).toEqual({ text: 'Tabs or spaces?', choices: ['tabs', 'spaces'] });
  });

  it('tells an agent whose attempt is over to stop', async () => {
    const prompt = script(
      { write: { path: 'a', text: 'a' } },
      { commit: 'a' },
      { done: 'a' },
      { hang: 1 },
    );
    const { end } = await run(
      { prompt },
      {
        tell: (fact) =>
          fact.kind === 'work_submitted'
            ? err({ kind: 'attempt_over', helps: 'no', attempt: fact.attempt })
            : { ok: true, value: undefined },
      },
    );
    expect(end.outcome).toBe('evicted');
    expect(world.transcript()).toContain('This attempt is over');
  });
});

describe('rounds', () => {
  const prompt = script(
    { write: { path: 'a', text: 'first' } },
    { commit: 'first' },
    { done: 'first' },
    '--- round',
    { write: { path: 'a', text: 'second' } },
    { commit: 'second' },
    { done: 'second' },
  );

  it('take the steps of their round, and repeating one is no error', async () => {
    await run({ prompt });
    await world.runner.startAttempt(call, launchSpec({ prompt, number: 2, round: 1 }));
    await world.until('attempt_ended', (fact) => fact.attempt === 'web-1.2');
    expect(await world.git('web-1', 'show', 'HEAD:a')).toBe('second');
    await world.runner.startAttempt(call, launchSpec({ prompt, number: 3, round: 1 }));
    const again = await world.until('attempt_ended', (fact) => fact.attempt === 'web-1.3');
    expect(again.end.outcome).toBe('submitted');
  });
});

/** Processes whose working directory is one of this world's workspaces. */
async function ours({ home }: World): Promise<string[]> {
  const all = await processTable(process.platform).list();
  const found = await Promise.all(
    all.map(async ({ pid }) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return cwd.startsWith(join(home, 'workspaces')) ? [String(pid)] : [];
    }),
  );
  return found.flat();
}

/** A program that answers ACP by hand: `answer` is an expression over the message `m`. */
function lineAgent(answer: string): string {
  return `
    const out = (o) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...o }) + '\\n');
    const fail = (m, code, message) => out({ id: m.id, error: { code, message } });
    const hello = (m) => out({ id: m.id, result: { protocolVersion: 1, sessionId: 's' } });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const m = JSON.parse(line);
      if (m.id !== undefined) ${answer};
    });`;
}

const deafToTools = programProfile(lineAgent('hello(m)'));
