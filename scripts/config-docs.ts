/**
 * Writes the documents that are made from the configuration's schema.
 *
 *     tsx scripts/config-docs.ts            writes docs/config.schema.json and docs/configuration.md
 *     tsx scripts/config-docs.ts --check    writes nothing; exit 1 when one of them is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { configJsonSchema, configReference } from "../src/config/mod.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Every document by its path from the top. */
const documents: Readonly<Record<string, string>> = {
  "docs/config.schema.json": `${JSON.stringify(await configJsonSchema(), undefined, 2)}\n`,
  "docs/configuration.md": await configReference(),
};

function isCurrent(path: string, text: string): boolean {
  try {
    return readFileSync(join(ROOT, path), "utf8") === text;
  } catch {
    return false;
  }
}

const stale = Object.entries(documents).filter(([path, text]) => !isCurrent(path, text));
if (process.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} is stale: npm run docs makes it anew`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    console.log(`wrote ${path}`);
  }
}
