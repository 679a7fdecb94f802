/**
 * One table, one module: a table's name appears in SQL only in the file that creates it. The owners
 * are found by their `create table`; whoever needs the rows calls the owner's named statements.
 */
import { literals } from './code-rules.ts';
import { finding, type Finding, type Node, type Source } from './source.ts';

const CREATE =
  /\bcreate\s+(?:virtual\s+|temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?"?(\w+)/gi;
const USE = /\b(?:from|join|into|update|table|on)\s+(?:if\s+(?:not\s+)?exists\s+)?"?(\w+)/gi;
const HOME = 'src/storage/';

export interface Parsed {
  readonly source: Source;
  readonly tree: Node;
}

export function tableOwnerRule(files: readonly Parsed[]): readonly Finding[] {
  const owners = new Map<string, string>();
  const found: Finding[] = [];
  eachMatch(files, CREATE, (source, start, table) => {
    if (source.path.startsWith(HOME)) owners.set(table, source.path);
    else found.push(finding(source, start, `creates ${table}: move it to src/storage/tables`));
  });
  eachMatch(files, USE, (source, start, table) => {
    const owner = owners.get(table);
    if (owner === undefined || owner === source.path) return;
    found.push(finding(source, start, `SQL on ${table}: call a named statement of ${owner}`));
  });
  return found;
}

function eachMatch(
  files: readonly Parsed[],
  pattern: RegExp,
  visit: (source: Source, start: number, table: string) => void,
): void {
  for (const { source, tree } of files) {
    for (const { start, text } of literals(tree)) {
      if (!/\b(?:select|insert|update|delete|create|alter|drop)\b/i.test(text)) continue;
      for (const [, table = ''] of text.matchAll(pattern))
        visit(source, start, table.toLowerCase());
    }
  }
}
