/**
 * The configuration's documents, made from its schema; what makes them is loaded when they are asked for.
 *
 * @module
 */

/** The JSON Schema (draft 2020-12) of a configuration file, for editors. */
export async function configJsonSchema(): Promise<Record<string, unknown>> {
  const { makeConfigJsonSchema } = await import("./json-schema.ts");
  return makeConfigJsonSchema();
}

/** The reference page, Markdown. */
export async function configReference(): Promise<string> {
  const { makeConfigReference } = await import("./reference.ts");
  return makeConfigReference();
}
