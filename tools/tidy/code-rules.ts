/**
 * The tidy rules that look at the syntax tree: what no module may do, and where the few exceptions
 * live. Each takes one file and its tree and returns findings with the replacement.
 *
 * C1: a rule knows the folders it holds in; the exceptions by file are in tidy-exceptions.json
 * only.
 */
import { field, finding, list, nameOf, walk } from './source.ts';
import type { Finding, Node, Source } from './source.ts';

/**
 * Ambient time and chance, and what to use instead. `Date` stands for a call or `new` without
 * arguments.
 */
const AMBIENT: Readonly<Record<string, string>> = {
  'Date.now': 'take the Clock',
  'performance.now': 'take the Clock',
  Date: 'take the Clock',
  'Math.random': 'take the Random',
  randomUUID: 'take the Ids',
  setTimeout: 'take the Timers, or return a wait with a due time',
  setInterval: 'take the Timers, or return a wait with a due time',
  setImmediate: 'take the Timers',
  'node:timers/promises': 'take the Timers',
};

const CONTAINERS: readonly string[] = ['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'];

export function moduleStateRule(source: Source, tree: Node): readonly Finding[] {
  return topLevel(tree).flatMap((declaration) => {
    const kind = String(declaration['kind']);
    if (kind !== 'const') {
      const message = `module-level ${kind}: give the state to an object that somebody constructs`;
      return [finding(source, declaration.start, message)];
    }
    return list(declaration, 'declarations')
      .filter((declarator) => isMutable(declarator))
      .map((declarator) =>
        finding(
          source,
          declarator.start,
          'mutable module-level container: type it Readonly…, or put it in a class',
        ),
      );
  });
}

export function ambientRule(source: Source, tree: Node): readonly Finding[] {
  return visitAll(tree, (node) => {
    const name = ambientName(node);
    const instead = AMBIENT[name];
    if (instead === undefined) return [];
    return [finding(source, node.start, `${name} is ambient: ${instead} from the host`)];
  });
}

export function doorRule(source: Source, tree: Node): readonly Finding[] {
  const isDoor = /^src\/(hosts\/[^/]+|cli)\/main\.ts$/.test(source.path);
  return visitAll(tree, (node) => {
    const name = nameOf(node);
    const part = /^(?:globalThis\.)?process\.(env|cwd|chdir)$/.exec(name)?.[1];
    const imported = takenFromProcess(node);
    const found = part ?? imported.find((word) => ['env', 'cwd', 'chdir'].includes(word));
    if (found === 'chdir') {
      return [finding(source, node.start, 'chdir moves the whole process: pass cwd to the child')];
    }
    if (found === undefined || isDoor) return [];
    const message = `process.${found} is read at the door only (main.ts): take it as a value`;
    return [finding(source, node.start, message)];
  });
}

export function enumRule(source: Source, tree: Node): readonly Finding[] {
  return ofType(source, tree, 'TSEnumDeclaration', 'an enum: write a union of strings');
}

export function anyRule(source: Source, tree: Node): readonly Finding[] {
  return ofType(source, tree, 'TSAnyKeyword', '`any`: write the type, or `unknown` and parse it');
}

export function nonNullRule(source: Source, tree: Node): readonly Finding[] {
  const message = 'a non-null `!`: handle the missing value, or assert with a reason';
  return ofType(source, tree, 'TSNonNullExpression', message);
}

export function defaultExportRule(source: Source, tree: Node): readonly Finding[] {
  return ofType(source, tree, 'ExportDefaultDeclaration', 'a default export: export it by name');
}

/** Values of packages that no user has installed; types are gone before anything runs. */
export function dependencyRule(
  source: Source,
  tree: Node,
  dependencies: ReadonlySet<string>,
): readonly Finding[] {
  return visitAll(tree, (node) => {
    const from = field(node, 'source') ?? resolved(node);
    const isType = node['importKind'] === 'type' || node['exportKind'] === 'type';
    if (from === undefined || isType || typeof from['value'] !== 'string') return [];
    const name = /^(?!node:|cloudflare:)(@[^/]+\/[^/]+|[^./][^/]*)/.exec(from['value'])?.[1];
    if (name === undefined || dependencies.has(name)) return [];
    const message = `${name} is there for tests only: make it a dependency`;
    return [finding(source, node.start, message)];
  });
}

/** Casts that could be wrong: every `as` and `<T>x` except `as const`. */
export function casts(source: Source, tree: Node): readonly Finding[] {
  return visitAll(tree, (node) => {
    if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return [];
    if (isConst(node)) return [];
    return [finding(source, node.start, 'a cast: parse the value, or narrow it with a check')];
  });
}

/** The argument of `import.meta.resolve(…)`. */
function resolved(node: Node): Node | undefined {
  const callee = field(node, 'callee');
  const of = callee === undefined ? undefined : field(callee, 'object');
  return of?.type === 'MetaProperty' ? list(node, 'arguments')[0] : undefined;
}

/** The literal text of every string and template in a file, with its place. */
export function literals(tree: Node): readonly { start: number; text: string }[] {
  const found: { start: number; text: string }[] = [];
  walk(tree, (node) => {
    if (node.type === 'Literal' && typeof node['value'] === 'string') {
      found.push({ start: node.start, text: node['value'] });
    }
    if (node.type !== 'TemplateLiteral') return;
    const parts = list(node, 'quasis').map((part) => {
      const value = part['value'];
      return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : '';
    });
    found.push({ start: node.start, text: parts.join(' ? ') });
  });
  return found;
}

function topLevel(tree: Node): readonly Node[] {
  return list(tree, 'body')
    .map((node) => (node.type === 'ExportNamedDeclaration' ? field(node, 'declaration') : node))
    .filter((node) => node !== undefined)
    .filter((node) => node.type === 'VariableDeclaration' && node['declare'] !== true);
}

function isMutable(declarator: Node): boolean {
  const value = field(declarator, 'init');
  if (value === undefined || isReadonlyType(declarator)) return false;
  if (value.type === 'NewExpression') return CONTAINERS.includes(nameOf(field(value, 'callee')));
  if (value.type === 'ObjectExpression') return list(value, 'properties').length === 0;
  // An empty list waits to be filled; one with elements is data.
  return value.type === 'ArrayExpression' && list(value, 'elements').length === 0;
}

function isReadonlyType(declarator: Node): boolean {
  const annotation = field(field(declarator, 'id') ?? declarator, 'typeAnnotation');
  const type = annotation === undefined ? undefined : field(annotation, 'typeAnnotation');
  if (type === undefined) return false;
  if (type.type === 'TSTypeOperator') return type['operator'] === 'readonly';
  return type.type === 'TSTypeReference' && nameOf(field(type, 'typeName')).startsWith('Readonly');
}

function ambientName(node: Node): string {
  if (isImport(node, 'node:timers/promises')) return 'node:timers/promises';
  if (isImport(node, 'node:crypto'))
    return importedNames(node).find((n) => n === 'randomUUID') ?? '';
  if (node.type === 'MemberExpression') {
    // Read or called: `const now = Date.now` is the same clock.
    const name = nameOf(node).replace(/^globalThis\./, '');
    return name.endsWith('.randomUUID') ? 'randomUUID' : name;
  }
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return '';
  const callee = field(node, 'callee');
  const name = callee?.type === 'Identifier' ? nameOf(callee) : '';
  return name === 'Date' && list(node, 'arguments').length > 0 ? '' : name;
}

/** What a destructured import of node:process, or of the global `process`, takes from it. */
function takenFromProcess(node: Node): readonly string[] {
  if (isImport(node, 'node:process')) return importedNames(node);
  const pattern = field(node, 'id');
  if (node.type !== 'VariableDeclarator' || nameOf(field(node, 'init')) !== 'process') return [];
  if (pattern === undefined) return [];
  return list(pattern, 'properties').map((property) => nameOf(field(property, 'key')));
}

function isImport(node: Node, from: string): boolean {
  return node.type === 'ImportDeclaration' && field(node, 'source')?.['value'] === from;
}

function importedNames(node: Node): readonly string[] {
  return list(node, 'specifiers').map((specifier) => nameOf(field(specifier, 'imported')));
}

function isConst(node: Node): boolean {
  const type = field(node, 'typeAnnotation');
  return type?.type === 'TSTypeReference' && nameOf(field(type, 'typeName')) === 'const';
}

function ofType(source: Source, tree: Node, type: string, message: string): readonly Finding[] {
  return visitAll(tree, (node) =>
    node.type === type ? [finding(source, node.start, message)] : [],
  );
}

function visitAll(tree: Node, rule: (node: Node) => readonly Finding[]): readonly Finding[] {
  const found: Finding[] = [];
  walk(tree, (node) => found.push(...rule(node)));
  return found;
}
