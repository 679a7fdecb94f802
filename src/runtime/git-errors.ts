/**
 * What git's words mean, decided here and nowhere else: the table that turns the output of a
 * failed git command into a typed `Failure`.
 *
 * E1 Nothing else in this room matches on message text.
 * E2 An excerpt never holds a credential: user names and passwords in addresses are taken out.
 * E3 The first row that matches decides; rows stand from the specific to the general.
 */
import type { Failure, RetryHelps } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import { GitFailed, type GitOutcome } from './git.ts';
import { loginRefusals } from './git-login.ts';

type Cause = Extract<Failure, { kind: 'remote_unreachable' }>['cause'];

type RemoteClass =
  | { readonly is: 'login' }
  | { readonly is: 'not_found' }
  | { readonly is: 'unreachable'; readonly cause: Cause; readonly helps: RetryHelps };

/** Why a fetch, an `ls-remote` or the connection of a push failed. */
export function remoteFailure(remote: string, outcome: GitOutcome): Failure {
  const output = excerpt(said(outcome));
  const shown = redact(remote);
  if (outcome.refusal !== null) {
    const { refusal } = outcome;
    const helps = refusal.source === null ? 'person' : 'later';
    return { kind: 'remote_credential_missing', helps, remote: shown, ...refusal };
  }
  if (isDiskFull(outcome.stderr)) return { kind: 'disk_full', helps: 'person', path: shown };
  const found = outcome.timedOut ? later('timeout') : classOf(outcome.stderr);
  if (found.is === 'login') {
    return { kind: 'remote_needs_login', helps: 'person', remote: shown, output, ...from(outcome) };
  }
  if (found.is === 'not_found') {
    return { kind: 'remote_not_found', helps: 'person', remote: shown, output, ...from(outcome) };
  }
  const { cause, helps } = found;
  return { kind: 'remote_unreachable', helps, remote: shown, cause, output };
}

export type PushAnswer =
  /** The lease did not hold, or the remote is ahead: fetch and look again. */
  | { readonly is: 'moved' }
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The remote was not reached, or the answer was lost. */
  | { readonly is: 'failed'; readonly failure: Failure };

export function pushAnswer(remote: string, ref: string, outcome: GitOutcome): PushAnswer {
  if (outcome.refusal !== null) return { is: 'failed', failure: remoteFailure(remote, outcome) };
  const text = `${outcome.out}\n${outcome.stderr}`;
  const target = ref.replace(/^refs\/heads\//, '');
  if (MOVED.test(text)) return { is: 'moved' };
  if (CHECKED_OUT.test(text)) {
    return {
      is: 'refused',
      failure: { kind: 'target_checked_out', helps: 'person', path: redact(remote), target },
    };
  }
  if (DIRTY.test(text)) {
    return {
      is: 'refused',
      failure: { kind: 'checkout_dirty', helps: 'person', path: redact(remote), files: [] },
    };
  }
  const cause = PUSH_CAUSES.find(([pattern]) => pattern.test(text))?.[1];
  const refused = cause ?? (REFUSED.test(text) ? 'other' : null);
  if (refused === null) return { is: 'failed', failure: remoteFailure(remote, outcome) };
  const output = excerpt(said(outcome));
  return {
    is: 'refused',
    failure: {
      kind: 'push_refused',
      helps: 'person',
      remote: redact(remote),
      ref,
      cause: refused,
      output,
      ...from(outcome),
    },
  };
}

/** Whose credential was refused, when it was one of the town's. */
function from({ credentialFrom }: GitOutcome): { readonly source?: string } {
  return credentialFrom === null ? {} : { source: credentialFrom };
}

/** Runs steps that throw `GitFailed` and answers with a value. */
export async function caught<T>(
  where: 'workspace' | 'job',
  name: string,
  work: () => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitFailed) return err(localFailure(where, name, error));
    const full = isDiskFullError(error);
    if (full !== null) return err({ kind: 'disk_full', helps: 'person', path: full });
    throw error;
  }
}

export function localFailure(where: 'workspace' | 'job', name: string, error: GitFailed): Failure {
  const { outcome, step } = error;
  if (isDiskFull(outcome.stderr)) return { kind: 'disk_full', helps: 'person', path: '' };
  const output = excerpt(said(outcome));
  if (where === 'workspace') return { kind: 'workspace_failed', helps: 'later', step, output };
  return { kind: 'job_failed', helps: 'later', job: name, step, output };
}

/** Another process holds a lock, or died holding it. */
export function isLockHeld(outcome: GitOutcome): boolean {
  return /\.lock': File exists|cannot lock ref|Unable to create '.*\.lock'/.test(outcome.stderr);
}

/** Shortened from the middle, without credentials. E2 */
export function excerpt(text: string): string {
  const clean = redact(text.trim());
  if (clean.length <= EXCERPT_CHARS) return clean;
  const half = Math.floor(EXCERPT_CHARS / 2);
  return `${clean.slice(0, half)}\n…\n${clean.slice(-half)}`;
}

/** E2 */
export function redact(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s'"]+@/gi, '$1');
}

const EXCERPT_CHARS = 4000;

function said(outcome: GitOutcome): string {
  if (outcome.spawnError !== null) return `git could not be started: ${outcome.spawnError}`;
  const text = outcome.stderr.trim() === '' ? outcome.out : outcome.stderr;
  return outcome.timedOut ? `${text}\n(stopped: it took too long)` : text;
}

const login: RemoteClass = { is: 'login' };
const notFound: RemoteClass = { is: 'not_found' };
const later = (cause: Cause): RemoteClass => ({ is: 'unreachable', cause, helps: 'later' });

/** E3 */
const REMOTE: readonly (readonly [RegExp, RemoteClass])[] = [
  [
    /could not resolve (host|proxy)|Could not resolve hostname|Name or service not known/i,
    later('dns'),
  ],
  [/Temporary failure in name resolution|nodename nor servname/i, later('dns')],
  [/Host key verification failed/, { is: 'unreachable', cause: 'tls', helps: 'person' }],
  [
    /SSL certificate|certificate verif|self.signed certificate/i,
    { is: 'unreachable', cause: 'tls', helps: 'person' },
  ],
  ...loginRefusals.map((pattern) => [pattern, login] as const),
  [/repository '?.*'? not found|Repository not found|returned error: (404|410)/i, notFound],
  [/could not be found|does not appear to be a git repository|not a git repository/i, notFound],
  [/does not exist|No such file or directory|dubious ownership/i, notFound],
  [/timed out|Operation too slow|timeout/i, later('timeout')],
  [/Connection refused|Failed to connect|Couldn't connect|No route to host/i, later('connect')],
  [/Network is unreachable|unable to connect|Could not connect/i, later('connect')],
  [/SSL|TLS|gnutls|handshake/, later('tls')],
  [/reset by peer|early EOF|unexpected disconnect|hung up|RPC failed/i, later('reset')],
  [/Connection closed|Broken pipe|returned error: 5\d\d/i, later('reset')],
  [
    /transport '.*' not allowed|unable to find remote helper|protocol .* is not supported/i,
    { is: 'unreachable', cause: 'other', helps: 'no' },
  ],
];

function classOf(text: string): RemoteClass {
  return REMOTE.find(([pattern]) => pattern.test(text))?.[1] ?? later('other');
}

const MOVED =
  /\((?:stale info|fetch first|non-fast-forward)\)|cannot lock ref|updated since|to update ref/;
const CHECKED_OUT = /refusing to update checked out branch|branch is currently checked out/;
const DIRTY =
  /has (?:un)?staged changes|not uptodate|would be overwritten|Could not update working tree/;
const REFUSED = /\[remote rejected\]|\[rejected\]|! +\[|pre-receive hook|error: failed to push/;

const PUSH_CAUSES: readonly (readonly [
  RegExp,
  Extract<Failure, { kind: 'push_refused' }>['cause'],
])[] = [
  [/repository (?:was|is) archived|archived so it is read.only|archived project/i, 'archived'],
  [
    /protected branch|GH006|GH013|repository rule|not allowed to push code to protected/i,
    'protected',
  ],
  [/\((pre-receive|update|push-to-checkout) hook declined\)|hook declined/i, 'hook'],
  [
    /Permission to .* denied|returned error: 403|insufficient permission|Permission denied/i,
    'permission',
  ],
  [
    /not allowed to push|read.only|unable to create temporary object|remote unpack failed/i,
    'permission',
  ],
];

function isDiskFull(text: string): boolean {
  return /No space left on device|Disk quota exceeded|ENOSPC/i.test(text);
}

function isDiskFullError(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT' && error.code !== 'EROFS') return null;
  return 'path' in error ? String(error.path) : '';
}
