/**
 * Writes a new, empty repository as files: what `git init` and a row of `git config` would do in
 * ten processes, done in none, because it stands between a task and its agent.
 *
 * W1 Only into a directory nobody else has seen. W2 A value can never end its line or its quotes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface NewRepository {
  readonly gitDir: string;
  /** The branch HEAD names; it need not exist. */
  readonly branch: string;
  /** 64 hexadecimal digits make it a sha256 repository. */
  readonly objectNameLength: number;
  /** `[section, key, value]`; `remote "origin"` is a section. */
  readonly settings: readonly (readonly [string, string, string])[];
  /** Whose objects it borrows, or null. */
  readonly borrowFrom: string | null;
}

export async function writeRepository(repository: NewRepository): Promise<void> {
  const { gitDir, branch, borrowFrom } = repository;
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await mkdir(join(gitDir, 'objects', 'pack'), { recursive: true });
  await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true });
  await mkdir(join(gitDir, 'info'), { recursive: true });
  await writeFile(join(gitDir, 'config'), configText(repository));
  if (borrowFrom !== null) await borrow(gitDir, borrowFrom);
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${branch}\n`);
}

/** Objects of another repository, by reference: no copy, and nothing is written there. */
export async function borrow(gitDir: string, from: string): Promise<void> {
  const info = join(gitDir, 'objects', 'info');
  await mkdir(info, { recursive: true });
  await writeFile(join(info, 'alternates'), `${join(from, 'objects')}\n`);
}

function configText({ objectNameLength, settings }: NewRepository): string {
  const sha256 = objectNameLength === 64;
  const all: readonly (readonly [string, string, string])[] = [
    ['core', 'repositoryformatversion', sha256 ? '1' : '0'],
    ['core', 'filemode', 'true'],
    ['core', 'bare', 'false'],
    ['core', 'logallrefupdates', 'true'],
    ...(sha256 ? [['extensions', 'objectformat', 'sha256'] as const] : []),
    ...settings,
  ];
  return all.map(([section, key, value]) => `[${section}]\n\t${key} = ${quoted(value)}\n`).join('');
}

/** W2 */
function quoted(value: string): string {
  const plain = value.replace(/[\0\r\n]/g, ' ');
  return `"${plain.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}
