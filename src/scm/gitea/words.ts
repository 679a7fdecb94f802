/**
 * What Gitea says with a refusal, as one line for people.
 */
import { redactPatterns } from '../../core/redact.ts';
import type { ForgeResponse } from '../http.ts';
import { textAt } from '../json.ts';

const CHARS_MAX = 300;

export function wordsOf({ json, status }: ForgeResponse): string {
  const words = textAt(json, 'message') ?? `HTTP ${status}`;
  return redactPatterns(words.replace(/\s+/g, ' ')).slice(0, CHARS_MAX);
}
