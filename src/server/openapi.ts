/**
 * The OpenAPI document, made of the route table and the schemas, on demand: nothing else needs the
 * generator, so nothing else loads it.
 *
 * O1 A route is documented by being in the table; there is no other place to write about it.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import {
  apiPrefix,
  dryRunOf,
  eventStream,
  healthPath,
  healthResource,
  idempotencyHeader,
  openapiPath,
  parametersOf,
  pathParameter,
  problemMediaType,
  problemSchema,
  routes,
  seqHeader,
  type Route,
} from '../protocol/http.ts';

/** What every route may answer besides its own problems. */
const always: readonly number[] = [401, 403, 500, 503];

const meanings: Readonly<Record<number, string>> = {
  400: 'A value is wrong',
  401: 'No token, or another one',
  403: 'Not allowed from there, or not without consent',
  404: 'There is nothing of this name',
  409: 'Not as things stand',
  413: 'Too large',
  415: 'Not a type this route reads',
  422: 'Understood, but impossible',
  500: 'Gastown failed',
  502: 'Something outside could not be reached',
  503: 'Not ready yet',
  507: 'The database cannot be written',
};

export function openapiDocument(version: string): object {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  for (const [name, route] of Object.entries<Route>(routes)) {
    registry.registerPath(documented(name, route));
  }
  registry.registerPath({
    method: 'get',
    path: healthPath,
    operationId: 'health',
    tags: ['town'],
    summary: 'Whether it is ready; without a token',
    responses: {
      200: json('Ready', healthResource),
      503: json('Not ready yet', healthResource),
      403: problem(403),
    },
  });
  registry.registerPath({
    method: 'get',
    path: openapiPath,
    operationId: 'openapi',
    tags: ['town'],
    summary: 'This document',
    security: [{ token: [] }],
    responses: {
      200: json('The document', z.record(z.string(), z.unknown())),
      ...Object.fromEntries([401, 403].map((status) => [status, problem(status)])),
    },
  });
  const { webhooks: _none, ...document } = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Gastown',
      version,
      description: 'The API of a town. Every refusal says what, evidence and next.',
    },
  });
  return document;
}

type PathConfig = Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0];

function documented(operationId: string, route: Route): PathConfig {
  const path = `${apiPrefix}${route.path}`;
  const names = parametersOf(path).map((name) => [name, pathParameter]);
  const params = z.object(Object.fromEntries(names));
  const key = z.object({ [idempotencyHeader]: z.string().min(1).max(200).optional() });
  const lastId = z.object({ 'Last-Event-ID': z.string().optional() });
  const streams = route.produces?.includes(eventStream) === true;
  const { query } = route;
  return {
    method: route.method,
    path,
    operationId,
    tags: [route.tag],
    summary: route.summary,
    security: [{ token: [] }],
    request: {
      params,
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(route.command === true ? { headers: key } : {}),
      ...(streams ? { headers: lastId } : {}),
      ...bodyOf(route),
    },
    responses: {
      ...successesOf(route),
      ...Object.fromEntries(problemsOf(route).map((status) => [status, problem(status)])),
    },
  };
}

function bodyOf(route: Route): Partial<NonNullable<PathConfig['request']>> {
  if (route.consumes !== undefined) {
    return { body: { required: true, content: { [route.consumes]: { schema: z.string() } } } };
  }
  if (route.body === undefined) return {};
  const required = !route.body.safeParse({}).success;
  return { body: { required, content: { 'application/json': { schema: route.body } } } };
}

/** A dry run makes nothing, so its status is not that of what would be made. */
function successesOf(route: Route): PathConfig['responses'] {
  const { response, status } = route;
  if (route.dryRun !== true || response === undefined) return { [status]: successOf(route) };
  const foreseen = dryRunOf(response);
  if (status !== 200) return { 200: json('A dry run', foreseen), [status]: successOf(route) };
  return { 200: successOf({ ...route, response: z.union([response, foreseen]) }) };
}

function successOf(route: Route): PathConfig['responses'][number] {
  const types = route.produces ?? ['application/json'];
  const content = types.map((type) => [
    type,
    { schema: type === 'application/json' && route.response ? route.response : z.string() },
  ]);
  const headers = { [seqHeader]: { schema: { type: 'integer' as const } } };
  return {
    description: route.summary,
    content: Object.fromEntries(content),
    ...(route.command === true ? { headers } : {}),
  };
}

function problemsOf(route: Route): readonly number[] {
  const body = route.body === undefined && route.consumes === undefined ? [] : [400, 413, 415];
  const writes = route.command === true ? [422, 507] : [];
  const path = [400, 404];
  return Array.from(new Set([...always, ...path, ...route.problems, ...body, ...writes])).sort(
    (a, b) => a - b,
  );
}

function json(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema } } };
}

function problem(status: number) {
  const description = meanings[status] ?? 'Refused';
  return { description, content: { [problemMediaType]: { schema: problemSchema } } };
}
