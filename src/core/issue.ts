/**
 * Issues of forges, as people name them: `#12` of the rig's own repository, `team/docs#3` of
 * another one there. A bead is about those that its own words say it fixes. Pure.
 *
 * I1 One issue has one name, however it was written: `team/web#12`, in lower case as forges
 *    compare paths. A rig on no forge has its own numbers.
 */
import type { OpenSpec } from './forge-answers.ts';
import { rigId } from './ids.ts';
import type { ForgeProject } from './pull-request.ts';
import type { Rig } from './rig.ts';

const FIXES =
  /\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?):? ((?:(?:[\w.-]+\/)+[\w.-]+)?#\d{1,9})\b/gi;
const ISSUE = /^(?:((?:[\w.-]+\/)+[\w.-]+)?#)?(\d{1,9})$/;
const PAGE = /^\/((?:[\w.][\w.-]*\/)+[\w.][\w.-]*)(?:\/-)?\/issues\/(\d{1,9})\/?$/;

/** How many of them a bead can be about, and how long a name can be: anybody's words may say it. */
const issuesMax = 10;
const issueCharsMax = 300;

/** `#12`, `team/docs#3`: as they are written, each once. */
export function issuesNamed(words: string): readonly string[] {
  const named = [...words.matchAll(FIXES)].map(([, issue]) => issue ?? '');
  const plain = named.filter(({ length }) => length <= issueCharsMax);
  return [...new Set(plain)].slice(0, issuesMax);
}

/** The same words, of which no forge takes any for closing an issue. */
export function inertIssues(words: string): string {
  return words.replace(FIXES, (all, issue: string) => all.replace(issue, `\`${issue}\``));
}

type Repository = Pick<Rig, 'id' | 'forge'>;

/** I1 */
export function issuesOf(rig: Repository, words: string): readonly string[] {
  const own = ownPath(rig);
  const names = issuesNamed(words).map((issue) => (issue.startsWith('#') ? own + issue : issue));
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** Does a pull request of `project` say that it closes one of these, and is none of ours? */
export function isRival(
  project: ForgeProject,
  { issues, ours }: OpenSpec['unless'],
  { title, body }: { readonly title: string; readonly body: string | null },
): boolean {
  const lines = (body ?? '').split('\n');
  if (lines.some((line) => line.trim().startsWith(ours))) return false;
  const said = issuesOf({ id: rigId(''), forge: project }, `${title}\n${body ?? ''}`);
  return said.some((issue) => issues.includes(issue));
}

/** I1. What an issue is called once its rig's repository is somewhere else; others stay. */
export function issueMoved(issue: string, from: Repository, to: Repository): string {
  const own = `${ownPath(from).toLowerCase()}#`;
  return issue.startsWith(own) ? `${ownPath(to).toLowerCase()}#${issue.slice(own.length)}` : issue;
}

function ownPath({ id, forge }: Repository): string {
  return forge?.path ?? id;
}

/** The body, and after it the issues that neither it nor the title says it fixes. */
export function bodyFixing(
  rig: Repository,
  { title, body }: { readonly title: string; readonly body: string },
  issues: readonly string[],
): string {
  const said = issuesOf(rig, `${title}\n${body}`);
  const more = issues
    .map((issue) => `Fixes ${issue}`)
    .filter((fixes) => issuesOf(rig, fixes).some((name) => !said.includes(name)));
  if (more.length === 0) return body;
  return [body.trimEnd(), more.join('\n')].filter((part) => part !== '').join('\n\n');
}

/** What a person names as `12`, `#12`, `team/docs#3` or by its page, as words name it; or null. */
export function readIssue(rig: Pick<Rig, 'forge'>, given: string): string | null {
  const text = given.trim();
  const short = ISSUE.exec(text);
  if (short !== null) return `${short[1] ?? ''}#${short[2] ?? ''}`;
  const origin = rig.forge?.origin;
  if (origin === undefined || !same(text.slice(0, origin.length + 1), `${origin}/`)) return null;
  const page = PAGE.exec(text.slice(origin.length));
  if (page === null) return null;
  const [, path = '', number = ''] = page;
  return `${same(path, rig.forge?.path ?? '') ? '' : path}#${number}`;
}

function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
