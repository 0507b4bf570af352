/**
 * The configuration's schema as JSON Schema, for editors. Loaded only when it is asked for.
 *
 * @module
 */
import * as z from "zod/mini";
import { configSchema, configSections } from "./schema.ts";
import { allSettings } from "./settings.ts";

/** A secret in the configuration file: the text, or better the file that holds it. */
const SECRET_JSON_SCHEMA = {
  anyOf: [
    { type: "string", minLength: 1 },
    {
      type: "object",
      properties: { file: { type: "string", minLength: 1 } },
      required: ["file"],
      additionalProperties: false,
    },
  ],
};

/** The JSON Schema (draft 2020-12) of a configuration file. The same at every call; the caller may change it. */
export function makeConfigJsonSchema(): Record<string, unknown> {
  const descriptions = z.registry<{ description?: string }>();
  const secrets = new Set<unknown>();
  const defaultsInWords = new Set<unknown>();
  const schema = configSchema((path, part) => {
    const setting = allSettings().get(path);
    descriptions.add(part, { description: setting?.description ?? "" });
    if (setting?.isSecret === true) secrets.add(part);
    if (setting?.defaultWords !== undefined) defaultsInWords.add(part);
  });
  const made = z.toJSONSchema(schema, {
    io: "input",
    reused: "inline",
    unrepresentable: "any",
    metadata: descriptions,
    override: ({ zodSchema, jsonSchema }) => {
      if (secrets.has(zodSchema)) Object.assign(jsonSchema, SECRET_JSON_SCHEMA);
      if (defaultsInWords.has(zodSchema)) delete jsonSchema.default;
    },
  });
  for (const [name, { description }] of Object.entries(configSections)) {
    const section = made.properties?.[name];
    if (typeof section === "object") section.description = description;
  }
  const { $schema, properties, ...rest } = made;
  return {
    $schema,
    title: "Barnacle configuration",
    ...rest,
    properties: { $schema: { type: "string", description: "Where editors find this schema." }, ...properties },
  };
}
