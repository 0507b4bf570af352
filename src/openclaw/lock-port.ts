/**
 * The port that a running gateway wrote down for itself, which a flag may have chosen. Source: OpenClaw's documentation, "Gateway lock".
 *
 * Only locks inside the state directory are believed (2026.8.1 and newer): anybody could write one into the temporary directory, where
 * older ones keep theirs, and be sent what is meant for the gateway.
 *
 * @module
 */
import type { Files } from "../runtime/port.ts";
import { joinPath } from "../store/mod.ts";
import { portOf, recordOf } from "./record.ts";

const LOCK_BYTES_MAX = 16 * 1024;
const LOCKS_MAX = 16;

/** The port of the newest lock; `undefined` where there is none. A crash leaves its lock behind: who listens must still be asked. */
export async function readLockPort(
  files: Pick<Files, "list" | "read">,
  stateDirectory: string,
): Promise<number | undefined> {
  const directory = joinPath(stateDirectory, "tmp");
  let newest: { readonly port: number; readonly at: string } | undefined;
  for (const owner of (await namesIn(files, directory)).filter((name) => /^openclaw(?:-\d+)?$/.test(name))) {
    const names = (await namesIn(files, joinPath(directory, owner))).filter((name) => /^gateway\..*\.lock$/.test(name));
    for (const name of names.slice(0, LOCKS_MAX)) {
      const lock = await readLock(files, joinPath(joinPath(directory, owner), name));
      const port = portOf(lock["port"]);
      const isGateway = (lock["role"] ?? "gateway") === "gateway";
      const at = String(lock["createdAt"] ?? "");
      if (port !== undefined && isGateway && at >= (newest?.at ?? "")) newest = { port, at };
    }
  }
  return newest?.port;
}

async function namesIn(files: Pick<Files, "list">, directory: string): Promise<readonly string[]> {
  try {
    return await files.list(directory);
  } catch {
    // Not there, or not ours to look into.
    return [];
  }
}

async function readLock(files: Pick<Files, "read">, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(await files.read(path, LOCK_BYTES_MAX))));
  } catch {
    // Gone meanwhile, or half written: it will be read again.
    return {};
  }
}
