/** The town's credential for git, asked for by the real git of a real `Git`. */
import { expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { NodeTimers } from '../hosts/node/timers.ts';
import { Git } from './git.ts';
import type { CredentialFor, GitLogin } from './git-credential.ts';
import { pushAnswer, remoteFailure } from './git-errors.ts';
import { runProcess } from './run-process.ts';

const token = "tok\"en $(with) `odd` 'signs' \\";
const origin = 'https://git.example.com:8443';
const asked: CredentialFor[] = [];

function gitWith(env: Readonly<Record<string, string>> = {}): Git {
  return new Git({
    run: (spec) => runProcess(spec, new NodeTimers()),
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    credentialFor: async (whose) => {
      asked.push(whose);
      const who = { origin, username: 'x-access-token', source: 'rig.token' };
      const credential = { ...who, secret: new Secret(token) };
      return { is: 'given', credential, renew: null };
    },
  });
}

/** What git would send there. */
async function filled(git: Git, url: string, network = true): Promise<string> {
  const options = { network, credential: { rig: 'web' }, timeoutMs: 10_000 };
  const out = await git.run(['credential', 'fill'], { ...options, input: `url=${url}\n\n` });
  return /^password=(.*)$/m.exec(out.out)?.[1] ?? '';
}

test('git is given it for its origin, whatever signs it has', async () => {
  expect(await filled(gitWith(), `${origin}/team/web.git`)).toBe(token);
  expect(asked).toEqual([{ rig: 'web' }]);
});

test.each([
  ['another host', 'https://git.example.org:8443/team/web.git'],
  ['another port', 'https://git.example.com/team/web.git'],
  ['another scheme', 'http://git.example.com:8443/team/web.git'],
  ['a host that begins with it', 'https://git.example.com:8443.evil.example/x.git'],
  ['a login that looks like it', 'https://git.example.com%3A8443@evil.example/x.git'],
])('git is not given it for %s', async (_, url) => {
  expect(await filled(gitWith(), url)).toBe('');
});

test('for its origin the person’s own helper is not asked, elsewhere it is', async () => {
  const git = gitWith({
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'credential.helper',
    GIT_CONFIG_VALUE_0: '!f() { printf "username=me\\npassword=mine\\n"; }; f',
  });
  expect(await filled(git, `${origin}/team/web.git`)).toBe(token);
  expect(await filled(git, 'https://elsewhere.example/x.git')).toBe('mine');
});

test('git that works without the network is given nothing', async () => {
  asked.length = 0;
  expect(await filled(gitWith(), `${origin}/team/web.git`, false)).toBe('');
  expect(asked).toEqual([]);
});

const fill = { network: true, credential: { rig: 'web' }, timeoutMs: 10_000 } as const;

/** A machine whose own login would work, and a town that says what git may use. */
function machineWith(logins: readonly GitLogin[], runs: string[] = []): Git {
  const left = [...logins];
  return new Git({
    run: async (spec) => {
      if (spec.args.includes('push')) runs.push(spec.env['GASTOWN_GIT_PASSWORD'] ?? 'own');
      const stderr = runs.at(-1) === 'void' ? 'fatal: Authentication failed for x' : '';
      const nothing = {
        stdout: Buffer.alloc(0),
        timedOut: false,
        aborted: false,
        truncated: false,
      };
      const exitCode = stderr === '' ? 0 : 128;
      return { ...nothing, exitCode, signal: null, stderr, spawnError: null };
    },
    env: {},
    credentialFor: async () => left.shift() ?? { is: 'own' },
  });
}

const given = (text: string, renew: (() => void) | null): GitLogin => {
  const who = { origin, username: 'x-access-token', source: 'town.token' };
  const credential = { ...who, secret: new Secret(text) };
  return { is: 'given', credential, renew };
};

test('without a credential that may be used git is not started, and it says so', async () => {
  const runs: string[] = [];
  const refusal = { source: null, cause: 'rig.app absent', pinnedTo: '12/3' };
  const pushed = await machineWith([{ is: 'refused', refusal }], runs).run(['push'], fill);
  expect([pushed.ok, runs]).toEqual([false, []]);
  const remote = `${origin}/team/web.git`;
  const failure = { kind: 'remote_credential_missing', helps: 'person', remote, ...refusal };
  expect(remoteFailure(remote, pushed)).toEqual(failure);
  expect(pushAnswer(remote, 'refs/heads/x', pushed)).toEqual({ is: 'failed', failure });
});

test('an issuer that is out passes by itself', async () => {
  const refusal = { source: 'rig.app', cause: 'HTTP 502', pinnedTo: null };
  const pushed = await machineWith([{ is: 'refused', refusal }]).run(['push'], fill);
  expect(remoteFailure('https://x/y', pushed)).toMatchObject({ helps: 'later', ...refusal });
});

test('one that the remote refuses is renewed once where it can be', async () => {
  const runs: string[] = [];
  const renewed: string[] = [];
  const note = (): void => void renewed.push('renewed');
  const good = machineWith([given('void', note), given('good', note)], runs);
  expect((await good.run(['push'], fill)).ok).toBe(true);
  expect([runs, renewed]).toEqual([['void', 'good'], ['renewed']]);
  const bad = machineWith([given('void', note), given('void', note), given('good', note)], runs);
  expect((await bad.run(['push'], fill)).ok).toBe(false);
  expect(renewed).toHaveLength(2);
  runs.length = 0;
  const stored = machineWith([given('void', null), given('good', null)], runs);
  expect((await stored.run(['push'], fill)).ok).toBe(false);
  expect(runs).toEqual(['void']);
});

test('a refusal names the credential of the town’s that was refused', async () => {
  const remote = `${origin}/team/web.git`;
  const ours = await machineWith([given('void', null)]).run(['push'], fill);
  expect(remoteFailure(remote, ours)).toMatchObject({ source: 'town.token' });
  const own = await machineWith([]).run(['push'], fill);
  expect(remoteFailure(remote, { ...own, stderr: ours.stderr })).not.toHaveProperty('source');
  const denied = { ...ours, stderr: 'The requested URL returned error: 403' };
  expect(pushAnswer(remote, 'refs/heads/x', denied)).toMatchObject({
    failure: { kind: 'push_refused', cause: 'permission', source: 'town.token' },
  });
});
