/**
 * Input that cannot work, given to the real `gt`: each is met with what, evidence and next, the
 * right exit code, and nothing lost.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addFile, makeRemote } from './small-repository.ts';
import { git, product, script, TestTown, until, type BeadView } from './town.ts';

const LAND_MS_MAX = 60_000;
let town: TestTown;

beforeEach(() => {
  town = new TestTown();
});
afterEach(() => town.close());

test('a database of a newer version is refused and not touched', async () => {
  await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const bead = await town.sling('web', addFile('a'), ['--hold']);
  await town.down();
  const path = join(town.home, 'town.sqlite');
  const sql = (statement: string): void => {
    const db = new DatabaseSync(path);
    db.exec(statement);
    db.close();
  };
  sql('insert into migrations (version, at) values (99, 0)');
  const before = readFileSync(path);
  const ran = await town.run(['up', '--detach']);
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toMatch(/newer version of Gastown/);
  expect(ran.err).toMatch(/evidence: .*99/);
  expect(ran.err).toMatch(/next: .*newer version/);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(await town.processes()).toEqual([]);
  sql('delete from migrations where version = 99'); // as the newer version would find it again
  await town.up();
  expect((await town.bead(bead)).status).toBe('held');
});

test('two hundred slings in a second are all accepted, each once, in order', async () => {
  const { url } = await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const token = readFileSync(join(town.home, 'token'), 'utf8').trim();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 }); // one connection: they have an order
  const startedAt = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => post(agent, url, token, n + 1)),
  );
  const tookMs = performance.now() - startedAt;
  agent.destroy();
  expect(answers.map(({ id }) => id)).toEqual(answers.map((_, n) => `web-${n + 1}`));
  expect(answers.map(({ title }) => title)).toEqual(answers.map((_, n) => `bead ${n + 1}`));
  expect(tookMs).toBeLessThan(10_000);
  const stored = await town.beads();
  expect(stored).toHaveLength(200);
  const slung = (await town.journal()).filter(
    ({ kind, why }) => kind === 'bead' && why === 'slung',
  );
  expect(slung.map(({ id }) => id)).toEqual(answers.map(({ id }) => id));
});

test('a sling whose answer was lost with the server is not done twice', async () => {
  await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const key = { 'idempotency-key': randomUUID() };
  const body = { rig: 'web', title: 'once', hold: true };
  const first = await town.request('POST', '/beads', body, key);
  expect(first.status).toBe(201);
  await town.killServer();
  await town.up();
  const again = await town.request('POST', '/beads', body, key);
  expect(JSON.parse(again.body).id).toBe(JSON.parse(first.body).id);
  expect(await town.beads()).toHaveLength(1);
});

test('a gate whose command does not exist is shown as one that could not run', async () => {
  await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const bead = await town.sling('web', addFile('a'));
  await town.json(['rig', 'set', 'web', 'gates=test="no-such-checker --all"']);
  const why = await until(
    'the gate was judged',
    async () => {
      const ran = await town.run(['why', bead]);
      return ran.out.includes('no-such-checker') ? ran.out : null;
    },
    LAND_MS_MAX,
  );
  expect(why).toMatch(/The gate test could not be run/);
  expect(why).toMatch(/next .*correct it: gt rig set web gates=/);
  const held = await town.bead(bead);
  expect(held).toMatchObject({ status: 'in_review', rounds: 0, proof: null });
  await town.json(['rig', 'set', 'web', 'gates=']); // back to what was detected: it goes on
  await merged(bead);
});

test('a remote that disappears while a bead lands and comes back costs nothing', async () => {
  await town.up();
  const remote = await makeRemote(town, { gate: 'sleep 1; echo 1 test passed' });
  await town.json(['rig', 'add', 'web', remote, '--yes']);
  const bead = await town.sling('web', addFile('a'));
  await until('its gate runs', async () => (await whysOf()).includes('gate_test'), LAND_MS_MAX);
  renameSync(remote, `${remote}.away`);
  const why = await until(
    'the push has failed',
    async () => {
      const ran = await town.run(['why', bead]);
      return ran.out.includes(remote) ? ran.out : null;
    },
    LAND_MS_MAX,
  );
  expect(why).toMatch(/next .*gt rig doctor web/);
  expect((await town.bead(bead)).status).toBe('in_review');
  renameSync(`${remote}.away`, remote);
  await town.json(['rig', 'doctor', 'web']); // sooner than the quarter of an hour it would wait
  await merged(bead);
  const log = await git(remote, 'log', '--format=%s', '--no-merges', 'main', '--', 'a.txt');
  expect(log).toBe('Write a');
});

test('a clock that jumps back an hour stops nothing, also across a start', async () => {
  const jumped = join(town.folder, 'jumped');
  const clock = join(town.folder, 'clock.mjs');
  const lines = [
    `import { existsSync } from 'node:fs';`,
    `const now = Date.now.bind(Date);`,
    `Date.now = () => now() - (existsSync(${JSON.stringify(jumped)}) ? 3_600_000 : 0);`,
  ];
  writeFileSync(clock, lines.join('\n'));
  const env = { NODE_OPTIONS: `--import ${clock}` };
  const up = await town.run(['up', '--detach', '--port', '0'], env);
  expect(up).toMatchObject({ code: 0 });
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const first = await town.sling('web', addFile('a', [{ wait: 700 }]));
  const second = await town.sling('web', addFile('b', [{ wait: 700 }]), ['--after', first]);
  const started = async () => (await town.bead(first)).status === 'in_progress';
  await until('the first is being worked on', started, LAND_MS_MAX);
  writeFileSync(jumped, '');
  await merged(first);
  await until(
    'the second runs',
    async () => (await town.bead(second)).status === 'in_progress',
    LAND_MS_MAX,
  );
  await town.killServer(); // its next life knows nothing of the hour before
  const again = await town.run(['up', '--detach', '--port', '0'], env);
  expect(again).toMatchObject({ code: 0 });
  await merged(second);
});

test('the capability of one attempt does nothing to another, and ends with its own', async () => {
  await town.up();
  await town.json(['rig', 'add', 'web', await makeRemote(town), '--yes']);
  const scripted = join(product, 'src/runtime/harness/scripted.ts');
  // What the client tells the agent is kept where the test can read it.
  const tapped = `tee "$HOME/said.log" | exec "${process.execPath}" "${scripted}"`;
  const agents = [{ name: 'tapped', command: '/bin/sh', args: ['-c', tapped] }];
  const set = await town.request(
    'PATCH',
    '/settings',
    { set: { agents } },
    {
      'idempotency-key': randomUUID(),
    },
  );
  expect(set).toMatchObject({ status: 200 });
  const body = script([{ hang: 'until stopped' }]);
  const sling = (title: string) => town.sling('web', { title, body }, ['--agent', 'tapped']);
  const mine = await sling('Wait');
  const other = await sling('Wait, too');
  const [a, b] = await Promise.all([doorOf(mine), doorOf(other)]);
  expect(a.authorization).not.toBe(b.authorization);
  await expect(call({ ...a, authorization: `Bearer ${'x'.repeat(32)}` }, {})).rejects.toThrow(
    /401|capability/,
  );
  // It names the other attempt and its bead, and is told about its own workspace all the same.
  const names = { summary: 'done', bead: other, attempt: `${other}.1` };
  await call(a, names).catch(() => undefined);
  const left = await Promise.all([mine, other].map((id) => town.bead(id)));
  expect(left.map(({ status }) => status)).toEqual(['in_progress', 'in_progress']);
  await town.json(['bead', 'hold', mine]);
  await until('the attempt has ended', async () => (await town.bead(mine)).attempt === null);
  await expect(call(a, { summary: 'too late' })).rejects.toThrow(/attempt is over/);
  expect((await town.bead(other)).status).toBe('in_progress');
});

interface Door {
  readonly url: string;
  readonly authorization: string;
}

/** Where the agent of a bead was told to find its tools. */
async function doorOf(bead: string): Promise<Door> {
  const log = join(town.home, 'runner', 'homes', bead, 'home', 'said.log');
  return until(
    `${bead} has a session`,
    () => {
      const line = textOf(log)
        .split('\n')
        .find((text) => text.includes('"session/new"') && text.endsWith('}'));
      if (line === undefined) return null;
      type Servers = { url: string; headers: { name: string; value: string }[] }[];
      const { params }: { params: { mcpServers: Servers } } = JSON.parse(line);
      const [server] = params.mcpServers;
      if (server === undefined) throw new Error(`no tools in ${line}`);
      return { url: server.url, authorization: server.headers[0]?.value ?? '' };
    },
    LAND_MS_MAX,
  );
}

async function call(
  { url, authorization }: Door,
  input: Record<string, unknown>,
): Promise<unknown> {
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  try {
    return await client.callTool({ name: 'gt_done', arguments: input });
  } finally {
    await client.close();
  }
}

async function merged(id: string): Promise<BeadView> {
  return until(
    `${id} is merged`,
    async () => {
      const bead = await town.bead(id);
      if (bead.status === 'failed') throw new Error((await town.run(['why', id])).out);
      return bead.resolution === 'merged' ? bead : null;
    },
    LAND_MS_MAX,
  );
}

async function whysOf(): Promise<readonly string[]> {
  return (await town.journal()).map(({ why }) => why);
}

function post(agent: Agent, url: string, token: string, n: number) {
  const body = JSON.stringify({ rig: 'web', title: `bead ${n}`, hold: true });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  return new Promise<{ id: string; title: string }>((done, fail) => {
    const path = `${url}/api/v1/towns/local/beads`;
    const sent = request(path, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        if (response.statusCode === 201) done(JSON.parse(text));
        else fail(new Error(`${response.statusCode} ${text}`));
      });
    });
    sent.on('error', fail).end(body);
  });
}

function textOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(path, 'utf8');
}
