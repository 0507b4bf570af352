/**
 * The gateway's version as it writes it itself: `OpenClaw 2026.9.6 (eb377ac)`.
 *
 * @module
 */
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GatewayApi } from "./gateway-api.ts";

const COMMIT_DIGITS = 7;
const COMMIT_REGEXP = /^[0-9a-f]{7,40}$/;

let commit: string | undefined | null = null;

/** The commit stands in a file of the package alone; it is read once, and left out where it is not found. */
export function versionOf(api: GatewayApi): string {
  if (commit === null) commit = readCommit();
  return `OpenClaw ${api.runtime.version ?? "unknown"}${
    commit === undefined ? "" : ` (${commit.slice(0, COMMIT_DIGITS)})`
  }`;
}

function readCommit(): string | undefined {
  try {
    const command = realpathSync(process.argv[1] ?? "");
    const info: unknown = JSON.parse(readFileSync(join(dirname(command), "dist", "build-info.json"), "utf8"));
    const found = typeof info === "object" && info !== null && "commit" in info ? info.commit : undefined;
    return typeof found === "string" && COMMIT_REGEXP.test(found) ? found : undefined;
  } catch {
    // Started in another way than by its command: the number alone is told.
    return undefined;
  }
}
