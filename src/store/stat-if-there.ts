import { isBarnacleError } from "../errors.ts";
import type { Files, FileStat } from "../runtime/port.ts";

/** As `stat`, but `undefined` where there is nothing. */
export async function statIfThere(files: Pick<Files, "stat">, path: string): Promise<FileStat | undefined> {
  try {
    return await files.stat(path);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
}
