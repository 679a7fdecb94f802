/** A town whose changes are on a forge is taken along: what is there already is not done anew. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../test/fixtures/forge-town.ts';
import { beads } from '../storage/tables/beads.ts';
import { exportTown, importTown } from './transfer.ts';

let from: ForgeTown;
let into: ForgeTown;
beforeEach(async () => {
  from = await ForgeTown.begin();
  into = new ForgeTown();
});
afterEach(() => [from, into].forEach((town) => town.close()));

const take = () => {
  const text = [...exportTown(from.sql, from.now, 'test')].join('');
  return importTown(into.sql, text.trimEnd().split('\n'), into.now);
};

test('somebody else’s pull request is still theirs, though nothing of it was published', () => {
  expect(from.ask(adoptionOf()).ok).toBe(true);
  expect(from.request).toMatchObject({ published: null, prNumber: 12 });
  expect(take().ok).toBe(true);
  expect(into.request).toMatchObject({ stage: 'queued', prNumber: 12, adopted: true });
  expect(beads.get(into.sql, 'web-1')).toMatchObject({ status: 'in_review', attempts: 0 });
});

test('one that was judged is judged again and stays in review', async () => {
  from.ask(adoptionOf());
  for (let n = 0; n < 6 && from.request?.stage !== 'approved'; n += 1) await from.work(answered);
  expect(take().ok).toBe(true);
  expect(into.request).toMatchObject({ stage: 'queued', prNumber: 12 });
  expect(beads.get(into.sql, 'web-1')).toMatchObject({ status: 'in_review', mergeRequest: 'mr-1' });
});
