/**
 * What a pull request says of its scope: what was declared, and which files are touched. Pure.
 *
 * C1 Names of files are untrusted: each is one line of code, which can neither end it nor start
 *    anything on a forge. C2 What lies outside of the scope comes first.
 * C3 What is not known is said to be that. C4 The text is bounded, whatever names there are.
 */
import type { Bead } from './bead.ts';
import { codeSpan } from './forge-text.ts';
import { oneLine } from './quote.ts';
import { compared, type Touched } from './touched.ts';

const declaredCharsMax = 1500;
const outsideCharsMax = 3000;
const restCharsMax = 1500;
const pathsShownMax = 20;
const pathCharsMax = 160;

export function scopeText({ scope, submission, reverts }: Bead): string {
  const declared = scope.length === 0 ? 'None was declared.' : `Declared: ${joined(scope)}.`;
  const touched = submission?.touched ?? null;
  if (touched !== null) return touchedText(declared, scope, touched);
  return submission === null && reverts !== null
    ? `${declared} It takes back what ${reverts.bead} changed; its files were not listed.`
    : `${declared} Which files are touched is not known.`; // C3
}

/** As many of the first lines as fit, and how many more there are. C4 */
export function fitting(
  lines: readonly string[],
  all: number,
  linesMax: number,
  charsMax: number,
): readonly string[] {
  let chars = 0;
  const shown: string[] = [];
  for (const line of lines.slice(0, linesMax)) {
    chars += line.length + 1;
    if (chars > charsMax) break;
    shown.push(line);
  }
  const more = all - shown.length;
  return more === 0 ? shown : [...shown, `- ${shown.length === 0 ? '' : 'and '}${more} more`];
}

function touchedText(declared: string, scope: readonly string[], touched: Touched): string {
  const { files } = touched;
  const { outside, inside, outsideFiles, notCompared } = compared(scope, touched);
  const within = files - outsideFiles - notCompared;
  const least = notCompared === 0 ? '' : 'at least ';
  const number = outsideFiles === 0 ? 'none' : `${least}${outsideFiles}`;
  // C3: none is said only of all.
  const isSaid = scope.length > 0 && (outsideFiles > 0 || notCompared === 0);
  const kind = isSaid ? `, ${number} of them outside of that` : '';
  const head = `${declared} ${files} ${files === 1 ? 'file is' : 'files are'} touched${kind}.`;
  const first = listOf(outside, outsideFiles, outsideCharsMax); // C2
  const rest = listOf(inside, within, scope.length === 0 ? outsideCharsMax : restCharsMax);
  const unsure =
    `${notCompared} of them were not compared with what is declared: ` +
    'it was changed after this was handed in, and they are too many to list.'; // C3
  return [
    head,
    ...(outsideFiles === 0 ? [] : ['Outside of what was declared:', first]),
    ...(within === 0 ? [] : [...(outsideFiles === 0 ? [] : ['Within it:']), rest]),
    ...(notCompared === 0 ? [] : [unsure]),
  ].join('\n\n');
}

function listOf(paths: readonly string[], all: number, charsMax: number): string {
  const lines = paths.map((path) => `- ${pathSpan(path)}`);
  return fitting(lines, all, pathsShownMax, charsMax).join('\n');
}

function joined(scope: readonly string[]): string {
  const spans = scope.map(pathSpan);
  let shown = spans.length;
  while (spans.slice(0, shown).join(', ').length > declaredCharsMax) shown -= 1;
  const more = spans.length - shown;
  return [...spans.slice(0, shown), ...(more === 0 ? [] : [`${more} more`])].join(', ');
}

/** C1. A name may have nothing in it that can be shown. */
function pathSpan(path: string): string {
  const line = oneLine(path, pathCharsMax);
  return line === '' ? '(a name that cannot be shown)' : codeSpan(line);
}
