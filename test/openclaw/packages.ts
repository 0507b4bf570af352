/** The real OpenClaw packages, installed into a scratch folder from the npm registry. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TRIED_VERSIONS } from "../../src/openclaw/mod.ts";
import { ROOT } from "../e2e/barnacle.ts";

/** The two generations: the newest that reads `HEARTBEAT.md`, and the newest. */
export const VERSIONS: typeof TRIED_VERSIONS = TRIED_VERSIONS;
export type Version = typeof VERSIONS[number];

const BIN = join(ROOT, "node_modules", ".bin");
/** What npm says when there is no way to the registry, or the registry has no such package. */
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ETARGET|E404|network/;

/** A search path on which our pinned Node comes first: OpenClaw asks for a newer one than the machine may have. */
export const PATH: string = `${BIN}:${process.env["PATH"] ?? ""}`;

/**
 * Installs a version, unless it is there.
 *
 * @returns the `openclaw` command; `undefined` when the package cannot be had
 * @throws Error when npm fails for any other reason
 */
export function installOpenClaw(folder: string, version: Version): string | undefined {
  const place = join(folder, `openclaw-${version}`);
  const command = join(place, "node_modules", ".bin", "openclaw");
  if (existsSync(command)) return command;
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), '{"private":true}\n');
  const words = ["install", "--no-audit", "--no-fund", "--loglevel=error", `openclaw@${version}`];
  const { status, stderr } = spawnSync("npm", words, { cwd: place, encoding: "utf8", env: { ...process.env, PATH } });
  if (status === 0 && existsSync(command)) return command;
  if (UNREACHABLE.test(stderr)) return undefined;
  throw new Error(`npm install openclaw@${version} failed:\n${stderr}`);
}
