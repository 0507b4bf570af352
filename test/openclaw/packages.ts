/** The real OpenClaw packages, installed into a scratch folder from the npm registry. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TRIED_VERSIONS } from "../../src/openclaw/mod.ts";
import { ROOT } from "../e2e/barnacle.ts";
import { unreachableBy } from "./npm-answer.ts";

/** The two generations: the newest that reads `HEARTBEAT.md`, and the newest. */
export const VERSIONS: typeof TRIED_VERSIONS = TRIED_VERSIONS;
export type Version = typeof VERSIONS[number];

const BIN = join(ROOT, "node_modules", ".bin");

/** The `openclaw` command, or npm's code for why the registry is out of reach. */
export type Installation = { readonly command: string } | { readonly unreachableBy: string };

/** A search path on which our pinned Node comes first: OpenClaw asks for a newer one than the machine may have. */
export const PATH: string = `${BIN}:${process.env["PATH"] ?? ""}`;

/**
 * Installs a version, unless it is there.
 *
 * @throws Error when npm fails for any other reason: a version that the registry does not have is one
 */
export function installOpenClaw(folder: string, version: Version): Installation {
  const place = join(folder, `openclaw-${version}`);
  const command = join(place, "node_modules", ".bin", "openclaw");
  if (existsSync(command)) return { command };
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), '{"private":true}\n');
  const words = ["install", "--no-audit", "--no-fund", "--loglevel=error", `openclaw@${version}`];
  const { status, stderr } = spawnSync("npm", words, { cwd: place, encoding: "utf8", env: { ...process.env, PATH } });
  if (status === 0 && existsSync(command)) return { command };
  const code = unreachableBy(stderr);
  if (code !== undefined) return { unreachableBy: code };
  throw new Error(`npm install openclaw@${version} failed:\n${stderr}`);
}
