/** A rig whose repository is somewhere else from now on: what follows it, and what stays. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../../test/fixtures/forge-town.ts';
import { forge, snapshotOf } from '../../../test/fixtures/pulls.ts';
import { commit } from '../../../test/fixtures/rows.ts';
import type { Command } from '../../core/command.ts';
import { pullRefOf } from '../../core/decide/pull-ref.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { beads } from '../../storage/tables/beads.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { forgeAccounts } from '../../storage/tables/forge-accounts.ts';
import { journal } from '../../storage/tables/journal.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { secrets } from '../../storage/tables/secrets.ts';

type Move = Extract<Command, { readonly kind: 'rig_move' }>;

const elsewhere: ForgeProject = {
  provider: 'gitlab',
  origin: 'https://git.example.com',
  apiBase: 'https://git.example.com/api/v4',
  path: 'team/web',
};
const renamed = { ...forge, path: 'team/website' };
const page = 'https://github.com/team/web/pull/12';

let town: ForgeTown;
beforeEach(async () => {
  town = await ForgeTown.begin();
});
afterEach(() => town.close());

const to = (project: ForgeProject | null, set: Partial<Move> = {}): Move => ({
  kind: 'rig_move',
  rig: 'web',
  remote: project === null ? '/srv/web.git' : `${project.origin}/${project.path}.git`,
  lends: null,
  target: 'main',
  forge: project,
  createTargetFrom: null,
  is: 'another',
  leavePulls: false,
  consent: false,
  ...set,
});
const rig = () => rigs.get(town.sql, 'web');
const open = () => escalations.open(town.sql);

/** One that is open and waits; `set` says what else is so. */
async function watching(set: Partial<MergeRequest> = {}): Promise<void> {
  const none = { passed: 0, failed: 0, pending: 1, missing: 0 };
  const checks = { is: 'complete', value: { required: none, all: none, failing: [] } } as const;
  town.snapshot = snapshotOf(commit('b'), { headBranch: 'ann/greet', checks });
  town.ask(adoptionOf({ checks }));
  for (let n = 0; n < 6; n += 1) await town.work(answered);
  town.sql.transaction((tx) => mergeRequests.update(tx, 'mr-1', set));
  expect(town.request).toMatchObject({ prNumber: 12 });
}

describe('to another forge', () => {
  test('a rig has that forge’s account, is looked at, and needs a yes of its own', async () => {
    expect(rig()).toMatchObject({ status: 'ready' });
    expect(rig()?.consentAt).not.toBeNull();
    expect(town.ask(to(elsewhere)).ok).toBe(true);
    expect(rig()).toMatchObject({ status: 'unready', forge: elsewhere, consentAt: null });
    expect(forgeAccounts.get(town.sql, elsewhere.origin)).toMatchObject({ rig: 'web' });
    const [fetch] = await town.work(answered);
    expect(fetch).toMatchObject({ kind: 'fetch', rig: { remote: to(elsewhere).remote } });
    expect(rig()).toMatchObject({ status: 'ready', consentAt: null });
  });

  test('what an open pull request would lose is said, and nothing is moved', async () => {
    await watching({ adopted: false });
    const before = rig();
    const answer = town.ask(to(elsewhere, { consent: true }));
    const pulls = [{ bead: 'web-1', url: page }];
    expect(answer).toMatchObject({
      ok: false,
      error: { kind: 'pulls_elsewhere', pulls, may: 'be_left' },
    });
    expect(rig()).toEqual(before);
    expect(town.request).toMatchObject({ pr: 'open', prNumber: 12 });
  });

  test('a pull request that is left stays there, is told of once, and begins anew', async () => {
    await watching({ adopted: false });
    expect(town.ask(to(elsewhere, { leavePulls: true, consent: true })).ok).toBe(true);
    expect(town.request).toMatchObject({ pr: 'none', prNumber: null, published: null });
    expect(open()).toMatchObject([
      { subject: 'web-1', failure: { kind: 'pr_left_behind', url: page, rig: 'web' } },
    ]);
    const publish = () => town.jobs.find(({ spec }) => spec.kind === 'publish')?.spec;
    for (let n = 0; n < 4 && publish() === undefined; n += 1) await town.work(answered);
    const { remote } = to(elsewhere);
    expect(publish()).toMatchObject({ rig: { remote }, expectedRemoteHead: null });
  });

  test('without a forge there, the change lands directly', async () => {
    await watching({ adopted: false });
    expect(town.ask(to(null, { leavePulls: true, consent: true })).ok).toBe(true);
    expect(town.request).toMatchObject({ strategy: 'direct', pr: 'none' });
  });

  test.each([
    ['somebody else opened', { adopted: true }],
    ['a person closed', { adopted: false, pr: 'closed' }],
  ] as const)('one that %s is settled first', async (_, set) => {
    await watching(set);
    const answer = town.ask(to(elsewhere, { leavePulls: true }));
    expect(answer).toMatchObject({ ok: false, error: { may: 'not_be_left' } });
    expect(rig()?.forge).toEqual(forge);
  });

  test('nothing of the old one is called by its number on the new one', async () => {
    await watching({ adopted: false });
    const [request, moved] = [town.request, rig()];
    if (request === undefined || moved === undefined) throw new Error('it is there');
    expect(pullRefOf(request, moved)).toMatchObject({ number: 12 });
    expect(pullRefOf(request, { ...moved, forge: elsewhere })).toBeNull();
  });

  test('an account that no rig goes by any more has no open incident, and says so', async () => {
    await watching({ adopted: false });
    const where = { provider: 'github', host: 'github.com' } as const;
    town.unread = { ...where, kind: 'no_token', resolutionChain: [] };
    town.ask({ kind: 'mr_retry', mergeRequest: 'mr-1' });
    await town.pass(60_000);
    expect(open()).toMatchObject([{ failure: { kind: 'pr_poll_failed' } }]);
    town.unread = null;
    town.ask(to(elsewhere, { leavePulls: true, consent: true }));
    await town.pass();
    expect(open().map(({ failure }) => failure?.kind)).toEqual(['pr_left_behind']);
    const told = journal.of(town.sql, 'merge_request', 'mr-1', 0, 1_000).map(({ why }) => why);
    expect(told.filter((why) => why.startsWith('pr.'))).toEqual([
      'pr.poll_failed',
      'pr.poll_resumed',
    ]);
  });
});

test('a pull request follows a repository that only has another name', async () => {
  await watching({ adopted: false });
  const consentAt = rig()?.consentAt;
  expect(town.ask(to(renamed, { is: 'renamed' })).ok).toBe(true);
  expect(rig()).toMatchObject({ forge: renamed, consentAt });
  expect(town.request).toMatchObject({
    pr: 'open',
    prNumber: 12,
    prProject: 'team/website',
    prUrl: 'https://github.com/team/website/pull/12',
  });
  expect(open()).toEqual([]);
});

describe('what its beads are about', () => {
  const plain = { rig: 'web', after: [], priority: 2, agent: null, model: null } as const;
  const sling = (body: string, set: { rig?: string; title?: string } = {}) => {
    const order = { kind: 'sling', title: body, body, ...plain, hold: true, ...set } as const;
    const answer = town.ask(order);
    const made = answer.ok ? beads.get(town.sql, answer.value.id) : undefined;
    if (made === undefined) throw new Error('it was slung');
    return made;
  };

  test.each([
    ['a new name', renamed, 'renamed', 'team/website'],
    ['another forge', elsewhere, 'another', 'team/web'],
    ['no forge', null, 'another', 'web'],
  ] as const)('goes with a rig that moves to %s', (_, project, is, path) => {
    sling('Fixes #7');
    expect(sling('Fixes #7', { title: 'Again' }).duplicate?.issue).toBe('team/web#7');
    expect(town.ask(to(project, { is })).ok).toBe(true);
    const issue = `${path}#7`;
    expect(beads.get(town.sql, 'web-1')?.issues).toEqual([issue]);
    expect(beads.get(town.sql, 'web-2')).toMatchObject({
      issues: [issue],
      duplicate: { of: 'web-1', issue, letGo: false },
      waits: [{ detail: { issue } }],
    });
    expect(sling('Fixes #7', { title: 'Once more' }).duplicate).toMatchObject({
      of: 'web-1',
      issue,
    });
  });

  test('also if it is an issue of another repository there, or landed', () => {
    sling('Fixes team/docs#3');
    sling('Fixes #8');
    const landed = { status: 'closed', resolution: 'merged', closedAt: town.now } as const;
    town.sql.transaction((tx) => beads.update(tx, 'web-2', landed));
    expect(town.ask(to(elsewhere)).ok).toBe(true);
    expect(sling('Fixes Team/Docs#3', { title: 'Again' }).duplicate?.of).toBe('web-1');
    expect(sling('Fixes #8', { title: 'Again, too' }).duplicate?.of).toBe('web-2');
  });

  test('may be what one there is about: both go on, and a third is held', async () => {
    await town.addRig('there', elsewhere);
    sling('Fixes #7');
    sling('Fixes #7', { rig: 'there' });
    expect(town.ask(to(elsewhere)).ok).toBe(true);
    const both = ['web-1', 'there-1'].map((id) => beads.get(town.sql, id)?.duplicate);
    expect(both).toEqual([null, null]);
    expect(sling('Fixes #7', { title: 'Again' }).duplicate?.of).toBe('there-1');
    town.ask({ kind: 'bead_close', bead: 'there-1', resolution: 'dropped', reason: '' });
    expect(sling('Fixes #7', { title: 'Once more' }).duplicate?.of).toBe('web-1');
    expect(town.ask({ kind: 'bead_edit', bead: 'web-1', edit: { body: 'Fixes #9' } }).ok).toBe(
      true,
    );
  });

  test('is not mistaken for what one of the same path on another forge is about', async () => {
    await town.addRig('there', elsewhere);
    sling('Fixes #7');
    expect(sling('Fixes #7', { rig: 'there' })).toMatchObject({
      issues: ['team/web#7'],
      duplicate: null,
    });
  });
});

test('nothing is moved under a landing', async () => {
  await watching({ adopted: false, stage: 'landing' });
  const answer = town.ask(to(elsewhere, { leavePulls: true }));
  expect(answer).toMatchObject({ ok: false, error: { kind: 'rig_busy', beads: ['web-1'] } });
});

test('the secret of the old forge’s deliveries is not believed at the new one', () => {
  const { provider, origin } = forge;
  town.ask({ kind: 'webhook_secret_set', rig: 'web', provider, origin, sealed: 'sealed' });
  expect(secrets.of(town.sql, 'webhook:web')).toHaveLength(1);
  town.ask(to(elsewhere));
  expect(secrets.of(town.sql, 'webhook:web')).toEqual([]);
});

test('an app that the new forge cannot have keeps it where it is', () => {
  const set = { 'credentials.pinnedTo': '12/3' };
  expect(town.ask({ kind: 'settings_set', rig: 'web', set, unset: [] }).ok).toBe(true);
  const answer = town.ask(to(elsewhere));
  expect(answer).toMatchObject({ ok: false, error: { kind: 'settings_conflict' } });
});
