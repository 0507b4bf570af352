/**
 * OpenClaw's versions: which is installed, and what a version means for its agents.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { Files } from "../runtime/port.ts";
import { joinPath } from "../store/mod.ts";
import { variableOf } from "./places.ts";
import { recordOf, textOf } from "./record.ts";
import type { GatewayVersion, Generation } from "./types.ts";

const PACKAGE_BYTES_MAX = 1024 * 1024;
const PATH_ENTRIES_MAX = 64;
const COMMIT_DIGITS = 7;
/** Since this release no agent reads `HEARTBEAT.md`. */
const SCRATCH_SINCE = [2026, 8] as const;
/** The releases that this Barnacle was tried with, the oldest first: `npm run test:openclaw`. */
export const TRIED_VERSIONS = ["2026.7.35", "2026.9.6"] as const;
const NUMBER = /^v?(\d{4})\.(\d{1,2})\.(\d{1,5})(?:[-+][\w.+-]{1,32})?$/;

/** Where the package lies beside a directory of commands: npm's global one (POSIX, Windows), a project's, Bun's, pnpm's. */
const PACKAGES_BESIDE = [
  "../lib/node_modules/openclaw",
  "node_modules/openclaw",
  "../openclaw",
  "../install/global/node_modules/openclaw",
  "global/5/node_modules/openclaw",
];

/** The version if the text is one, such as `2026.9.6`. */
export function readVersionNumber(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && NUMBER.test(text) ? text.replace(/^v/, "") : undefined;
}

/** What a version's agents are told by; `undefined` for a version of another form. */
export function generationOf(version: string | undefined): Generation | undefined {
  const match = NUMBER.exec(version ?? "");
  if (match === null) return undefined;
  const [year, month] = [Number(match[1]), Number(match[2])];
  const [sinceYear, sinceMonth] = SCRATCH_SINCE;
  return year > sinceYear || (year === sinceYear && month >= sinceMonth) ? "scratch" : "heartbeat-file";
}

/** Whether one release is older than another one; `undefined` for numbers of another form. */
export function isOlderVersion(version: string, than: string): boolean | undefined {
  const [parts, others] = [NUMBER.exec(version), NUMBER.exec(than)].map((match) => match?.slice(1, 4).map(Number));
  if (parts === undefined || others === undefined) return undefined;
  const at = parts.findIndex((part, index) => part !== others[index]);
  return at >= 0 && (parts[at] ?? 0) < (others[at] ?? 0);
}

/** Whether a release is of a later month than any that was tried: what it changed is not known here. */
export function isUntried(version: string): boolean {
  const [year, month] = TRIED_VERSIONS[TRIED_VERSIONS.length - 1]?.split(".") ?? [];
  return isOlderVersion(`${year}.${month}.99999`, version) === true;
}

/** As OpenClaw itself writes its version: `OpenClaw 2026.3.13 (61d171a)`, without the commit where it is not known. */
export function formatVersion({ number, commit }: GatewayVersion): string {
  return commit === undefined ? `OpenClaw ${number}` : `OpenClaw ${number} (${commit})`;
}

/** The package whose command comes first on the `PATH`; its program is not started. `undefined` where none is found. */
export async function findInstalled(
  files: Pick<Files, "read" | "stat">,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GatewayVersion | undefined> {
  const path = variableOf(environment, "PATH") ?? variableOf(environment, "Path") ?? "";
  const separator = /^[A-Za-z]:[\\/]/.test(path) ? ";" : ":";
  for (const directory of path.split(separator).slice(0, PATH_ENTRIES_MAX)) {
    if (directory === "" || !await hasCommand(files, directory)) continue;
    for (const beside of PACKAGES_BESIDE) {
      const version = await readPackage(files, joinPath(directory, beside));
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

async function hasCommand(files: Pick<Files, "stat">, directory: string): Promise<boolean> {
  for (const name of ["openclaw", "openclaw.cmd"]) {
    try {
      await files.stat(joinPath(directory, name));
      return true;
    } catch (thrown) {
      if (!isBarnacleError(thrown)) throw thrown;
    }
  }
  return false;
}

async function readPackage(files: Pick<Files, "read">, directory: string): Promise<GatewayVersion | undefined> {
  const manifest = await readJson(files, joinPath(directory, "package.json"));
  const number = readVersionNumber(manifest["version"]);
  if (number === undefined || manifest["name"] !== "openclaw") return undefined;
  const build = await readJson(files, joinPath(directory, "dist/build-info.json"));
  const commit = textOf(build["commit"])?.slice(0, COMMIT_DIGITS);
  const isOfThis = commit !== undefined && /^[0-9a-f]{7}$/.test(commit) && build["version"] === number;
  return { number, from: "package", ...(isOfThis ? { commit } : {}) };
}

async function readJson(files: Pick<Files, "read">, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(await files.read(path, PACKAGE_BYTES_MAX))));
  } catch {
    // Not there, not ours to read, or no JSON: nothing is known from it.
    return {};
  }
}
