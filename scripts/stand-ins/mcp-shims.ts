/**
 * Stands in the binary for `@modelcontextprotocol/server/_shims`, which brings a validator of JSON Schemas: 150 KB that a server needs
 * only when it asks people to fill in forms. Ours asks nobody, and its tools check what they are given themselves.
 *
 * @module
 */
import process from "node:process";

/** Has nothing to validate with. */
export class DefaultJsonSchemaValidator {
  /** @throws Error always, because nothing here asks for it */
  getValidator(): never {
    throw new Error("Validate by a JSON Schema: this binary carries no validator");
  }
}

export { process };
