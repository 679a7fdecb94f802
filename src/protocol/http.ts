/**
 * The HTTP API: one table of every route with its method, path, schemas, success status and the
 * problems it may answer, and everything a client needs to speak it. This is the file to import.
 *
 * H1 A command (`command: true`) takes an `Idempotency-Key`: a repeat answers as the first did.
 *    Its response carries `Gastown-Seq`, the journal after it.
 * H2 Lists are `{ items, next }`; `next` is the cursor of the next page, or null.
 * H3 Streams are server-sent events: `id` is the sequence number, `Last-Event-ID` resumes after it.
 */
import { forgeRoutes } from './forge-routes.ts';
import { townRoutes } from './town-routes.ts';
import { nameInPath } from './values.ts';
import { workRoutes } from './work-routes.ts';

export * from './forge-resources.ts';
export { webhookPath } from './forge-routes.ts';
export * from './problem.ts';
export * from './requests.ts';
export * from './resources.ts';
export * from './route.ts';

/** `{townId}` is `local` on the host of one machine. */
export const apiPrefix = '/api/v1/towns/{townId}';
export const healthPath = '/health';
export const openapiPath = '/openapi.json';
export const idempotencyHeader = 'Idempotency-Key';
export const seqHeader = 'Gastown-Seq';

export const routes = { ...townRoutes, ...workRoutes, ...forgeRoutes } as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

/** Schemas of path parameters: each is checked before it is looked up. */
export const pathParameter = nameInPath;

/** The names in a path template, in order. */
export function parametersOf(path: string): readonly string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? '');
}
