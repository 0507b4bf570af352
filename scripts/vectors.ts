/**
 * Writes the test vectors of MoltComm v1 for other implementers.
 *
 *     tsx scripts/vectors.ts            writes docs/vectors/*.json, except the published file
 *     tsx scripts/vectors.ts --check    writes nothing; exit 1 when one of them is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { vectorDocuments } from "./vectors/documents.ts";

const DIRECTORY = resolve(dirname(fileURLToPath(import.meta.url)), "../docs/vectors");

function isCurrent(name: string, text: string): boolean {
  try {
    return readFileSync(join(DIRECTORY, name), "utf8") === text;
  } catch {
    return false;
  }
}

const stale = Object.entries(await vectorDocuments()).filter(([name, text]) => !isCurrent(name, text));
if (process.argv.includes("--check")) {
  for (const [name] of stale) console.error(`docs/vectors/${name} is stale: npm run vectors makes it anew`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  mkdirSync(DIRECTORY, { recursive: true });
  for (const [name, text] of stale) {
    writeFileSync(join(DIRECTORY, name), text);
    console.log(`wrote docs/vectors/${name}`);
  }
}
