/**
 * Whether nginx is there, and which sites it serves. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import { NGINX_SITES_MAX } from "../../limits.ts";
import type { Files } from "../../runtime/port.ts";

/** Where packages and builds of nginx put the program: Debian and its kin, its own default, FreeBSD, Homebrew. */
const PROGRAMS = [
  "/usr/sbin/nginx",
  "/usr/local/nginx/sbin/nginx",
  "/usr/local/sbin/nginx",
  "/usr/local/bin/nginx",
  "/opt/homebrew/bin/nginx",
];
const SITES = "/etc/nginx/sites-enabled";

/** What is told of nginx. */
export interface NginxFacts {
  readonly nginx_installed: boolean;
  readonly nginx_sites: string[];
}

/** Looks under the root; what is not there is no error. @throws the other errors of `Files` */
export async function readNginx(files: Pick<Files, "stat" | "list">, rootFs: string): Promise<NginxFacts> {
  const root = rootFs.replace(/\/+$/, "");
  let isInstalled = false;
  for (const program of PROGRAMS) {
    isInstalled ||= (await ifThere(files.stat(root + program)))?.kind === "file";
  }
  const sites = await ifThere(files.list(root + SITES)) ?? [];
  return { nginx_installed: isInstalled, nginx_sites: sites.slice(0, NGINX_SITES_MAX) };
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return undefined;
    throw thrown;
  }
}
