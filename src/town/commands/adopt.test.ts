/** A town takes on a pull request that somebody else opened, or says why not. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forge, snapshotOf } from '../../../test/fixtures/pulls.ts';
import { commit, reportOf } from '../../../test/fixtures/rows.ts';
import type { AdoptionRefusal } from '../../core/adoption-refusal.ts';
import type { Command } from '../../core/command.ts';
import { mergeRequestId, type CallId, type JobId } from '../../core/ids.ts';
import type { JobResult, JobSpec } from '../../core/job.ts';
import type { PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok } from '../../core/result.ts';
import { localRunner } from '../../core/runner.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { ForgePort } from '../../ports/forge.ts';
import type { RunnerPort } from '../../ports/runner.ts';
import { MemorySql } from '../../sim/world/memory-sql.ts';
import { beads } from '../../storage/tables/beads.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { towns } from '../../storage/tables/town.ts';
import { Town } from '../town.ts';

const a = commit('a');
const b = commit('b');

/** The production town; its runner and forge answer what the test says. */
class Stage {
  readonly sql = new MemorySql();
  readonly jobs: { readonly call: CallId; readonly job: JobId; readonly spec: JobSpec }[] = [];
  readonly merges: string[] = [];
  snapshot: PullRequestSnapshot = snapshotOf(b, { observedAt: instant(0) });
  now: Instant = instant(1_800_000_000_000);
  alarmAt: Instant | null = null;
  readonly town = new Town({
    sql: this.sql,
    clock: { now: () => this.now, monotonicMs: () => 0 },
    timers: { after: () => () => undefined },
    random: { below: () => 0, token: (length) => 'x'.repeat(length) },
    alarm: { set: (at) => (this.alarmAt = at) },
    log: {
      info: () => undefined,
      error: (event, data) => {
        throw new Error(`${event} ${JSON.stringify(data)}`);
      },
    },
    runner: () => this.#runner(),
    forge: this.#forge(),
    build: 'test',
  });

  ask(command: Command) {
    return this.town.command(command, 'person:ann');
  }

  /** Lets calls out and their answers in, and time go on to what is due within `ms`. */
  async pass(ms = 0): Promise<void> {
    const end = this.now + ms;
    for (let turns = 0; turns < 200; turns += 1) {
      await new Promise((next) => setImmediate(next));
      if (this.alarmAt === null || this.alarmAt > end) break;
      if (this.alarmAt > this.now) this.now = this.alarmAt;
      this.town.alarm();
    }
    this.now = instant(end);
  }

  async work(answer: (spec: JobSpec) => JobResult): Promise<readonly JobSpec[]> {
    await this.pass();
    const asked = this.jobs.splice(0);
    for (const { job, call, spec } of asked) {
      const told = { kind: 'job_done' as const, job, callId: call, result: answer(spec) };
      this.town.fact(told);
    }
    await this.pass();
    return asked.map(({ spec }) => spec);
  }

  get request() {
    return mergeRequests.get(this.sql, mergeRequestId('mr-1'));
  }

  #runner(): RunnerPort {
    const done = () => Promise.resolve(ok(undefined));
    return {
      startAttempt: () => Promise.reject(new Error('no agent is started for it')),
      startJob: (call, job, spec) => {
        this.jobs.push({ call, job, spec });
        return done();
      },
      stopAttempt: done,
      cancelJob: done,
      list: done,
      read: () => Promise.reject(new Error('not asked')),
    };
  }

  #forge(): ForgePort {
    return {
      checkPRStatuses: (_context, targets) =>
        Promise.resolve(
          targets.map(() => ({ ok: true, result: { ...this.snapshot, observedAt: this.now } })),
        ),
      merge: (_context, _target, { expectedHead }) => {
        this.merges.push(expectedHead);
        this.snapshot = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
        return Promise.resolve(ok({ is: 'merged', commit: commit('e') }));
      },
      write: () => Promise.reject(new Error('nothing is written')),
      open: () => Promise.reject(new Error('nothing is opened')),
      feedback: () => Promise.reject(new Error('not asked')),
      probe: () => {
        const where = { provider: 'github', host: 'github.com' } as const;
        return Promise.resolve(err({ ...where, kind: 'network_error', cause: 'timeout' }));
      },
      budgets: () => Promise.resolve([]),
    };
  }
}

/** A runner that did what it was asked. */
function answered(spec: JobSpec): JobResult {
  switch (spec.kind) {
    case 'take':
      return { kind: 'take', answer: { is: 'taken', head: spec.head, strangers: ['ann'] } };
    case 'build': {
      const candidate = { commit: commit('c'), targetTip: a, head: b, method: spec.method };
      return { kind: 'build', answer: { is: 'built', candidate, reused: false, overlap: true } };
    }
    case 'gate':
      return { kind: 'gate', report: reportOf({ commit: spec.commit }), setup: null };
    case 'publish':
      return { kind: 'publish', answer: { is: 'published', head: spec.head } };
    case 'prove':
      return {
        kind: 'prove',
        answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
      };
    case 'fetch':
      return { kind: 'fetch', report: rigReport };
    case 'push':
    case 'update':
      throw new Error(`no ${spec.kind} is needed`);
  }
}

const rigReport = {
  remote: 'https://github.com/team/web.git',
  targetTip: a,
  defaultBranch: 'main',
  setup: [],
  gates: [],
  detectedFrom: [],
  checks: [],
};

type Adopt = Extract<Command, { readonly kind: 'mr_adopt' }>;

const adoptionOf = (set: Partial<PullRequestSnapshot> = {}, fixes = false): Adopt => {
  const snapshot = snapshotOf(b, { headBranch: 'ann/greet', ...set });
  return { kind: 'mr_adopt', rig: 'web', ref: snapshot.ref, snapshot, fixes };
};

let stage: Stage;
beforeEach(async () => {
  stage = new Stage();
  stage.town.fact({
    kind: 'runner_connected',
    runner: localRunner,
    incarnation: 'life-1',
    inventory: { capacity: 2, isolation: 'process', isolationNote: null, agents: ['any'] },
    attempts: [],
    jobs: [],
    answers: null,
  });
  const rig = stage.ask({
    kind: 'rig_add',
    name: 'web',
    prefix: null,
    remote: 'https://github.com/team/web.git',
    lends: null,
    forge,
    target: 'main',
    updateCheckout: false,
    createTargetFrom: null,
    consent: true,
    report: null,
  });
  if (!rig.ok) throw new Error(rig.error.kind);
  const set = { autoMerge: true, gates: [{ ...gate }] };
  stage.ask({ kind: 'settings_set', rig: 'web', set, unset: [] });
  for (const _ of [1, 2, 3]) await stage.work(answered);
});
afterEach(() => {
  stage.town.close();
  stage.sql.close();
});

const gate = {
  name: 'test',
  command: 'npm test',
  timeoutMs: 60_000,
  required: true,
  retries: 0,
};

test('an adopted pull request is judged, merged at the judged head, and proved', async () => {
  const answer = stage.ask(adoptionOf({ title: 'Greet\n@everybody' }));
  expect(answer).toMatchObject({ ok: true, value: { id: 'web-1' } });
  expect(beads.get(stage.sql, 'web-1')).toMatchObject({
    status: 'in_review',
    title: 'Greet @everybody',
    branch: 'ann/greet',
    mergeRequest: 'mr-1',
  });
  const kinds: string[] = [];
  for (let n = 0; n < 12 && stage.request?.stage !== 'merged'; n += 1) {
    kinds.push(...(await stage.work(answered)).map(({ kind }) => kind));
    await stage.pass(60_000);
  }
  expect(kinds).toEqual(['take', 'build', 'gate', 'publish', 'prove']);
  expect(stage.merges).toEqual([b]);
  expect(beads.get(stage.sql, 'web-1')).toMatchObject({
    status: 'closed',
    resolution: 'merged',
    proof: { by: 'forge', commit: commit('e') },
  });
  expect(stage.town.dryResync()).toEqual([]);
});

test('a gate that fails waits for the author, or a retry, and starts no agent', async () => {
  stage.ask(adoptionOf());
  const red = (spec: JobSpec): JobResult =>
    spec.kind === 'gate'
      ? {
          kind: 'gate',
          report: reportOf({
            commit: spec.commit,
            result: spec.commit === a ? 'passed' : 'failed',
          }),
          setup: null,
        }
      : answered(spec);
  for (let n = 0; n < 8; n += 1) await stage.work(red);
  await stage.pass(24 * 60 * 60 * 1000);
  expect(stage.request?.stage).toBe('changes_requested');
  expect(beads.get(stage.sql, 'web-1')).toMatchObject({ status: 'in_review', attempts: 0 });
  expect(stage.town.dryResync()).toEqual([]);

  stage.ask({ kind: 'mr_retry', mergeRequest: 'mr-1' });
  for (let n = 0; n < 12 && stage.request?.stage !== 'merged'; n += 1) {
    await stage.work(answered);
    await stage.pass(60_000);
  }
  expect(stage.merges).toEqual([b]);
});

test('a repeat under its key is answered what the first was, whatever was read since', () => {
  const first = stage.town.command(adoptionOf(), 'person:ann', 'key-1');
  const later = adoptionOf({ state: 'merged', title: 'Greet twice' });
  expect(stage.town.command(later, 'person:ann', 'key-1')).toEqual(first);
  const other = stage.town.command({ ...later, fixes: true }, 'person:ann', 'key-1');
  expect(other).toMatchObject({ ok: false, error: { kind: 'key_reused' } });
});

const because = (why: AdoptionRefusal) => ({ kind: 'pr_not_adopted', why });

describe('it is refused, and nothing is made', () => {
  const refused = (command: Command) => {
    const answer = stage.ask(command);
    expect(beads.get(stage.sql, 'web-2')).toBeUndefined();
    return answer.ok ? answer : answer.error;
  };

  test.each(['merged', 'closed'] as const)('when it is %s already', (state) => {
    expect(refused(adoptionOf({ state }))).toMatchObject(because({ is: state }));
  });

  test('when it goes into another branch than the rig’s target', () => {
    const failure = refused(adoptionOf({ baseBranch: 'next' }));
    const why = { is: 'other_target', base: 'next', rig: 'web', target: 'main' } as const;
    expect(failure).toMatchObject(because(why));
  });

  test.each([
    { ...forge, path: 'team/api' },
    { ...forge, origin: 'https://github.example' },
  ])('when it is of $origin/$path', (project) => {
    const ref = { project, number: 12, nodeId: null, url: `${project.origin}/x/pull/12` };
    const repository = `${project.origin}/${project.path}`;
    const why = { is: 'other_rig', repository, rig: 'web', at: `${forge.origin}/${forge.path}` };
    expect(refused({ ...adoptionOf(), ref })).toMatchObject({ url: ref.url, why });
  });

  test('when it is watched already, in whatever case its repository is written', () => {
    expect(stage.ask(adoptionOf()).ok).toBe(true);
    const ref = { ...snapshotOf(b).ref, project: { ...forge, path: 'Team/Web' } };
    for (const again of [adoptionOf(), { ...adoptionOf(), ref }]) {
      expect(refused(again)).toMatchObject(because({ is: 'watched', bead: 'web-1' }));
    }
  });

  test('when another one of the same branch is watched', () => {
    stage.ask(adoptionOf());
    const ref = { ...snapshotOf(b).ref, number: 13 };
    const why = { is: 'branch_watched', branch: 'ann/greet', bead: 'web-1' } as const;
    expect(refused({ ...adoptionOf(), ref })).toMatchObject(because(why));
  });

  test('when its branch is one this town made for a bead that is closed', () => {
    const { tag } = towns.get(stage.sql, 'town') ?? { tag: '' };
    const own = adoptionOf({ headBranch: `gt/${tag}/web-9/greet` });
    expect(refused(own)).toMatchObject(because({ is: 'ours', bead: null }));
    expect(stage.ask(adoptionOf({ headBranch: `gt/zzzz/web-9/greet` })).ok).toBe(true);
  });

  test('when the rig is unknown', () => {
    const command = { ...adoptionOf(), rig: 'wep' };
    expect(refused(command)).toMatchObject({ kind: 'unknown_thing', thing: 'rig' });
  });
});

test('a fork is watched and never repaired, whatever was agreed to', async () => {
  stage.ask(adoptionOf({ headProject: 'ann/web', headBranch: 'main' }, true));
  expect(stage.request).toMatchObject({ repairs: false, branch: 'ann/web:main' });
  await stage.pass();
  expect(stage.jobs.map(({ spec }) => spec)).toMatchObject([
    { kind: 'take', from: 'refs/pull/12/head' },
  ]);
});
