/**
 * A value that must not be seen, wrapped so that every ordinary way of showing it shows `[secret]` instead.
 *
 * The wrapper protects against showing a secret by accident. A secret that was revealed and put into a text is what the
 * {@link Redactor} is for.
 *
 * @module
 */

/** What stands in place of a secret. */
export const SECRET_MASK = "[secret]";

/**
 * Holds one secret. Text conversion, JSON, templates and the inspectors of Node, Bun and Deno all give `[secret]`; the
 * value is in a private field, so neither enumeration nor cloning reaches it.
 *
 * @example
 * ```ts
 * const key = new Secret("correct horse");
 * `${key}`; // "[secret]"
 * key.reveal(); // "correct horse"
 * ```
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that sends or compares it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SECRET_MASK;
  }

  toJSON(): string {
    return SECRET_MASK;
  }

  [Symbol.toPrimitive](): string {
    return SECRET_MASK;
  }

  /** Read by the inspectors of Node and Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SECRET_MASK;
  }

  /** Read by Deno's inspector. */
  [Symbol.for("Deno.customInspect")](): string {
    return SECRET_MASK;
  }
}
