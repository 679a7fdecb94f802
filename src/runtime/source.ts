/**
 * What a person means by the path or address they type for a rig. Read-only: nothing of their
 * repository is changed, and nothing in it is run.
 *
 * R1 A URL is the remote. A path whose repository has a remote is attached by that remote and only
 *    lends its objects. A path without one is itself the remote.
 */
import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { excerpt, redact } from './git-errors.ts';
import type { Git } from './git.ts';

export interface Source {
  readonly kind: 'url' | 'path-with-remote' | 'path-is-remote';
  /** A URL or an absolute path, without credentials. */
  readonly remote: string;
  readonly lends: string | null;
  /** Of a path: the branch it has checked out, or its remote's default. null when unknown. */
  readonly defaultBranch: string | null;
  /** The branch checked out in the path; null for a URL, a bare repository, a detached HEAD. */
  readonly checkedOut: string | null;
}

const READ_MS = 10_000;

/** `typed` is a URL or an absolute path; the person's own directory is resolved by the caller. */
export async function describeSource(git: Git, typed: string): Promise<Result<Source, Failure>> {
  const path = localPath(typed);
  if (path === null) {
    const remote = redact(typed);
    return ok({ kind: 'url', remote, lends: null, defaultBranch: null, checkedOut: null });
  }
  const repository = await openRepository(git, path);
  if (!repository.ok) return repository;
  const { gitDir, top, bare } = repository.value;
  const ask = async (...args: readonly string[]): Promise<string | null> => {
    const found = await git.run(args, { gitDir, timeoutMs: READ_MS });
    return found.ok && found.out !== '' ? found.out : null;
  };
  const head = await ask('symbolic-ref', '--quiet', '--short', 'HEAD');
  const checkedOut = bare ? null : head;
  const remotes = ((await ask('remote')) ?? '').split('\n').filter((name) => name !== '');
  const name = remotes.includes('origin') ? 'origin' : (remotes[0] ?? null);
  const url = name === null ? null : await ask('config', '--get', `remote.${name}.url`);
  if (name === null || url === null || bare) {
    return ok({
      kind: 'path-is-remote',
      remote: top,
      lends: null,
      defaultBranch: head,
      checkedOut,
    });
  }
  const remoteHead = await ask('symbolic-ref', '--quiet', '--short', `refs/remotes/${name}/HEAD`);
  const defaultBranch = remoteHead === null ? null : remoteHead.slice(name.length + 1);
  const remote = redact(absolute(url, top));
  return ok({ kind: 'path-with-remote', remote, lends: top, defaultBranch, checkedOut });
}

interface Repository {
  readonly gitDir: string;
  /** The work tree's top, or the git directory of a bare one. */
  readonly top: string;
  readonly bare: boolean;
}

export async function openRepository(git: Git, path: string): Promise<Result<Repository, Failure>> {
  const missing = (output: string): Result<Repository, Failure> =>
    err({ kind: 'not_a_repository', helps: 'person', path, output: excerpt(output) });
  if (!existsSync(path)) return missing('there is nothing at this path');
  const args = ['rev-parse', '--absolute-git-dir', '--is-bare-repository'];
  const found = await git.run(args, { cwd: path, timeoutMs: READ_MS });
  if (!found.ok) return missing(found.stderr);
  const [gitDir = '', bareText = ''] = found.out.split('\n');
  const bare = bareText === 'true';
  if (bare) return ok({ gitDir, top: gitDir, bare });
  const top = await git.run(['rev-parse', '--show-toplevel'], { cwd: path, timeoutMs: READ_MS });
  return top.ok ? ok({ gitDir, top: top.out, bare }) : missing(top.stderr);
}

/** The path that a remote is, or null when it is somewhere else. */
export function localPath(remote: string): string | null {
  if (isAbsolute(remote)) return remote;
  if (!remote.startsWith('file://')) return null;
  try {
    return fileURLToPath(remote);
  } catch {
    return null;
  }
}

/** A relative remote counts from the work tree. */
function absolute(url: string, top: string): string {
  if (!/^\.{1,2}(\/|$)/.test(url)) return url;
  const path = `${top}/${url}`;
  return existsSync(path) ? realpathSync(path) : path;
}
