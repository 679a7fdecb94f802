/**
 * GitHub's own command line against the development forge: what an agent does with `gh`, done
 * there, and what our adapter reads of it. `gh` speaks plain HTTP to a host called
 * `github.localhost`, on a port of its own; an HTTP proxy brings what it asks to the forge's.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scene } from '../../src/ports/forge.conformance.ts';
import { githubWorld, type GithubWorld } from './github-ground.ts';

const run = promisify(execFile);
const isHere = spawnSync('gh', ['--version']).status === 0;

let world: GithubWorld;
let scene: Scene;
let proxy: Server;
let home: string;
let env: Record<string, string>;
let anns: string;

/** Passes on what is asked of `api.github.localhost`, headers and all. */
function proxyTo(origin: string): Promise<Server> {
  const { hostname, port } = new URL(origin);
  const server = createServer((asked, answer) => {
    const { pathname, search } = new URL(asked.url ?? '/', 'http://unknown.invalid');
    const { method, headers } = asked;
    const on = request({ hostname, port, path: pathname + search, method, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    on.on('error', () => answer.destroy());
    asked.pipe(on);
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done(server));
  });
}

beforeAll(async () => {
  world = await githubWorld();
  for (const login of ['ann', 'bob']) world.served.addUser(login);
  const collaborators = { ann: 'admin', bob: 'write' } as const;
  const { repo } = await world.served.addRepo('acme/app', { private: true, collaborators });
  scene = new Scene(world, repo);
  proxy = await proxyTo(world.served.origin);
  home = mkdtempSync(join(tmpdir(), 'gastown-gh-'));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const scopes = ['repo', 'read:org'];
  const { secret } = world.served.addToken('bob', { scopes });
  anns = world.served.addToken('ann', { scopes }).secret;
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    GH_CONFIG_DIR: join(home, 'gh'),
    GH_HOST: 'github.localhost',
    GH_TOKEN: secret,
    GH_ENTERPRISE_TOKEN: secret,
    GH_NO_UPDATE_NOTIFIER: '1',
    NO_COLOR: '1',
    HTTP_PROXY: `http://127.0.0.1:${address.port}`,
  };
});

afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  rmSync(home, { recursive: true, force: true });
  await world.end();
});

async function gh(...words: readonly string[]): Promise<string> {
  const { stdout } = await run('gh', [...words], { env, cwd: home, timeout: 30_000 });
  return stdout;
}

async function asAnn(...words: readonly string[]): Promise<void> {
  const theirs = { ...env, GH_TOKEN: anns, GH_ENTERPRISE_TOKEN: anns };
  await run('gh', [...words], { env: theirs, cwd: home, timeout: 30_000 });
}

test('gh opens, lists, reviews, shows and merges a pull request', async (context) => {
  if (!isHere) context.skip('gh is not installed here; .ci/run installs it');
  const { port, context: place, repo } = scene;
  const head = await repo.push('ann', 'greet', { 'greet.txt': 'hi\n' });
  const repository = ['--repo', 'github.localhost/acme/app'];
  expect(JSON.parse(await gh('api', 'user'))).toMatchObject({ login: 'bob' });

  const words = ['--title', 'Greet', '--body', 'Says hi.', '--head', 'greet', '--base', 'main'];
  const url = (await gh('pr', 'create', ...repository, ...words)).trim();
  const pull = repo.pull(Number(url.split('/').at(-1)));
  expect([pull.title, pull.body, pull.author.login, pull.headSha]).toEqual([
    'Greet',
    'Says hi.',
    'bob',
    head,
  ]);

  const fields = 'number,title,state,headRefOid,author,isDraft,reviewDecision,mergeable';
  expect(JSON.parse(await gh('pr', 'list', ...repository, '--json', fields))).toMatchObject([
    { number: pull.number, state: 'OPEN', headRefOid: head, author: { login: 'bob' } },
  ]);
  await gh('pr', 'comment', String(pull.number), ...repository, '--body', 'Ready.');
  expect(pull.comments.map(({ body }) => body)).toEqual(['Ready.']);
  pull.addCheckRun({ name: 'ci', conclusion: 'success' });
  const theirs = ['--request-changes', '--body', 'Say hello.'];
  await asAnn('pr', 'review', String(pull.number), ...repository, ...theirs);
  await asAnn('pr', 'review', String(pull.number), ...repository, '--approve');
  expect(pull.reviews.map(({ state }) => state)).toEqual(['CHANGES_REQUESTED', 'APPROVED']);
  expect(await gh('pr', 'checks', String(pull.number), ...repository)).toContain('ci\tpass');

  const shown = await gh('pr', 'view', String(pull.number), ...repository, '--comments');
  expect(shown).toContain('Ready.');

  await gh('pr', 'merge', String(pull.number), ...repository, '--squash');
  expect(pull.state).toBe('merged');
  expect(await repo.git.file('main', 'greet.txt')).toBe('hi\n');
  const target = {
    project: place.project,
    number: pull.number,
    nodeId: pull.nodeId,
    url: `${place.project.origin}/acme/app/pull/${pull.number}`,
  };
  expect(await port.checkPRStatuses(place, [target])).toMatchObject([
    { ok: true, result: { state: 'merged', mergedBy: 'bob' } },
  ]);
}, 60_000);
