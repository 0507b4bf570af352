/** Watching on `node:fs`, for Node and Bun. @module */
import type { FSWatcher } from "node:fs";
import type { FileWatcher } from "../port.ts";

/** Changes of other files in one directory, within a second, each of which wakes two threads for nothing: then it is noisy. */
const NOISE_EVENTS = 64;
const NOISE_WITHIN_MS = 1_000;
/** A file in a noisy directory is looked at so often, and so many times before its directory is listened to again. */
const LOOK_MS = 50;
const LOOKS = 60;

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
  return new NodeWatcher(path, onChange);
}

/** See {@link watchByNode}. A file in a directory where others write all the time is looked at now and then instead. */
class NodeWatcher implements FileWatcher {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #others = 0;
  #othersSinceMs = 0;
  #isClosed = false;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.#listen();
  }

  get isSilent(): boolean {
    return this.#watcher === undefined && this.#timer === undefined;
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    clearTimeout(this.#timer);
  }

  #listen(): void {
    const { watch } = process.getBuiltinModule("node:fs");
    try {
      const { directory, name } = watchPlace(this.#path);
      const watcher = watch(directory, (_kind, changed) => {
        if (this.#watcher !== watcher) return;
        if (name === undefined || changed === null || changed === name) this.#onChange();
        else this.#countOther();
      });
      watcher.on("error", () => watcher.close());
      this.#watcher = watcher;
    } catch {
      // No directory yet, or no watches left to this user: the port allows a watch that stays silent.
      this.#watcher = undefined;
    }
  }

  #countOther(): void {
    const nowMs = performance.now();
    if (nowMs - this.#othersSinceMs > NOISE_WITHIN_MS) {
      this.#othersSinceMs = nowMs;
      this.#others = 0;
    }
    if (++this.#others < NOISE_EVENTS) return;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#others = 0;
    const seen = this.#fingerprint();
    // What happened up to here may not have been told yet.
    this.#onChange();
    this.#lookSoon(seen, LOOKS);
  }

  #lookSoon(seen: string, left: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      if (left === 0) this.#listen();
      const found = this.#fingerprint();
      if (found !== seen) this.#onChange();
      if (left > 0) this.#lookSoon(found, left - 1);
    }, LOOK_MS);
  }

  #fingerprint(): string {
    try {
      const { ino, mtimeMs, size } = process.getBuiltinModule("node:fs").statSync(this.#path);
      return `${ino} ${size} ${mtimeMs}`;
    } catch {
      // Nothing that can be seen: as good as nothing there.
      return "";
    }
  }
}
