/** What people see of a pull request while it is read, while reads fail, and when it is closed. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../test/fixtures/forge-town.ts';
import { snapshotOf } from '../../test/fixtures/pulls.ts';
import { commit } from '../../test/fixtures/rows.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import { Queries } from './queries.ts';

const outage: PRStatusError = {
  provider: 'github',
  host: 'github.com',
  kind: 'network_error',
  cause: 'timeout',
};

let town: ForgeTown;
beforeEach(async () => {
  town = await ForgeTown.begin();
  town.snapshot = snapshotOf(commit('b'), { draft: true });
  town.ask(adoptionOf({ draft: true }));
  for (let n = 0; n < 6 && town.request?.stage !== 'approved'; n += 1) await town.work(answered);
  await town.pass(60_000);
});
afterEach(() => town.close());

function seen() {
  const found = new Queries(town.sql).mergeRequest('mr-1');
  if (!found.ok) throw new Error('it is gone');
  return found.value;
}

test('reads that fail are told at once, with how old is what is shown, and no longer', async () => {
  expect(seen().failures).toEqual([]);
  town.unread = outage;
  await town.pass(5 * 60_000);
  const [failing] = seen().failures;
  expect(failing).toMatchObject({
    kind: 'pr_reads_fail',
    what: expect.stringContaining('goes on being tried'),
    evidence: expect.stringMatching(
      /was read at 20.*\nGitHub at github\.com could not be reached/s,
    ),
    next: 'Read it again now: gt mr retry mr-1',
  });
  const why = new Queries(town.sql).why('mr-1');
  expect(why.ok && why.value.answer.what).toBe(failing?.what);
  town.unread = null;
  town.ask({ kind: 'mr_retry', mergeRequest: town.request?.id ?? never() });
  await town.pass(60_000);
  expect(seen().failures).toEqual([]);
});

test('an answer that is no choice is refused, and the question stays', async () => {
  town.snapshot = { ...town.snapshot, state: 'closed', closedBy: 'ann' };
  town.ask({ kind: 'mr_retry', mergeRequest: town.request?.id ?? never() });
  await town.pass(60_000);
  const { escalation } = seen();
  const answer = (words: string) =>
    town.ask({ kind: 'escalation_resolve', escalation: escalation ?? never(), answer: words });
  expect(answer('re-open')).toMatchObject({
    ok: false,
    error: { kind: 'bad_value', field: 'answer', expected: expect.stringContaining('reopen or') },
  });
  const asked = new Queries(town.sql).escalation(escalation ?? '');
  expect(asked.ok && asked.value.status).toBe('open');
  expect(answer('drop')).toMatchObject({ ok: true });
});

function never(): never {
  throw new Error('there is none');
}
