/**
 * The shapes of single fields. Hand-written: they stand in the path of every message.
 *
 * @module
 */

/** A JSON object whose fields are not known yet. A field that only the prototype has is none of the protocol's. */
export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string that every language encodes to the same bytes. Source: MoltComm v1, section 11, reading 8. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

export function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

/** An integer that every language writes with the same decimal digits: they are signed. */
export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
