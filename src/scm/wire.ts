/**
 * Commits and dates as forges write them. A commit that is none fails the shape it is in; a date
 * that is none is not known.
 */
import { z } from 'zod';
import { commitOf, type Commit } from '../core/ids.ts';
import { instant, type Instant } from '../core/time.ts';
import type { ForgeBinding } from './lease.ts';

export const oid = z
  .string()
  .regex(/^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/)
  .transform((text): Commit => commitOf(text.toLowerCase()));

/** A field that may be absent or null is null. */
export function maybe<T>(shape: z.ZodType<T>) {
  return shape.nullish().transform((value): T | null => value ?? null);
}

export function dateOf(text: string | null): Instant | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : instant(at);
}

/** Where a forge's pages are: beside its API, or on its own origin where that is elsewhere. */
export function webBase({ origin, apiBase }: ForgeBinding): string {
  const beside = apiBase.replace(/\/api\/v\d$/, '');
  return URL.canParse(beside) && new URL(beside).origin === origin ? beside : origin;
}

/** An address for people lies on the forge's own origin, or we write it ourselves. */
export function ownUrl(url: string | null, origin: string, otherwise: string): string {
  const given = url ?? '';
  return URL.canParse(given) && new URL(given).origin === origin ? given : otherwise;
}
