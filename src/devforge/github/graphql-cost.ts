/**
 * What a GraphQL query costs, by the documented formula: every unique connection is fetched once
 * per parent, at its limit; the fetches are added, divided by 100 and rounded, and cost at least 1.
 *
 * C1 Counted from the query alone, never from what was found. C2 A connection without `first` or
 *    `last`, or with one outside 1..100, is an error, as is a query of over 500,000 nodes.
 */
import {
  GraphQLError,
  Kind,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

export interface Cost {
  readonly points: number;
  readonly nodes: number;
  readonly errors: readonly GraphQLError[];
}

export const NODES_MAX = 500_000;

export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): Cost {
  const connections = connectionFields(schema, document);
  const given = { ...defaultsOf(document), ...variables };
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const part of document.definitions) {
    if (part.kind === Kind.FRAGMENT_DEFINITION) fragments.set(part.name.value, part);
  }
  const sum = { fetches: 0, nodes: 0, errors: new Array<GraphQLError>() };
  const walk = (set: SelectionSetNode | undefined, parents: number): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        walk(fragments.get(selection.name.value)?.selectionSet, parents);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, parents);
      } else {
        walk(selection.selectionSet, parents * through(selection, parents));
      }
    }
  };
  const through = (field: FieldNode, parents: number): number => {
    const ids = argument(field, 'ids', given);
    if (field.name.value === 'nodes' && Array.isArray(ids)) return Math.max(ids.length, 1);
    if (!connections.has(field)) return 1;
    const limit = argument(field, 'first', given) ?? argument(field, 'last', given);
    const isFree = limit === undefined && isCounted(field);
    const problem = isFree ? null : limitProblem(field, limit); // C2
    if (problem !== null) sum.errors.push(problem);
    const size = typeof limit === 'number' ? limit : 1;
    sum.fetches += parents;
    sum.nodes += parents * size;
    return size;
  };
  for (const part of document.definitions) {
    if (part.kind === Kind.OPERATION_DEFINITION) walk(part.selectionSet, 1);
  }
  if (sum.nodes > NODES_MAX) {
    const message = `This query requests up to ${sum.nodes} nodes, over the limit of 500,000.`;
    sum.errors.push(typed(message, 'MAX_NODE_LIMIT_EXCEEDED'));
  }
  return {
    points: Math.max(Math.round(sum.fetches / 100), 1),
    nodes: sum.nodes,
    errors: sum.errors,
  };
}

export function typed(message: string, type: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

function connectionFields(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<FieldNode> {
  const info = new TypeInfo(schema);
  const found = new Set<FieldNode>();
  const enter = (node: FieldNode): void => {
    const args = info.getFieldDef()?.args ?? [];
    if (args.some(({ name }) => name === 'first')) found.add(node);
  };
  visit(document, visitWithTypeInfo(info, { Field: { enter } }));
  return found;
}

function defaultsOf(document: DocumentNode): Readonly<Record<string, unknown>> {
  const declared = document.definitions.flatMap((part) =>
    part.kind === Kind.OPERATION_DEFINITION ? (part.variableDefinitions ?? []) : [],
  );
  return Object.fromEntries(
    declared.flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined
        ? []
        : [[variable.name.value, valueFromASTUntyped(defaultValue)] as const],
    ),
  );
}

/** Only how many there are is asked, as `gh` does: that needs no page. */
function isCounted(field: FieldNode): boolean {
  const chosen = field.selectionSet?.selections ?? [];
  return chosen.every((one) => one.kind === Kind.FIELD && one.name.value === 'totalCount');
}

function argument(
  field: FieldNode,
  name: string,
  variables: Readonly<Record<string, unknown>>,
): unknown {
  const value = field.arguments?.find((one) => one.name.value === name)?.value;
  if (value === undefined) return undefined;
  if (value.kind === Kind.INT) return Number(value.value);
  if (value.kind === Kind.VARIABLE) return variables[value.name.value];
  return value.kind === Kind.LIST ? value.values : undefined;
}

function limitProblem(field: FieldNode, limit: unknown): GraphQLError | null {
  const name = field.name.value;
  if (typeof limit !== 'number') {
    const message =
      'You must provide a `first` or `last` value to properly paginate the ' +
      `\`${name}\` connection.`;
    return typed(message, 'MISSING_PAGINATION_BOUNDARIES');
  }
  if (limit >= 1 && limit <= 100) return null;
  const message =
    `Requesting ${limit} records on the \`${name}\` connection exceeds the \`first\` limit ` +
    'of 100 records.';
  return typed(message, 'EXCESSIVE_PAGINATION');
}
