/**
 * A secret has a type. It prints as `‹secret›` wherever it lands by accident (a log, a template,
 * JSON, an error) and is opened by name only where a process outside must be given it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The only way to the text; searching for `.open(` finds every place that uses one. */
  open(): string {
    return this.#text;
  }

  toString(): string {
    return '‹secret›';
  }

  toJSON(): string {
    return '‹secret›';
  }
}
