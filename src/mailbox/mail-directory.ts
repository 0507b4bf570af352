/**
 * The directory `.moltcomm/`, kept from others' eyes and out of the workspace's git.
 *
 * @module
 */
import { joinPath, replaceFile, statIfThere, type StorePorts } from "../store/mod.ts";

/** What was made; what is `false` was there. */
export interface MadeMailDirectory {
  readonly directory: boolean;
  readonly gitIgnore: boolean;
}

/** Where mail lies in a work directory. */
export function mailDirectoryPath(workDirectory: string): string {
  return joinPath(workDirectory, ".moltcomm");
}

/**
 * Makes `.moltcomm/` (mode 0o700) and in it a `.gitignore` that keeps all of it out of git, where they are missing. Idempotent; what is
 * there stays as it is.
 *
 * @param workDirectory an existing directory
 * @throws `NOT_A_DIRECTORY`, `FILE_EXISTS`, `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR`
 */
export async function ensureMailDirectory(ports: StorePorts, workDirectory: string): Promise<MadeMailDirectory> {
  const { files } = ports;
  const path = mailDirectoryPath(workDirectory);
  const directory = await statIfThere(files, path) === undefined;
  if (directory) {
    await files.makeDirectory(path, { mode: 0o700 });
    await files.syncDirectory(workDirectory);
  }
  const ignore = joinPath(path, ".gitignore");
  const gitIgnore = await statIfThere(files, ignore) === undefined;
  if (gitIgnore) await replaceFile(ports, ignore, new TextEncoder().encode("*\n"), { mode: 0o600 });
  return { directory, gitIgnore };
}
