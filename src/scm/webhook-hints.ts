/**
 * What a delivery is a hint of: which pull requests are worth reading now, and nothing else of what
 * it says. A hint that is wrong costs a read; what is true is read from the forge.
 *
 * H1 Only numbers, commit ids, branch names and one project path of a known form are taken over,
 *    and at most fifty of each. H2 An event nobody knows is no hint.
 */
import { commitOf, type Commit } from '../core/ids.ts';
import type { ForgeProvider } from '../core/pull-request.ts';
import { at, listAt, textAt, wholeAt } from './json.ts';
import { fitsProvider } from './remote-url.ts';

export interface Due {
  /** null: every project of this forge, when the app's own rights changed. */
  readonly project: string | null;
  readonly numbers: readonly number[];
  /** Pull requests whose head is one of these. */
  readonly heads: readonly Commit[];
  /** Pull requests into one of these branches. */
  readonly baseBranches: readonly string[];
  /** The project itself changed (renamed, archived, made private): all of its pull requests. */
  readonly all: boolean;
}

interface Found {
  readonly numbers?: readonly (number | null)[];
  readonly heads?: readonly (string | null)[];
  readonly baseBranches?: readonly (string | null)[];
  readonly all?: boolean;
}

/** `event` as the header has it; null: not worth a read. H2 */
export function dueFrom(provider: ForgeProvider, event: string, json: unknown): Due | null {
  switch (provider) {
    case 'github':
      return fromGithub(event, json);
    case 'gitlab':
      return due('gitlab', textAt(json, 'project', 'path_with_namespace'), gitlab(json));
    case 'gitea':
      return due('gitea', textAt(json, 'repository', 'full_name'), gitea(event, json));
  }
}

function fromGithub(event: string, json: unknown): Due | null {
  if (event === 'installation' || event === 'installation_repositories') {
    return { project: null, numbers: [], heads: [], baseBranches: [], all: true };
  }
  return due('github', textAt(json, 'repository', 'full_name'), github(event, json));
}

function github(event: string, json: unknown): Found | null {
  switch (event) {
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment':
    case 'pull_request_review_thread':
      return { numbers: [wholeAt(json, 'pull_request', 'number') ?? wholeAt(json, 'number')] };
    case 'issue_comment':
      return at(json, 'issue', 'pull_request') === null
        ? null
        : { numbers: [wholeAt(json, 'issue', 'number')] };
    case 'check_run':
    case 'check_suite':
    case 'workflow_run':
      return githubChecks(json, event);
    case 'workflow_job':
      return { heads: [textAt(json, 'workflow_job', 'head_sha')] };
    case 'status':
      return { heads: [textAt(json, 'sha')] };
    case 'push':
      return { baseBranches: [branchOf(textAt(json, 'ref'))] };
    case 'merge_group':
      return githubQueue(json);
    case 'repository':
      return { all: true };
    default:
      return null;
  }
}

/** `pull_requests` is empty for forks, and may name another repository's: the head is the key. */
function githubChecks(json: unknown, event: string): Found {
  const here = wholeAt(json, 'repository', 'id');
  const numbers = listAt(json, event, 'pull_requests')
    .filter((each) => wholeAt(each, 'base', 'repo', 'id') === here)
    .map((each) => wholeAt(each, 'number'));
  return { numbers, heads: [textAt(json, event, 'head_sha')] };
}

/** The queue's own branch names the pull request. */
function githubQueue(json: unknown): Found {
  const base = branchOf(textAt(json, 'merge_group', 'base_ref'));
  const number = /\/pr-(\d{1,15})-/.exec(textAt(json, 'merge_group', 'head_ref') ?? '')?.[1];
  return { numbers: number === undefined ? [] : [Number(number)], baseBranches: [base] };
}

function gitlab(json: unknown): Found | null {
  switch (textAt(json, 'object_kind') ?? '') {
    case 'merge_request':
      return { numbers: [wholeAt(json, 'object_attributes', 'iid')] };
    case 'note':
      return { numbers: [wholeAt(json, 'merge_request', 'iid')] };
    case 'pipeline':
      return {
        numbers: [wholeAt(json, 'merge_request', 'iid')],
        heads: [textAt(json, 'object_attributes', 'sha')],
      };
    case 'build':
      return { heads: [textAt(json, 'sha')] };
    case 'push':
      return { baseBranches: [branchOf(textAt(json, 'ref'))] };
    default:
      return null;
  }
}

/** Reviews and comments have events of many names, all with the pull request in them. */
function gitea(event: string, json: unknown): Found | null {
  if (event.startsWith('pull_request')) {
    return { numbers: [wholeAt(json, 'pull_request', 'number') ?? wholeAt(json, 'number')] };
  }
  switch (event) {
    case 'issue_comment':
      return at(json, 'is_pull') === true || at(json, 'issue', 'pull_request') !== null
        ? { numbers: [wholeAt(json, 'issue', 'number')] }
        : null;
    case 'status':
      return { heads: [textAt(json, 'sha')] };
    case 'push':
      return { baseBranches: [branchOf(textAt(json, 'ref'))] };
    case 'repository':
      return { all: true };
    default:
      return null;
  }
}

/** Tags and other refs are no branches. */
function branchOf(ref: string | null): string | null {
  return ref?.startsWith('refs/heads/') === true ? ref.slice('refs/heads/'.length) : null;
}

const EACH_MAX = 50;

/** H1 */
function due(provider: ForgeProvider, project: string | null, found: Found | null): Due | null {
  if (found === null || project === null || !fitsProvider(provider, project)) return null;
  const numbers = unique(found.numbers).filter((each) => each > 0);
  const heads = unique(found.heads).flatMap((each) => (isCommit(each) ? [commitOf(each)] : []));
  const baseBranches = unique(found.baseBranches).filter(isBranch);
  const all = found.all ?? false;
  const isEmpty = numbers.length + heads.length + baseBranches.length === 0 && !all;
  return isEmpty ? null : { project, numbers, heads, baseBranches, all };
}

function unique<T>(values: readonly (T | null)[] = []): readonly T[] {
  return [...new Set(values.filter((each) => each !== null))].slice(0, EACH_MAX);
}

/** No real commit is all zeros: that says "none". */
function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) && !/^0+$/.test(text);
}

function isBranch(text: string): boolean {
  return text.length <= 255 && !/[\p{Cc}\s~^:?*[\\]|\.\./u.test(text);
}
