/**
 * How things of the town look in a terminal: statuses, waits, explanations, events. The words of
 * explanations come from the town; nothing here composes one.
 *
 * F1 Every status shows as its word; colour only repeats it.
 */
import type { JournalEntry, RigResource } from '../protocol/http.ts';
import { clean, oneLine, type Cell, type Output, type Style } from './output.ts';

export interface Sentences {
  readonly what: string;
  readonly evidence: string;
  readonly next: string;
}

const STYLES: Readonly<Record<string, Style>> = {
  open: 'bold',
  blocked: 'dim',
  held: 'dim',
  in_progress: 'blue',
  in_review: 'cyan',
  failed: 'red',
  merged: 'green',
  dropped: 'dim',
  no_change: 'dim',
  ready: 'green',
  unready: 'red',
  parked: 'yellow',
  running: 'blue',
  starting: 'blue',
  stopping: 'yellow',
  submitted: 'green',
  crashed: 'red',
  timed_out: 'red',
  idle_without_done: 'red',
  start_failed: 'red',
  landing: 'cyan',
  gating: 'cyan',
  approved: 'green',
  changes_requested: 'yellow',
  abandoned: 'dim',
  passed: 'green',
  could_not_run: 'red',
  ran_nothing: 'red',
  failure: 'red',
  question: 'yellow',
  warning: 'yellow',
  paused: 'yellow',
  halted: 'yellow',
  connected: 'green',
  lost: 'red',
};

export function statusCell(status: string): Cell {
  return { text: status, style: STYLES[status] };
}

/** `closed` says nothing alone: its resolution does. */
export function beadStatusOf(bead: { status: string; resolution: string | null }): string {
  return bead.status === 'closed' ? (bead.resolution ?? 'closed') : bead.status;
}

/** What, evidence, next; indented under whatever they explain. */
export function sentences(output: Output, said: Sentences, indent = ''): string[] {
  const block = (text: string): string => clean(text).split('\n').join(`\n${indent}            `);
  const lines = [`${indent}${block(said.what)}`];
  if (said.evidence !== '') {
    lines.push(`${indent}  ${output.paint('dim', 'evidence')}  ${block(said.evidence)}`);
  }
  if (said.next !== '')
    lines.push(`${indent}  ${output.paint('dim', 'next    ')}  ${block(said.next)}`);
  return lines;
}

/** The first line of what it waits for, for a table. */
export function firstWait(waits: readonly { what: string }[]): string {
  return oneLine(waits[0]?.what ?? '');
}

export function shortCommit(commit: string | null | undefined): string | null {
  return commit === null || commit === undefined ? null : commit.slice(0, 10);
}

export function usageText(usage: {
  inputTokens: number;
  outputTokens: number;
  usd: number | null;
}): string | null {
  if (usage.inputTokens + usage.outputTokens === 0 && usage.usd === null) return null;
  const tokens = `${usage.inputTokens} tokens in, ${usage.outputTokens} out`;
  return usage.usd === null ? tokens : `${tokens}, $${usage.usd.toFixed(2)}`;
}

/** One line of the feed; a change that moved nothing stands back. */
export function eventLine(output: Output, entry: JournalEntry): string {
  const at = output.paint('dim', clockTime(entry.at));
  const name = oneLine(`${entry.kind.replaceAll('_', ' ')} ${entry.id}`).padEnd(22);
  const why = oneLine(entry.why.replaceAll('_', ' '));
  if (!isMove(entry)) return `${at}  ${name}  ${output.paint('dim', `· ${why}`)}`;
  const to = entry.to ?? entry.op;
  const change = entry.from === null ? to : `${entry.from} → ${to}`;
  const shown = output.paint(STYLES[to], oneLine(change));
  return `${at}  ${name}  ${shown}${why === '' ? '' : `  ${output.paint('dim', why)}`}`;
}

/** Did it come to be, end, or change its status? */
export function isMove(entry: JournalEntry): boolean {
  return entry.op === 'insert' || entry.op === 'delete' || entry.from !== entry.to;
}

/** Local time of day. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export function forgeText({ forge }: RigResource): string | null {
  if (forge === null) return null;
  const own = forge.ownCredential ? ', with a credential of its own' : '';
  return `${forge.provider} at ${forge.origin}/${oneLine(forge.path)}${own}`;
}

export function landsOn(rig: RigResource): string {
  return rig.updateCheckout ? `${rig.target}, in the checkout by fast-forward` : rig.target;
}
