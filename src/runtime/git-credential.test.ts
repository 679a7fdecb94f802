/** The town's credential for git, asked for by the real git of a real `Git`. */
import { expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { NodeTimers } from '../hosts/node/timers.ts';
import { Git } from './git.ts';
import type { CredentialFor } from './git-credential.ts';
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
      return { origin, username: 'x-access-token', secret: new Secret(token) };
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
