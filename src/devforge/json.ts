/**
 * Reading JSON that somebody sent: narrow first, then use. Nothing here throws on a wrong shape,
 * because a forge answers a wrong request with a status, not with a stack.
 *
 * J1 A field that is absent and a field of another type read the same: as null.
 */
export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(from: Json, name: string): string | null {
  const value = from[name];
  return typeof value === 'string' ? value : null;
}

export function whole(from: Json, name: string): number | null {
  const value = from[name];
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

export function flag(from: Json, name: string): boolean | null {
  const value = from[name];
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'boolean' ? value : null;
}

export function list(from: Json, name: string): readonly unknown[] {
  const value: unknown = from[name];
  return Array.isArray(value) ? value : [];
}

export function words(from: Json, name: string): readonly string[] {
  return list(from, name).filter((word) => typeof word === 'string');
}

export function inner(from: Json, name: string): Json {
  const value = from[name];
  return isJson(value) ? value : {};
}

/** undefined: it is no JSON. */
export function parsed(source: string): unknown {
  try {
    const value: unknown = JSON.parse(source);
    return value;
  } catch {
    return undefined;
  }
}
