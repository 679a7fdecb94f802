/**
 * What a request brings, checked: its body within bounds and of the right type, its query and its
 * path against the schemas of the route.
 *
 * I1 No more of a body is held than the limit, whatever its length header says.
 * I2 A body is an object of the route's schema; no body at all is an empty object.
 * I3 A name that the route does not know is refused: passed over, it would look as if it worked.
 */
import { z } from 'zod';
import type { Failure } from '../core/failure.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { pathParameter, type Problem } from '../protocol/http.ts';
import { failureProblem, httpProblem } from './problem.ts';

type Checked<T> = Result<T, Problem>;

/** What `safeParse` of a schema answers, as far as it is read here. */
export interface Schema {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: unknown }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly keys?: readonly string[];
}

type Part = 'body' | 'query';

export function checkParams(params: Readonly<Record<string, string>>): Checked<null> {
  for (const [name, value] of Object.entries(params)) {
    if (pathParameter.safeParse(value).success) continue;
    const expected = 'letters, digits, dots, dashes and underscores';
    return err(badValue(name, value, expected));
  }
  return ok(null);
}

/** I3 */
export function checkQuery(schema: Schema, url: string): Checked<unknown> {
  return checked(schema, Object.fromEntries(new URL(url).searchParams), 'query');
}

/** Of a query that was checked. */
export function asksDryRun(url: string): boolean {
  return new URL(url).searchParams.get('dryRun') === 'true';
}

/** I1 I2 */
export async function readJson(schema: Schema, request: Request): Promise<Checked<unknown>> {
  const type = mediaType(request);
  if (request.body !== null && type !== null && type !== 'application/json') {
    const evidence = `Content-Type: ${type}; expected application/json`;
    return err(httpProblem('wrong_content_type', evidence));
  }
  const text = await readText(request, limits.requestBodyBytesMax);
  if (!text.ok) return text;
  if (text.value.trim() === '') return checked(schema, {}, 'body');
  if (type === null) {
    const evidence = 'no Content-Type; expected application/json';
    return err(httpProblem('wrong_content_type', evidence));
  }
  const parsed = parse(text.value);
  return parsed.ok ? checked(schema, parsed.value, 'body') : parsed;
}

export function mediaType(request: Request): string | null {
  const header = request.headers.get('content-type');
  return header === null ? null : (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** I1 */
export async function readText(request: Request, bytesMax: number): Promise<Checked<string>> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > bytesMax) return err(tooLarge(declared, bytesMax));
  if (request.body === null) return ok('');
  const reader = request.body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        await reader.cancel();
        return err(tooLarge(bytes, bytesMax));
      }
      parts.push(decoder.decode(value, { stream: true }));
    }
    parts.push(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return err(httpProblem('malformed_json', 'the body is not UTF-8, or ended early'));
  }
  return ok(parts.join(''));
}

function parse(text: string): Checked<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return err(httpProblem('malformed_json', error instanceof Error ? error.message : ''));
  }
}

function checked(schema: Schema, value: unknown, part: Part): Checked<unknown> {
  const result = schema.safeParse(value);
  if (result.success) return ok(result.data);
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join('.') || part;
  const unknown = issue?.keys?.join(', ');
  if (unknown !== undefined) return err(badValue(field, unknown, fieldsOf(schema, field === part)));
  const given = issue === undefined ? value : at(value, issue.path);
  const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? 'nothing');
  return err(badValue(field, text.slice(0, 100), expectation(issue)));
}

/** I3 */
function fieldsOf(schema: Schema, isTop: boolean): string {
  const names = isTop && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  if (names.length > 0) return `only ${names.join(', ')}`;
  return isTop ? 'nothing' : 'only what /openapi.json names there';
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** `Invalid input: expected string, received number` → `a text`. */
function expectation(issue: Issue | undefined): string {
  const message = issue?.message ?? 'another value';
  const expected = /expected (.+?)(?:, received .*)?$/.exec(message)?.[1] ?? message;
  return typeWords[expected] ?? expected;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}

function badValue(field: string, given: string, expected: string): Problem {
  const failure: Failure = { kind: 'bad_value', helps: 'person', field, given, expected };
  return failureProblem(failure);
}

function tooLarge(bytes: number, max: number): Problem {
  return failureProblem({ kind: 'too_large', helps: 'person', field: 'request body', bytes, max });
}
