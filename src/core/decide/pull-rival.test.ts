/** Somebody else's pull request for the same issue: a person says what happens. */
import { describe, expect, test } from 'vitest';
import { b, decide, rig, sets } from '../../../test/fixtures/pull-decisions.ts';
import { calls, reasons } from '../../../test/fixtures/plans.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import { beadWith, escalationWith, requestView } from '../../../test/fixtures/views.ts';
import type { Bead } from '../bead.ts';
import type { Escalation } from '../escalation.ts';
import { beadId, escalationId } from '../ids.ts';
import type { MergeRequest } from '../merge-request.ts';
import { unlessOf } from './pull-rival.ts';

const about = { issues: ['team/web#7'] } as const;
const opening = { strategy: 'pr', stage: 'approved', published: b, pr: 'opening' } as const;
const escalation = escalationId('esc-1');
const asked = { ...opening, pr: 'none', escalation } as const;

const question = (set: Partial<Escalation> = {}) => ({
  escalation: escalationWith({ subject: 'mr-1', dedupeKey: 'mr-1:rival', ...set }),
});
const answer = (word: string | null) => question({ status: 'resolved', answer: word });

const unless = (bead: Partial<Bead>, request: Partial<MergeRequest> = opening, set = {}) =>
  unlessOf(requestView(request, { rig, bead: beadWith(bead), ...set }));

describe('a bead about an issue', () => {
  test('opens nothing beside another’s, but beside what this town opened', () => {
    expect(unless(about)).toEqual({ issues: ['team/web#7'], ours: 'Gastown-Pull: abcd/' });
    const bead = beadWith(about);
    expect(calls(decide(opening, { bead }))).toMatchObject([
      { op: 'open_pull', spec: { unless: { issues: ['team/web#7'] } } },
    ]);
  });

  test('looks for nobody where a person said that both are wanted', () => {
    const duplicate = { of: beadId('web-9'), issue: 'team/web#7', letGo: true };
    expect(unless({ ...about, duplicate }).issues).toEqual([]);
    expect(unless(about, { ...opening, escalation }, answer('open')).issues).toEqual([]);
  });
});

describe('another one that is open', () => {
  test('is asked about once, and nothing is opened until a person answers', () => {
    const forgeReport = { op: 'open', answer: { is: 'rival', snapshot: snapshotOf(b) } } as const;
    const plan = decide({ ...opening, forgeReport }, { bead: beadWith(about) });
    expect(sets(plan)).toMatchObject({ pr: 'none', forgeCall: null, forgeReport: null });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        bind: true,
        dedupeKey: 'mr-1:rival',
        failure: expect.objectContaining({ kind: 'pr_rival', url: snapshotOf(b).ref.url }),
        question: expect.objectContaining({ choices: ['open', 'again', 'drop'] }),
      }),
    );
    const waiting = decide(asked, question());
    expect([waiting.actions, reasons(waiting)]).toEqual([[], ['human']]);
  });

  test('is no more in the way when a person says so, and the question is over once ours is', () => {
    expect(sets(decide(asked, answer('open')))).toEqual({ pr: 'opening' });
    const forgeReport = { op: 'open', answer: { is: 'opened', snapshot: snapshotOf(b) } } as const;
    const opened = decide({ ...opening, escalation, forgeReport }, answer('open'));
    expect(sets(opened)).toMatchObject({ pr: 'open', escalation: null, failures: [] });
  });

  test.each([null, 'again'])('is looked for again after the answer %s', (word) => {
    expect(sets(decide(asked, answer(word)))).toEqual({ escalation: null, failures: [] });
  });

  test('is not what another question was about', () => {
    const other = question({ dedupeKey: 'mr-1:landing', status: 'resolved', answer: 'open' });
    expect(sets(decide(asked, other))).toEqual({ pr: 'opening' });
    expect(unless(about, asked, other).issues).toEqual(['team/web#7']);
  });
});
