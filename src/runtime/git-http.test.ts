/** A remote behind HTTP and a password: the person's credential helper is used, and only there. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RigRef } from '../core/launch-spec.ts';
import {
  buildSpec,
  git,
  launch,
  makeWorld,
  runnerOver,
  submitted,
  type World,
} from '../../test/git-world.ts';
import { buildCandidate } from './candidate.ts';
import { detect } from './detect.ts';
import { examineRig } from './examine.ts';
import { pushCandidate } from './landing.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

const PASSWORD = 'the-password-of-ada';

let world: World;
let server: Server;
let rig: RigRef;
let mayPush: boolean;

beforeEach(async () => {
  world = makeWorld();
  mayPush = true;
  git(world.remote, 'config', 'http.receivepack', 'true');
  server = createServer(serve);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  rig = { ...world.rig, remote: `http://127.0.0.1:${port}/remote.git` };
});
afterEach(() => {
  server.close();
  world.remove();
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const basic = `Basic ${Buffer.from(`ada:${PASSWORD}`).toString('base64')}`;
  const url = request.url ?? '/';
  if (request.headers.authorization !== basic) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  if (!mayPush && url.includes('receive-pack')) {
    response.writeHead(403).end('read only');
    return;
  }
  const [path = '', query = ''] = url.split('?');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: world.root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'ada',
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = all.subarray(0, end).toString().split('\r\n');
    const pairs = headers.map((line) => line.split(': '));
    const status = pairs.find(([name]) => name === 'Status')?.[1] ?? '200';
    for (const [name = '', text = ''] of pairs)
      if (name !== 'Status') response.setHeader(name, text);
    response.writeHead(Number.parseInt(status, 10)).end(all.subarray(end + 4));
  });
}

/** The person's own configuration, with a helper that knows the password. */
function runnerOfAda() {
  const config = join(world.root, 'person.gitconfig');
  const helper = `!f() { test "$1" = get && echo username=ada && echo password=${PASSWORD}; }; f`;
  writeFileSync(config, '');
  git(world.root, 'config', '--file', config, 'credential.helper', helper);
  mkdirSync(world.home, { recursive: true });
  return runnerOver(world.home, 'life-1', undefined, { GIT_CONFIG_GLOBAL: config });
}

test('a change lands through it, and no file of the runner holds the password', async () => {
  const runner = runnerOfAda();
  const head = await submitted(runner, launch(rig, 'web-1'), { 'b.txt': 'b\n' });
  const built = await buildCandidate(runner, buildSpec(rig, head, 'squash'));
  if (built.kind !== 'build' || built.answer.is !== 'built') throw new Error(JSON.stringify(built));
  const { candidate } = built.answer;
  const request = { kind: 'push', rig, candidate, updateCheckout: false } as const;
  expect(await pushCandidate(runner, request)).toMatchObject({ answer: { is: 'landed' } });
  expect(git(world.remote, 'show', 'main:b.txt')).toBe('b');
  const found = execFileSync('sh', ['-c', `grep -rl ${PASSWORD} "$1" || true`, 'sh', world.home]);
  expect(found.toString()).toBe('');
});

test('without the password nobody is asked, and the failure says what is missing', async () => {
  const fetched = await runnerOver(world.home, 'life-1').mirrors.fetch(rig);
  expect(fetched).toMatchObject({ ok: false, error: { kind: 'remote_needs_login' } });
});

test('a login that may read and not push is found by the examination', async () => {
  mayPush = false;
  const spec = { kind: 'fetch', rig, branchPrefix: 'gt', updateCheckout: false } as const;
  const result = await examineRig(
    { ...runnerOfAda(), detect },
    { ...spec, createTargetFrom: null },
  );
  expect(result).toMatchObject({
    report: {
      checks: [
        { name: 'reachable', passed: true },
        { name: 'target', passed: true },
        { name: 'push', failure: { kind: 'push_refused', cause: 'permission' } },
        { name: 'prefix', passed: true },
        { name: 'checkout', passed: true },
      ],
    },
  });
});
