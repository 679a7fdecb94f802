/**
 * What `gt run` and `gt feed` show of what happens, against a town that answers what the test tells
 * it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTown, gt, until } from './cli-fake-town.ts';
import { bead, event, merged, rig, sse } from './cli-samples.ts';

let town: FakeTown;

beforeEach(async () => {
  town = await new FakeTown().start();
});

afterEach(async () => {
  await town.stop();
  if (town.wrong.length > 0) throw new Error(town.wrong.join('\n'));
});

describe('gt run', () => {
  const run = ['run', '/srv/web.git', 'add a page'];

  test('refuses without a yes when nobody can be asked, and makes no bead', async () => {
    town.on('listRigs', () => ({ items: [rig({ consentAt: null })], next: null }));
    const ran = await gt(town.home, [...run, '--json']);
    expect(ran.code).toBe(4);
    expect(ran.document()).toMatchObject({ error: { kind: 'consent_needed' } });
    expect(town.of('sling')).toEqual([]);
  });

  test('says that a path is no repository before it asks for anything', async () => {
    const problem = { kind: 'not_a_repository', status: 422, what: 'No.', evidence: '', next: 'x' };
    town.on('listRigs', () => ({ items: [], next: null }));
    town.on('addRig', () => ({ problem }));
    const ran = await gt(town.home, ['run', `${town.home}/nothing`, 'add a page', '--json']);
    expect(ran.document()).toMatchObject({ error: { kind: 'not_a_repository' } });
    expect(town.of('addRig')[0]?.body).toMatchObject({ consent: false });
  });

  test('follows its bead and ends with 0 when it is merged', async () => {
    let looks = 0;
    town.on('listRigs', () => ({ items: [rig()], next: null }));
    town.on('sling', () => bead());
    town.on('status', () => status(4));
    town.on('getBead', () => ((looks += 1) > 1 ? merged() : bead()));
    town.on('events', (_, response) => void response.end(sse(event(5))));
    const ran = await gt(town.home, [...run, '--json']);
    expect(ran.code).toBe(0);
    expect(ran.document()).toMatchObject({ ending: 'merged', commit: 'c'.repeat(40) });
  });

  test('ends with 4 and the reason when a person is needed', async () => {
    town.on('listRigs', () => ({ items: [rig()], next: null }));
    town.on('sling', () => bead());
    town.on('status', () => status(4));
    town.on('getBead', () => bead({ escalation: 'esc-1' }));
    const answer = { what: 'The agent asked.', evidence: 'which?', next: 'answer it' };
    town.on('why', () => why(answer));
    const ran = await gt(town.home, run);
    expect(ran.code).toBe(4);
    expect(ran.out).toContain('The agent asked.');
    expect(ran.out).toContain('answer it');
  });
});

describe('the feed', () => {
  test('prints one JSON line per event and goes on where a broken connection ended', async () => {
    const stop = new AbortController();
    let connections = 0;
    town.on('status', () => status(0));
    town.on('events', ({ query }, response) => {
      connections += 1;
      const after = Number(query['after'] ?? 0);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\nretry: 1000\n\n');
      // One event, cut in the middle of a line, then the connection breaks.
      const text = sse(event(after + 1));
      response.write(text.slice(0, 40), () => {
        response.write(text.slice(40) + sse(event(after + 2)).slice(0, 30), () => {
          if (connections < 4) response.destroy();
        });
      });
    });
    const seen: number[] = [];
    const onWrite = (text: string): void => {
      for (const line of text.trim().split('\n')) seen.push(JSON.parse(line).seq);
    };
    const around = { interrupted: stop.signal, onWrite };
    const running = gt(town.home, ['feed', '--after', '0', '--json'], around);
    await until(() => seen.length >= 4);
    stop.abort();
    expect((await running).code).toBe(0);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test('with --once prints what there is and ends', async () => {
    town.on('journal', ({ query }) =>
      query['cursor'] === undefined
        ? { items: [event(1), event(2, { id: 'api-1' })], next: 'two' }
        : { items: [event(3, { kind: 'attempt', id: 'web-1.1' })], next: null },
    );
    town.on('getBead', () => bead({ mergeRequest: null }));
    const ran = await gt(town.home, ['feed', '--once', '--bead', 'web-1', '--json']);
    const lines = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq);
    expect(lines).toEqual([1, 3]);
  });

  test.each([
    ['from the beginning', null, [1, 3, 4, 5]],
    ['from a place after its merge request was made', 'mr-7', [1, 3, 4, 5, 6]],
  ])('of one bead tells of its merge request and of its gates %s', async (_, known, told) => {
    const gate = { kind: 'job', id: 'job-4' } as const;
    town.on('getBead', () => bead({ mergeRequest: known }));
    town.on('journal', () => ({
      items: [
        event(1),
        event(2, { kind: 'merge_request', id: 'mr-2', data: { bead: 'web-2' } }),
        event(3, { kind: 'merge_request', id: 'mr-1', data: { bead: 'web-1' } }),
        event(4, { ...gate, data: { subject: 'mr-1' } }),
        event(5, { ...gate, data: {} }),
        event(6, { kind: 'merge_request', id: 'mr-7', data: {} }),
        event(7, { kind: 'merge_request', id: 'mr-2', data: {} }),
      ],
      next: null,
    }));
    const ran = await gt(town.home, ['feed', '--once', '--bead', 'web-1', '--json']);
    const lines = ran.out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(told);
  });
});

function status(seq: number): unknown {
  return {
    town: { tag: 'abcd', name: '', status: 'running' },
    version: '0',
    seq,
    beads: {},
    live: [],
    mergeRequests: [],
    escalations: [],
    rigs: [],
    runners: [],
    dispatch: { status: 'granting', waits: [] },
    usage: { inputTokens: 0, outputTokens: 0, usd: null },
    nextAlarmAt: null,
  };
}

function why(answer: { what: string; evidence: string; next: string }): unknown {
  const subject = { kind: 'bead', id: 'web-1', title: 'add a page', status: 'open' };
  return { subject, answer, waits: [], failures: [], related: [], history: [] };
}
