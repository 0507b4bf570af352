/** What `node:fs` tells of a file, as the port tells it. @module */
import type { Stats } from "node:fs";
import type { FileStat } from "../port.ts";

const PERMISSION_BITS = 0o7777;

export function toFileStat(stats: Stats): FileStat {
  const posix = process.platform !== "win32";
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
    sizeBytes: stats.size,
    modifiedAtMs: stats.mtimeMs,
    fileId: stats.ino,
    mode: posix ? stats.mode & PERMISSION_BITS : undefined,
    userId: posix ? stats.uid : undefined,
    groupId: posix ? stats.gid : undefined,
  };
}
