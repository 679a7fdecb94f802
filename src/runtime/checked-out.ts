/**
 * The person's own checkout, where a path is itself the remote: is the target checked out there,
 * and may it be moved? Read-only; moving it is left to git's own `updateInstead`, which refuses
 * unless the tree is clean.
 */
import { localPath, openRepository } from './source.ts';
import { shown, splitZ, type Git } from './git.ts';

const READ_MS = 60_000;

export interface CheckedOut {
  readonly path: string;
  /** Tracked files with changes, and files in the way; empty when it is clean. */
  readonly dirty: readonly string[];
}

/** null: the remote is elsewhere, bare, or has something else checked out. */
export async function targetCheckedOut(
  git: Git,
  remote: string,
  target: string,
): Promise<CheckedOut | null> {
  const path = localPath(remote);
  if (path === null) return null;
  const repository = await openRepository(git, path);
  if (!repository.ok || repository.value.bare) return null;
  const { gitDir, top } = repository.value;
  const at = { gitDir, timeoutMs: READ_MS };
  const head = await git.run(['symbolic-ref', '--quiet', 'HEAD'], at);
  if (head.out !== `refs/heads/${target}`) return null;
  // With the person's configuration: their line endings and filters decide what is a change.
  const args = ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames'];
  const status = await git.run(args, { ...at, workTree: top, cwd: top, network: true });
  return { path: top, dirty: splitZ(status.bytes).map((entry) => shown(entry.slice(3))) };
}
