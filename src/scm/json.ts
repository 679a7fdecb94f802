/**
 * Looking into JSON that nobody has checked: a field is what it should be, or it is not there.
 *
 * J1 Never throws, whatever the value; only own fields of plain objects are seen.
 */

/** What lies at the end of the path, or null. */
export function at(json: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.getOwnPropertyDescriptor(value, field)?.value ?? null;
  }, json);
}

export function textAt(json: unknown, ...path: readonly string[]): string | null {
  const value = at(json, ...path);
  return typeof value === 'string' && value !== '' ? value : null;
}

export function wholeAt(json: unknown, ...path: readonly string[]): number | null {
  const value = at(json, ...path);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

export function listAt(json: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = at(json, ...path);
  return Array.isArray(value) ? value : [];
}

/** undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return json;
  } catch {
    return undefined;
  }
}
