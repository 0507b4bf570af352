/** Watching on `node:fs`, for Node and Bun. @module */
import type { FileWatcher } from "../port.ts";

/** Where to watch for changes of `path`, and the name to look for there; no name means that all of it counts. */
export function watchPlace(path: string): { readonly directory: string; readonly name: string | undefined } {
  const { statSync } = process.getBuiltinModule("node:fs");
  const { basename, dirname } = process.getBuiltinModule("node:path");
  // A file that is replaced by rename is another file; its directory sees old and new one alike, and those to come.
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? { directory: path, name: undefined } : { directory: dirname(path), name: basename(path) };
}

/** Watches a file, which may not exist yet, or a directory. Where watching is impossible, nothing is ever reported. */
export function watchByNode(path: string, onChange: () => void): FileWatcher {
  const { watch } = process.getBuiltinModule("node:fs");
  try {
    const { directory, name } = watchPlace(path);
    const watcher = watch(directory, (_kind, changed) => {
      if (name === undefined || changed === null || changed === name) onChange();
    });
    watcher.on("error", () => watcher.close());
    return { close: () => watcher.close() };
  } catch {
    // No directory yet, or no watches left to this user: the port allows a watch that stays silent.
    return { close: () => undefined };
  }
}
