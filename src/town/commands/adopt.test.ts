/** A town takes on a pull request that somebody else opened, or says why not. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../../test/fixtures/forge-town.ts';
import { forge, snapshotOf } from '../../../test/fixtures/pulls.ts';
import { commit, reportOf } from '../../../test/fixtures/rows.ts';
import type { AdoptionRefusal } from '../../core/adoption-refusal.ts';
import type { Command } from '../../core/command.ts';
import type { JobResult, JobSpec } from '../../core/job.ts';
import { beads } from '../../storage/tables/beads.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { towns } from '../../storage/tables/town.ts';
import { answerOf, subjectOf } from '../why.ts';

const a = commit('a');
const b = commit('b');

let stage: ForgeTown;
beforeEach(async () => {
  stage = await ForgeTown.begin();
});
afterEach(() => stage.close());

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

describe('the issues that it says it closes', () => {
  const sling = (body: string) => {
    const how = { after: [], priority: 2, hold: true, agent: null, model: null } as const;
    const title = `Do it: ${body}`;
    const answer = stage.ask({ kind: 'sling', rig: 'web', title, body, ...how });
    return answer.ok ? beads.get(stage.sql, answer.value.id) : undefined;
  };

  test('are its bead’s, and a later bead is held with its address', () => {
    stage.ask(adoptionOf({ fixes: ['#7', 'Team/Docs#3'] }));
    expect(beads.get(stage.sql, 'web-1')).toMatchObject({
      issues: ['team/web#7', 'team/docs#3'],
      duplicate: null,
    });
    expect(sling('Fixes #7')).toMatchObject({ status: 'held', duplicate: { of: 'web-1' } });
    expect(sling('Fixes team/docs#3')?.duplicate?.of).toBe('web-1');
    const subject = subjectOf(stage.sql, 'web-2');
    expect(subject === null ? null : answerOf(subject)).toMatchObject({
      what: 'It is held as a duplicate: web-1 came first to team/web#7.',
      evidence:
        'web-1 is in review. Its pull request is https://github.com/team/web/pull/12. ' +
        'See it: gt bead show web-1',
    });
  });

  test('do not hold it where another bead came first, and say which', () => {
    sling('Fixes #7');
    expect(stage.ask(adoptionOf({ fixes: ['#7'] })).ok).toBe(true);
    expect(beads.get(stage.sql, 'web-2')).toMatchObject({
      status: 'in_review',
      duplicate: { of: 'web-1', issue: 'team/web#7', letGo: true },
    });
    stage.ask({ kind: 'bead_close', bead: 'web-1', resolution: 'dropped', reason: '' });
    expect(sling('Fixes #7')?.duplicate?.of).toBe('web-2');
  });

  test('are free again once it is closed without landing', () => {
    stage.ask(adoptionOf({ fixes: ['#7'] }));
    stage.ask({ kind: 'bead_close', bead: 'web-1', resolution: 'dropped', reason: '' });
    expect(sling('Fixes #7')?.duplicate).toBeNull();
  });
});

describe('another pull request in the place of a closed one', () => {
  const closed = snapshotOf(b, { state: 'closed', closedBy: 'ann', headBranch: 'ann/greet' });
  const ref = { ...closed.ref, number: 15, url: 'https://github.com/team/web/pull/15' };
  const other = snapshotOf(commit('9'), { ref, headBranch: 'ann/better' });
  const supersede = (set: Partial<Extract<Command, { kind: 'mr_supersede' }>> = {}): Command => ({
    kind: 'mr_supersede',
    escalation: 'esc-1',
    ref,
    snapshot: other,
    ...set,
  });

  beforeEach(async () => {
    stage.ask(adoptionOf());
    stage.snapshot = closed;
    for (let n = 0; n < 12 && stage.request?.escalation === null; n += 1) {
      await stage.work(answered);
      await stage.pass(60_000);
    }
  });

  test('is watched and judged by the same bead, and its merge closes it', async () => {
    expect(stage.request).toMatchObject({ pr: 'closed', escalation: 'esc-1' });
    stage.snapshot = other;
    expect(stage.ask(supersede())).toMatchObject({ ok: true, value: { id: 'esc-1' } });
    expect(stage.request).toMatchObject({
      pr: 'open',
      prNumber: 15,
      prUrl: ref.url,
      branch: 'ann/better',
      head: commit('9'),
      adopted: true,
      repairs: false,
      escalation: null,
      failures: [],
    });
    expect(escalations.get(stage.sql, 'esc-1')).toMatchObject({
      status: 'resolved',
      answer: ref.url,
    });
    stage.snapshot = snapshotOf(commit('9'), {
      ref,
      headBranch: 'ann/better',
      state: 'merged',
      mergeCommit: commit('e'),
      mergedBy: 'ann',
    });
    for (let n = 0; n < 12 && stage.request?.stage !== 'merged'; n += 1) {
      await stage.work(answered);
      await stage.pass(60_000);
    }
    expect(beads.get(stage.sql, 'web-1')).toMatchObject({
      status: 'closed',
      resolution: 'merged',
      branch: 'ann/better',
    });
    expect(stage.town.dryResync()).toEqual([]);
  });

  test('may be the one beside which ours was not opened', () => {
    const failure = { kind: 'pr_rival', helps: 'person', url: ref.url, issues: [] } as const;
    stage.sql.transaction((tx) => {
      escalations.update(tx, 'esc-1', { failure });
      mergeRequests.update(tx, 'mr-1', { pr: 'none', prNumber: null, adopted: false });
    });
    expect(stage.ask(supersede()).ok).toBe(true);
    expect(stage.request).toMatchObject({ pr: 'open', prNumber: 15, adopted: true });
    expect(escalations.get(stage.sql, 'esc-1')?.status).toBe('resolved');
  });

  test('brings the issues that it says it closes', () => {
    const snapshot = { ...other, fixes: ['#9'] };
    expect(stage.ask(supersede({ snapshot })).ok).toBe(true);
    const { body, issues, duplicate } = beads.get(stage.sql, 'web-1') ?? {};
    expect({ issues, duplicate }).toEqual({ issues: ['team/web#9'], duplicate: null });
    expect(body).toMatch(/\n\nFixes #9$/);
  });

  test('may come from the branch of the closed one', () => {
    const again = snapshotOf(commit('9'), { ref, headBranch: 'ann/greet' });
    expect(stage.ask(supersede({ snapshot: again })).ok).toBe(true);
    expect(stage.request).toMatchObject({ prNumber: 15, branch: 'ann/greet' });
  });

  test.each<[string, Command, string]>([
    ['is closed itself', supersede({ snapshot: { ...other, state: 'closed' } }), 'closed'],
    [
      'goes into another branch',
      supersede({ snapshot: { ...other, baseBranch: 'next' } }),
      'other_target',
    ],
    ['is the closed one', supersede({ ref: closed.ref }), 'watched'],
  ])('that %s is refused, and the question stays', (_name, command, is) => {
    expect(stage.ask(command)).toMatchObject({
      ok: false,
      error: { kind: 'pr_not_adopted', why: { is } },
    });
    expect(stage.request).toMatchObject({ pr: 'closed', escalation: 'esc-1' });
  });

  test('answers no other question, and none twice', () => {
    expect(stage.ask(supersede({ escalation: 'esc-9' }))).toMatchObject({
      ok: false,
      error: { kind: 'unknown_thing' },
    });
    stage.ask(supersede());
    expect(stage.ask(supersede())).toMatchObject({ ok: false, error: { kind: 'not_now' } });
  });
});
