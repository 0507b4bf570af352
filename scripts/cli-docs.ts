/**
 * Writes the reference page of the command line, made from the commands' own help.
 *
 *     tsx scripts/cli-docs.ts            writes docs/cli.md
 *     tsx scripts/cli-docs.ts --check    writes nothing; exit 1 when it is stale
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { commandReference } from "../src/cli/reference.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PATH = "docs/cli.md";

const file = join(ROOT, PATH);
const text = commandReference();
const isCurrent = existsSync(file) && readFileSync(file, "utf8") === text;
if (process.argv.includes("--check")) {
  if (!isCurrent) console.error(`${PATH} is stale: npm run docs makes it anew`);
  process.exitCode = isCurrent ? 0 : 1;
} else if (!isCurrent) {
  writeFileSync(file, text);
  console.log(`wrote ${PATH}`);
}
