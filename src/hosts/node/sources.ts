/**
 * What the host asks git about before there is a rig: what a person's path or URL is, which branch
 * a remote lands on when nobody said, and in whose name commits are made.
 *
 * G1 Read-only, through the runner's own door to git, which asks no questions of a terminal.
 */
import type { Author } from '../../core/launch-spec.ts';
import type { Failure } from '../../core/failure.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Timers } from '../../ports/host.ts';
import { remoteFailure } from '../../runtime/git-errors.ts';
import { Git, type GitDeps } from '../../runtime/git.ts';
import { runProcess } from '../../runtime/run-process.ts';
import { describeSource, type Source } from '../../runtime/source.ts';

const READ_MS = 10_000;
const REMOTE_MS = 30_000;
const nobody: Author = { name: 'Gastown', email: 'gastown@localhost' };

export function hostGit(
  env: Readonly<Record<string, string | undefined>>,
  timers: Timers,
  credentialFor?: GitDeps['credentialFor'],
): Git {
  const given = Object.entries(env).flatMap(
    ([name, value]): readonly (readonly [string, string])[] =>
      value === undefined ? [] : [[name, value]],
  );
  const run: GitDeps['run'] = (spec) => runProcess(spec, timers);
  const credential = credentialFor === undefined ? {} : { credentialFor };
  return new Git({ run, env: Object.fromEntries(given), ...credential });
}

/** With the default branch of the remote, which only the remote itself knows. */
export async function resolveSource(
  git: Git,
  typed: string,
  by: string | null,
): Promise<Result<Source, Failure>> {
  const source = await describeSource(git, typed);
  if (!source.ok || source.value.defaultBranch !== null) return source;
  if (source.value.kind === 'path-is-remote') return source;
  const { remote } = source.value;
  const args = ['ls-remote', '--symref', '--', remote, 'HEAD'];
  const credential = { remote, by };
  const seen = await git.run(args, { timeoutMs: REMOTE_MS, network: true, credential });
  if (!seen.ok) return err(remoteFailure(remote, seen));
  const defaultBranch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(seen.out)?.[1] ?? null;
  return ok({ ...source.value, defaultBranch });
}

/** The person's own git identity. */
export async function personOf(git: Git): Promise<Author> {
  const args = ['config', '--get-regexp', '^user\\.(name|email)$'];
  const found = await git.run(args, { gitDir: '/dev/null', timeoutMs: READ_MS, network: true });
  const values = new Map(
    found.out.split('\n').map((line): [string, string] => {
      const [name = '', ...words] = line.split(' ');
      return [name, words.join(' ')];
    }),
  );
  const name = values.get('user.name') ?? '';
  const email = values.get('user.email') ?? '';
  return name === '' || email === '' ? nobody : { name, email };
}
