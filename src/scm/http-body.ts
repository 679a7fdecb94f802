/**
 * Bodies of answers: read to a limit, then understood, and nothing of them is believed before.
 *
 * B1 No more than the limit is ever held. B2 What a success has to be JSON is an object or a list:
 *    anything else is a broken contract, with the names of the keys and never their values.
 * B3 What comes with a refusal may be anything: HTML of a proxy, a line of text, nothing.
 */
import type { PRStatusError } from '../core/pr-status.ts';
import { parseJson } from './json.ts';

export type BadBody = Extract<PRStatusError, { kind: 'invalid_response' }>['reason'];

export type ReadBody = { readonly text: string } | { readonly tooLarge: true };

/** B1. With `keep: 'end'` the beginning of a longer body is given up instead. */
export async function readBody(
  response: Response,
  bytesMax: number,
  keep: 'all' | 'end' = 'all',
): Promise<ReadBody> {
  const { body } = response;
  if (body === null) return { text: '' };
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (keep === 'all' && announced > bytesMax) {
    await body.cancel().catch(() => undefined);
    return { tooLarge: true };
  }
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.byteLength;
    if (bytes > bytesMax && keep === 'all') {
      await reader.cancel().catch(() => undefined);
      return { tooLarge: true };
    }
    while (chunks[0] !== undefined && bytes - chunks[0].byteLength >= bytesMax) {
      bytes -= chunks.shift()?.byteLength ?? 0;
    }
  }
  return { text: new TextDecoder().decode(joined(chunks, bytes).subarray(-bytesMax)) };
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

export type Understood =
  | { readonly json: unknown }
  | { readonly bad: BadBody; readonly sampleKeys: readonly string[] };

/** B2 */
export function understand(text: string, contentType: string | null): Understood {
  if (isHtml(text, contentType)) return { bad: 'html', sampleKeys: [] };
  const json = parseJson(text);
  if (json === undefined) return { bad: 'json_parse', sampleKeys: [] };
  if (typeof json !== 'object' || json === null) return { bad: 'schema_mismatch', sampleKeys: [] };
  return { json };
}

/** B3 */
export function understandRefusal(text: string): unknown {
  return parseJson(text) ?? null;
}

function isHtml(text: string, contentType: string | null): boolean {
  return (
    /^text\/html\b/i.test(contentType ?? '') || /^\s*<(?:!doctype|html|head|body)\b/i.test(text)
  );
}

const KEYS_MAX = 8;
const KEY_CHARS_MAX = 60;

/** For a body that is JSON and not what its schema says: the names at its top. */
export function sampleKeysOf(json: unknown): readonly string[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return [];
  return Object.keys(json)
    .slice(0, KEYS_MAX)
    .map((key) => key.slice(0, KEY_CHARS_MAX));
}
