/**
 * The recipe for replacing a file whole: readers, and we after a crash, see the old content or the new, never a part.
 *
 * Temporary file beside the target (the same filesystem, so that the rename is atomic), write all, fsync, close,
 * rename, fsync of the directory. Each file wants one writer at a time; a `JsonStateFile` sees to that for its own, the
 * lock of the work directory for other processes. A symbolic link at the target is replaced, not followed.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { Files, FileStat, Random } from "../runtime/port.ts";
import { baseName, joinPath, parentPath } from "./path.ts";
import { statIfThere } from "./stat-if-there.ts";

/** What the recipes need of the platform. */
export interface StorePorts {
  readonly files: Files;
  readonly random: Random;
}

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Permission bits of the new file. Default: those of the file it replaces, else 0o644. */
  readonly mode?: number;
  /**
   * Gives the new file the owner of the one it replaces; where that is not permitted the replacement fails. Default
   * `false`.
   */
  readonly keepOwner?: boolean;
  /** Asked at the last moment before the new file takes the place of the old one: `false` leaves it at that. */
  readonly onlyIf?: () => Promise<boolean>;
}

const PERMISSION_BITS = 0o777;
const SUFFIX_BYTES = 6;

/**
 * Replaces the file's whole content, durably.
 *
 * @param path the file, which need not exist; its directory must
 * @returns whether it was replaced; always, without `onlyIf`
 * @throws `DISK_FULL`, `PERMISSION_DENIED`, `FILE_NOT_FOUND` (no such directory), `IO_ERROR`; until the rename the old
 *   content is untouched
 */
export async function replaceFile(
  ports: StorePorts,
  path: string,
  bytes: Uint8Array,
  options: ReplaceOptions = {},
): Promise<boolean> {
  const { files } = ports;
  const replaced = await statIfThere(files, path);
  const mode = options.mode ?? replaced?.mode;
  const temporary = temporaryPath(ports.random, path);
  try {
    await writeNew(files, temporary, bytes, mode);
    if (options.keepOwner === true && replaced !== undefined) await copyOwner(files, temporary, replaced);
    // Opening subtracts the umask, and changing the owner may clear bits: the mode is set once more, last.
    if (mode !== undefined) await files.setMode(temporary, mode & PERMISSION_BITS);
    if (options.onlyIf !== undefined && !await options.onlyIf()) {
      await removeQuietly(files, temporary);
      return false;
    }
    await files.rename(temporary, path);
  } catch (thrown) {
    await removeQuietly(files, temporary);
    throw thrown;
  }
  await files.syncDirectory(parentPath(path));
  return true;
}

/**
 * Removes the temporary files that replacements of this file left behind when they were cut off. Only for whoever is
 * the file's one writer: the temporary file of a replacement under way would go too.
 *
 * @param path the file that was to be replaced; neither it nor its directory needs to exist
 */
export async function removeLeftovers(files: Files, path: string): Promise<void> {
  const directory = parentPath(path);
  let names: string[];
  try {
    names = await files.list(directory);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return;
    throw thrown;
  }
  const prefix = temporaryPrefix(path);
  for (const name of names) {
    if (name.startsWith(prefix) && name.endsWith(TEMPORARY_SUFFIX)) {
      await removeQuietly(files, joinPath(directory, name));
    }
  }
}

const TEMPORARY_SUFFIX = ".tmp";

function temporaryPrefix(path: string): string {
  return `.${baseName(path)}.barnacle-`;
}

function temporaryPath(random: Random, path: string): string {
  const suffix = Array.from(random.bytes(SUFFIX_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return joinPath(parentPath(path), `${temporaryPrefix(path)}${suffix}${TEMPORARY_SUFFIX}`);
}

async function writeNew(files: Files, path: string, bytes: Uint8Array, mode: number | undefined): Promise<void> {
  const handle = await files.open(path, "createNew", mode === undefined ? {} : { mode: mode & PERMISSION_BITS });
  try {
    await handle.write(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function copyOwner(files: Files, temporary: string, replaced: FileStat): Promise<void> {
  if (replaced.userId === undefined || replaced.groupId === undefined) return;
  const made = await files.stat(temporary);
  if (made.userId === replaced.userId && made.groupId === replaced.groupId) return;
  await files.setOwner(temporary, replaced.userId, replaced.groupId);
}

async function removeQuietly(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch {
    // The error that led here is the one to report; what stays behind is removed at the next use of the file.
    return;
  }
}
