/**
 * The tidy rules that need no syntax tree: headers, lengths, file names, links, paths of a machine.
 * Each takes one file (or all, for links) and returns what is wrong with it, with the replacement.
 */
import { homedir } from 'node:os';
import { posix } from 'node:path';
import { root, type Finding, type Source } from './source.ts';

const HEADER_LINES_MIN = 3;
const HEADER_LINES_MAX = 14; // twelve of text between the two delimiters
const LINE_LENGTH_MAX = 100;
const BANNED_NAMES: readonly string[] = [
  'utils',
  'helpers',
  'common',
  'manager',
  'service',
  'misc',
];

export function headerRule(source: Source): readonly Finding[] {
  const length = headerLength(source.lines);
  if (length >= HEADER_LINES_MIN && length <= HEADER_LINES_MAX) return [];
  const message =
    `the header comment has ${length} lines: open with one of 3 to 12 lines that says ` +
    'what the file is for, what it may not do, and its numbered invariants';
  return [{ path: source.path, line: 1, message }];
}

export function lineLengthRule(source: Source): readonly Finding[] {
  return source.lines.flatMap((text, index) => {
    const length = Array.from(text).length; // characters, not UTF-16 units
    if (length <= LINE_LENGTH_MAX) return [];
    const message = `the line has ${length} characters: break it at ${LINE_LENGTH_MAX}`;
    return [{ path: source.path, line: index + 1, message }];
  });
}

export function fileNameRule({ path }: Source): readonly Finding[] {
  return path.split(/[/.-]/).flatMap((word) => {
    if (!BANNED_NAMES.includes(word.toLowerCase())) return [];
    return [{ path, line: 1, message: `"${word}" names nothing: name the file for its noun` }];
  });
}

export function machinePathRule(source: Source): readonly Finding[] {
  const machine = [root, homedir()].filter((path) => path.length > 1);
  return source.lines.flatMap((text, index) => {
    const found = machine.find((path) => containsPath(text, path));
    if (found === undefined) return [];
    const message = `a path of one machine (${found}): make it relative or take it as a value`;
    return [{ path: source.path, line: index + 1, message }];
  });
}

/**
 * Links to files, and to headings in them, in every Markdown file. Links to the web are not
 * followed.
 */
export function linkRule(files: readonly Source[]): readonly Finding[] {
  const paths = new Set(files.flatMap(({ path }) => withFolders(path)));
  const anchors = new Map(files.filter(isMarkdown).map((file) => [file.path, headings(file)]));
  return files.filter(isMarkdown).flatMap((source) =>
    links(source).flatMap(({ line, target }) => {
      const [file = '', anchor] = target.split('#');
      const path =
        file === '' ? source.path : posix.normalize(posix.join(posix.dirname(source.path), file));
      if (!paths.has(path.replace(/\/$/, ''))) {
        return [{ path: source.path, line, message: `${target} is not there: correct the link` }];
      }
      if (anchor === undefined || anchors.get(path)?.has(anchor) !== false) return [];
      return [{ path: source.path, line, message: `no heading #${anchor} in ${path}: correct it` }];
    }),
  );
}

function headerLength(lines: readonly string[]): number {
  const start = lines[0]?.startsWith('#!') === true ? 1 : 0;
  const first = lines[start] ?? '';
  const rest = lines.slice(start);
  if (first.startsWith('/*')) return rest.findIndex((line) => line.includes('*/')) + 1;
  if (!first.startsWith('//')) return 0;
  const end = rest.findIndex((line) => !line.startsWith('//'));
  return end === -1 ? rest.length : end;
}

/** True where `path` stands as a path of its own, not as the tail of a longer or relative one. */
function containsPath(text: string, path: string): boolean {
  const at = text.indexOf(path);
  if (at === -1) return false;
  const before = text.slice(Math.max(0, at - 1), at);
  const after = text.slice(at + path.length, at + path.length + 1);
  return !/[\w.}$"*-]/.test(before) && (after === '' || /[/\s'"`),;:]/.test(after));
}

function isMarkdown({ path }: Source): boolean {
  return path.endsWith('.md');
}

function withFolders(path: string): readonly string[] {
  const parts = path.split('/');
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}

function headings({ lines }: Source): ReadonlySet<string> {
  const titles = lines.filter((line) => /^#{1,6} /.test(line));
  return new Set(titles.map((title) => slug(title.replace(/^#+ /, ''))));
}

/** The anchor that the usual Markdown hosts give a heading. */
function slug(title: string): string {
  const plain = title.trim().toLowerCase().replaceAll('`', '');
  return plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

function links({ lines }: Source): readonly { line: number; target: string }[] {
  let fenced = false;
  return lines.flatMap((text, index) => {
    if (/^\s*(```|~~~)/.test(text)) fenced = !fenced;
    if (fenced) return [];
    const found = text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g);
    return [...found]
      .map(([, target = '']) => ({ line: index + 1, target: decodeURI(target) }))
      .filter(({ target }) => !/^[a-z]+:/.test(target));
  });
}
