/** The duplicate guard in a whole town: what is the same work is held with the match. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ForgeTown } from '../../../test/fixtures/forge-town.ts';
import { forge } from '../../../test/fixtures/pulls.ts';
import { commit, requestWith } from '../../../test/fixtures/rows.ts';
import type { Bead } from '../../core/bead.ts';
import type { BeadEdit, Command } from '../../core/command.ts';
import { beadId } from '../../core/ids.ts';
import { limits } from '../../core/limits.ts';
import { instant } from '../../core/time.ts';
import { MemorySql } from '../../sim/world/memory-sql.ts';
import { migrate } from '../../storage/schema.ts';
import { beads } from '../../storage/tables/beads.ts';
import { claims } from '../../storage/tables/claims.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { exportTown, importTown } from '../transfer.ts';
import { answerOf, subjectOf } from '../why.ts';

let town: ForgeTown;
beforeEach(async () => {
  town = await ForgeTown.begin();
  town.ask({ kind: 'pause', halt: false }); // no agent is needed to see what is held
});
afterEach(() => town.close());

type Sling = Extract<Command, { kind: 'sling' }>;

const plain = {
  rig: 'web',
  after: [],
  priority: 2,
  hold: false,
  agent: null,
  model: null,
} as const;

function sling(set: Partial<Sling> = {}): Bead {
  const answer = town.ask({ kind: 'sling', title: 'Fix it', body: 'Fixes #7', ...plain, ...set });
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return bead(answer.value.id);
}

function bead(id: string): Bead {
  const found = beads.get(town.sql, id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

const close = (id: string) =>
  town.ask({ kind: 'bead_close', bead: id, resolution: 'dropped', reason: '' });
const release = (id: string) => town.ask({ kind: 'bead_release', bead: id });
const edit = (id: string, words: BeadEdit) =>
  town.ask({ kind: 'bead_edit', bead: id, edit: words });

describe('a second bead about an issue', () => {
  test('is held, and says which came first', () => {
    sling();
    const second = sling({ title: 'Fix it again' });
    expect(second).toMatchObject({
      status: 'held',
      hold: true,
      duplicate: { of: 'web-1', issue: 'team/web#7', letGo: false },
      waits: [{ reason: 'held', on: ['web-2'], detail: { because: 'duplicate', of: 'web-1' } }],
    });
  });

  test.each<[string, Partial<Sling>]>([
    ['its number', { body: '', issue: '7' }],
    ['its page', { body: '', issue: `${forge.origin}/team/web/issues/7` }],
    ['its whole name', { body: 'closes Team/Web#7' }],
    ['its title', { title: 'Fixes #7', body: '' }],
  ])('is known by %s', (_name, set) => {
    sling();
    expect(sling(set).duplicate).toMatchObject({ of: 'web-1', issue: 'team/web#7' });
  });

  test('about another issue, or about none, is none', () => {
    sling();
    expect([sling({ body: 'Fixes #8' }), sling({ body: '' })].map((one) => one.duplicate)).toEqual([
      null,
      null,
    ]);
  });

  test('goes on once a person lets it go, and says so', () => {
    sling();
    sling();
    expect(release('web-2').ok).toBe(true);
    expect(bead('web-2')).toMatchObject({ status: 'open', duplicate: { letGo: true } });
    expect(sling().duplicate?.of).toBe('web-1');
  });

  test('stays held when the first one is closed without landing; a third one is free', () => {
    sling();
    sling();
    close('web-1');
    expect(bead('web-2').status).toBe('held');
    expect(sling()).toMatchObject({ status: 'open', duplicate: null });
    expect(sling().duplicate?.of).toBe('web-3');
  });

  test('matches one that landed lately, and no longer one that landed long ago', () => {
    sling();
    const landed = { status: 'closed', resolution: 'merged', closedAt: town.now } as const;
    town.sql.transaction((tx) => beads.update(tx, 'web-1', landed));
    expect(sling().duplicate?.of).toBe('web-1');
    town.now = instant(town.now + limits.duplicateMergedMs + 1);
    expect(sling().duplicate).toBeNull();
    expect(sling().duplicate?.of).toBe('web-3');
  });
});

describe('why a second bead is held', () => {
  const why = (id: string) => {
    const subject = subjectOf(town.sql, id);
    return subject === null ? null : answerOf(subject);
  };
  const url = `${forge.origin}/team/web/pull/12`;
  const isNow = (set: Partial<Bead>) =>
    town.sql.transaction((tx) => beads.update(tx, 'web-1', set));
  const opens = () => {
    const request = requestWith({ bead: beadId('web-1'), pr: 'open', prUrl: url });
    town.sql.transaction((tx) => mergeRequests.insert(tx, request));
    isNow({ status: 'in_review', mergeRequest: request.id });
  };
  beforeEach(() => {
    sling();
    sling();
  });

  test('names the first one, and its pull request once it has one', () => {
    expect(why('web-2')).toEqual({
      what: 'It is held as a duplicate: web-1 came first to team/web#7.',
      evidence: 'web-1 is open. See it: gt bead show web-1',
      next: 'Let it go on: gt bead release web-2',
    });
    opens();
    expect(why('web-2')?.evidence).toBe(
      `web-1 is in review. Its pull request is ${url}. See it: gt bead show web-1`,
    );
  });

  test('says as what the first one landed', () => {
    opens();
    const tip = commit('a');
    const proof = {
      by: 'forge',
      commit: tip,
      target: 'main',
      targetTip: tip,
      at: town.now,
    } as const;
    isNow({ status: 'closed', resolution: 'merged', proof, closedAt: town.now });
    expect(why('web-2')).toMatchObject({
      what: 'It is held as a duplicate: web-1 came first to team/web#7, and landed.',
      evidence:
        `web-1 is merged as ${tip.slice(0, 12)}. Its pull request is ${url}. ` +
        'See it: gt bead show web-1',
    });
  });

  test('says that the first one is gone, and goes on when a person lets it go', () => {
    close('web-1');
    expect(bead('web-2').status).toBe('held');
    expect(why('web-2')).toEqual({
      what:
        'It is held as a duplicate: web-1 came first to team/web#7, ' +
        'and was closed without landing.',
      evidence: 'See it: gt bead show web-1',
      next: 'Let it go on: gt bead release web-2',
    });
    release('web-2');
    expect(bead('web-2').status).toBe('open');
  });
});

describe('a second bead with the same words', () => {
  const words = { title: 'Make the list shorter', body: 'It is too long.' };
  const again = { title: '  make the List shorter. ', body: 'It is  too long' };

  test('is held, and says which came first', () => {
    sling(words);
    expect(sling(again)).toMatchObject({
      status: 'held',
      duplicate: { of: 'web-1', issue: null, letGo: false },
    });
    const subject = subjectOf(town.sql, 'web-2');
    expect(subject === null ? null : answerOf(subject)).toMatchObject({
      what: 'It is held as a duplicate: web-1 came first with the same words.',
      evidence: 'web-1 is open. See it: gt bead show web-1',
      next: 'Let it go on: gt bead release web-2',
    });
  });

  test('is none where the body, the rig or a sign within them is another', async () => {
    await town.addRig('api', { ...forge, path: 'team/api' });
    sling(words);
    const others = [
      { ...words, body: '' },
      { ...words, rig: 'api' },
      { ...words, title: 'C++' },
    ];
    expect(others.map((set) => sling(set).duplicate)).toEqual([null, null, null]);
  });

  test('is free once the first one is closed without landing', () => {
    sling(words);
    close('web-1');
    expect(sling(again).duplicate).toBeNull();
  });

  test('matches one that landed a moment ago, and not the one of the night before', () => {
    sling(words);
    const landed = { status: 'closed', resolution: 'merged', closedAt: town.now } as const;
    town.sql.transaction((tx) => beads.update(tx, 'web-1', landed));
    expect(sling(again).duplicate?.of).toBe('web-1');
    town.now = instant(town.now + limits.duplicateWordsMs + 1);
    expect(sling(again)).toMatchObject({ id: 'web-3', duplicate: null });
    expect(sling(again).duplicate?.of).toBe('web-3');
  });

  test('goes on once a person lets it go, and other words ask nothing again', () => {
    sling(words);
    sling(again);
    release('web-2');
    expect(bead('web-2')).toMatchObject({ status: 'open', duplicate: { letGo: true } });
    edit('web-2', { priority: 1, body: 'It is too long. ' });
    expect(bead('web-2')).toMatchObject({ status: 'open', duplicate: { letGo: true } });
    edit('web-1', { body: 'It is far too long' });
    expect(bead('web-1')).toMatchObject({ status: 'open', duplicate: null });
    edit('web-2', { body: 'It is far too long' });
    expect(bead('web-2')).toMatchObject({ status: 'held', duplicate: { of: 'web-1' } });
  });

  test('is its own work when it takes a change back, as often as that is asked', () => {
    sling(words);
    const tip = commit('a');
    const proof = {
      by: 'forge',
      commit: tip,
      target: 'main',
      targetTip: tip,
      at: town.now,
    } as const;
    const request = requestWith({ bead: beadId('web-1'), stage: 'merged', pr: 'merged' });
    town.sql.transaction((tx) => {
      mergeRequests.insert(tx, request);
      const landed = { status: 'closed', resolution: 'merged', closedAt: town.now } as const;
      const set = { ...landed, proof, base: commit('b'), mergeRequest: request.id };
      beads.update(tx, 'web-1', set);
    });
    for (const id of ['web-2', 'web-3']) {
      expect(town.ask({ kind: 'bead_revert', bead: 'web-1' })).toMatchObject({ value: { id } });
      expect(bead(id)).toMatchObject({ status: 'open', duplicate: null });
    }
  });
});

describe('a second bead that is wanted anyway', () => {
  test.each([
    ['about the same issue', {}, 'team/web#7'],
    ['with the same words', { body: '' }, null],
  ] as const)('%s goes on at once, and says which came first', (_, set, issue) => {
    sling(set);
    const second = sling({ ...set, anyway: true });
    expect(second).toMatchObject({
      status: 'open',
      duplicate: { of: 'web-1', issue, letGo: true },
    });
    expect(sling(set).duplicate?.of).toBe('web-1');
  });

  test('is none where nothing is like it, and is held where that was asked', () => {
    expect(sling({ anyway: true, hold: true })).toMatchObject({ status: 'held', duplicate: null });
  });
});

describe('other words', () => {
  test('hold what an agent is at work on, and nothing about the issue starts beside it', () => {
    sling();
    sling({ body: '' });
    town.sql.transaction((tx) => beads.update(tx, 'web-2', { attempts: 1 }));
    edit('web-2', { body: 'Fixes #7' });
    expect(bead('web-2')).toMatchObject({ status: 'held', duplicate: { of: 'web-1' } });
    release('web-2');
    close('web-1');
    expect(sling().duplicate).toMatchObject({ of: 'web-2' });
  });

  test('about something else do not ask again what a person let go', () => {
    sling();
    sling({ title: 'Fix it again' });
    release('web-2');
    edit('web-2', { title: 'Fix it well' });
    expect(bead('web-2')).toMatchObject({
      status: 'open',
      duplicate: { of: 'web-1', letGo: true },
    });
    edit('web-1', { title: 'Fix it first' });
    expect(bead('web-1')).toMatchObject({ status: 'open', duplicate: null });
  });

  test('hold what was not begun yet, and free what is about something else', () => {
    sling();
    sling({ body: '' });
    edit('web-2', { body: 'Fixes #7' });
    expect(bead('web-2')).toMatchObject({ status: 'held', duplicate: { of: 'web-1' } });
    edit('web-2', { body: 'Fixes #9' });
    expect(bead('web-2')).toMatchObject({ issues: ['team/web#9'], duplicate: null });
    edit('web-1', { body: 'nothing' });
    expect(sling().duplicate).toBeNull();
  });
});

describe('an issue that is named beside the words', () => {
  test('is said in the body, once', () => {
    expect(sling({ body: 'It crashes.\n', issue: '#7' }).body).toBe('It crashes.\n\nFixes #7');
    expect(sling({ body: '', issue: '8' }).body).toBe('Fixes #8');
    expect(sling({ body: 'fixes #9', issue: '9' }).body).toBe('fixes #9');
  });

  test('that is none of this forge is refused, with what it may be', () => {
    const issue = 'https://gitlab.com/team/web/issues/7';
    const answer = town.ask({ kind: 'sling', title: 'x', body: '', ...plain, issue });
    const expected = 'an issue: #12, team/docs#3 or https://github.com/team/web/issues/12';
    expect(answer).toMatchObject({
      ok: false,
      error: { kind: 'bad_value', given: issue, expected },
    });
  });
});

const issue7 = `${forge.origin}/team/web#7`;

test('the database itself refuses a second one that came first', () => {
  sling();
  const again = `insert into claims (name, bead, beside) values (?, 'web-9', 0)`;
  const claim = () => town.sql.transaction((tx) => tx.run(again, issue7));
  expect(claim).toThrow(/UNIQUE/);
});

test('claims move with their town', () => {
  sling();
  const lines = [...exportTown(town.sql, town.now, 'test')].join('').trimEnd().split('\n');
  const sql = new MemorySql();
  migrate(sql, town.now);
  expect(importTown(sql, lines, town.now).ok).toBe(true);
  expect(claims.of(sql, issue7, '', 0)).toBe('web-1');
  sql.close();
});
