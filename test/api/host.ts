/**
 * A real host in this process: a temporary home, a real database file, real HTTP on a free port,
 * and a model runner that does what a test tells it to.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Fact } from '../../src/core/fact.ts';
import type { Failure } from '../../src/core/failure.ts';
import { commitOf, runnerId } from '../../src/core/ids.ts';
import type { AttemptId, CallId, JobId } from '../../src/core/ids.ts';
import type { JobResult, JobSpec, RigReport } from '../../src/core/job.ts';
import type { LaunchSpec } from '../../src/core/launch-spec.ts';
import { ok, type Result } from '../../src/core/result.ts';
import { noUsage } from '../../src/core/attempt.ts';
import { touchedBy } from '../../src/core/touched.ts';
import { NodeHost, type HostRunner, type RunnerGround } from '../../src/hosts/node/serve.ts';
import type { GitLogin } from '../../src/runtime/git-credential.ts';
import type { RigResource } from '../../src/protocol/http.ts';
import type { ReadAnswer, ReadRequest, Refusal } from '../../src/ports/runner.ts';

export const commit = commitOf('a'.repeat(40));
export const head = commitOf('b'.repeat(40));

const accepted: Result<void, Refusal> = { ok: true, value: undefined };

/** Accepts everything; looks at rigs at once; leaves attempts to the test. */
export class ModelRunner implements HostRunner {
  readonly started: LaunchSpec[] = [];
  readonly stopped: AttemptId[] = [];
  readonly jobs: JobSpec[] = [];
  /** What a job comes to; null: nothing comes. */
  answer: (spec: JobSpec) => JobResult | null = (spec) => passing(spec);
  diff: Result<ReadAnswer, Failure> = ok({ kind: 'diff', text: '+hello\n', truncated: false });
  /** Holds `start` back while a test looks at the stages. */
  hydrated: Promise<void> = Promise.resolve();
  readonly #ground: RunnerGround;

  constructor(ground: RunnerGround) {
    this.#ground = ground;
  }

  /** What the host would let git use on a rig's remote. */
  login(rig: string): Promise<GitLogin> {
    const { credentialFor } = this.#ground;
    return credentialFor({ rig });
  }

  async start(): Promise<void> {
    await this.hydrated;
    await this.tell({
      kind: 'runner_connected',
      runner: runnerId('local'),
      incarnation: 'life-1',
      inventory: {
        capacity: 50,
        isolation: 'process',
        isolationNote: 'a model',
        agents: ['scripted'],
        known: ['codex', 'scripted'],
      },
      attempts: [],
      jobs: [],
      answers: null,
    });
  }

  async stop(): Promise<void> {}

  tell(fact: Fact): Promise<Result<void, Failure>> {
    return this.#ground.tell(fact);
  }

  async startAttempt(_call: CallId, spec: LaunchSpec): Promise<Result<void, Refusal>> {
    this.started.push(spec);
    return accepted;
  }

  async stopAttempt(_call: CallId, attempt: AttemptId): Promise<Result<void, Refusal>> {
    this.stopped.push(attempt);
    return accepted;
  }

  async startJob(call: CallId, job: JobId, spec: JobSpec): Promise<Result<void, Refusal>> {
    this.jobs.push(spec);
    const result = this.answer(spec);
    if (result !== null) {
      queueMicrotask(() => void this.tell({ kind: 'job_done', job, callId: call, result }));
    }
    return accepted;
  }

  async cancelJob(): Promise<Result<void, Refusal>> {
    return accepted;
  }

  async list(): Promise<Result<void, Refusal>> {
    return accepted;
  }

  async read(request: ReadRequest): Promise<Result<ReadAnswer, Failure>> {
    if (request.kind === 'diff') return this.diff;
    return ok({ kind: 'checkout', directory: request.directory, branch: request.branch });
  }

  /** The agent handed in its work and its process is gone. */
  async submit(attempt: AttemptId): Promise<void> {
    const work = { head, base: commit, summary: 'done', touched: touchedBy([], ['a.txt']) };
    await this.tell({ kind: 'work_submitted', attempt, ...work });
    const end = { outcome: 'submitted', failure: null, saved: null } as const;
    await this.tell({ kind: 'attempt_ended', attempt, end, usage: noUsage });
  }
}

function passing(spec: JobSpec): JobResult | null {
  const report: RigReport = {
    remote: spec.rig.remote,
    targetTip: commit,
    defaultBranch: 'main',
    setup: [],
    gates: [],
    detectedFrom: [],
    pullTemplate: null,
    checks: [{ name: 'reachable', passed: true, failure: null }],
  };
  return spec.kind === 'fetch' ? { kind: 'fetch', report } : null;
}

/** A look at a rig that finds it cannot be reached. */
export function unreachable(spec: JobSpec): JobResult {
  const { remote } = spec.rig;
  return {
    kind: 'failed',
    failure: { kind: 'remote_not_found', helps: 'person', remote, output: 'no such repository' },
  };
}

export type Body = Readonly<Record<string, unknown>>;

export interface Answered<T = Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, of whatever type the test expects. */
  readonly body: T;
}

export interface TestHost {
  readonly home: string;
  readonly url: string;
  readonly token: string;
  readonly host: NodeHost;
  readonly runner: ModelRunner;
  /** `path` below the town, or absolute when it starts with `/`. */
  call<T = Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: HeadersOf,
  ): Promise<Answered<T>>;
  raw(path: string, init?: RequestInit): Promise<Response>;
  /** Waits until a GET answers what `matches` wants. */
  until<T>(path: string, matches: (body: T) => boolean): Promise<T>;
  stop(): Promise<void>;
}

type HeadersOf = Readonly<Record<string, string>>;

export interface TestHostOptions {
  readonly home?: string;
  readonly port?: number | undefined;
  readonly prepare?: (runner: ModelRunner) => void;
}

export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), 'gastown host '));
}

export function hostOptions(home: string, port: number | undefined) {
  return {
    home,
    port,
    version: '0.0.0-test',
    product: resolve(import.meta.dirname, '../..'),
    personHome: home,
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    searchPath: [],
    cores: 2,
    pid: process.pid,
    node: process.execPath,
    platform: process.platform,
  };
}

export async function startTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const home = options.home ?? makeHome();
  let runner: ModelRunner | null = null;
  const host = new NodeHost({
    ...hostOptions(home, options.port ?? 0),
    makeRunner: async (_options, ground) => {
      runner = new ModelRunner(ground);
      options.prepare?.(runner);
      return runner;
    },
  });
  const { url } = await host.start();
  if (runner === null) throw new Error('the host made no runner');
  const secret = readFileSync(join(home, 'token'), 'utf8').trim();
  const raw = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${secret}`);
    const full = path.startsWith('/') ? path : `/api/v1/towns/local/${path}`;
    return fetch(`${url}${full}`, { ...init, headers });
  };
  const call = async <T = Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: HeadersOf = {},
  ): Promise<Answered<T>> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await raw(path, { method, headers: { ...type, ...headers }, ...content });
    const text = await response.text();
    const parsed: T = JSON.parse(text);
    return { status: response.status, headers: response.headers, body: parsed };
  };
  const until = async <T>(path: string, matches: (body: T) => boolean): Promise<T> => {
    const deadline = performance.now() + 5000;
    for (;;) {
      const { body } = await call<T>('GET', path);
      if (matches(body)) return body;
      if (performance.now() > deadline) throw new Error(`${path} stayed ${JSON.stringify(body)}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  const stop = async (): Promise<void> => {
    await host.stop();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  return { home, url, token: secret, host, runner, call, raw, until, stop };
}

/** A town with the rig `web`, looked at and ready. */
export async function withRig(town: TestHost): Promise<void> {
  const added = await town.call('POST', 'rigs', { name: 'web', source: makeRepository(town) });
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  await town.until<RigResource>('rigs/web', (rig) => rig.status === 'ready' && !rig.probing);
}

/** A bare repository with one commit on main; its path. */
export function makeRepository(town: { readonly home: string }, name = 'remote.git'): string {
  const path = join(town.home, name);
  const work = join(town.home, `${name}-work`);
  git(town.home, 'init', '-q', '--bare', '-b', 'main', path);
  git(town.home, 'init', '-q', '-b', 'main', work);
  git(work, 'commit', '-q', '--allow-empty', '-m', 'start');
  git(work, 'push', '-q', path, 'main');
  return path;
}

export function git(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', cwd, ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.invalid',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.invalid',
    },
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}
