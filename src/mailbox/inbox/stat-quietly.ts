import type { Files, FileStat } from "../../runtime/port.ts";
import { statIfThere } from "../../store/mod.ts";

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
