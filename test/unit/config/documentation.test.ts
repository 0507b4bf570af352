/**
 * Hunts: documents that say something else than the schema does, and documents that were not made anew after a change.
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { configJsonSchema, configReference, explainConfig } from "../../../src/config/mod.ts";
import { CONFIG_EXAMPLE } from "../../../src/config/reference.ts";
import { allSettings } from "../../../src/config/settings.ts";
import { load, loadText } from "./support/load.ts";

const DOCS = join(resolve(dirname(fileURLToPath(import.meta.url)), "../../.."), "docs");

describe("the committed documents are what the schema makes", () => {
  test("docs/config.schema.json", async () => {
    const made = `${JSON.stringify(await configJsonSchema(), undefined, 2)}\n`;
    expect(readFileSync(join(DOCS, "config.schema.json"), "utf8")).toBe(made);
  });

  test("docs/configuration.md", async () => {
    expect(readFileSync(join(DOCS, "configuration.md"), "utf8")).toBe(await configReference());
  });
});

describe("configReference", () => {
  test("describes every setting in whole sentences, with its variable", async () => {
    const page = await configReference();
    for (const { path, variable, description } of allSettings().values()) {
      expect(page).toContain(`| \`${path}\` | ${description}`);
      expect(page).toContain(`\`${variable}\``);
      expect(description).toMatch(/^[A-Z`].*\.$/);
    }
    expect(page).not.toContain("undefined");
    expect(page).not.toContain("[object");
  });

  test("shows an example that loads", async () => {
    const contents = { "/work/secrets/openclaw-api-key": "key-of-many-letters\n" };
    const { config } = await loadText(CONFIG_EXAMPLE, { contents });
    expect(config.service.tags).toEqual({ region: "eu-west", gpu: "a100" });
    expect(config.openclaw.apiKey?.reveal()).toBe("key-of-many-letters");
  });
});

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

describe("configJsonSchema", () => {
  test("has every setting, wants none, and takes no other key", async () => {
    const schema = await configJsonSchema() as JsonSchema;
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toBeUndefined();
    const { $schema, ...sections } = schema.properties ?? {};
    expect($schema?.type).toBe("string");
    const paths = Object.entries(sections).flatMap(([section, { properties, required, additionalProperties }]) => {
      expect(required).toBeUndefined();
      expect(additionalProperties).toBe(false);
      return Object.keys(properties ?? {}).map((name) => `${section}.${name}`);
    });
    expect(paths).toEqual([...allSettings().keys()]);
  });

  test("takes a secret as text or as a file, and shows no default that changes with the version", async () => {
    const { properties } = await configJsonSchema() as JsonSchema;
    expect(properties?.["openclaw"]?.properties?.["apiKey"]?.anyOf?.map((form) => form.type)).toEqual([
      "string",
      "object",
    ]);
    expect(properties?.["service"]?.properties?.["version"]).not.toHaveProperty("default");
    expect(properties?.["http"]?.properties?.["listen"]?.default).toBe("127.0.0.1:7410");
  });
});

test("explainConfig has a row for every setting, what is not set included", async () => {
  const rows = explainConfig(await load({ flags: { "log.level": "warn" } }));
  expect(rows.map((row) => row.path)).toEqual([...allSettings().keys()]);
  expect(rows.find((row) => row.path === "log.level")).toEqual({
    path: "log.level",
    value: "warn",
    origin: { kind: "flag", name: "--log.level" },
  });
  expect(rows.find((row) => row.path === "http.token")).toEqual({
    path: "http.token",
    value: undefined,
    origin: { kind: "default" },
  });
});
