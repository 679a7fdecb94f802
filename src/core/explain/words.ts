/**
 * What every explanation is made of: its shape, what is known about the place it is shown at, and
 * small turns of phrase. Pure.
 *
 * W1 A command in `next` names real ids where they are known, and else a command that lists them.
 */
import type { FailureKind, FailureOf } from '../failure.ts';
import type { Instant } from '../time.ts';
import { lastLines, oneLine } from '../quote.ts';

export interface Explanation {
  /** What happened, in one sentence. */
  readonly what: string;
  /** What was seen; may have several lines, may be empty. Untrusted text is shortened. */
  readonly evidence: string;
  /** Exactly one thing the reader can do. */
  readonly next: string;
}

/** Where the failure or wait was found; whatever is known of it. */
export interface About {
  readonly rig?: string | null | undefined;
  readonly bead?: string | null | undefined;
  readonly attempt?: string | null | undefined;
  readonly mergeRequest?: string | null | undefined;
  readonly escalation?: string | null | undefined;
  /** The address of its pull request. */
  readonly url?: string | null | undefined;
  /** For "in 3 min"; without it the time itself is shown. */
  readonly now?: Instant | undefined;
}

/** One sentence-maker for each of these kinds: leaving one out does not compile. */
export type Says<K extends FailureKind = FailureKind> = {
  readonly [P in K]: (failure: FailureOf<P>, about: About) => Explanation;
};

const OUTPUT_LINES_MAX = 12;
const LISTED_MAX = 8;

/** The end of a command's output. */
export function tail(output: string): string {
  return lastLines(output, OUTPUT_LINES_MAX);
}

/** A word of somebody else inside a sentence of ours. */
export function quoted(text: string, charsMax = 160): string {
  return `“${oneLine(text, charsMax)}”`;
}

/** A name, path or address inside a sentence. */
export function named(text: string): string {
  return oneLine(text, 200);
}

/** `a, b, c and 4 more` */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MAX).map((name) => oneLine(name, 120));
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** One name a line. */
export function lines(names: readonly string[]): string {
  const shown = names.slice(0, OUTPUT_LINES_MAX).map((name) => oneLine(name, 200));
  const more = names.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** Parts that say something, one a line. */
export function stacked(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== '').join('\n');
}

export function short(commit: string): string {
  return commit.slice(0, 12);
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** `with exit code 1`, `by signal SIGKILL`, or nothing when it is not known. */
export function howItEnded({ exitCode, signal }: Ended): string {
  if (signal !== null) return ` by signal ${signal}`;
  return exitCode === null ? '' : ` with exit code ${exitCode}`;
}

/** `1 time`, `3 times`, `1 attempt` */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

export function number(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `45 s`, `3 min`, `2 h`, `4 days` */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** `in 3 min`, or `at 2030-01-31T12:00:00Z` where now is not known. */
export function when(at: Instant, now?: Instant): string {
  if (now !== undefined) return at > now ? `in ${span(at - now)}` : 'now';
  return `at ${new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')}`;
}

/** Look at the rig again, once something outside was put right. W1 */
export function examine(first: string, { rig }: About): string {
  return known(rig) ? `${first}, then run: gt rig doctor ${rig}` : `${first}, then try again`;
}

/** Go on with what was held back: a bead or its landing, else the whole rig. W1 */
export function again(first: string, about: About): string {
  const { bead, escalation, mergeRequest } = about;
  if (known(bead)) return `${first}, then run: gt bead retry ${bead}`;
  return known(escalation) && known(mergeRequest)
    ? `${first}, then run: gt escalation resolve ${escalation}`
    : examine(first, about);
}

/** A bead that failed is tried again with a hint. W1 */
export function retryWithNote({ bead }: About): string {
  return known(bead)
    ? `Say what helps and try again: gt bead retry ${bead} --note "…"`
    : 'See which bead it is: gt bead list --status failed';
}

export function known(id: string | null | undefined): id is string {
  return id !== null && id !== undefined;
}

/** The whole of what an agent said and did. W1 */
export function readLog({ attempt, bead }: About): string {
  const id = attempt ?? bead;
  return known(id) ? `Read what it did: gt agent logs ${id}` : 'Find it: gt agent list --all';
}

/** Set a value for the rig where one is known, else for the town. W1 */
export function setting(key: string, value: string, { rig }: About): string {
  return known(rig) ? `gt rig set ${rig} ${key}=${value}` : `gt config set ${key} ${value}`;
}
