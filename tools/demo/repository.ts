/**
 * The repository of the demonstration: a few shell scripts, a bare remote, and tests that cannot
 * run before a setup step has made what they need.
 *
 * R1 The user's own git configuration is neither read nor written.
 * R2 What landed is proved on a clone made afterwards, by git.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface DemoRepository {
  readonly folder: string;
  /** Bare, or an address of the forge. */
  readonly remote: string;
  readonly clone: string;
}

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# greet\n\nGreets the world. `sh setup.sh`, then `sh test.sh`.\n',
  greet: [
    '#!/bin/sh',
    '# greet [language]: the word comes from greetings/, the name from what setup made.',
    'set -eu',
    'cd "$(dirname "$0")"',
    'printf "%s, %s\\n" "$(cat "greetings/${1:-$(cat default)}")" "$(cat build/name)"',
    '',
  ].join('\n'),
  default: 'english\n',
  'greetings/english': 'hello\n',
  'setup.sh': [
    '# Makes what the program needs; it is not committed.',
    'mkdir -p build',
    'echo world > build/name',
    '',
  ].join('\n'),
  'test.sh': [
    '# Runs every file in tests/; needs what setup.sh makes.',
    '[ -f build/name ] || { echo "build/name is missing: run setup.sh"; exit 1; }',
    'passed=0 failed=0',
    'for test in tests/*.sh; do',
    '  if sh -eu "$test"; then passed=$((passed + 1)); echo "ok $test"',
    '  else failed=$((failed + 1)); echo "FAILED $test: $(cat "$test")"; fi',
    'done',
    'echo "$passed tests passed, $failed failed"',
    '[ "$failed" -eq 0 ]',
    '',
  ].join('\n'),
  'tests/english.sh': '[ "$(./greet english)" = "hello, world" ]\n',
  '.gitignore': 'build/\n',
  '.gastown.json': `${JSON.stringify(
    {
      setup: [{ name: 'make', command: 'sh setup.sh', cacheKeyFiles: ['setup.sh'] }],
      gates: [{ name: 'test', command: 'sh test.sh' }],
    },
    null,
    2,
  )}\n`,
};

/** `forge`: a remote that is there already, and what git needs to push to it. */
export async function makeRepository(
  folder: string,
  forge: {
    readonly remote: string;
    readonly gitEnv: Readonly<Record<string, string>>;
  } | null = null,
): Promise<DemoRepository> {
  const remote = forge?.remote ?? join(folder, 'greet.git');
  const clone = join(folder, 'greet');
  if (forge === null) {
    await git(folder, ['init', '-q', '--bare', '--initial-branch=main', remote]);
  }
  await git(folder, ['clone', '-q', remote, clone]);
  await git(clone, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), text);
  }
  await chmod(join(clone, 'greet'), 0o755);
  await git(clone, ['add', '-A']);
  await git(clone, ['commit', '-q', '-m', 'Greet the world']);
  await git(clone, ['push', '-q', 'origin', 'main'], forge?.gitEnv);
  return { folder, remote, clone };
}

/** Throws with git's words when one of the commits is not in the remote's main. R2 */
export async function proveLanded(
  { folder, remote }: DemoRepository,
  landed: readonly { readonly bead: string; readonly commit: string }[],
): Promise<void> {
  const fresh = join(folder, 'proof');
  await git(folder, ['clone', '-q', remote, fresh]);
  for (const { bead, commit } of landed) {
    await git(fresh, ['merge-base', '--is-ancestor', commit, 'origin/main']).catch((thrown) => {
      throw new Error(`${bead}: ${commit} is not in main of ${remote}: ${String(thrown)}`);
    });
  }
}

/** What git reads instead of the user's configuration. R1 */
export const gitEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@gastown.invalid',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@gastown.invalid',
};

function git(
  cwd: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...process.env, ...gitEnv, ...more };
  return new Promise((done, fail) => {
    execFile('git', args, { cwd, env }, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`git ${args[0]} failed: ${stderr.trim()}`));
    });
  });
}
