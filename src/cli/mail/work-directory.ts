import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";

/** A mistyped directory must not come into being. @throws `FILE_NOT_FOUND`, `NOT_A_DIRECTORY` */
export async function requireWorkDirectory(files: Pick<Files, "stat">, directory: string): Promise<void> {
  let found = "nothing there";
  try {
    const { kind } = await files.stat(directory);
    if (kind === "directory") return;
    found = "no directory";
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) throw thrown;
  }
  throw new BarnacleError({
    code: found === "nothing there" ? "FILE_NOT_FOUND" : "NOT_A_DIRECTORY",
    action: `Use ${JSON.stringify(directory)} as a work directory`,
    value: found,
    wanted: "an existing directory",
    hint: "create it, or give another one with --dir",
  });
}
