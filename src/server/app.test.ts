/** The API over real HTTP: what a client can do, and every way it can be wrong. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import type {
  AttemptResource,
  BeadResource,
  EscalationResource,
  JournalEntry,
  MergeRequestResource,
  Page,
  Problem,
  SettingResource,
  StatusResource,
  WhyResource,
} from '../protocol/http.ts';

let town: TestHost;
beforeAll(async () => {
  town = await startTestHost();
  await withRig(town);
  await town.call('PATCH', 'settings', { set: { maxPolecatsPerRig: 50 } });
});
afterAll(() => town.stop());

const sling = async (title: string, more: object = {}): Promise<BeadResource> => {
  const made = await town.call<BeadResource>('POST', 'beads', { rig: 'web', title, ...more });
  expect([made.status, JSON.stringify(made.body)]).toEqual([201, JSON.stringify(made.body)]);
  return made.body;
};

const get = async <T>(path: string): Promise<T> => (await town.call<T>('GET', path)).body;

describe('beads', () => {
  test('are slung, shown, listed and start', async () => {
    const bead = await sling('Add a greeting', { body: 'Say hello.', priority: 1 });
    expect(bead).toMatchObject({ rig: 'web', title: 'Add a greeting', priority: 1 });
    expect(bead.id).toMatch(/^web-\d+$/);
    expect(bead.createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    const started = await town.until<BeadResource>(
      `beads/${bead.id}`,
      ({ status }) => status === 'in_progress',
    );
    expect(started.attempt).toBe(`${bead.id}.1`);
    const list = await get<Page<BeadResource>>('beads?rig=web&status=in_progress');
    expect(list.items.map(({ id }) => id)).toContain(bead.id);
    expect(town.runner.started.map(({ bead }) => bead)).toContain(bead.id);
  });

  test('wait for what they start after, and both sides show it', async () => {
    const first = await sling('First', { hold: true });
    const second = await sling('Second', { after: [first.id] });
    expect(second).toMatchObject({ status: 'blocked', after: [first.id] });
    expect(second.waits[0]).toMatchObject({ reason: 'blocked', on: [first.id] });
    expect(second.waits[0]?.next).not.toBe('');
    expect((await get<BeadResource>(`beads/${first.id}`)).blocks).toEqual([second.id]);
    const freed = await town.call<BeadResource>('POST', `beads/${second.id}/depend`, {
      remove: [first.id],
    });
    expect(freed.body.after).toEqual([]);
  });

  test('are edited, held, released and closed', async () => {
    const { id } = await sling('To change', { hold: true });
    const edited = await town.call<BeadResource>('PATCH', `beads/${id}`, { title: 'Changed' });
    expect(edited.body).toMatchObject({ title: 'Changed', status: 'held', held: true });
    const other = await sling('To release', { hold: true });
    const released = await town.call('POST', `beads/${other.id}/release`, {});
    expect(released).toMatchObject({ status: 200, body: { held: false } });
    const held = await town.call('POST', `beads/${other.id}/hold`);
    expect(held).toMatchObject({ status: 200, body: { held: true } });
    const closed = await town.call<BeadResource>('POST', `beads/${id}/close`, {
      reason: 'not needed',
    });
    expect(closed.body).toMatchObject({ status: 'closed', resolution: 'dropped' });
    const again = await town.call<Problem>('POST', `beads/${id}/close`, {});
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ kind: 'not_now' });
    expect((await get<Page<BeadResource>>('beads')).items.map((bead) => bead.id)).not.toContain(id);
    const all = await get<Page<BeadResource>>('beads?all=true');
    expect(all.items.map((bead) => bead.id)).toContain(id);
  });

  test('come page by page, none twice and none left out', async () => {
    for (let number = 0; number < 7; number += 1) await sling(`Page ${number}`, { hold: true });
    const all = (await get<Page<BeadResource>>('beads?all=true&limit=1000')).items;
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const page: Page<BeadResource> = await get(`beads?all=true&limit=3${cursor}`);
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ id }) => id));
      ({ next } = page);
    }
    expect(seen).toEqual(all.map(({ id }) => id));
  });

  test('show their change, and go into a directory, by the runner that has them', async () => {
    const { id } = await sling('With a diff', { hold: true });
    const early = await town.call<Problem>('GET', `beads/${id}/diff`);
    expect(early).toMatchObject({ status: 409, body: { kind: 'not_now' } });
    const relative = await town.call<Problem>('POST', `beads/${id}/checkout`, { directory: 'x' });
    expect(relative).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
  });
});

describe('a submission', () => {
  test('becomes a merge request that shows what it waits for', async () => {
    const bead = await sling('Submit me');
    const attempt = await town.until<AttemptResource>(
      `agents/${bead.id}`,
      (body) => body.status !== undefined,
    );
    const spec = town.runner.started.find((one) => one.bead === bead.id);
    expect(spec?.attempt).toBe(attempt.id);
    if (spec !== undefined) await town.runner.submit(spec.attempt);
    const seen = await get<BeadResource>(`beads/${bead.id}`);
    expect(seen).toMatchObject({ status: 'in_review', head: 'b'.repeat(40), summary: 'done' });
    const request = await get<MergeRequestResource>(`merge-requests/${seen.mergeRequest}`);
    expect(request).toMatchObject({ bead: bead.id, stage: 'queued', head: 'b'.repeat(40) });
    const list = await get<Page<MergeRequestResource>>('merge-requests?live=true&rig=web');
    expect(list.items.map(({ id }) => id)).toContain(request.id);
    expect(await get(`beads/${bead.id}/diff`)).toEqual({ text: '+hello\n', truncated: false });
    const ended = await get<AttemptResource>(`agents/${attempt.id}`);
    expect(ended).toMatchObject({ status: 'ended', outcome: 'submitted' });
    const why = await get<WhyResource>(`why/${request.id}`);
    expect(why.subject).toMatchObject({ kind: 'merge_request', id: request.id });
    expect(why.answer.what).not.toBe('');
    expect(why.related.map(({ id }) => id)).toContain(bead.id);
    expect(why.history[0]?.id).toBe(request.id);
  });

  test('of an agent that asks becomes a question a person answers', async () => {
    const bead = await sling('Ask me');
    const spec = await until(() => town.runner.started.find((one) => one.bead === bead.id));
    const question = { text: 'Which colour?', choices: ['red', 'blue'] };
    await town.runner.tell({ kind: 'attempt_asked', attempt: spec.attempt, question });
    await town.runner.tell({
      kind: 'attempt_ended',
      attempt: spec.attempt,
      end: { outcome: 'asked', failure: null, saved: null },
      usage: { inputTokens: 5, outputTokens: 7, usd: null },
    });
    const open = await get<Page<EscalationResource>>('escalations');
    const asked = open.items.find(({ subject }) => subject === bead.id);
    expect(asked).toMatchObject({ status: 'open', severity: 'question', question });
    const why = await get<WhyResource>(`why/${asked?.id}`);
    expect(why.answer.evidence).toContain('Which colour?');
    const acked = await town.call('POST', `escalations/${asked?.id}/ack`);
    expect(acked.body).toMatchObject({ status: 'acknowledged' });
    const done = await town.call('POST', `escalations/${asked?.id}/resolve`, { answer: 'red' });
    expect(done.body).toMatchObject({ status: 'resolved', answer: 'red' });
    expect((await get<BeadResource>(`beads/${bead.id}`)).usage.outputTokens).toBe(7);
  });
});

describe('the town', () => {
  test('says what it does', async () => {
    const status = await get<StatusResource>('status');
    expect(status.town.tag).toMatch(/^[a-z][a-z0-9]{3}$/);
    expect(status.rigs.map(({ id }) => id)).toEqual(['web']);
    expect(status.runners[0]).toMatchObject({ id: 'local', status: 'connected' });
    expect(status.seq).toBeGreaterThan(0);
  });

  test('pauses and resumes', async () => {
    expect((await town.call('POST', 'pause', {})).status).toBe(200);
    expect((await get<StatusResource>('status')).town.status).toBe('paused');
    const bead = await sling('While paused');
    expect(bead.waits[0]).toMatchObject({ reason: 'paused', next: expect.stringContaining('gt') });
    const why = await get<WhyResource>(`why/${bead.id}`);
    expect(why.waits.map(({ reason }) => reason)).toContain('paused');
    expect((await town.call('POST', 'resume')).status).toBe(200);
    await town.until<BeadResource>(`beads/${bead.id}`, ({ status }) => status !== 'open');
  });

  test('tells its journal oldest first, of everything or of one thing', async () => {
    const bead = await sling('Journalled', { hold: true });
    const of = await get<Page<JournalEntry>>(`journal?kind=bead&id=${bead.id}`);
    expect(of.items[0]).toMatchObject({ kind: 'bead', id: bead.id, op: 'insert', why: 'slung' });
    expect(of.items[0]?.who).toBe('person:local');
    const page = await get<Page<JournalEntry>>('journal?limit=2');
    expect(page.items.map(({ seq }) => seq)).toEqual([1, 2]);
    // The first page's query stays as it is: its `after` must not win over the cursor.
    const next = await get<Page<JournalEntry>>(`journal?limit=2&after=0&cursor=${page.next}`);
    expect(next.items.map(({ seq }) => seq)).toEqual([3, 4]);
    const wrong = await town.call('GET', 'journal?kind=beat&id=x');
    expect(wrong.status).toBe(400);
  });
});

describe('settings', () => {
  test('are listed with type, default and source, and are set as typed or as JSON', async () => {
    const all = await get<Page<SettingResource>>('settings');
    expect(all.items.length).toBeGreaterThan(10);
    const set = await town.call('PATCH', 'settings', {
      typed: { maxDispatchAttempts: '4' },
      set: { branchPrefix: 'agents' },
    });
    expect([set.status, JSON.stringify(set.body)]).toEqual([200, JSON.stringify(set.body)]);
    expect(await get('settings/maxDispatchAttempts')).toMatchObject({ value: 4, source: 'town' });
    await town.call('PATCH', 'rigs/web/settings', { set: { maxDispatchAttempts: 2 } });
    expect(await get('settings/maxDispatchAttempts?rig=web')).toMatchObject({
      value: 2,
      source: 'rig',
    });
    await town.call('PATCH', 'rigs/web/settings', { unset: ['maxDispatchAttempts'] });
    await town.call('PATCH', 'settings', { unset: ['maxDispatchAttempts', 'branchPrefix'] });
    expect(await get('settings/maxDispatchAttempts')).toMatchObject({ source: 'default' });
  });

  test.each([
    ['an unknown key', { set: { maxDispatchAttemps: 3 } }, 404, 'unknown_thing'],
    ['a wrong type', { set: { maxDispatchAttempts: 'many' } }, 400, 'bad_value'],
    ['a value typed wrong', { typed: { mergeMethod: 'sqash' } }, 400, 'bad_value'],
    [
      'an impossible combination',
      { set: { 'budget.bead.tokens': 10, 'budget.town.tokens': 5 } },
      422,
      'settings_conflict',
    ],
  ])('refuse %s and change nothing', async (_, body, status, kind) => {
    const before = await get('settings');
    const refused = await town.call<Problem>('PATCH', 'settings', body);
    expect(refused).toMatchObject({ status, body: { kind } });
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await get('settings')).toEqual(before);
  });

  test('of an unknown key say which was probably meant', async () => {
    const { body } = await town.call<Problem>('GET', 'settings/maxDispatchAttemps');
    expect(`${body.what} ${body.evidence} ${body.next}`).toContain('maxDispatchAttempts');
  });
});

describe('a repeat under the same key', () => {
  test('answers as the first did and makes nothing twice', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const body = { rig: 'web', title: 'Once', hold: true };
    const first = await town.call<BeadResource>('POST', 'beads', body, headers);
    const second = await town.call<BeadResource>('POST', 'beads', body, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.id).toBe(first.body.id);
    const once = (await get<Page<BeadResource>>('beads?limit=1000')).items;
    expect(once.filter(({ title }) => title === 'Once')).toHaveLength(1);
  });

  test('with another body is refused', async () => {
    const headers = { 'Idempotency-Key': 'twice' };
    await town.call('POST', 'beads', { rig: 'web', title: 'One', hold: true }, headers);
    const other = { rig: 'web', title: 'Other', hold: true };
    const refused = await town.call('POST', 'beads', other, headers);
    expect(refused).toMatchObject({ status: 422, body: { kind: 'key_reused' } });
  });

  test('names the journal after the command', async () => {
    const made = await town.call('POST', 'beads', { rig: 'web', title: 'Seq', hold: true });
    const seq = Number(made.headers.get('gastown-seq'));
    expect(seq).toBe((await get<StatusResource>('status')).seq);
  });
});

async function until<T>(look: () => T | undefined): Promise<T> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((done) => setTimeout(done, 5));
  }
}
