/**
 * Discussions of a merge request: which of them are threads that want an answer, and who has asked
 * for changes. Pure.
 *
 * D1 A thread is a discussion with a note that can be resolved; it is open while one of those is.
 *    GitLab does not tell which ones are outdated, and they block there: they count.
 * D2 Whoever opened it decides whether it is a person's. What is not surely a bot is a person.
 * D3 GitLab notes what reviewers decide as system notes; the last one of each is their opinion.
 */
import type { Threads } from '../../core/pull-request.ts';
import type { Discussion, LabUser, Note } from './shapes.ts';

export function threadsOf(discussions: readonly Discussion[]): Threads {
  const open = discussions.filter(isOpenThread);
  const bots = open.filter(({ notes }) => isBot(notes[0]?.author ?? null)).length;
  return { unresolved: open.length - bots, unresolvedByBots: bots };
}

/** D1 */
export function isOpenThread({ notes }: Discussion): boolean {
  return notes.some((note) => note.resolvable === true && note.resolved !== true);
}

/** D2. Tokens of projects and groups, and service accounts, have names of a fixed form. */
export function isBot(author: LabUser | null): boolean {
  if (author === null) return false;
  const isNamed = /^(?:(?:project|group)_\d+_bot|service_account_)/.test(author.username);
  return author.bot === true || isNamed;
}

/** D3 */
export function askedForChanges(discussions: readonly Discussion[]): readonly string[] {
  const last = new Map<string, { readonly id: number; readonly asks: boolean }>();
  for (const note of discussions.flatMap(({ notes }) => notes)) {
    const asks = opinionOf(note);
    const name = note.author?.username;
    if (asks === null || name === undefined) continue;
    if ((last.get(name)?.id ?? -1) < note.id) last.set(name, { id: note.id, asks });
  }
  return [...last].filter(([, { asks }]) => asks).map(([name]) => name);
}

function opinionOf({ system, body }: Note): boolean | null {
  if (system !== true) return null;
  if (/^requested changes\b/i.test(body ?? '')) return true;
  const isTakenBack = /^(?:un)?approved this merge request\b/i.test(body ?? '');
  return isTakenBack ? false : null;
}
