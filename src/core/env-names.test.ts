/** Which names `envVars` takes. */
import { describe, expect, test } from 'vitest';
import { checkEnvName } from './env-names.ts';

describe('a name for envVars', () => {
  test.each(['DATABASE_URL', 'CI', 'FEATURE_X', '_private', 'npm_config_registry', 'GITHUB_REF'])(
    '%s may be set',
    (name) => {
      expect(checkEnvName(name)).toBeNull();
    },
  );

  test.each([
    'GASTOWN_HOME',
    'gastown_token',
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'GIT_SSH_COMMAND',
    'GIT_CONFIG_COUNT',
    'NODE_OPTIONS',
    'BASH_ENV',
    'BASH_FUNC_ls',
    'ENV',
    'PATH',
    'HOME',
    'SSH_AUTH_SOCK',
    'PERL5OPT',
  ])('%s is refused with a reason', (name) => {
    expect(checkEnvName(name)).toMatch(/\w{3}/);
  });

  test.each(['', '1A', 'A-B', 'A B', 'A=B', 'ä', 'constructor()', 'A\nB'])(
    'what is no name is refused: %j',
    (name) => {
      expect(checkEnvName(name)).toMatch(/letters/);
    },
  );

  test('a word every object answers to is only a name', () => {
    expect(checkEnvName('constructor')).toBeNull();
    expect(checkEnvName('toString')).toBeNull();
  });
});
