/**
 * Words of an agent made safe to show on a forge: they stay as they were written, and can neither
 * leave their frame nor set anything off there. Pure.
 *
 * T1 They stand in a quote, line by line: no heading, fence, comment or trailer of theirs begins
 *    a line, and what they leave open ends with the quote.
 * T2 Outside of code an `@name` notifies people and a `#12` may close an issue: both are put into
 *    backticks, and raw HTML into entities. Nothing is taken away but a stray backtick.
 * T3 Where it is unsure whether a forge sees code, it is treated as prose.
 */
import { plain, shorten } from './quote.ts';

/** T1. Lines of a Markdown quote; what is too long is shortened in the middle. */
export function quotedForForge(text: string, charsMax: number): string {
  const lines = inert(shorten(plain(text).trim(), charsMax)).split('\n');
  return lines.map((line) => (line.trim() === '' ? '>' : `> ${line}`)).join('\n');
}

/** One line as a code span, whatever backticks are in it. */
export function codeSpan(line: string): string {
  const runs = line.match(/`+/g) ?? [];
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 0);
  const ticks = '`'.repeat(longest + 1);
  return longest === 0 ? `${ticks}${line}${ticks}` : `${ticks} ${line} ${ticks}`;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

/** T2, line by line: code blocks are left alone, their info line is not. */
function inert(text: string): string {
  let fence: string | null = null;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const mark: string | undefined = FENCE.exec(line)?.[1];
    if (fence !== null) {
      const ends = mark?.startsWith(fence) === true && line.trim() === mark;
      if (ends) fence = null;
      lines.push(line);
    } else if (mark === undefined) {
      lines.push(inertLine(line));
    } else {
      fence = mark;
      lines.push(mark);
    }
  }
  if (fence !== null) lines.push(fence);
  return lines.join('\n');
}

/** A span ends on its line. One with a bar in it may be cut by a table, so it is prose. T3 */
function inertLine(line: string): string {
  const spans = /(?<!`)(`+)(?!`)([^|]*?[^`|])\1(?!`)/g;
  let made = '';
  let from = 0;
  for (const span of line.matchAll(spans)) {
    made = apart(apart(made, inertProse(line.slice(from, span.index))), span[0]);
    from = span.index + span[0].length;
  }
  return apart(made, inertProse(line.slice(from)));
}

/** Two spans side by side would be one run of backticks. */
function apart(left: string, right: string): string {
  return left.endsWith('`') && right.startsWith('`') ? `${left} ${right}` : left + right;
}

/** A name or a reference, or an address that holds one; backslashes before it would open it. */
const LOUD = new RegExp(
  [
    /https?:\/\/[^\s<>()[\]]+/,
    /\\*@\w[\w.-]*(?:\/[\w.-]+)*/,
    /(?:[\w.-]+(?:\/[\w.-]+)+)?\\*[#!]\d+/,
    /\bGH-\d+/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

function inertProse(text: string): string {
  const still = text
    .replaceAll('`', "'")
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replace(/<(?=[a-z/!?])/gi, '&lt;');
  return still.replace(LOUD, (found: string, at: number) => {
    const isAddress = /^https?:/i.test(found);
    // `ann@example.com` names nobody.
    const isMail = found.startsWith('@') && /\w/.test(still.charAt(at - 1));
    const isLink =
      isAddress && !/\/(?:issues|pull|pulls|merge_requests|work_items)\/\d/i.test(found);
    return isMail || isLink ? found : `\`${found.replaceAll('\\', '')}\``;
  });
}
