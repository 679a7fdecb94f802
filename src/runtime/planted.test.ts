/**
 * What an agent can plant in its workspace must not run with the runner's rights: every plant
 * writes a marker, with `contained` in it when it ran inside the sandbox.
 */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Commit } from '../core/ids.ts';
import {
  buildSpec,
  commitFiles,
  git,
  launch,
  makeWorld,
  never,
  runnerOver,
  value,
  write,
  type Runner,
  type World,
} from '../../test/git-world.ts';
import { buildCandidate } from './candidate.ts';
import { pushCandidate } from './landing.ts';

// Real git in many processes: slow on a machine that is busy with other things.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let runner: Runner;

beforeEach(() => {
  world = makeWorld({ 'a.txt': 'one\n', 'sub.txt': 's\n' });
  runner = runnerOver(world.home, 'life-1');
});
afterEach(() => world.remove());

/** A command that leaves a marker and says where it ran. */
function trap(): { command: string; fired: () => string } {
  const marker = join(world.root, 'marker');
  const command = join(world.root, 'trap.sh');
  const lines = [
    '#!/bin/sh',
    `echo "$0 $* \${CONTAINED:-runner}" >> '${marker}'`,
    'case "$1" in clean|smudge) exec cat;; esac',
    'exit 1',
  ];
  writeFileSync(command, `${lines.join('\n')}\n`);
  chmodSync(command, 0o755);
  return { command, fired: () => (existsSync(marker) ? readFileSync(marker, 'utf8') : '') };
}

type Plant = (directory: string, command: string) => void;

const config =
  (...lines: readonly string[]): Plant =>
  (directory, command) => {
    const text = lines.map((line) => line.replaceAll('TRAP', command)).join('\n');
    appendFileSync(join(directory, '.git/config'), `${text}\n`);
  };

const plants: Readonly<Record<string, Plant>> = {
  'core.fsmonitor': config('[core]', 'fsmonitor = TRAP'),
  'core.hooksPath': (directory, command) => {
    const hooks = join(directory, 'hooks-of-mine');
    mkdirSync(hooks);
    for (const name of HOOKS) {
      writeFileSync(join(hooks, name), `#!/bin/sh\nexec '${command}' ${name}\n`);
      chmodSync(join(hooks, name), 0o755);
      writeFileSync(join(directory, '.git/hooks', name), `#!/bin/sh\nexec '${command}' ${name}\n`);
      chmodSync(join(directory, '.git/hooks', name), 0o755);
    }
    config('[core]', `hooksPath = ${hooks}`)(directory, command);
  },
  'core.sshCommand and askpass': config(
    '[core]',
    'sshCommand = TRAP',
    'askPass = TRAP',
    '[credential]',
    'helper = !TRAP',
  ),
  'filter.*, diff and merge drivers': (directory, command) => {
    config(
      '[filter "evil"]',
      'clean = TRAP clean',
      'smudge = TRAP smudge',
      'required = true',
      '[diff "evil"]',
      'command = TRAP',
      'textconv = TRAP',
      '[merge "evil"]',
      'driver = TRAP %O %A %B',
      '[diff]',
      'external = TRAP',
    )(directory, command);
    commitFiles(directory, { '.gitattributes': '* filter=evil diff=evil merge=evil\n' });
    mkdirSync(join(directory, '.git/info'), { recursive: true });
    writeFileSync(join(directory, '.git/info/attributes'), '* filter=evil diff=evil\n');
  },
  'include.path': (directory, command) => {
    const file = join(directory, 'more.config');
    writeFileSync(file, `[core]\nfsmonitor = ${command}\nsshCommand = ${command}\n`);
    config('[include]', `path = ${file}`)(directory, command);
  },
  'poisoned alternates': (directory) => {
    appendFileSync(join(directory, '.git/objects/info/alternates'), `${world.root}/nowhere\n`);
  },
  'a submodule with its own traps': (directory, command) => {
    const inner = join(directory, 'inner');
    mkdirSync(inner);
    git(inner, 'init', '-q');
    commitFiles(inner, { 'x.txt': 'x\n' });
    appendFileSync(join(inner, '.git/config'), `[core]\nfsmonitor = ${command}\n`);
    config('[submodule "inner"]', 'url = ext::TRAP', 'update = !TRAP')(directory, command);
    const modules = ['[submodule "inner"]', 'path = inner', `url = ext::${command}`];
    write(directory, { '.gitmodules': modules.join('\n') });
  },
  'remotes, aliases and pagers': config(
    '[remote "origin"]',
    'url = ext::TRAP',
    'uploadpack = TRAP',
    'receivepack = TRAP',
    '[alias]',
    'status = !TRAP',
    'add = !TRAP',
    '[core]',
    'pager = TRAP',
    'editor = TRAP',
    '[gpg]',
    'program = TRAP',
    '[commit]',
    'gpgSign = true',
    '[uploadpack]',
    'packObjectsHook = TRAP',
    '[protocol "ext"]',
    'allow = always',
  ),
  'core.worktree elsewhere': (directory, command) => {
    config('[core]', `worktree = ${world.seed}`)(directory, command);
  },
};

const HOOKS = [
  'pre-commit',
  'post-checkout',
  'post-index-change',
  'reference-transaction',
  'pre-push',
  'post-merge',
  'post-commit',
  'fsmonitor-watchman',
  'pre-auto-gc',
  'update',
  'pre-receive',
];

/** Plants that spoil the workspace for the agent itself: its submission is refused. */
const REFUSED = ['core.worktree elsewhere', 'a submodule with its own traps'];

async function land(head: Commit): Promise<void> {
  const built = await buildCandidate(runner, buildSpec(world.rig, head, 'merge'));
  if (built.kind !== 'build' || built.answer.is !== 'built') throw new Error('not built');
  const { candidate } = built.answer;
  const request = { kind: 'push', rig: world.rig, candidate, updateCheckout: false } as const;
  expect(await pushCandidate(runner, request)).toMatchObject({ answer: { is: 'landed' } });
}

test.each(Object.keys(plants))('%s never runs with the runner’s rights', async (name) => {
  const { command, fired } = trap();
  const spec = launch(world.rig, 'web-1');
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  commitFiles(directory, { 'b.txt': 'b\n' });
  plants[name]?.(directory, command);
  write(directory, { 'draft.txt': 'draft\n', 'a.txt': 'one\n' });

  await runner.workspaces.snapshot(spec);
  const diff = {
    kind: 'diff',
    rig: world.rig,
    bead: 'web-1',
    base: world.first,
    head: null,
  } as const;
  await runner.reading.read(diff);
  const collected = await runner.workspaces.collect(spec);
  if (collected.ok) await land(collected.value.head);
  expect(collected.ok || REFUSED.includes(name)).toBe(true);
  await runner.workspaces.release(spec);
  value(await runner.workspaces.prepare(launch(world.rig, 'web-1', 2), never));
  expect(
    fired()
      .split('\n')
      .filter((line) => line.endsWith('runner')),
  ).toEqual([]);
});

test('the trap itself works', () => {
  const { command, fired } = trap();
  git(world.seed, 'config', 'core.fsmonitor', command);
  git(world.seed, 'status');
  expect(fired()).toMatch(/agent$/m);
});

test('a link in place of a state file is not followed', async () => {
  const secret = join(world.root, 'secret');
  writeFileSync(secret, 'the key\n');
  const spec = launch(world.rig, 'web-1');
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  const { symlinkSync } = await import('node:fs');
  mkdirSync(join(world.root, 'folder'));
  writeFileSync(join(world.root, 'folder', 'head-name'), 'the key\n');
  symlinkSync(secret, join(directory, '.git/MERGE_MSG'));
  symlinkSync(join(world.root, 'folder'), join(directory, '.git/rebase-merge'));
  symlinkSync(world.root, join(directory, 'linked'));
  const saved = value(await runner.workspaces.snapshot(spec));
  const { gitDir } = await runner.stores.open('web');
  expect(() => git(gitDir, 'grep', 'the key', saved ?? '')).toThrow(/Command failed/);
  expect(git(gitDir, 'ls-tree', `${saved}:tree`, 'linked')).toMatch(/^120000 blob/);
});
