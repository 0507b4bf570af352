import { isBarnacleError } from "../../errors.ts";
import type { Files, FileStat } from "../../runtime/port.ts";

/** As `stat`, but `undefined` where there is nothing. */
export async function statIfThere(files: Files, path: string): Promise<FileStat | undefined> {
  try {
    return await files.stat(path);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
}

/** As `statIfThere`, and never rejects: for a look that goes on beside something else. */
export async function statQuietly(
  files: Files,
  path: string,
): Promise<{ readonly stat: FileStat | undefined } | { readonly error: unknown }> {
  try {
    return { stat: await statIfThere(files, path) };
  } catch (error) {
    return { error };
  }
}
