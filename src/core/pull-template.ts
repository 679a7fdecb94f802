/**
 * The repository's own template for pull requests, filled with what is known. Pure.
 *
 * T1 A section of ours stands under the template's heading that asks for it; what no heading asks
 *    for stands before it, under a heading of its own. All else of the template stays, with its
 *    boxes as they are: nobody ticked them.
 * T2 Comments are for whoever writes by hand, and go. T3 A template closes no issue and is no
 *    trailer.
 */
import { inertIssues } from './issue.ts';

export interface Section {
  readonly title: string;
  readonly text: string;
  /** Headings that ask for it. */
  readonly asked: RegExp;
}

const HEADING = /^ {0,3}#{1,6}\s+(.+?)\s*#*$/;
const FENCE = /^ {0,3}(?:```|~~~)/;

export function filledTemplate(template: string, sections: readonly Section[]): string {
  const left = [...sections];
  const filled: string[] = [];
  let isCode = false;
  for (const line of cleaned(template).split('\n')) {
    filled.push(line);
    if (FENCE.test(line)) isCode = !isCode;
    const heading = isCode ? undefined : HEADING.exec(line)?.[1];
    const at = left.findIndex(({ asked }) => heading !== undefined && asked.test(heading));
    const [section] = at === -1 ? [] : left.splice(at, 1);
    if (section !== undefined) filled.push('', section.text, '');
  }
  const own = left.map(({ title, text }) => `## ${title}\n\n${text}`);
  return [...own, tidied(filled.join('\n'))].filter((part) => part !== '').join('\n\n');
}

/** T2, T3 */
function cleaned(template: string): string {
  const text = template.replaceAll('\r\n', '\n').replace(/<!--[\s\S]*?(?:-->|$)/g, '');
  const lines = text.split('\n').filter((line) => !/^\s*Gastown-Pull:/i.test(line));
  return inertIssues(lines.join('\n'));
}

function tidied(text: string): string {
  return text
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
