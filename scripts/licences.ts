/** The licences of what a binary holds, as one text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * @param root the checkout
 * @param packages names of the bundled packages
 * @returns a list of names, versions and licences, then each licence's own words
 */
export function collectLicences(root: string, packages: readonly string[]): string {
  const own = readManifest(root);
  const bundled = packages.map((name) => join(root, "node_modules", name));
  const runtime = join(root, "node_modules", "bun");
  const folders = [...bundled, runtime];
  const list = folders.map(readManifest).map(describe);
  const texts = bundled.map((folder) => `--- ${describe(readManifest(folder))}\n\n${licenceText(folder)}`);
  return `${describe(own)}, with\n${list.map((line) => `  ${line}\n`).join("")}\n${texts.join("\n\n")}\n`;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function describe(manifest: Manifest): string {
  return `${manifest.name} ${manifest.version} (${manifest.license ?? "no licence stated"})`;
}

function licenceText(folder: string): string {
  const name = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (name === undefined || !existsSync(join(folder, name))) return "The package carries no licence text.";
  return readFileSync(join(folder, name), "utf8").trim();
}
