/** Looking at the outbox without taking anything. @module */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { FileHandle, Files, FileStat } from "../../runtime/port.ts";
import type { Prefix } from "./prefix.ts";

/**
 * The file's facts; `undefined` when there is none, which is as good as an empty one. A symbolic link is followed.
 *
 * @throws `IS_A_DIRECTORY`, `IO_ERROR` when it is no file, which opening a pipe would find out by waiting; `PERMISSION_DENIED` and
 *   its like
 */
export async function statOutbox(files: Files, path: string): Promise<FileStat | undefined> {
  let stat: FileStat;
  try {
    stat = await files.stat(path);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
  if (stat.kind === "file") return stat;
  throw new BarnacleError({
    code: stat.kind === "directory" ? "IS_A_DIRECTORY" : "IO_ERROR",
    action: `Read ${JSON.stringify(path)}`,
    value: stat.kind === "directory" ? "a directory" : "neither file nor directory",
    wanted: "a file with a message a line",
    hint: "remove it; the file is made by whoever writes the first message",
  });
}

/** Whether nothing tells the file from what it was. */
export function isSameStat(left: FileStat | undefined, right: FileStat | undefined): boolean {
  return left?.fileId === right?.fileId && left?.sizeBytes === right?.sizeBytes &&
    left?.modifiedAtMs === right?.modifiedAtMs;
}

/** Whether the file begins with all that was read of it, byte for byte. */
export async function checkPrefix(handle: FileHandle, prefix: Prefix): Promise<boolean> {
  for (const segment of prefix.segments) {
    const bytes = await handle.readAt(segment.startBytes, segment.endBytes - segment.startBytes);
    if (!prefix.holds(segment, bytes)) return false;
  }
  return true;
}
