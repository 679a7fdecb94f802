/** The OpenAPI document is valid, whole, and says what the server does. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHost, type TestHost } from '../../test/api/host.ts';
import { apiPrefix, problemMediaType, routes, type Route } from '../protocol/http.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let town: TestHost;
let document: Document;
beforeAll(async () => {
  town = await startTestHost();
  ({ body: document } = await town.call<Document>('GET', '/openapi.json'));
});
afterAll(() => town.stop());

const all: readonly [string, Route][] = Object.entries(routes);
const operationOf = (route: Route): Operation | undefined =>
  document.paths[`${apiPrefix}${route.path}`]?.[route.method];

describe('the OpenAPI document', () => {
  test('is valid', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.0');
  });

  test.each(all)('has the route %s with its success and its problems', (name, route) => {
    const operation = operationOf(route);
    expect(operation?.operationId).toBe(name);
    expect(operation?.security).toEqual([{ token: [] }]);
    const { responses = {} } = operation ?? {};
    expect(Object.keys(responses)).toContain(String(route.status));
    for (const status of [401, 403, 404, 500, 503, ...route.problems]) {
      const content = responses[String(status)]?.content ?? {};
      expect([status, ...Object.keys(content)]).toEqual([status, problemMediaType]);
    }
    const parameters = operation?.parameters ?? [];
    const key = parameters.some((parameter) => parameter.name === 'Idempotency-Key');
    expect(key).toBe(route.command === true);
  });

  test('names the resources as components', () => {
    const names = Object.keys(document.components.schemas);
    for (const name of ['Bead', 'Attempt', 'MergeRequest', 'Rig', 'Escalation', 'Problem', 'Why']) {
      expect(names).toContain(name);
    }
  });

  test('has no route the server does not serve', async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations)) {
        if (path.endsWith('/shutdown')) continue; // it would
        const real = path.replace('{townId}', 'local').replace(/\{\w+\}/g, 'x-1');
        const response = await town.raw(real, { method: method.toUpperCase() });
        const isProblem = response.headers.get('content-type') === problemMediaType;
        const said = isProblem ? JSON.stringify(await response.json()) : '';
        const unserved = said.includes('no_such_route') || [405, 500].includes(response.status);
        expect([method, path, unserved]).toEqual([method, path, false]);
        await response.body?.cancel().catch(() => undefined);
      }
    }
  });
});
