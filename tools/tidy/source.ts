/**
 * The files of the checkout as the tidy rules see them: text, lines, and for code the syntax tree.
 *
 * S1: what is in a comment or a string is never mistaken for code, because rules look at the tree.
 * S2: positions are file:line, so that every finding can be opened.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Source {
  /** From the root of the checkout, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** A node of the syntax tree: its type, its place, and whatever children its type has. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  /** What is there and what to write instead. */
  readonly message: string;
}

export const root = resolve(import.meta.dirname, '../..');

const IGNORED: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.build',
  '.tools',
  '.gastown',
  '.wrangler',
  'coverage',
]);

/** Every text file of the checkout that is ours to write. */
export function allFiles(): readonly Source[] {
  return filesBelow(root).filter((file) => !file.text.includes('\0'));
}

export function sourceOf(path: string, text: string): Source {
  return { path, text, lines: text.split('\n') };
}

export function isTest(path: string): boolean {
  return /\.(test|conformance)\.tsx?$/.test(path);
}

/** Code of the product: under src, without its tests. */
export function isProduct({ path }: Source): boolean {
  return path.startsWith('src/') && /\.tsx?$/.test(path) && !isTest(path);
}

export function finding(source: Source, offset: number, message: string): Finding {
  return { path: source.path, line: source.text.slice(0, offset).split('\n').length, message };
}

/** The tree of one file. Throws when it does not parse, which `tsc` reports better. */
export function parse(source: Source): Node {
  const parsed = parseSync(source.path, source.text);
  const error = parsed.errors[0];
  if (error !== undefined) throw new Error(`${source.path}: ${error.message}`);
  const program: unknown = parsed.program;
  if (!isNode(program)) throw new Error(`${source.path}: no syntax tree`);
  return program;
}

/** Calls `visit` for every node below and including `node`, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const child of children(node)) walk(child, visit);
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The node in a field, if the field holds one. */
export function field(node: Node, name: string): Node | undefined {
  const value = node[name];
  return isNode(value) ? value : undefined;
}

/** The nodes in a field that holds a list. */
export function list(node: Node, name: string): readonly Node[] {
  const value = node[name];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** `a.b` for a plain member expression, `a` for an identifier, else the empty string. */
export function nameOf(node: Node | undefined): string {
  if (node === undefined) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type !== 'MemberExpression') return '';
  const property = field(node, 'property');
  const object = nameOf(field(node, 'object'));
  const key = property?.type === 'Literal' ? String(property['value']) : nameOf(property);
  return key === '' ? '' : `${object}.${key}`;
}

function children(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value): readonly Node[] => {
    if (isNode(value)) return [value];
    return Array.isArray(value) ? value.filter(isNode) : [];
  });
}

function filesBelow(folder: string): readonly Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly Source[] => {
    const file = join(folder, entry.name);
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : filesBelow(file);
    if (!entry.isFile()) return [];
    return [sourceOf(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8'))];
  });
}
