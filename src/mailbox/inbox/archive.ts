/** Where inboxes that were read are kept: `.moltcomm/archive/inbox-<first>-<last>.ndjson`. @module */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath, statIfThere } from "../../store/mod.ts";

const SAME_NAMES_MAX = 100;

/** A name that is not taken: an archive is never replaced. @throws what the disk says */
export async function freeArchivePath(
  files: Files,
  directory: string,
  range: { readonly firstSeq: number; readonly lastSeq: number },
): Promise<string> {
  const name = `inbox-${range.firstSeq}-${range.lastSeq}`;
  for (let count = 1; count <= SAME_NAMES_MAX; count++) {
    const path = joinPath(directory, `${name}${count === 1 ? "" : `.${count}`}.ndjson`);
    if (await statIfThere(files, path) === undefined) return path;
  }
  throw new BarnacleError({
    code: "FILE_EXISTS",
    action: `Archive the inbox in ${JSON.stringify(directory)}`,
    value: `${SAME_NAMES_MAX} files named ${name}`,
    hint: "move them somewhere else",
  });
}

/** The highest number in the name of an archive; `undefined` without any. @throws what the disk says */
export async function lastArchivedSeq(files: Files, directory: string): Promise<number | undefined> {
  let names: string[];
  try {
    names = await files.list(directory);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
  const seqs = names.flatMap((name) => {
    const seq = Number(/^inbox-\d+-(\d{1,15})(?:\.\d+)?\.ndjson$/.exec(name)?.[1] ?? Number.NaN);
    return Number.isSafeInteger(seq) ? [seq] : [];
  });
  return seqs.length === 0 ? undefined : Math.max(...seqs);
}
