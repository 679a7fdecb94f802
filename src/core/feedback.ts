/**
 * Feedback of a pull request: what of it is news, how it is shown to an agent, and what is said
 * back to those who wrote it. Pure.
 *
 * N1 What was shown and answered is no news: a thread is again when somebody writes in it, a
 *    review that is only a body never is.
 * N2 Replies go to threads the agent was shown, one each, known by a hidden marker.
 * N3 Code composes a reply; the agent's own words in it are quoted and set nothing off.
 * N4 A thread is resolved only where a new head answered it.
 */
import type { Failure } from './failure.ts';
import type { Feedback, Remark, Thread, ThreadReply } from './forge-answers.ts';
import { quotedForForge } from './forge-text.ts';
import { hashOf } from './launch.ts';
import type { MergeRequest, ThreadAnswer } from './merge-request.ts';
import type { PullRequestSnapshot } from './pull-request.ts';
import type { Town } from './town.ts';

/** More than an agent takes in at once; the rest comes in the next round. */
const shownMax = 40;
const answerCharsMax = 2000;

type PullFeedback = Extract<Failure, { kind: 'pr_feedback' }>;

interface News {
  readonly threads: readonly Thread[];
  readonly bodies: readonly Remark[];
}

/** N1 */
function newsOf({ answers }: MergeRequest, feedback: Feedback): News {
  const known = new Map(answers.map((answer) => [answer.thread, answer]));
  return {
    threads: feedback.threads.filter(({ id, resolved, outdated, comments }) => {
      const answer = known.get(id);
      const isOpen = !resolved && !outdated;
      return isOpen && (answer?.done !== true || comments.length > answer.comments);
    }),
    bodies: feedback.bodies.filter((remark) => known.get(bodyId(remark))?.done !== true),
  };
}

function bodyId({ author, body }: Remark): string {
  return `review ${hashOf({ author, body })}`;
}

export function failureOf(request: MergeRequest, feedback: Feedback): PullFeedback {
  const { threads: open, bodies } = newsOf(request, feedback);
  const threads = [
    ...open.map((thread) => ({
      id: thread.id,
      place: thread.path === null ? 'conversation' : `${thread.path}:${thread.line ?? '?'}`,
      author: thread.comments[0]?.author ?? 'somebody',
      relation: thread.comments[0]?.association ?? 'none',
      text: thread.comments.map(({ author, body }) => `${author}: ${body}`).join('\n'),
    })),
    ...bodies.map(({ author, association, body }) => ({
      id: '',
      place: 'review',
      author,
      relation: association,
      text: body,
    })),
  ];
  const checks = feedback.failing.map(({ name, step, log }) => ({ name, step, log }));
  return {
    kind: 'pr_feedback',
    helps: 'no',
    url: request.prUrl ?? '',
    checks: checks.slice(0, shownMax),
    threads: threads.slice(0, shownMax),
    more: Math.max(0, checks.length - shownMax) + Math.max(0, threads.length - shownMax),
  };
}

/** N2. What a round owes: its threads in the order shown, then what earlier rounds answered. */
export function owedFor(
  town: Town,
  request: MergeRequest,
  feedback: Feedback,
): readonly ThreadAnswer[] {
  const { threads, bodies } = newsOf(request, feedback);
  const shown = threads.slice(0, shownMax);
  const shownBodies = bodies.slice(0, Math.max(0, shownMax - shown.length));
  const owed = shown.map(({ id, comments }) => ({
    thread: id,
    marker: markerOf(town, request, id),
    comments: comments.length,
    done: false,
    tries: 0,
  }));
  const told = shownBodies.map((remark) => ({
    thread: bodyId(remark),
    marker: '',
    comments: 1,
    done: true,
    tries: 0,
  }));
  const again = new Set([...owed, ...told].map(({ thread }) => thread));
  const before = request.answers.filter(({ thread, done }) => done && !again.has(thread));
  return [...owed, ...told, ...before];
}

function markerOf(town: Town, request: MergeRequest, thread: string): string {
  const about = hashOf({ head: request.head, thread });
  return `<!-- gastown-reply: ${town.tag}/${request.id}/${about} -->`;
}

/** Of everything unresolved at this head: a round is about it once. */
export function fingerprintOf(request: MergeRequest, feedback: Feedback): string {
  const { threads, bodies } = newsOf(request, feedback);
  const items = {
    checks: feedback.failing.map(({ name }) => name).toSorted(),
    threads: threads.map(({ id, comments }) => `${id} ${comments.length}`).toSorted(),
    bodies: bodies.map(bodyId).toSorted(),
  };
  return hashOf(items);
}

/** What a snapshot shows of feedback: while it is the same, reading it in detail tells nothing. */
export function glanceOf(snapshot: PullRequestSnapshot): string {
  const { head, checks, threads, review, updatedAt } = snapshot;
  const failing = checks.is === 'complete' ? checks.value.failing : checks.is;
  return `${head} ${hashOf({ failing, threads, review, updatedAt })}`;
}

/** The head the last round was about. */
export function roundHeadOf({ feedbackSeen }: MergeRequest): string | null {
  return feedbackSeen?.split(' ')[0] ?? null;
}

/** The next replies that are owed; at most `countMax`. */
export function repliesOf(
  request: MergeRequest,
  summary: string,
  countMax: number,
): readonly ThreadReply[] {
  const { head } = request;
  if (head === null) return [];
  const said = answersIn(summary);
  const isNew = roundHeadOf(request) !== head;
  return request.answers
    .map((answer, index) => ({ ...answer, own: said.get(index + 1) ?? null }))
    .filter(({ done }) => !done)
    .slice(0, countMax)
    .map(({ thread, marker, comments, own }) => ({
      thread,
      marker,
      body: replyBody(head, isNew, own),
      resolve: isNew, // N4
      comments,
    }));
}

/** N3. A short commit is a link on every forge. */
function replyBody(head: string, isNew: boolean, own: string | null): string {
  const short = head.slice(0, 12);
  const first = isNew ? `Addressed in ${short}.` : `Looked at again; nothing changed at ${short}.`;
  return own === null ? first : `${first}\n\n${quotedForForge(own, answerCharsMax)}`;
}

const ANSWER = /^[\s>*-]*\**thread (\d{1,3})\**\s*[:.)]\**\s*(.+)$/i;

/** `Thread 2: kept, because …` in a summary: the agent's answers by the number shown to it. */
export function answersIn(summary: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const line of summary.split('\n')) {
    const [, number, text] = ANSWER.exec(line) ?? [];
    if (number !== undefined && text !== undefined) found.set(Number(number), text.trim());
  }
  return found;
}
