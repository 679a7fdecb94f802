/**
 * GitHub's GraphQL endpoint: the official schema, executed over this forge's world.
 *
 * Q1 What is wrong inside a query is HTTP 200 with `errors`, each with GitHub's `type` beside its
 *    message and path. Q2 A query pays its price before it runs, whatever it finds; one that the
 *    schema refuses, or that the quota does not cover, pays nothing.
 */
import { readFileSync } from 'node:fs';
import {
  buildSchema,
  execute,
  parse,
  validate,
  GraphQLError,
  Kind,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { json, type Answer, type Noted } from '../exchange.ts';
import { SAML } from '../faults.ts';
import { inner, isJson, text } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { World } from '../world.ts';
import { problem, type Call } from './call.ts';
import { costOf, typed, type Cost } from './graphql-cost.ts';
import { mutationRoot } from './graphql-mutations.ts';
import { mustHave, mustSee, personSource } from './graphql-parts.ts';
import type { Args, Source, Viewer } from './graphql-parts.ts';
import { pullSource, repoSource, reviewSource, threadSource } from './graphql-pull.ts';
import { rateHeaders } from './rate-headers.ts';
import { iso } from './shapes.ts';

export class GraphqlEndpoint {
  readonly #world: World;
  readonly #limits: Limits;
  #schema: GraphQLSchema | null = null;

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
  }

  async handle(call: Call, identity: string, noted: Noted): Promise<Answer> {
    const { token, body } = call;
    if (call.incoming.method !== 'POST') return problem(404, 'Not Found');
    if (token === null) return problem(401, 'This endpoint requires you to be authenticated.');
    const source = text(body, 'query');
    if (source === null)
      return json(
        200,
        failed(new GraphQLError('A query attribute must be specified and must be a string.')),
      );
    const variables = inner(body, 'variables');
    const schema = this.#official();
    const read = readQuery(schema, source, variables);
    if ('errors' in read) return this.#answer(failed(...read.errors), identity);
    const { document, cost } = read;
    noted.operation = operationOf(document);
    if (this.#limits.exhausted(identity, 'graphql')) {
      const message = `API rate limit exceeded for user ID ${token.user.id}.`;
      return this.#answer(failed(typed(message, 'RATE_LIMITED')), identity);
    }
    this.#limits.charge(identity, 'graphql', cost.points); // Q2
    noted.points = cost.points;
    const viewer: Viewer = { world: this.#world, urls: call.urls, token };
    const result = await execute({
      schema,
      document,
      rootValue: { ...this.#root(viewer, cost, identity), ...mutationRoot(viewer) },
      contextValue: viewer,
      variableValues: variables,
      operationName: text(body, 'operationName'),
      fieldResolver: resolveField,
    });
    const errors = result.errors?.map(shown);
    const answer = errors === undefined ? { data: result.data } : { data: result.data, errors };
    return this.#answer(answer, identity, call);
  }

  #root(viewer: Viewer, cost: Cost, identity: string): Source {
    const { world } = viewer;
    return {
      viewer: () => personSource(viewer.token.user, viewer.urls),
      rateLimit: () => {
        if (!this.#limits.enabled) return null;
        const { limit, remaining, used, resetAt } = this.#limits.quota(identity, 'graphql');
        const { points, nodes } = cost;
        return { cost: points, nodeCount: nodes, limit, remaining, used, resetAt: iso(resetAt) };
      },
      repository: ({ owner, name }: Args) => {
        const full = `${String(owner)}/${String(name)}`;
        const missing = `Could not resolve to a Repository with the name '${full}'.`;
        const repo = world.find(full) ?? world.formerly(full);
        return repoSource(viewer, mustSee(viewer, repo, missing));
      },
      node: ({ id }: Args) => nodeSource(viewer, String(id)),
      nodes: ({ ids }: Args) =>
        Array.isArray(ids) ? ids.map((id) => settled(() => nodeSource(viewer, String(id)))) : [],
    };
  }

  #answer(body: Source, identity: string, call?: Call): Answer {
    const headers = this.#limits.enabled
      ? rateHeaders(this.#limits.quota(identity, 'graphql'), 'graphql')
      : {};
    const sso =
      call !== undefined && JSON.stringify(body['errors'] ?? '').includes(SAML)
        ? { 'x-github-sso': `required; url=${call.urls.web}/orgs/sso` }
        : {};
    const scopes = call?.token?.kind === 'classic' ? call.token.scopes.join(', ') : null;
    return json(200, body, {
      ...headers,
      ...sso,
      ...(scopes === null ? {} : { 'x-oauth-scopes': scopes }),
    });
  }

  /** Read once, when the first query comes: it takes a third of a second. */
  #official(): GraphQLSchema {
    if (this.#schema !== null) return this.#schema;
    const file = new URL('./schema.graphql', import.meta.resolve('@octokit/graphql-schema'));
    // As published, one type names two fields twice; the last one counts.
    this.#schema = buildSchema(readFileSync(file, 'utf8'), { assumeValid: true });
    return this.#schema;
  }
}

const resolveField: GraphQLFieldResolver<unknown, Viewer> = (source, args, _viewer, info) => {
  const value = isJson(source) ? source[info.fieldName] : undefined;
  if (value === undefined) {
    const field = `${info.parentType.name}.${info.fieldName}`;
    throw typed(`The development forge does not serve ${field}`, 'NOT_SERVED');
  }
  if (typeof value !== 'function') return value;
  const answer: unknown = value(args);
  return answer;
};

/** An item that fails fails alone: graphql-js takes a rejected promise as that item's error. */
async function settled(run: () => Source): Promise<Source> {
  return run();
}

function nodeSource(viewer: Viewer, id: string): Source {
  const missing = `Could not resolve to a node with the global id of '${id}'`;
  const node = viewer.world.nodes.get(id);
  if (node === undefined) throw typed(missing, 'NOT_FOUND');
  const repo = mustSee(viewer, node.type === 'Repository' ? node.repo : node.pull.repo, missing);
  if (node.type === 'Repository') return repoSource(viewer, repo);
  mustHave(viewer, repo, 'pull_requests', 'read');
  if (node.type === 'PullRequest') return pullSource(viewer, node.pull);
  if (node.type === 'PullRequestReview') return reviewSource(viewer, node.pull, node.review);
  return threadSource(viewer, node.pull, node.thread);
}

function readQuery(
  schema: GraphQLSchema,
  source: string,
  variables: Readonly<Record<string, unknown>>,
):
  | { readonly document: DocumentNode; readonly cost: Cost }
  | { readonly errors: readonly GraphQLError[] } {
  try {
    const document = parse(source);
    const wrong = validate(schema, document);
    if (wrong.length > 0) return { errors: wrong };
    const cost = costOf(schema, document, variables);
    return cost.errors.length > 0 ? { errors: cost.errors } : { document, cost };
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}

function operationOf(document: DocumentNode): string {
  const names = document.definitions.flatMap((part) =>
    part.kind === Kind.OPERATION_DEFINITION
      ? [`${part.operation}${part.name === undefined ? '' : ` ${part.name.value}`}`]
      : [],
  );
  return names.join(', ');
}

function failed(...errors: readonly GraphQLError[]): Source {
  return { data: null, errors: errors.map(shown) };
}

/** Q1 */
function shown(error: GraphQLError): GraphQLFormattedError & { readonly type?: string } {
  const { extensions, ...rest } = error.toJSON();
  const type = error.extensions['type'];
  return typeof type === 'string'
    ? { type, ...rest }
    : { ...rest, ...(extensions && { extensions }) };
}
