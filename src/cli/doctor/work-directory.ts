import { isBarnacleError } from "../../errors.ts";
import type { Files, FileStat, Random } from "../../runtime/port.ts";
import { joinPath, workDirectoryPaths } from "../../store/mod.ts";
import { failure, failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const MIB = 1024 * 1024;
/** Below this a day of events or a few large messages may fill the disk. */
const FREE_BYTES_WARNING = 512 * MIB;
/** Below this the next write may fail. */
const FREE_BYTES_FAILURE = 32 * MIB;
const OTHERS_MASK = 0o077;
const PROBE_BYTES = 4;

/** The work directory: there, writable, on a disk with room. */
export async function checkWorkDirectory({ runtime, loaded }: Pick<Patient, "runtime" | "loaded">): Promise<Finding[]> {
  const { files, random } = runtime;
  const { directory, stateDirectory } = workDirectoryPaths(loaded.directory);
  const stat = await statOf(files, directory);
  if (stat?.kind !== "directory") {
    const found = stat === undefined ? "is not there" : "is no directory";
    return [failure("work directory", `${directory} ${found}`, "create it, or name another one with --dir")];
  }
  const state = await statOf(files, stateDirectory);
  return [
    await checkWritable(files, random, state === undefined ? directory : stateDirectory),
    ...checkPrivacy(stateDirectory, state),
    await checkSpace(files, directory),
  ];
}

async function statOf(files: Files, path: string): Promise<FileStat | undefined> {
  try {
    return await files.stat(path);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return undefined;
    throw thrown;
  }
}

/** Writes a file of its own and removes it: only that tells about read-only mounts, quotas and permissions alike. */
async function checkWritable(files: Files, random: Random, directory: string): Promise<Finding> {
  const suffix = Array.from(random.bytes(PROBE_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const path = joinPath(directory, `.barnacle-doctor-${suffix}`);
  try {
    const handle = await files.open(path, "createNew", { mode: 0o600 });
    try {
      await handle.write(new TextEncoder().encode("probe\n"));
      await handle.sync();
    } finally {
      await handle.close();
      await files.remove(path);
    }
  } catch (thrown) {
    return failureFrom("work directory", thrown, `make ${directory} writable for the user that runs barnacle`);
  }
  return ok("work directory", `${directory} can be written`);
}

function checkPrivacy(stateDirectory: string, state: FileStat | undefined): Finding[] {
  if (state?.mode === undefined || (state.mode & OTHERS_MASK) === 0) return [];
  const mode = (state.mode & 0o777).toString(8);
  return [
    warning(
      "work directory",
      `${stateDirectory} has mode ${mode}: others can look into it`,
      `chmod 700 ${stateDirectory}`,
    ),
  ];
}

async function checkSpace(files: Files, directory: string): Promise<Finding> {
  const { freeBytes, totalBytes } = await files.freeSpace(directory);
  const told = `${Math.floor(freeBytes / MIB)} MiB free of ${Math.floor(totalBytes / MIB)} MiB`;
  const advice = "make room on this filesystem, or move the work directory to another one with --dir";
  if (freeBytes < FREE_BYTES_FAILURE) return failure("disk", told, advice);
  return freeBytes < FREE_BYTES_WARNING ? warning("disk", told, advice) : ok("disk", told);
}
