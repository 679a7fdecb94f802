/** Every way a request can be wrong, over real HTTP: a clear problem, and nothing changed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import type { BeadResource, Page, Problem } from '../protocol/http.ts';

let town: TestHost;
beforeAll(async () => {
  town = await startTestHost();
  await withRig(town);
});
afterAll(() => town.stop());

const sling = async (title: string, more: object = {}): Promise<BeadResource> => {
  const body = { rig: 'web', title, ...more };
  return (await town.call<BeadResource>('POST', 'beads', body)).body;
};

const get = async <T>(path: string): Promise<T> => (await town.call<T>('GET', path)).body;

describe('bad input', () => {
  const raw = async (body: string, headers: Record<string, string>) => {
    const response = await town.raw('beads', { method: 'POST', body, headers });
    const problem: Problem = JSON.parse(await response.text());
    return { status: response.status, problem };
  };
  const jsonType = { 'content-type': 'application/json' };

  test('that is no JSON is refused with where it breaks', async () => {
    const { status, problem } = await raw('{"rig": "web",', jsonType);
    expect(status).toBe(400);
    expect(problem).toMatchObject({ kind: 'malformed_json' });
    expect(problem.evidence).not.toBe('');
  });

  test('of another type is refused with 415', async () => {
    const { status, problem } = await raw('rig=web', { 'content-type': 'text/plain' });
    expect([status, problem.kind]).toEqual([415, 'wrong_content_type']);
  });

  test('of 10 MB is refused with 413, whether its length is told or not', async () => {
    const body = JSON.stringify({ rig: 'web', title: 'x', body: 'x'.repeat(10 * 1024 * 1024) });
    const told = await raw(body, jsonType);
    expect([told.status, told.problem.kind]).toEqual([413, 'too_large']);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    const init = { method: 'POST', body: stream, headers: jsonType, duplex: 'half' as const };
    const untold = await town.raw('beads', init);
    expect(untold.status).toBe(413);
    expect((await town.call('GET', 'status')).status).toBe(200);
  });

  test('with a bead’s body above its limit is refused by the town', async () => {
    const body = { rig: 'web', title: 'x', body: 'x'.repeat(200_000) };
    const refused = await town.call<Problem>('POST', 'beads', body);
    expect(refused).toMatchObject({ status: 413, body: { kind: 'too_large' } });
  });

  test.each([
    ['a field that does not exist', { rig: 'web', title: 'x', titel: 'y' }, 'titel'],
    ['a field left out', { rig: 'web' }, 'title'],
    ['a field of another type', { rig: 'web', title: 7 }, 'title'],
    ['a priority out of range', { rig: 'web', title: 'x', priority: 9 }, 'priority'],
    ['an array for an object', [], 'body'],
    ['a title of nothing', { rig: 'web', title: '  ' }, 'title'],
  ])('with %s is refused and the field is named', async (_, body, field) => {
    const refused = await town.call<Problem>('POST', 'beads', body);
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
    expect(`${refused.body.what} ${refused.body.evidence}`).toContain(field);
  });

  test.each([
    ['beads', 'statos=open', 'limit, cursor, rig, status, all'],
    ['settings', 'rigs=web', 'rig'],
    ['status', 'all=1', 'nothing'],
  ])('in the query of %s: %s is refused with what it takes', async (path, query, takes) => {
    const { status, body } = await town.call<Problem>('GET', `${path}?${query}`);
    expect([status, body.kind]).toEqual([400, 'bad_value']);
    expect(body.what).toContain(query.split('=')[0]);
    expect(body.evidence).toContain(takes);
  });

  test('is told what was expected in words', async () => {
    const { body } = await town.call<Problem>('POST', 'beads', { rig: 'web', title: 7 });
    expect(body).toMatchObject({ evidence: 'Expected: a text', next: 'Give a text' });
  });

  test('that names what is not there is refused with what was probably meant', async () => {
    const { id } = await sling('Near', { hold: true });
    const missing = await town.call<Problem>('GET', `beads/${id}9`);
    expect(missing).toMatchObject({ status: 404, body: { kind: 'unknown_thing' } });
    expect(JSON.stringify(missing.body)).toContain(id);
    const rig = await town.call<Problem>('POST', 'beads', { rig: 'wep', title: 'x' });
    expect(rig.status).toBe(404);
    expect(JSON.stringify(rig.body)).toContain('web');
  });

  test('that names an agent nobody knows is refused, held or not, and on an edit', async () => {
    const { id } = await sling('Known', { agent: 'codex', hold: true });
    for (const [method, path, body] of [
      ['POST', 'beads', { rig: 'web', title: 'x', agent: 'nobody', hold: true }],
      ['POST', 'beads', { rig: 'web', title: 'x', agent: 'nobody' }],
      ['PATCH', `beads/${id}`, { agent: 'nobody' }],
    ] as const) {
      const refused = await town.call<Problem>(method, path, body);
      expect(refused).toMatchObject({ status: 404, body: { kind: 'unknown_thing' } });
      expect(refused.body.next).toContain('gt doctor');
    }
    expect((await get<BeadResource>(`beads/${id}`)).agent).toBe('codex');
  });

  test.each([
    ['merge-requests/mr-999'],
    ['agents/web-999.1'],
    ['escalations/esc-999'],
    ['rigs/nothing'],
    ['why/nothing'],
    ['settings/nothing'],
    ['beads?rig=nothing'],
  ])('at %s is 404', async (path) => {
    const { status, body } = await town.call('GET', path);
    expect({ status, kind: body['kind'] }).toEqual({ status: 404, kind: 'unknown_thing' });
  });

  test.each([
    ['beads/..%2f..%2fetc'],
    ['beads/%00'],
    ['beads/a%20b'],
    [`beads/${'a'.repeat(200)}`],
  ])('at %s is refused before it is looked up', async (path) => {
    const refused = await town.call('GET', path);
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
  });

  test.each([['limit=0'], ['limit=5000'], ['limit=x'], ['status=nothing'], ['cursor=%27']])(
    'in the query %s is refused',
    async (query) => {
      expect(await town.call('GET', `beads?${query}`)).toMatchObject({ status: 400 });
    },
  );

  test('with a cycle or a missing blocker is refused and makes nothing', async () => {
    const first = await sling('Cycle one', { hold: true });
    const second = await sling('Cycle two', { after: [first.id] });
    const cycle = await town.call('POST', `beads/${first.id}/depend`, { add: [second.id] });
    expect(cycle).toMatchObject({ status: 422, body: { kind: 'cycle' } });
    const missing = await town.call('POST', 'beads', { rig: 'web', title: 'x', after: ['web-x'] });
    expect(missing.status).toBe(404);
  });

  test('to another town, path or method is refused', async () => {
    expect((await town.call('GET', '/api/v1/towns/other/status')).status).toBe(404);
    expect((await town.call('GET', '/api/v1/nothing')).body['kind']).toBe('no_such_route');
    const method = await town.call('DELETE', 'status');
    expect(method).toMatchObject({ status: 405, body: { kind: 'method_not_allowed' } });
    expect(method.headers.get('allow')).toBe('GET');
  });

  test('with an empty or endless key is refused', async () => {
    const body = { rig: 'web', title: 'x' };
    const headers = { 'Idempotency-Key': 'k'.repeat(500) };
    expect((await town.call('POST', 'beads', body, headers)).status).toBe(400);
  });

  test('two hundred slings at once are all accepted, each once', async () => {
    const before = (await get<Page<BeadResource>>('beads?limit=1000')).items.length;
    const slings = Array.from({ length: 200 }, (_, number) =>
      town.call('POST', 'beads', { rig: 'web', title: `Many ${number}`, hold: true }),
    );
    const made = await Promise.all(slings);
    expect(made.every(({ status }) => status === 201)).toBe(true);
    expect(new Set(made.map(({ body }) => body['id'])).size).toBe(200);
    const after = (await get<Page<BeadResource>>('beads?limit=1000')).items.length;
    expect(after - before).toBe(200);
  });
});
