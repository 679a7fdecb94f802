/**
 * Problems as responses. A failure of the town is worded by `core/explain.ts`; what only an HTTP
 * server can refuse is worded here, once per kind.
 *
 * P1 Every refusal is application/problem+json with what, evidence and next.
 * P2 An exception shows its name to the log, never its stack to a client.
 */
import { explain } from '../core/explain.ts';
import type { About } from '../core/explain/words.ts';
import type { Failure } from '../core/failure.ts';
import {
  httpProblemStatus,
  problemMediaType,
  problemOf,
  statusOf,
  type HttpProblemKind,
  type Problem,
} from '../protocol/problem.ts';

/** `what` and `next` of the kinds that are about HTTP itself. */
const words: Readonly<Record<HttpProblemKind, { what: string; next: string }>> = {
  unauthorized: {
    what: 'The request does not carry the token of this town.',
    next: 'Send `Authorization: Bearer <token>` with the content of the file `token` in its home.',
  },
  host_refused: {
    what: 'The request is addressed to a name this server does not answer to.',
    next: 'Use the address in the file `server.json` of the town’s home.',
  },
  origin_refused: {
    what: 'The request comes from a page of another site.',
    next: 'Call the API from a program, or from a page this server itself serves.',
  },
  no_such_route: {
    what: 'There is nothing at this path.',
    next: 'See /openapi.json for every route.',
  },
  method_not_allowed: {
    what: 'This path does not take this method.',
    next: 'See /openapi.json for the methods of every route.',
  },
  malformed_json: {
    what: 'The body is not JSON.',
    next: 'Send one JSON object.',
  },
  wrong_content_type: {
    what: 'The body is not of a type this route reads.',
    next: 'Set the Content-Type header to the type in /openapi.json.',
  },
  not_ready: {
    what: 'The town is not ready yet.',
    next: 'Ask /health until it says ready, then send the request again.',
  },
  storage_down: {
    what: 'The town cannot write its database, so nothing was changed.',
    next: 'Make room on the disk of the town’s home, or make it writable, and try again.',
  },
  town_not_empty: {
    what: 'An import needs an empty town, and this one has work in it.',
    next: 'Start a town in another home (GASTOWN_HOME) and import there.',
  },
  internal_error: {
    what: 'Gastown failed while it handled the request.',
    next: 'Look into logs/server.log in the town’s home, and report it as a bug.',
  },
};

export function httpProblem(kind: HttpProblemKind, evidence: string): Problem {
  return problemOf(kind, httpProblemStatus[kind], { ...words[kind], evidence });
}

/** `about`: what the request named; its next step is about the same. */
export function failureProblem(failure: Failure, about: About = {}): Problem {
  return problemOf(failure.kind, statusOf(failure), explain(failure, about));
}

/** P1 */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemMediaType, ...challenge(problem), ...headers },
  });
}

export function failureResponse(failure: Failure, about: About = {}): Response {
  return problemResponse(failureProblem(failure, about));
}

function challenge(problem: Problem): Readonly<Record<string, string>> {
  if (problem.status === 401) return { 'www-authenticate': 'Bearer' };
  return problem.status === 503 ? { 'retry-after': '1' } : {};
}
