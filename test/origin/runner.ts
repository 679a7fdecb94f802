/**
 * A runner that does everything it is asked at once and successfully: an agent hands in its work
 * in the moment it is started, a gate passes, a publish arrives. Its answers are facts, as the
 * port wants them.
 *
 * R1 It outlives the town, as one on another machine does: what the town did not hear because it
 *    was gone is held, listed, and told again.
 */
import { noUsage, type AttemptPhase } from '../../src/core/attempt.ts';
import type { Fact } from '../../src/core/fact.ts';
import type { AttemptId, BeadId, CallId, Commit, JobId } from '../../src/core/ids.ts';
import { commitOf, runnerId } from '../../src/core/ids.ts';
import type { JobResult, JobSpec } from '../../src/core/job.ts';
import type { LaunchSpec } from '../../src/core/launch-spec.ts';
import { err, ok, type Result } from '../../src/core/result.ts';
import type { Failure } from '../../src/core/failure.ts';
import { touchedBy } from '../../src/core/touched.ts';
import type { ReadAnswer, RunnerPort, Refusal } from '../../src/ports/runner.ts';
import { headOf as headOfNumber } from './forge.ts';
import type { Machine, Word } from './world.ts';

const tip = commitOf('a'.repeat(40));
const candidate = commitOf('c'.repeat(40));
const phases: readonly AttemptPhase[] = [
  'workspace_ready',
  'spawned',
  'session_ready',
  'turn_started',
];

export class EagerRunner implements RunnerPort {
  readonly #machine: Machine;
  /** Tells the town a little later, as a process of its own would. */
  readonly #tell: (word: Word) => void;
  readonly #headOf: (bead: BeadId) => Commit;

  constructor(
    machine: Machine,
    tell: (word: Word) => void,
    headOf: (bead: BeadId) => Commit = headOfNumber,
  ) {
    this.#machine = machine;
    this.#tell = tell;
    this.#headOf = headOf;
  }

  /** R1 */
  connect(answers: CallId | null = null): void {
    const attempts = unheard(this.#machine.attempts);
    const jobs = unheard(this.#machine.jobs);
    const inventory = {
      capacity: 4,
      isolation: 'process',
      isolationNote: 'a model',
      agents: ['scripted'],
      known: [],
    } as const;
    const fact: Fact = { kind: 'runner_connected', ...me, inventory, attempts, jobs, answers };
    this.#tell({ facts: [fact], heard: false });
    for (const attempt of attempts) this.#again(this.#machine.attempts.get(attempt));
    for (const job of jobs) this.#again(this.#machine.jobs.get(job));
  }

  async startAttempt(_call: CallId, spec: LaunchSpec): Promise<Result<void, Refusal>> {
    const { attempts } = this.#machine;
    const head = this.#headOf(spec.bead);
    if (!attempts.has(spec.attempt)) attempts.set(spec.attempt, wordOf(submitted(spec, head)));
    this.#again(attempts.get(spec.attempt));
    return ok(undefined);
  }

  async stopAttempt(_call: CallId, attempt: AttemptId): Promise<Result<void, Refusal>> {
    const end = { outcome: 'cancelled', failure: null, saved: null } as const;
    this.#tell(wordOf([{ kind: 'attempt_ended', attempt, end, usage: noUsage }]));
    return ok(undefined);
  }

  async startJob(callId: CallId, job: JobId, spec: JobSpec): Promise<Result<void, Refusal>> {
    const { jobs } = this.#machine;
    const fact: Fact = { kind: 'job_done', job, callId, result: resultOf(spec) };
    if (!jobs.has(job)) jobs.set(job, wordOf([fact]));
    this.#again(jobs.get(job));
    return ok(undefined);
  }

  async cancelJob(): Promise<Result<void, Refusal>> {
    return ok(undefined);
  }

  async list(call: CallId): Promise<Result<void, Refusal>> {
    this.connect(call);
    return ok(undefined);
  }

  async read(): Promise<Result<ReadAnswer, Failure>> {
    const where = { entity: 'runner local', where: 'perform' } as const;
    return err({ kind: 'gastown_bug', helps: 'no', ...where, message: 'nobody reads here' });
  }

  #again(word: Word | undefined): void {
    if (word !== undefined) this.#tell(word);
  }
}

const me = { runner: runnerId('local'), incarnation: 'life-1' } as const;

function wordOf(facts: readonly Fact[]): Word {
  return { facts, heard: false };
}

function unheard<Id>(words: ReadonlyMap<Id, Word>): readonly Id[] {
  return [...words].filter(([, { heard }]) => !heard).map(([id]) => id);
}

function submitted({ attempt }: LaunchSpec, head: Commit): readonly Fact[] {
  const reached = phases.map((phase): Fact => ({
    kind: 'attempt_phase',
    attempt,
    incarnation: me.incarnation,
    phase,
    base: phase === 'workspace_ready' ? tip : null,
    isolation: phase === 'spawned' ? 'process' : null,
    model: null,
  }));
  const end = { outcome: 'submitted', failure: null, saved: null } as const;
  const touched = touchedBy([], ['it.txt']);
  return [
    ...reached,
    { kind: 'work_submitted', attempt, head, base: tip, summary: 'Did it.', touched },
    { kind: 'attempt_ended', attempt, end, usage: noUsage },
  ];
}

function resultOf(spec: JobSpec): JobResult {
  switch (spec.kind) {
    case 'fetch':
      return { kind: 'fetch', report: report(spec.rig.remote) };
    case 'build': {
      const made = { commit: candidate, targetTip: tip, head: spec.head ?? tip };
      const built = { is: 'built', candidate: { ...made, method: spec.method } } as const;
      return { kind: 'build', answer: { ...built, reused: false, overlap: true } };
    }
    case 'gate': {
      const { name: gate, command } = spec.gate;
      const what = { gate, command, commit: spec.commit };
      const how = { result: 'passed', flaky: false, exitCode: 0, output: '1 passed' } as const;
      return { kind: 'gate', report: { ...what, ...how, durationMs: 5, note: null }, setup: null };
    }
    case 'publish':
      return { kind: 'publish', answer: { is: 'published', head: spec.head } };
    case 'update':
      return { kind: 'update', answer: { is: 'current', targetTip: tip } };
    case 'take':
      return { kind: 'take', answer: { is: 'taken', head: spec.head, strangers: [] } };
    case 'prove':
      return { kind: 'prove', answer: { is: 'not_there', targetTip: tip } };
    case 'push': {
      const { commit } = spec.candidate;
      return { kind: 'push', answer: { is: 'landed', commit, targetTip: commit } };
    }
  }
}

function report(remote: string) {
  const gate = { name: 'test', command: 'npm test', timeoutMs: 60_000, required: true, retries: 0 };
  return {
    remote,
    targetTip: tip,
    defaultBranch: 'main',
    setup: [],
    gates: [gate],
    detectedFrom: ['package.json'],
    pullTemplate: null,
    checks: [{ name: 'reachable', passed: true, failure: null } as const],
  };
}
