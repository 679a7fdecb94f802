/** A runner's lives: repeats, supersession, capabilities, and what is found after a kill. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { attemptId, callId, jobId, rigId } from '../core/ids.ts';
import type { JobSpec } from '../core/job.ts';
import { call, launchSpec, makeWorld, script, type World } from '../../test/agents/world.ts';
import { McpClient } from './harness/mcp-client.ts';
import { processTable } from './process-table.ts';

let world: World;
afterEach(() => world.close());

describe('a repeated start', () => {
  it('attaches to the running attempt: one process, one session', async () => {
    world = await makeWorld();
    await world.runner.start();
    const spec = launchSpec({
      prompt: script({ say: 'once' }, { wait: 300 }, { ask: 'and now?' }),
    });
    const answers = await Promise.all([1, 2, 3].map(() => world.runner.startAttempt(call, spec)));
    expect(answers.every((answer) => answer.ok)).toBe(true);
    await world.until('attempt_phase', (fact) => fact.phase === 'turn_started');
    await world.runner.startAttempt(call, spec);
    await world.until('attempt_ended');
    expect(world.phases().filter((phase) => phase === 'spawned')).toHaveLength(1);
  });

  it('of an attempt that has ended tells its end again', async () => {
    world = await makeWorld();
    await world.runner.start();
    const spec = launchSpec({ prompt: 'note it' });
    await world.runner.startAttempt(call, spec);
    const first = await world.until('attempt_ended');
    world.facts.length = 0;
    await world.runner.startAttempt(call, spec);
    expect(await world.until('attempt_ended')).toEqual(first);
    expect(world.phases()).toEqual([]);
  });
});

describe('attempt numbers', () => {
  it('a higher one ends the lower first, and a lower one is refused', async () => {
    world = await makeWorld();
    await world.runner.start();
    const hanging = script({ say: 'here' }, { hang: true });
    await world.runner.startAttempt(call, launchSpec({ prompt: hanging }));
    await world.until('attempt_phase', (fact) => fact.phase === 'turn_started');
    await world.runner.startAttempt(call, launchSpec({ prompt: 'note it', number: 2 }));
    const second = await world.until('attempt_phase', (fact) => fact.attempt === 'web-1.2');
    const first = await world.until('attempt_ended', (fact) => fact.attempt === 'web-1.1');
    expect(first.end.outcome).toBe('evicted');
    expect(world.facts.indexOf(first)).toBeLessThan(world.facts.indexOf(second));
    const refused = await world.runner.startAttempt(call, launchSpec({ prompt: hanging }));
    expect(refused).toEqual({ ok: false, error: { kind: 'superseded', by: 'web-1.2' } });
    await world.until('attempt_ended', (fact) => fact.attempt === 'web-1.2');
  });

  it('a stop that overtakes its start leaves nothing running', async () => {
    world = await makeWorld();
    await world.runner.start();
    const spec = launchSpec({ prompt: script({ hang: true }) });
    void world.runner.startAttempt(call, spec);
    await world.runner.stopAttempt(call, spec.attempt, 'person');
    expect((await world.until('attempt_ended')).end.outcome).toBe('cancelled');
    await world.runner.list(callId('call-list'));
    const held = await world.until('runner_connected', (fact) => fact.answers === 'call-list');
    expect(held.attempts).toEqual([]);
  });

  it('a stop of an attempt that is not here says that it is over', async () => {
    world = await makeWorld();
    await world.runner.start();
    await world.runner.stopAttempt(call, attemptId('web-9.1'), 'person');
    const ended = await world.until('attempt_ended');
    expect(ended).toMatchObject({ attempt: 'web-9.1', end: { outcome: 'cancelled' } });
  });
});

describe('capabilities', () => {
  it('of an ended attempt reach nothing, not even a later attempt at the same bead', async () => {
    world = await makeWorld();
    await world.runner.start();
    const leak = { run: 'printf %s "$(cat /proc/$PPID/cmdline | tr "\\0" " ")" > /dev/null' };
    const first = launchSpec({
      prompt: script(leak, { ask: 'stop here' }),
      agent: 'spy',
      profile: spy,
    });
    await world.runner.startAttempt(call, first);
    await world.until('attempt_ended');
    const { url, bearer } = seenBySpy(world);
    const second = launchSpec({ prompt: script({ say: 'second' }, { hang: 1 }), number: 2 });
    await world.runner.startAttempt(call, second);
    await world.until('transcript', (fact) => JSON.stringify(fact.entries).includes('second'));

    const old = new McpClient(url, { authorization: bearer });
    await expect(old.connect()).rejects.toThrow('This attempt is over');
    const answer = await old.call('gt_done', { summary: 'mine' });
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('over') });
    const foreign = new McpClient(url, { authorization: 'Bearer made-up' });
    const refused = await foreign.call('gt_done', { summary: 'mine' });
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('not known') });
    expect(world.facts.some((fact) => fact.kind === 'work_submitted')).toBe(false);
  });
});

describe('hydration', () => {
  it('kills and saves what a killed runner left, then says that it is there', async () => {
    const home = await mkdtemp(join(tmpdir(), 'killed '));
    const victim = startVictim(home);
    await once(createInterface({ input: victim.stdout ?? process.stdin }), 'line');
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    expect(await leftovers(home)).not.toBe('');

    world = await makeWorld({ home });
    await world.runner.start();
    const kinds = world.facts.map((fact) => fact.kind);
    expect(kinds).toEqual(['attempt_ended', 'runner_connected']);
    const ended = await world.until('attempt_ended');
    expect(ended).toMatchObject({ attempt: 'web-1.1', end: { outcome: 'evicted' } });
    expect(await world.git('web-1', 'show', `${ended.end.saved}:a.txt`)).toBe('half');
    // A killed process loses its environment, by which it is found, a moment before its directory.
    await expect.poll(() => leftovers(home)).toBe('');
    const connected = await world.until('runner_connected');
    expect(connected).toMatchObject({ attempts: [], jobs: [] });

    await world.runner.startAttempt(call, launchSpec({ prompt: 'go on', number: 2 }));
    await world.until('attempt_ended', (fact) => fact.attempt === 'web-1.2');
  });

  it('runs once at a time, releases who waits also when it fails, and can be retried', async () => {
    let calls = 0;
    let failNow = (): void => undefined;
    world = await makeWorld({
      needs: {
        ...(await containmentThatFails(() => {
          calls += 1;
          return calls > 1
            ? Promise.resolve([])
            : new Promise((_, reject) => {
                failNow = () => reject(new Error('the disk is full'));
              });
        })),
      },
    });
    const starting = world.runner.start();
    const failed = starting.catch((error: unknown) => String(error));
    await poll(() => calls === 1);
    const waiting = world.runner.awaitHydration();
    expect(world.runner.bootHydration()).toBe(world.runner.bootHydration());
    failNow();
    expect(await failed).toContain('the disk is full');
    await waiting;
    expect(world.facts).toEqual([]);
    await world.runner.bootHydration();
    expect(calls).toBe(2);
    expect(world.facts.map((fact) => fact.kind)).toEqual(['runner_connected']);
  });

  it('is over before a start that came during it takes effect', async () => {
    world = await makeWorld();
    const starting = world.runner.start();
    await world.runner.startAttempt(call, launchSpec({ prompt: 'note it' })).catch(() => undefined);
    await starting;
    await world.until('attempt_ended');
    expect(world.facts[0]?.kind).toBe('runner_connected');
  });
});

describe('jobs', () => {
  const spec: JobSpec = {
    kind: 'push',
    rig: { rig: rigId('web'), tag: 'abcd', remote: '/none', lends: null, target: 'main' },
    candidate: {
      commit: 'a'.repeat(40) as never,
      targetTip: 'b'.repeat(40) as never,
      head: 'a'.repeat(40) as never,
      method: 'merge',
    },
    updateCheckout: false,
  };
  const moved = {
    kind: 'push',
    answer: { is: 'moved', targetTip: 'c'.repeat(40) as never },
  } as const;

  it('run once for each call; a repeat is told the stored result, in a next life too', async () => {
    let ran = 0;
    const job = async () => {
      ran += 1;
      return moved;
    };
    world = await makeWorld({ needs: { job } });
    await world.runner.start();
    await Promise.all([1, 2].map(() => world.runner.startJob(callId('c1'), jobId('job-1'), spec)));
    await world.until('job_done');
    world.facts.length = 0;
    await world.runner.startJob(callId('c1'), jobId('job-1'), spec);
    const again = await world.until('job_done');
    expect(again).toMatchObject({ job: 'job-1', callId: 'c1', result: moved });
    expect(ran).toBe(1);

    const next = await makeWorld({ home: world.home, needs: { job } });
    await next.runner.start();
    await next.runner.startJob(callId('c1'), jobId('job-1'), spec);
    expect(await next.until('job_done')).toMatchObject({ result: moved });
    expect(ran).toBe(1);
    await next.runner.stop();
  });

  it('are told of also where the disk cannot keep how they ended', async () => {
    world = await makeWorld({ needs: { job: async () => moved } });
    await world.runner.start();
    await mkdir(join(world.home, 'runner'), { recursive: true });
    await writeFile(join(world.home, 'runner', 'results'), 'no folder can be here');
    await world.runner.startJob(callId('c1'), jobId('job-1'), spec);
    expect(await world.until('job_done')).toMatchObject({ result: moved });
  });

  it('that are cancelled stop and say so', async () => {
    const job = (_call: unknown, _spec: unknown, signal: AbortSignal) =>
      new Promise<typeof moved>((resolve) => {
        signal.addEventListener('abort', () => resolve(moved));
      });
    world = await makeWorld({ needs: { job } });
    await world.runner.start();
    await world.runner.startJob(callId('c1'), jobId('job-1'), spec);
    await world.runner.list(callId('l1'));
    await world.until('runner_connected', (fact) => fact.jobs.includes(jobId('job-1')));
    await world.runner.cancelJob(call, jobId('job-1'));
    const done = await world.until('job_done');
    expect(done.result).toMatchObject({ kind: 'failed', failure: { step: 'cancelled' } });
  });
});

describe('a town that cannot take a fact', () => {
  it('is told again, and a refusal is not repeated', async () => {
    let failures = 2;
    world = await makeWorld({
      delayMs: (ms) => ms / 20,
      tell: (fact) => {
        if (fact.kind !== 'attempt_ended' || failures === 0) return { ok: true, value: undefined };
        failures -= 1;
        throw new Error('the disk is full');
      },
    });
    await world.runner.start();
    await world.runner.stopAttempt(call, attemptId('web-9.1'), 'person');
    await poll(() => failures === 0);
    await poll(() => world.facts.filter((fact) => fact.kind === 'attempt_ended').length === 3);
  });
});

describe('an idle runner', () => {
  it('sets no timer', async () => {
    const delays: number[] = [];
    world = await makeWorld({
      delayMs: (ms) => {
        delays.push(ms);
        return ms;
      },
    });
    await world.runner.start();
    expect(delays).toEqual([]);
  });
});

/** Passes its session's tools on to standard error, then goes on as the scripted agent. */
const scriptedProgram = fileURLToPath(new URL('./harness/scripted.ts', import.meta.url));
const spy = {
  name: 'spy',
  command: process.execPath,
  args: [
    '-e',
    `const { spawn } = require('node:child_process');
     const stdio = ['pipe', 'inherit', 'inherit'];
     const child = spawn(process.execPath, [${JSON.stringify(scriptedProgram)}], { stdio });
     require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
       if (line.includes('mcpServers')) console.error('SPY' + line);
       child.stdin.write(line + '\\n');
     }).on('close', () => child.stdin.end());`,
  ],
  env: {},
  loginFiles: [],
};

function seenBySpy(world: World): { url: string; bearer: string } {
  const line = /SPY(.*)/.exec(world.transcript())?.[1] ?? '{}';
  const [server] = JSON.parse(line).params.mcpServers;
  return { url: server.url, bearer: server.headers[0].value };
}

/** Another process with a runner that holds an attempt in the middle of its turn. */
function startVictim(home: string): ChildProcess {
  const program = `
    import { launchSpec, makeWorld, call, script } from ${JSON.stringify(
      new URL('../../test/agents/world.ts', import.meta.url).href,
    )};
    const world = await makeWorld({ home: process.argv[1] });
    await world.runner.start();
    const prompt = script(
      { write: { path: 'a.txt', text: 'half' } },
      { run: 'git add .' },
      { child: 600 },
      { say: 'in the middle' },
      { hang: 'deaf' },
    );
    await world.runner.startAttempt(call, launchSpec({ prompt }));
    const isThere = (fact) => JSON.stringify(fact.entries).includes('"in the middle');
    await world.until('transcript', isThere);
    console.log('ready');
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Command lines of processes that work in this home. */
async function leftovers(home: string): Promise<string> {
  const found: number[] = [];
  for (const { pid } of await processTable(process.platform).list()) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd.startsWith(home)) found.push(pid);
  }
  return found.join(' ');
}

async function containmentThatFails(killLeftovers: () => Promise<string[]>) {
  const spawnNothing = async () => {
    throw new Error('nothing is started here');
  };
  return { containment: { spawn: spawnNothing, killLeftovers } };
}

async function poll(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error('it did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
