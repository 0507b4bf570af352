/**
 * Looking into values of unknown shape.
 *
 * @module
 */

/** An object that is no list; another value gives an empty one. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text that is not blank, without the blanks around it. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? undefined : text;
}

/** A port that can be listened on. */
export function portOf(value: unknown): number | undefined {
  const isPort = typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 65_535;
  return isPort ? value : undefined;
}
