/** What of the host's environment reaches a child. */
import { describe, expect, test } from 'vitest';
import { childEnv, MARKER_NAME } from './child-env.ts';
import type { ChildEnvSpec } from './child-env.ts';

const SECRETS = {
  GITHUB_TOKEN: 's1',
  GH_TOKEN: 's2',
  GITLAB_TOKEN: 's3',
  GASTOWN_TOKEN: 's4',
  GASTOWN_HOME: '/s5',
  SSH_AUTH_SOCK: '/s6',
  GIT_ASKPASS: '/s7',
  GIT_CONFIG_PARAMETERS: 's8',
  NODE_OPTIONS: '--require=/s9',
  'npm_config_//registry.example/:_authToken': 's10',
  NPM_TOKEN: 's11',
  AWS_SECRET_ACCESS_KEY: 's12',
  LD_PRELOAD: '/s13',
  HTTPS_PROXY: 'http://me:s14@proxy:3128',
  BASH_ENV: '/s15',
  MY_OWN_THING: 's16',
};

function env(over: Partial<ChildEnvSpec> = {}): Record<string, string> {
  return childEnv({
    base: {
      ...SECRETS,
      PATH: '/opt/tools/bin:/usr/bin',
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'C',
      HOME: '/home/person',
      TMPDIR: '/tmp/person',
      ANTHROPIC_API_KEY: 'model-key',
      HTTP_PROXY: 'http://proxy:3128',
    },
    home: '/own/home',
    tmp: '/own/tmp',
    labels: { role: 'polecat', agentId: 'web-1.1', townId: 'local' },
    extra: {},
    marker: 'mark',
    modelKeys: false,
    ...over,
  });
}

describe('the environment of a child', () => {
  test('is exactly what is listed', () => {
    expect(env()).toEqual({
      PATH: '/opt/tools/bin:/usr/bin',
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'C',
      HTTP_PROXY: 'http://proxy:3128',
      RUSTUP_HOME: '/home/person/.rustup',
      HOME: '/own/home',
      TMPDIR: '/own/tmp',
      GASTOWN_AGENT_ROLE: 'polecat',
      GASTOWN_AGENT_ID: 'web-1.1',
      GASTOWN_TOWN_ID: 'local',
      [MARKER_NAME]: 'mark',
    });
  });

  test('holds no secret of the host, with model keys or without', () => {
    for (const modelKeys of [true, false]) {
      const values = Object.values(env({ modelKeys }));
      expect(values.filter((value) => /s\d/.test(value))).toEqual([]);
    }
  });

  test('holds a model key only where one is asked for', () => {
    expect(env({ modelKeys: false })['ANTHROPIC_API_KEY']).toBeUndefined();
    expect(env({ modelKeys: true })['ANTHROPIC_API_KEY']).toBe('model-key');
  });

  test('takes what the settings add, and never what would take it over', () => {
    const extra = { DATABASE_URL: 'x', PATH: '/evil', GASTOWN_TOWN_ID: 'other', LD_PRELOAD: 'x' };
    const made = env({ extra });
    expect(made['DATABASE_URL']).toBe('x');
    expect(made['PATH']).toBe('/opt/tools/bin:/usr/bin');
    expect(made['GASTOWN_TOWN_ID']).toBe('local');
    expect(made['LD_PRELOAD']).toBeUndefined();
  });

  test('has a path even where the host has none', () => {
    expect(env({ base: {} })['PATH']).toContain('/usr/bin');
  });
});
