/**
 * What GitLab says with a refusal, as one line for people. It has three forms of saying it.
 */
import { at, listAt, textAt } from '../json.ts';
import type { ForgeResponse } from '../http.ts';
import { redactPatterns } from '../../core/redact.ts';

const CHARS_MAX = 300;

export function wordsOf({ json, status }: ForgeResponse): string {
  const said = [
    textAt(json, 'message'),
    ...listAt(json, 'message').map(String),
    ...byField(at(json, 'message')),
    textAt(json, 'error'),
  ];
  const words = said.filter((part) => part !== null && part !== '').join('; ');
  const line = redactPatterns(words.replace(/\s+/g, ' ')).slice(0, CHARS_MAX);
  return line === '' ? `HTTP ${status}` : line;
}

/** `{ "base": ["is taken"] }` */
function byField(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([name, part]) => `${name} ${String(part)}`);
}
