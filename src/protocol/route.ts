/**
 * What one route of the API is, as data: the server registers from it, the OpenAPI document is
 * made of it, and a client takes paths and types from it.
 *
 * O1 Nothing about a route is said anywhere else.
 */
import { z } from 'zod';

export const eventStream = 'text/event-stream';
export const ndjson = 'application/x-ndjson';

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Of the success. Absent: the response is a stream or not JSON (`produces`). */
  readonly response?: z.ZodType;
  readonly status: 200 | 201 | 202;
  /** Media types when not JSON, best last. */
  readonly produces?: readonly string[];
  /** Media type of the body when not JSON. */
  readonly consumes?: string;
  readonly command?: boolean;
  /** It takes `dryRunQuery`, and then answers `dryRunOf` its response. */
  readonly dryRun?: true;
  /** Statuses of its own, besides those every route may answer. */
  readonly problems: readonly number[];
}

/** The answer to a dry run: nothing was done, and this would be. Its status is 200. */
export function dryRunOf<Would extends z.ZodType>(would: Would) {
  return z.object({ dryRun: z.literal(true), would });
}

export interface DryRun<Would> {
  readonly dryRun: true;
  readonly would: Would;
}
