/**
 * The login of this machine: which command and which variable is for which host, and that nothing
 * of one host is handed to another.
 */
import { describe, expect, test } from 'vitest';
import { machineLogin } from './machine-login.ts';
import { forgeFrom, type ForgeInstance } from './remote-url.ts';

async function found(
  instance: ForgeInstance,
  env: Readonly<Record<string, string>>,
  commands: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const forge = forgeFrom(instance);
  if (!forge.ok) throw new Error(forge.error);
  const run = (command: string, args: readonly string[]): Promise<string | null> =>
    Promise.resolve(commands[[command, ...args].join(' ')] ?? null);
  const login = await machineLogin({ env, run }, forge.value);
  return login.ok ? [login.source, login.token.secret.open(), login.token.origin] : login.tried;
}

const hub: ForgeInstance = { provider: 'github', url: 'https://github.com' };
const ghes: ForgeInstance = { provider: 'github', url: 'https://ghes.example.com' };
const lab: ForgeInstance = { provider: 'gitlab', url: 'https://gitlab.com' };
const self: ForgeInstance = { provider: 'gitlab', url: 'https://git.example.com' };

test('the gh command is asked for the host, before the environment', async () => {
  const commands = { 'gh auth token --hostname github.com': 'gho_x\n' };
  expect(await found(hub, { GITHUB_TOKEN: 'ghp_y' }, commands)).toEqual([
    'gh login',
    'gho_x',
    'https://github.com',
  ]);
});

describe('a variable', () => {
  test.each([
    [hub, { GITHUB_TOKEN: 't' }, ['GITHUB_TOKEN', 't', 'https://github.com']],
    [hub, { GH_TOKEN: 't', GITHUB_TOKEN: 'u' }, ['GH_TOKEN', 't', 'https://github.com']],
    [
      ghes,
      { GH_ENTERPRISE_TOKEN: 't', GH_HOST: 'ghes.example.com' },
      ['GH_ENTERPRISE_TOKEN', 't', 'https://ghes.example.com'],
    ],
    [lab, { GITLAB_TOKEN: 't' }, ['GITLAB_TOKEN', 't', 'https://gitlab.com']],
    [
      self,
      { GITLAB_TOKEN: 't', GITLAB_HOST: 'https://git.example.com' },
      ['GITLAB_TOKEN', 't', 'https://git.example.com'],
    ],
  ] as const)('of its host: %j %j', async (instance, env, expected) => {
    expect(await found(instance, env)).toEqual(expected);
  });

  test.each([
    [ghes, { GITHUB_TOKEN: 't' }, 'GITHUB_TOKEN'],
    [ghes, { GH_ENTERPRISE_TOKEN: 't', GH_HOST: 'other.example' }, 'GH_ENTERPRISE_TOKEN'],
    [self, { GITLAB_TOKEN: 't' }, 'GITLAB_TOKEN'],
    [lab, { GITLAB_TOKEN: 't', GITLAB_HOST: 'git.example.com' }, 'GITLAB_TOKEN'],
  ] as const)('of another host is passed over: %j %j', async (instance, env, source) => {
    expect(await found(instance, env)).toContainEqual({ source, why: 'wrong_host' });
  });
});

test('nothing anywhere is told place by place', async () => {
  expect(await found(lab, { GITLAB_TOKEN: ' ' })).toEqual([
    { source: 'glab login', why: 'absent' },
    { source: 'GITLAB_TOKEN', why: 'absent' },
  ]);
});

test('a forge without TLS gets no login of the machine', async () => {
  const url = 'http://127.0.0.1:3000';
  const commands = { 'gh auth token --hostname 127.0.0.1:3000': 'gho_x' };
  expect(await found({ provider: 'github', url }, {}, commands)).toContainEqual({
    source: 'gh login',
    why: 'absent',
  });
});
