/** What people ask of pull requests in a whole town: look again, and heal by a credential. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../../test/fixtures/forge-town.ts';
import { forge, noToken, snapshotOf } from '../../../test/fixtures/pulls.ts';
import { commit } from '../../../test/fixtures/rows.ts';
import type { Command } from '../../core/command.ts';
import { instant } from '../../core/time.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { rigs } from '../../storage/tables/rigs.ts';

const b = commit('b');
const hour = 60 * 60_000;

let town: ForgeTown;
beforeEach(async () => {
  town = await ForgeTown.begin();
});
afterEach(() => town.close());

const credential = (rig: string | null, origin = forge.origin): Command => ({
  kind: 'credential_set',
  rig,
  provider: 'github',
  origin,
  apiOrigin: origin,
  sealed: 'sealed',
  mask: '****',
  login: null,
});
const open = () => escalations.open(town.sql);

/** Until the runner has nothing to do, and then for a while. */
async function goOn(ms = 0): Promise<void> {
  for (let n = 0; n < 8; n += 1) await town.work(answered);
  await town.pass(ms);
  for (let n = 0; n < 8; n += 1) await town.work(answered);
}

async function refusedFor(reason: 'permission' | 'blocked'): Promise<void> {
  town.refusal = { is: 'not_now', reason, detail: 'it says no' };
  town.ask(adoptionOf());
  for (let n = 0; n < 12 && open().length === 0; n += 1) await goOn(10 * 60_000);
  expect(open()).toMatchObject([{ failure: { kind: 'pr_merge_refused', reason } }]);
  town.refusal = null;
}

describe('a new credential', () => {
  test('lets what was refused for want of a permission be merged', async () => {
    await refusedFor('permission');
    const before = town.merges.length;
    await goOn(hour);
    expect(town.merges.length).toBe(before);
    town.ask(credential(null));
    await goOn(60_000);
    expect(town.request).toMatchObject({ stage: 'merged' });
    expect(open()).toEqual([]);
  });

  test('answers nothing that was refused for another reason', async () => {
    await refusedFor('blocked');
    const before = town.merges.length;
    town.ask(credential(null));
    await goOn(hour);
    expect(town.merges.length).toBe(before);
    expect(open()).toMatchObject([{ failure: { kind: 'pr_merge_refused' } }]);
  });

  test('heals what could not be seen at once', async () => {
    town.ask(adoptionOf());
    town.unread = noToken;
    await goOn(5 * 60_000);
    expect(town.request?.unobservable).toMatchObject({ failureKind: 'no_token' });
    town.unread = null;
    town.ask(credential(null));
    await town.pass();
    expect(town.request?.unobservable).toBeNull();
  });

  const mine = { ...forge, path: 'team/api' };
  const elsewhere = { ...forge, origin: 'https://github.example', path: 'team/api' };
  test.each([
    ['of the town', null, elsewhere, ['web']],
    ['of the town', null, mine, ['web', 'api']],
    ['of a rig', 'web', mine, ['web']],
  ] as const)('%s (%s) looks again where it is used: %o', async (_, rig, project, then) => {
    await town.addRig('api', project);
    const ref = { ...snapshotOf(b).ref, project, number: 13 };
    town.ask(adoptionOf());
    town.ask({ ...adoptionOf({ ref, headProject: 'team/api' }), rig: 'api' });
    await goOn();
    const seen = () =>
      mergeRequests.live(town.sql, 10).map(({ id, rig: of, readAt }) => ({ id, of, readAt }));
    const probed = () => rigs.all(town.sql).map(({ id, updatedAt }) => ({ id, updatedAt }));
    const before = { seen: seen(), probed: probed() };
    town.now = instant(town.now + 1);
    expect(town.ask(credential(rig)).ok).toBe(true);
    const touched = new Set<string>([
      ...seen()
        .filter((now, i) => now.readAt !== before.seen[i]?.readAt)
        .map(({ of }) => of),
      ...probed()
        .filter((now, i) => now.updatedAt !== before.probed[i]?.updatedAt)
        .map(({ id }) => id),
    ]);
    expect([...touched].sort()).toEqual([...then].sort());
  });
});

describe.each([
  ['bead', { kind: 'bead_retry', bead: 'web-1', note: null }],
  ['change', { kind: 'mr_retry', mergeRequest: 'mr-1' }],
] as const)('trying a %s again', (_, retry) => {
  test('reads its pull request at once', async () => {
    town.ask(adoptionOf());
    town.unread = noToken;
    await goOn(5 * 60_000);
    expect(town.request?.unobservable).not.toBeNull();
    town.unread = null;
    expect(town.ask(retry).ok).toBe(true);
    await town.pass();
    expect(town.request?.unobservable).toBeNull();
  });

  test('merges what was refused', async () => {
    await refusedFor('blocked');
    expect(town.ask(retry).ok).toBe(true);
    await goOn(60_000);
    expect(town.request).toMatchObject({ stage: 'merged' });
    expect(open()).toEqual([]);
  });

  test('is no answer to a question', async () => {
    town.ask(adoptionOf());
    town.snapshot = snapshotOf(b, { state: 'closed', closedBy: 'ann' });
    await goOn(hour);
    const [asked] = open();
    expect(asked).toMatchObject({ failure: { kind: 'pr_closed' } });
    expect(town.ask(retry).ok).toBe(true);
    await goOn(hour);
    expect(open()).toMatchObject([{ id: asked?.id, status: 'open' }]);
  });
});
