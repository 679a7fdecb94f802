/**
 * The HTTP application: one function from a request to a response, built from the route table.
 * Web standard only, so that every host serves the same one.
 *
 * A1 Every request passes the access checks before anything of it is read. A forge's delivery has
 *    its signature instead: a person's tunnel gives it another host, and it knows no token.
 * A2 Until the town is ready, /health answers and a stop is taken: a start may wait for long.
 * A3 A query that a route does not know is refused: a dry run that is not understood must
 *    not be carried out.
 * A4 Whatever is thrown becomes a problem: a store that cannot be written says so, everything else
 *    is a bug that is logged. Nothing is half-done: the turn was rolled back.
 */
import { Hono } from 'hono';
import {
  apiPrefix,
  healthPath,
  idempotencyHeader,
  noQuery,
  openapiPath,
  routes,
  seqHeader,
  webhookPath,
  type RouteName,
} from '../protocol/http.ts';
import type { Route } from '../protocol/route.ts';
import { placeRefusal, refusalOf, type Access } from './access.ts';
import type { Handlers, Outcome, ServerDeps } from './handler.ts';
import { asksDryRun, checkParams, checkQuery, readJson } from './input.ts';
import { failureResponse, httpProblem, problemResponse } from './problem.ts';
import { delivery, forgeHandlers } from './routes/forges.ts';
import { townHandlers } from './routes/town.ts';
import { workHandlers } from './routes/work.ts';

const KEY_CHARS_MAX = 200;

export interface App {
  fetch(request: Request): Promise<Response>;
}

export function createApp(deps: ServerDeps): App {
  const app = new Hono();
  app.post(webhookPath.replace('{rig}', ':rig'), async (c) => {
    const rig = c.req.param('rig') ?? '';
    if (!deps.health().ready) return new Response(null, { status: 503 });
    return await delivery(deps, rig, c.req.raw);
  });
  app.use(async (c, next) => {
    const refusal = accessProblem(deps.access, c.req.raw); // A1
    if (refusal !== null) return refusal;
    await next();
    return undefined;
  });
  app.get(healthPath, () => healthResponse(deps));
  app.get(openapiPath, async () => {
    const { openapiDocument } = await import('./openapi.ts');
    return Response.json(openapiDocument(deps.version));
  });
  for (const [name, handle] of handlersOf(deps)) {
    const route: Route = routes[name];
    const path = `${apiPrefix}${route.path}`.replace(/\{(\w+)\}/g, ':$1');
    app.on(route.method.toUpperCase(), path, (c) =>
      answer(deps, route, handle, c.req.param(), c.req.raw),
    );
  }
  app.notFound((c) => notFound(c.req.raw));
  app.onError((error) => thrown(deps, error));
  return { fetch: async (request) => app.fetch(request) };
}

/** A handler as the table calls it: what it is given was checked against its route. */
type AnyHandler = (call: {
  readonly params: never;
  readonly query: never;
  readonly body: never;
  readonly key: string | undefined;
  readonly dryRun: boolean;
  readonly request: Request;
}) => Outcome<unknown> | Promise<Outcome<unknown>>;

function handlersOf(deps: ServerDeps): readonly (readonly [RouteName, AnyHandler])[] {
  const all: Handlers = {
    ...townHandlers(deps),
    ...workHandlers(deps),
    ...forgeHandlers(deps),
  };
  return routeNames.map((name) => [name, all[name]]);
}

const routeNames = Object.keys(routes).filter((name): name is RouteName => name in routes);

async function answer(
  deps: ServerDeps,
  route: Route,
  handle: AnyHandler,
  params: Readonly<Record<string, string>>,
  request: Request,
): Promise<Response> {
  if (!deps.health().ready && route !== routes.shutdown) {
    return problemResponse(httpProblem('not_ready', `phase: ${deps.health().phase}`)); // A2
  }
  const named = checkParams(params);
  if (!named.ok) return problemResponse(named.error);
  if (params['townId'] !== 'local') {
    const name = params['townId'] ?? '';
    return failureResponse({
      kind: 'unknown_thing',
      helps: 'person',
      thing: 'town',
      name,
      near: ['local'],
    });
  }
  const query = checkQuery(route.query ?? noQuery, request.url); // A3
  if (!query.ok) return problemResponse(query.error);
  const body = route.body === undefined ? null : await readJson(route.body, request);
  if (body?.ok === false) return problemResponse(body.error);
  const key = request.headers.get(idempotencyHeader) ?? undefined;
  if (key !== undefined && (key === '' || key.length > KEY_CHARS_MAX)) return badKey(key);
  const dryRun = route.dryRun === true && asksDryRun(request.url);
  const outcome = await handle({
    params: checked(params),
    query: checked(query.value),
    body: checked(body?.value),
    key,
    dryRun,
    request,
  });
  if (outcome instanceof Response) return outcome;
  if (!outcome.ok)
    return failureResponse(outcome.error, { rig: params['rig'], bead: params['bead'] });
  if (dryRun) return Response.json({ dryRun, would: outcome.value });
  const headers = outcome.seq === undefined ? {} : { [seqHeader]: String(outcome.seq) };
  return Response.json(outcome.value, { status: route.status, headers });
}

/** The one place where the route's schema, applied just before, stands for the handler's type. */
function checked(value: unknown): never {
  if (!isChecked(value)) throw new Error('unreachable');
  return value;
}

function isChecked(_value: unknown): _value is never {
  return true;
}

/** A1. /health needs no token: it says nothing that a connection does not. */
function accessProblem(access: Access, request: Request): Response | null {
  const given = {
    host: request.headers.get('host'),
    origin: request.headers.get('origin'),
    authorization: request.headers.get('authorization'),
  };
  const open = new URL(request.url).pathname === healthPath;
  const refusal = open ? placeRefusal(access, given) : refusalOf(access, given);
  return refusal === null ? null : problemResponse(httpProblem(refusal.kind, refusal.evidence));
}

export function healthResponse(deps: Pick<ServerDeps, 'health'>): Response {
  const health = deps.health();
  return Response.json(health, { status: health.ready ? 200 : 503 });
}

function notFound(request: Request): Response {
  const { pathname } = new URL(request.url);
  const methods = methodsAt(pathname);
  const evidence = `${request.method} ${pathname}`;
  if (methods.length === 0) return problemResponse(httpProblem('no_such_route', evidence));
  const allow = methods.join(', ');
  const problem = httpProblem('method_not_allowed', `${evidence}; it takes ${allow}`);
  return problemResponse(problem, { allow });
}

function methodsAt(pathname: string): readonly string[] {
  const all: readonly Route[] = Object.values(routes);
  const found = all.filter((route) => {
    const pattern = `${apiPrefix}${route.path}`.replace(/\{\w+\}/g, '[^/]+');
    return new RegExp(`^${pattern}$`).test(pathname);
  });
  const fixed = pathname === healthPath || pathname === openapiPath ? ['GET'] : [];
  return [...fixed, ...found.map((route) => route.method.toUpperCase())];
}

function badKey(key: string): Response {
  const expected = `1 to ${KEY_CHARS_MAX} characters`;
  const given = key.slice(0, 60);
  const field = idempotencyHeader;
  return failureResponse({ kind: 'bad_value', helps: 'person', field, given, expected });
}

/** A4 */
function thrown(deps: ServerDeps, error: Error): Response {
  if (error.name === 'StorageDown') {
    deps.error('storage_down', { message: error.message });
    return problemResponse(httpProblem('storage_down', error.message));
  }
  deps.error('request_failed', { message: error.message, stack: error.stack });
  return problemResponse(httpProblem('internal_error', error.name));
}
