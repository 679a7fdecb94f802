/**
 * The only place that writes to the terminal.
 *
 * O1 With --json stdout carries exactly one JSON document (a stream: one per line), also when the
 *    command fails; everything else goes to stderr.
 * O2 Colours only on a terminal, and never with NO_COLOR. Nothing is told by colour alone.
 * O3 Text from the town, agents and repositories is cleaned of control characters before it
 *    reaches a terminal.
 */
import type { Problem } from './problem.ts';
import type { ExitCode } from './exit-codes.ts';
import type { TextSink, World } from './world.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
};

const ROW_GAP = 2;
const COLUMN_MIN = 12;

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export class Output {
  readonly json: boolean;
  readonly #out: TextSink;
  readonly #err: TextSink;
  readonly #color: boolean;
  readonly #errColor: boolean;
  #hasBegun = false;

  constructor(world: Pick<World, 'stdout' | 'stderr' | 'env'>, json: boolean) {
    this.json = json;
    this.#out = world.stdout;
    this.#err = world.stderr;
    const { NO_COLOR: noColor, TERM: term } = world.env;
    const allowed = (noColor === undefined || noColor === '') && term !== 'dumb'; // O2
    this.#color = allowed && world.stdout.isTty;
    this.#errColor = allowed && world.stderr.isTty;
  }

  /** The outcome of a command: one document, or lines for people. */
  result(document: unknown, lines: () => readonly string[]): void {
    if (this.json) this.#write(`${JSON.stringify(document, null, 2)}\n`);
    else this.lines(lines());
  }

  /** Ctrl-C: a reader of stdout is told that the document it waits for does not come. O1 */
  interrupted(exitCode: ExitCode): void {
    if (!this.json || this.#hasBegun) return;
    const what = 'It was interrupted before it had an answer.';
    const error = { kind: 'interrupted', what, evidence: '', next: 'gt status', exitCode };
    this.result({ error }, () => []);
  }

  /** One document of a stream, on one line. O1 */
  streamed(document: unknown): void {
    this.#write(`${JSON.stringify(document)}\n`);
  }

  /** Text exactly as it is, such as a diff or an export. */
  raw(text: string): void {
    this.#write(text);
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#out.write(`${lines.join('\n')}\n`);
  }

  /** Progress and hints: stdout for people, stderr when stdout is a document. O1 */
  note(line: string): void {
    (this.json ? this.#err : this.#out).write(`${line}\n`);
  }

  warn(line: string): void {
    this.#err.write(`${line}\n`);
  }

  /** A question to the person; it never lands in a document. */
  ask(text: string): void {
    this.#err.write(text);
  }

  problem(problem: Problem, exitCode: ExitCode): void {
    if (this.json) {
      const { kind, what, evidence, next } = problem;
      const error = { kind, what, evidence, next, exitCode };
      this.#out.write(`${JSON.stringify({ error }, null, 2)}\n`);
    }
    const mark = paint('red', 'error:', this.#errColor);
    const parts = [`${mark} ${clean(problem.what)}`];
    if (problem.evidence !== '') parts.push(`  evidence: ${indented(clean(problem.evidence))}`);
    if (problem.next !== '') parts.push(`  next: ${indented(clean(problem.next))}`);
    this.#err.write(`${parts.join('\n')}\n`);
  }

  paint(style: Style | undefined, text: string): string {
    return style === undefined ? text : paint(style, text, this.#color);
  }

  /** Rows under their headings; the last column is cut to the terminal's width. */
  table(headings: readonly string[], rows: readonly (readonly (string | Cell)[])[]): string[] {
    const cells = rows.map((row) => row.map((cell) => asCell(cell)));
    const widths = headings.map((heading, column) =>
      Math.max(width(heading), ...cells.map((row) => width(row[column]?.text ?? ''))),
    );
    const head = headings.map((text) => ({ text: text.toUpperCase(), style: 'dim' as const }));
    return [head, ...cells].map((row) => this.#row(row, widths));
  }

  /** `name  value` pairs, one a line. */
  fields(pairs: readonly (readonly [string, string | Cell | null | undefined])[]): string[] {
    const shown = pairs.filter((pair) => pair[1] !== null && pair[1] !== undefined);
    const longest = Math.max(0, ...shown.map(([name]) => width(name)));
    return shown.map(([name, value]) => {
      const cell = asCell(value ?? '');
      const label = this.paint('dim', name.padEnd(longest));
      const text = cell.text.split('\n').join(`\n${' '.repeat(longest + ROW_GAP)}`);
      return `${label}${' '.repeat(ROW_GAP)}${this.paint(cell.style, text)}`;
    });
  }

  #write(text: string): void {
    this.#hasBegun = true;
    this.#out.write(text);
  }

  #row(row: readonly Cell[], widths: readonly number[]): string {
    const last = row.length - 1;
    const before = widths.slice(0, last).reduce((sum, size) => sum + size + ROW_GAP, 0);
    const room = Math.max(COLUMN_MIN, (this.#out.columns ?? Infinity) - before);
    const parts = row.map(({ text, style }, column) => {
      const shown = column === last ? cut(text, room) : text;
      const gap = column === last ? '' : ' '.repeat((widths[column] ?? 0) - width(shown) + ROW_GAP);
      return this.paint(style, shown) + gap;
    });
    return parts.join('').trimEnd();
  }
}

/** Without escape sequences and control characters, except tab and newline. O3 */
export function clean(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g, '')
      .replace(/\r\n?/g, '\n')
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
  );
}

/** On one line, for a cell. */
export function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

/** `just now`, `40s ago`, `3m ago`, `5h ago`, `2d ago`. */
export function ago(at: number | null | undefined, now: number): string {
  if (at === null || at === undefined) return '';
  return now - at < 1000 ? 'just now' : `${span(now - at)} ago`;
}

/** `40s`, `3m`, `5h`, `2d`: the largest unit only. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Columns a text takes: wide characters take two, combining ones none. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    columns += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  }
  return columns;
}

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (width(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

function asCell(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell } : cell;
}

function paint(style: Style, text: string, color: boolean): string {
  const [on, off] = CODES[style];
  return color && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

function indented(text: string): string {
  return text.split('\n').join('\n    ');
}
