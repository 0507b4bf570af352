/**
 * The lock: an exclusive transaction on an empty SQLite database, which is a lock the kernel keeps for this process (fcntl on
 * POSIX, LockFileEx on Windows). It is the one kernel lock that Node, Bun and Deno all reach without native code, so that an
 * agent under one runtime excludes a binary of another. The file stays empty: nothing is written, so no journal appears.
 *
 * POSIX lets go of a process's locks on a file as soon as that process closes any descriptor of it. So nothing else may open
 * the lock file, and here only `stat` and `access` look at it.
 *
 * @module
 */
import type { DatabaseSync as Database } from "node:sqlite";
import { BarnacleError } from "../../errors.ts";
import type { FileLock } from "../port.ts";
import { failure, fromPlatform } from "./errno.ts";
import { promiseOf } from "./promise-of.ts";

/**
 * The databases that hold locks. A lock is held until it is released, even if its taker forgets it; without this, collecting
 * the forgotten database as garbage would release it.
 */
const HELD = new Set<Database>();

/** Takes the lock that the file at `path` stands for. @throws `LOCK_HELD`, and what creating a file can meet */
export function takeLock(path: string): Promise<FileLock> {
  return promiseOf(() => take(path));
}

function take(path: string): FileLock {
  const action = `Lock ${path}`;
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  let database: Database | undefined;
  try {
    database = new DatabaseSync(path);
    // With its journal in memory nothing is written at all, so that a full disk does not look like a held lock.
    database.exec("PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    const opened = database !== undefined;
    database?.close();
    throw opened ? whyNotTaken(path, action, error) : whyNotOpened(path, action, error);
  }
  HELD.add(database);
  return { release: () => promiseOf(() => release(database)) };
}

/** Closing rolls the transaction back. A second release finds the database let go already. */
function release(database: Database): void {
  if (HELD.delete(database)) database.close();
}

/** SQLite says only that it could not open; the filesystem says why. */
function whyNotOpened(path: string, action: string, cause: unknown): BarnacleError {
  const { accessSync, constants, statSync } = process.getBuiltinModule("node:fs");
  const { dirname } = process.getBuiltinModule("node:path");
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
      return failure("IS_A_DIRECTORY", action, cause);
    }
    accessSync(dirname(path), constants.W_OK);
    return failure("IO_ERROR", action, cause);
  } catch (error) {
    return fromPlatform(error, action);
  }
}

/**
 * The file is open but the lock is not ours. Deno's errors carry no result code, so the other reasons are ruled out: a file
 * with content is no lock file, one we may not write cannot be locked; what is left is that another holds it.
 */
function whyNotTaken(path: string, action: string, cause: unknown): BarnacleError {
  const { accessSync, constants, statSync } = process.getBuiltinModule("node:fs");
  try {
    accessSync(path, constants.W_OK);
    if (statSync(path).size > 0) {
      return new BarnacleError({
        code: "IO_ERROR",
        action,
        value: "a file with content",
        wanted: "an empty lock file",
        cause,
      });
    }
  } catch (error) {
    return fromPlatform(error, action);
  }
  return new BarnacleError({
    code: "LOCK_HELD",
    action,
    value: "a lock held by another process",
    hint: "Stop the other process that works in this directory, or use another directory",
    retryable: true,
    cause,
  });
}
