/** All parts of the runner together on a real repository: from a rig's look to a landed change. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Fact } from '../core/fact.ts';
import { callId, jobId, rigId, runnerId } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { ok } from '../core/result.ts';
import { instant } from '../core/time.ts';
import { call, gitEnv, launchSpec, script } from '../../test/agents/world.ts';
import { makeLocalRunner } from './local-runner.ts';
import type { LocalRunner } from './runner.ts';

const exec = promisify(execFile);
let root: string;
let runner: LocalRunner;
let facts: Fact[];
let jobs = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'whole runner '));
  facts = [];
  await mkdir(join(root, 'person'));
  await git(root, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  await git(root, 'clone', '-q', 'remote.git', 'clone');
  await writeFile(join(root, 'clone', 'check.sh'), 'test -f hello.txt && echo "1 test passed"\n');
  await git(join(root, 'clone'), 'add', '.');
  await git(join(root, 'clone'), 'commit', '-q', '-m', 'start');
  await git(join(root, 'clone'), 'push', '-q', 'origin', 'HEAD:main');
  runner = await newLife(0);
});

afterEach(async () => {
  await runner.stop();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

it('looks at a rig, runs an agent on it, builds, gates and pushes its change', async () => {
  const rig = rigRef();
  const looked = await job({
    kind: 'fetch',
    rig,
    branchPrefix: 'gt',
    updateCheckout: false,
    createTargetFrom: null,
  });
  expect(looked).toMatchObject({ kind: 'fetch', report: { defaultBranch: 'main' } });

  const prompt = script(
    { write: { path: 'hello.txt', text: 'hello\n' } },
    { commit: 'Say hello' },
    { done: 'It says hello.' },
  );
  const spec = { ...launchSpec({ prompt }), rig };
  await runner.startAttempt(call, spec);
  const ended = await until((fact) => fact.kind === 'attempt_ended');
  expect(ended).toMatchObject({ end: { outcome: 'submitted', failure: null } });
  const submitted = await until((fact) => fact.kind === 'work_submitted');
  if (submitted.kind !== 'work_submitted') throw new Error('not submitted');

  const built = await job({
    kind: 'build',
    rig,
    head: submitted.head,
    reverts: null,
    submittedBy: spec.attempt,
    method: 'merge',
    message: 'Say hello',
    author: null,
    signoff: false,
    stored: null,
  });
  if (built.kind !== 'build' || built.answer.is !== 'built') throw new Error(JSON.stringify(built));
  const { candidate } = built.answer;

  const gate = {
    name: 'check',
    command: 'sh check.sh',
    timeoutMs: 60_000,
    required: true,
    retries: 0,
  };
  const isolation = { require: null, network: 'open' } as const;
  const { commit } = candidate;
  const gated = await job({ kind: 'gate', rig, commit, gate, setup: [], isolation, env: {} });
  expect(gated).toMatchObject({ kind: 'gate', report: { result: 'passed', commit } });

  const pushed = await job({ kind: 'push', rig, candidate, updateCheckout: false });
  expect(pushed).toMatchObject({ kind: 'push', answer: { is: 'landed', commit } });
  const remote = join(root, 'remote.git');
  expect(await git(remote, 'show', 'main:hello.txt')).toBe('hello');
  expect(await git(remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
}, 30_000);

it('gives the next attempt the half-done work of one that was stopped', async () => {
  const rig = rigRef();
  const prompt = script(
    { write: { path: 'half.txt', text: 'half' } },
    { say: 'half way' },
    { hang: true },
    '--- attempt',
    { run: 'test "$(cat half.txt)" = half' },
    { commit: 'The other half' },
    { done: 'Went on.' },
  );
  const first = { ...launchSpec({ prompt }), rig };
  await runner.startAttempt(call, first);
  await until((fact) => fact.kind === 'transcript' && JSON.stringify(fact).includes('"half way'));
  await runner.stopAttempt(call, first.attempt, 'person');
  const stopped = await until((fact) => fact.kind === 'attempt_ended');
  expect(stopped).toMatchObject({ end: { outcome: 'cancelled', saved: expect.any(String) } });
  await expect
    .poll(() => existsSync(join(root, 'home/runner/compiled')), { timeout: 5000 })
    .toBe(true);

  const second = { ...launchSpec({ prompt, number: 2 }), rig };
  await runner.startAttempt(call, second);
  const ended = await until(
    (fact) => fact.kind === 'attempt_ended' && fact.attempt === second.attempt,
  );
  expect(ended).toMatchObject({ end: { outcome: 'submitted' } });
}, 30_000);

it('puts away what nobody has used for long, and keeps it as long as it says', async () => {
  const prompt = script({ write: { path: 'hello.txt', text: 'hello\n' } }, { commit: 'Say hello' });
  await runner.startAttempt(call, { ...launchSpec({ prompt }), rig: rigRef() });
  await until((fact) => fact.kind === 'attempt_ended');
  const place = (name: string): string => join(root, 'home', 'runner', name);
  const trashed = (): readonly string[] =>
    existsSync(place('trash')) ? readdirSync(place('trash')) : [];
  expect(existsSync(place('workspaces/web-1'))).toBe(true);
  await mkdir(place('jobs/gate-1'), { recursive: true });

  await runner.stop();
  runner = await newLife(limits.workspaceIdleMs * 2);
  expect(existsSync(place('jobs/gate-1'))).toBe(false);
  await vi.waitFor(() => expect(trashed()).toHaveLength(1), { timeout: 10_000 });
  expect(existsSync(place('workspaces/web-1'))).toBe(false);
  expect(existsSync(place('homes/web-1'))).toBe(true);

  await runner.stop();
  runner = await newLife(limits.workspaceIdleMs * 3 + limits.trashMs);
  await vi.waitFor(() => expect(trashed()).toEqual([]), { timeout: 10_000 });
  expect(existsSync(place('homes/web-1'))).toBe(false);
});

/** Another life of the runner in the same home, by a clock that is this much ahead. */
async function newLife(aheadMs: number): Promise<LocalRunner> {
  const life = await makeLocalRunner({
    id: runnerId('local'),
    home: join(root, 'home'),
    personHome: join(root, 'person'),
    product: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env['PATH'], HOME: join(root, 'person'), ...gitEnv },
    searchPath: [],
    platform: process.platform,
    cores: 2,
    node: process.execPath,
    townId: 'town',
    author: { name: 'Author', email: 'author@example.invalid' },
    tell: async (fact) => {
      facts.push(fact);
      return ok(undefined);
    },
    clock: { now: () => instant(Date.now() + aheadMs), monotonicMs: () => performance.now() },
    timers: {
      after: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    },
    random: {
      below: () => 0,
      token: (chars) => randomBytes(chars).toString('hex').slice(0, chars),
    },
    log: { info: () => undefined, error: () => undefined },
  });
  await life.start();
  return life;
}

function rigRef(): RigRef {
  const remote = join(root, 'remote.git');
  return { rig: rigId('web'), tag: 'abcd', remote, lends: null, target: 'main' };
}

async function job(spec: JobSpec): Promise<JobResult> {
  jobs += 1;
  const id = jobId(`job-${jobs}`);
  await runner.startJob(callId(`call-${jobs}`), id, spec);
  const done = await until((fact) => fact.kind === 'job_done' && fact.job === id);
  if (done.kind !== 'job_done') throw new Error('not done');
  return done.result;
}

async function until(matches: (fact: Fact) => boolean): Promise<Fact> {
  const limit = performance.now() + 15_000;
  for (;;) {
    const found = facts.find(matches);
    if (found !== undefined) return found;
    if (performance.now() > limit) throw new Error(`not told in time: ${JSON.stringify(facts)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', ...gitEnv };
  const { stdout } = await exec('git', args, { cwd, env });
  return stdout.trim();
}
