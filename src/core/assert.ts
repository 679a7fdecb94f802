/**
 * Bugs are thrown, expected failures are values. These two are the only ways core throws.
 * A throw while deciding or applying one entity is caught by the tick, which rolls that entity
 * back, parks it and raises a `gastown_bug` escalation that names it.
 */

/** An assertion of ours that did not hold. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** Closes an exhaustive switch: reaching it at run time means a value from another version. */
export function unreachable(value: never): never {
  throw new Bug(`no case for ${JSON.stringify(value)}`);
}
