/**
 * A small bare remote with one commit on `main`, for acceptance tests that land little things.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { git, script, type TestTown } from './town.ts';

const passes = { name: 'test', command: 'ls *.txt && echo 1 test passed' };

/** `gate`: a shell command instead of one that passes. */
export async function makeRemote(
  town: TestTown,
  { name = 'web', gate = passes.command, files = {} }: RemoteOptions = {},
): Promise<string> {
  const remote = join(town.folder, `${name}.git`);
  const seed = join(town.folder, `${name}-seed`);
  await git(town.folder, 'init', '-q', '--bare', '--initial-branch=main', remote);
  await git(town.folder, 'init', '-q', '--initial-branch=main', seed);
  const gates = [{ ...passes, command: gate }];
  const all = {
    'readme.txt': 'hello\n',
    '.gastown.json': JSON.stringify({ setup: [], gates }),
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(seed, path)), { recursive: true });
    writeFileSync(join(seed, path), text);
  }
  await git(seed, 'add', '-A');
  await git(seed, 'commit', '-q', '-m', 'Begin');
  await git(seed, 'push', '-q', remote, 'main');
  return remote;
}

export interface RemoteOptions {
  readonly name?: string;
  readonly gate?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A task that adds one file; `first` are steps before it. */
export function addFile(name: string, first: readonly unknown[] = []) {
  const steps = [
    ...first,
    { write: { path: `${name}.txt`, text: `${name}\n` } },
    { commit: `Write ${name}` },
    { done: `${name} is written.` },
  ];
  return { title: `Add ${name}`, body: script(steps) };
}
