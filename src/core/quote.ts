/**
 * Text that is not ours: of agents, commands and remotes. It is shown shortened and set apart, so
 * that neither a person nor an agent can take it for words of the system.
 *
 * Q1 A fence is longer than any run of backticks inside it: what is inside cannot end it.
 * Q2 Shortening keeps the beginning and the end, where commands say what went wrong.
 * Q3 On one line there are no line breaks, control characters or marks that reorder text.
 */

/** Q2. At most `charsMax` characters and a note of how many were left out. */
export function shorten(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const head = Math.floor(charsMax / 3);
  const tail = charsMax - head;
  const left = text.length - head - tail;
  return `${text.slice(0, head)}\n[… ${left} characters left out …]\n${text.slice(-tail)}`;
}

/** Q1 */
export function fenced(text: string): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${plain(text).trimEnd()}\n${fence}`;
}

/** Q3. Cut at the end. */
export function oneLine(text: string, charsMax: number): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).trimEnd()}…`;
}

/** The last lines of an output that say something, each cut; where the cause usually stands. */
export function lastLines(text: string, linesMax: number): string {
  const lines = plain(text)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  return lines
    .slice(-linesMax)
    .map((line) => (line.length <= LINE_CHARS_MAX ? line : `${line.slice(0, LINE_CHARS_MAX)}…`))
    .join('\n');
}

const LINE_CHARS_MAX = 240;

/** No colours, no control characters but tab and line feed, no marks that reorder text. Q3 */
export function plain(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(ESCAPE_SEQUENCE, '')
    .replace(/(?![\t\n])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu, '');
}

const ESC = '\u001B';
const BELL = '\u0007';
/** Colours and cursor moves, and titles up to their end, which is on their line. */
const ESCAPE_SEQUENCE = new RegExp(
  `${ESC}\\[[0-?]*[ -/]*[@-~]|${ESC}\\][^${BELL}${ESC}\n]*(?:${BELL}|${ESC}\\\\)?`,
  'g',
);
