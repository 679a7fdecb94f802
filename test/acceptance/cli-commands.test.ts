/**
 * What each command of `gt` sends, prints and ends with, against a town that answers what the test
 * tells it. The real town is in cli.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTown, gt } from './cli-fake-town.ts';
import { attempt, bead, escalation, mergeRequest, rig } from './cli-samples.ts';

let town: FakeTown;

beforeEach(async () => {
  town = await new FakeTown().start();
});

afterEach(async () => {
  await town.stop();
  if (town.wrong.length > 0) throw new Error(town.wrong.join('\n'));
});

describe('a bead', () => {
  test('is slung exactly as it was typed, under an idempotency key', async () => {
    town.on('sling', () => bead({ id: 'web-3' }));
    const typed = ['--body', 'GET /health', '--priority', '1', '--after', 'web-1,web-2', '--hold'];
    const ran = await gt(town.home, ['sling', 'web', 'add a page', ...typed, '--after', 'api-4']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toBe('web-3  open  add a page\n');
    const [sent] = town.of('sling');
    expect(sent).toMatchObject({
      key: 'key-1',
      body: {
        rig: 'web',
        title: 'add a page',
        body: 'GET /health',
        after: ['web-1', 'web-2', 'api-4'],
        priority: 1,
        hold: true,
      },
    });
  });

  test('takes its body from stdin and from a file', async () => {
    town.on('sling', () => bead());
    writeFileSync(join(town.home, 'task.md'), 'from a file\n');
    await gt(town.home, ['sling', 'web', 't', '--body', '-'], { stdin: 'from stdin' });
    await gt(town.home, ['sling', 'web', 't', '--body-file', 'task.md']);
    const bodies = town.of('sling').map((one) => one.body);
    expect(bodies).toMatchObject([{ body: 'from stdin' }, { body: 'from a file\n' }]);
  });

  test('with a body of 10 MB is refused before anything is sent', async () => {
    const stdin = 'x'.repeat(10 * 1024 * 1024);
    const file = join(town.home, 'large.md');
    writeFileSync(file, stdin);
    const ran = await gt(town.home, ['sling', 'web', 't', '--body', '-', '--json'], { stdin });
    expect(ran.code).toBe(4);
    expect(ran.document()).toMatchObject({ error: { kind: 'too_large', exitCode: 4 } });
    expect((await gt(town.home, ['sling', 'web', 't', '--body-file', file])).code).toBe(4);
    expect(town.received).toEqual([]);
  });

  test('is sent once although the connection breaks, under the same key', async () => {
    town.on('sling', () => bead());
    town.cutNext = 1;
    const ran = await gt(town.home, ['sling', 'web', 't']);
    expect(ran.code).toBe(0);
    expect(town.of('sling')).toMatchObject([{ key: 'key-1' }]);
  });

  test('list asks for the statuses named and says when it was cut', async () => {
    town.on('listBeads', ({ query }) => {
      expect(query).toMatchObject({ rig: 'web', status: 'failed', limit: '1' });
      return { items: [bead({ status: 'failed' })], next: 'more' };
    });
    const ran = await gt(town.home, [
      'task',
      'ls',
      '--rig',
      'web',
      '--status',
      'failed',
      '-n',
      '1',
    ]);
    expect(ran.out).toContain('web-1');
    expect(ran.out).toContain('--limit 10');
    expect((await gt(town.home, ['bead', 'list', '--status', 'done'])).code).toBe(2);
  });

  test('title cannot reach the terminal with escape sequences in it', async () => {
    const title = 'x\u001b[2J\u001b]0;owned\u0007y\u202etxt\r\nz';
    town.on('listBeads', () => ({ items: [bead({ title })], next: null }));
    const ran = await gt(town.home, ['bead', 'list'], { tty: true });
    expect(ran.out).toContain('xytxt z');
    for (const bad of ['\u001b[2J', '\u001b]', '\u202e']) expect(ran.out).not.toContain(bad);
  });

  test('edit sends only what was named; an empty agent goes back to the rig’s', async () => {
    town.on('editBead', () => bead());
    await gt(town.home, ['bead', 'edit', 'web-1', '--priority', '0', '--agent', '']);
    expect(town.of('editBead')[0]?.body).toEqual({ priority: 0, agent: null });
    expect((await gt(town.home, ['bead', 'edit', 'web-1'])).code).toBe(2);
  });

  test.each([
    [['stop', 'web-1', '--reason', 'wrong way'], 'stopBead', { reason: 'wrong way' }],
    [['close', 'web-1', '--as', 'no-change'], 'closeBead', { resolution: 'no_change', reason: '' }],
    [['retry', 'web-1', '--note', 'keep it'], 'retryBead', { note: 'keep it' }],
    [['revert', 'web-1'], 'revertBead', {}],
    [['hold', 'web-1'], 'holdBead', {}],
    [['release', 'web-1'], 'releaseBead', {}],
    [
      ['depend', 'web-1', '--on', 'web-2,web-3', '--not-on', 'web-4'],
      'dependBead',
      { add: ['web-2', 'web-3'], remove: ['web-4'] },
    ],
  ] as const)('can be changed: %j', async (typed, route, body) => {
    town.on(route, () => bead());
    const ran = await gt(town.home, ['bead', ...typed, '--json']);
    expect(ran.code).toBe(0);
    expect(ran.document()).toMatchObject({ id: 'web-1' });
    expect(town.of(route)).toMatchObject([{ body }]);
  });

  test('diff goes to a pipe as it is', async () => {
    const text = 'diff --git a/x b/x\n-old\r\n+new\n';
    town.on('diffBead', () => ({ text, truncated: false }));
    expect((await gt(town.home, ['bead', 'diff', 'web-1'])).out).toBe(text);
  });
});

describe('a rig', () => {
  const add = ['rig', 'add', 'web', '/srv/web.git'];

  test('whose examination fails is taken out again, with the reason', async () => {
    const failure = {
      kind: 'remote_unreachable',
      helps: 'later' as const,
      what: 'The remote cannot be reached.',
      evidence: 'Could not resolve host',
      next: 'check the network',
    };
    town.on('addRig', () => rig({ status: 'unready', probing: true }));
    town.on('getRig', () => rig({ status: 'unready', failure }));
    const next = 'try again';
    town.on('removeRig', () => ({ id: 'web', seq: 3, failure: { ...failure, next } }));
    const ran = await gt(town.home, [...add, '--yes', '--json']);
    expect(ran.code).toBe(1);
    expect(ran.document()).toMatchObject({ error: { kind: 'remote_unreachable', next } });
    expect(ran.err).toContain('Could not resolve host');
    expect(town.of('removeRig')).toHaveLength(1);
  });

  test('that is interrupted still ends with a document for the reader of --json', async () => {
    const stop = new AbortController();
    town.on('addRig', () => rig({ probing: true }));
    town.on('getRig', () => {
      stop.abort();
      return rig({ probing: true });
    });
    const ran = await gt(town.home, [...add, '--json'], { interrupted: stop.signal });
    expect(ran.code).toBe(130);
    expect(ran.document()).toMatchObject({ error: { kind: 'interrupted', exitCode: 130 } });
  });

  test('is there without consent, says so, and is written to only after a yes', async () => {
    town.on('addRig', ({ body }) => rig({ consentAt: null, probing: true, ...named(body) }));
    town.on('getRig', () => rig({ consentAt: null }));
    town.on('consentRig', () => rig());
    const silent = await gt(town.home, add);
    expect(silent.code).toBe(0);
    expect(silent.out).toContain('gt rig consent web');
    expect(town.of('addRig')[0]?.body).toMatchObject({ consent: false, source: '/srv/web.git' });
    await gt(town.home, add, { tty: true, answers: ['n'] });
    expect(town.of('consentRig')).toEqual([]);
    await gt(town.home, add, { tty: true, answers: ['yes'] });
    expect(town.of('consentRig')).toHaveLength(1);
  });

  test('given as a relative path is sent as an absolute one', async () => {
    town.on('addRig', () => rig());
    town.on('getRig', () => rig());
    await gt(town.home, ['rig', 'add', 'web', './code', '--yes'], { cwd: '/srv' });
    await gt(town.home, ['rig', 'add', 'web', 'git@git.example.com:t/web.git', '--yes']);
    const sources = town.of('addRig').map((one) => Object(one.body).source);
    expect(sources).toEqual(['/srv/code', 'git@git.example.com:t/web.git']);
  });
});

describe('settings', () => {
  test('are sent as JSON where it is JSON, else as text; an empty one is unset', async () => {
    town.on('setRigSettings', () => ({ items: [], next: null }));
    const pairs = ['approval=person', 'maxPolecatsPerRig=4', 'gates=[]', 'defaultModel='];
    await gt(town.home, ['rig', 'set', 'web', ...pairs]);
    expect(town.of('setRigSettings')[0]?.body).toEqual({
      set: { approval: 'person', maxPolecatsPerRig: 4, gates: [] },
      unset: ['defaultModel'],
    });
  });

  test('that are written as two words are shown as one', async () => {
    const ran = await gt(town.home, ['rig', 'set', 'web', 'approval', 'person', '--json']);
    expect(ran.document()).toMatchObject({ error: { next: 'Write approval=person' } });
  });

  test('that the town refuses change nothing and end with the code for it', async () => {
    const problem = {
      kind: 'unknown_thing',
      status: 404,
      what: 'There is no setting "aproval".',
      evidence: 'close: approval',
      next: 'gt config list',
    };
    town.on('setSettings', () => ({ problem }));
    const ran = await gt(town.home, ['config', 'set', 'aproval', 'person']);
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('aproval');
    expect(ran.err).toContain('evidence: close: approval');
    expect(ran.err).toContain('next: gt config list');
  });
});

describe('the transcript', () => {
  const chunk = (seq: number, text: string) => ({
    seq,
    entries: [{ kind: 'message' as const, at: '2026-03-01T10:00:00.000Z', text, tool: null }],
  });

  test('is followed from its first chunk, number 0, to its end, each chunk once', async () => {
    let looks = 0;
    town.on('getAgent', () => attempt({ status: (looks += 1) > 1 ? 'ended' : 'running' }));
    town.on('transcript', ({ query }, response) => {
      const after = Number(query['after'] ?? -1);
      const left = [chunk(0, 'first'), chunk(1, 'second'), chunk(2, 'third')].filter(
        ({ seq }) => seq > after,
      );
      const isStream = query['limit'] === undefined;
      if (!isStream) return { items: left.slice(0, looks === 1 ? 1 : 3), next: null };
      const [next] = left;
      // The one before is sent again, then the connection breaks.
      const events = [chunk(0, 'first'), ...(next === undefined ? [] : [next])];
      const lines = events.map((one) => `id: ${one.seq}\ndata: ${JSON.stringify(one)}\n\n`);
      return void response.end(lines.join(''));
    });
    const ran = await gt(town.home, ['agent', 'logs', 'web-1', '-f', '--json']);
    expect(ran.code).toBe(0);
    const texts = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).text);
    expect(texts).toEqual(['first', 'second', 'third']);
  });
});

describe('people', () => {
  test('decide on a change by its own name or its bead’s', async () => {
    town.on('getBead', () => bead({ mergeRequest: 'mr-1' }));
    town.on('getMergeRequest', () => mergeRequest());
    town.on('decideMergeRequest', () => mergeRequest());
    const ran = await gt(town.home, ['mr', 'decide', 'web-1', 'reject', '--reason', 'no tests']);
    expect(ran.code).toBe(0);
    expect(town.of('decideMergeRequest')).toMatchObject([
      { path: expect.stringContaining('mr-1'), body: { verdict: 'reject', reason: 'no tests' } },
    ]);
    expect((await gt(town.home, ['mr', 'decide', 'web-1', 'maybe'])).code).toBe(2);
  });

  test('answer escalations', async () => {
    town.on('resolveEscalation', () => escalation({ status: 'resolved', answer: '3' }));
    await gt(town.home, ['esc', 'resolve', 'esc-1', '3']);
    expect(town.of('resolveEscalation')).toMatchObject([{ body: { answer: '3' } }]);
  });

  test('take an export that is whole or not there', async () => {
    town.on('export', () => '{"kind":"town"}\n{"kind":"bead"}\n');
    const file = join(town.home, 'town.json');
    expect((await gt(town.home, ['export', file])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('{"kind":"town"}\n{"kind":"bead"}\n');
    expect((await gt(town.home, ['export', file])).code).toBe(4);
    expect((await gt(town.home, ['export', '-'])).out).toContain('"bead"');
  });
});

function named(body: unknown): { id: string } {
  return { id: String(Object(body).name) };
}
