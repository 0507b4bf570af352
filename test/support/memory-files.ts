/** Files in memory, as far as tests of features need them: whole files, permissions, watches, and faults on demand. */
import { BarnacleError } from "../../src/errors.ts";
import type { FileHandle, Files, FileStat, FileWatcher } from "../../src/runtime/port.ts";

interface Entry {
  bytes: Uint8Array<ArrayBuffer>;
  mode: number;
  modifiedAtMs: number;
  fileId: number;
}

function missing(path: string): BarnacleError {
  return new BarnacleError({ code: "FILE_NOT_FOUND", action: `Open "${path}"` });
}

const unsupported = (): never => {
  throw new Error("Files in memory do not do this");
};

export class MemoryFiles implements Files {
  readonly entries = new Map<string, Entry>();
  /** Thrown by the next reads, while set. */
  readFault: BarnacleError | undefined;
  readCount = 0;
  #watchers = new Map<string, Set<() => void>>();
  #changes = 0;

  /** Writes a file as a person's editor would, and tells the watchers unless `silently`. */
  put(path: string, text: string, options: { readonly mode?: number; readonly silently?: boolean } = {}): void {
    const bytes = new TextEncoder().encode(text);
    this.#set(path, bytes, options.mode ?? 0o644);
    if (options.silently !== true) this.#tell(path);
  }

  delete(path: string): void {
    this.entries.delete(path);
    this.#tell(path);
  }

  text(path: string): string {
    return new TextDecoder().decode(this.#get(path).bytes);
  }

  get watchCount(): number {
    return [...this.#watchers.values()].reduce((sum, watchers) => sum + watchers.size, 0);
  }

  read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#later(() => {
      this.readCount++;
      if (this.readFault !== undefined) throw this.readFault;
      const { bytes } = this.#get(path);
      if (bytes.length > maxBytes) throw new BarnacleError({ code: "BODY_TOO_LARGE", action: `Read "${path}"` });
      return bytes.slice();
    });
  }

  open(path: string, openMode: string, options: { readonly mode?: number } = {}): Promise<FileHandle> {
    return this.#later(() => {
      if (openMode !== "create" && openMode !== "createNew") return unsupported();
      this.#set(path, new Uint8Array(), options.mode ?? 0o644);
      return {
        write: (data) => this.#later(() => this.#append(path, data)),
        sync: () => Promise.resolve(),
        syncData: () => Promise.resolve(),
        close: () => Promise.resolve(),
        readAt: unsupported,
        truncate: unsupported,
        stat: unsupported,
      };
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#later(() => {
      this.entries.set(to, this.#get(from));
      this.entries.delete(from);
      this.#tell(to);
    });
  }

  stat(path: string): Promise<FileStat> {
    return this.#later(() => {
      const { bytes, mode, modifiedAtMs, fileId } = this.#get(path);
      const owner = { userId: 0, groupId: 0 };
      return { kind: "file", sizeBytes: bytes.length, modifiedAtMs, fileId, mode, ...owner };
    });
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#later(() => void (this.#get(path).mode = mode));
  }

  remove(path: string): Promise<void> {
    return this.#later(() => {
      this.#get(path);
      this.entries.delete(path);
    });
  }

  watch(path: string, onChange: () => void): FileWatcher {
    const watchers = this.#watchers.get(path) ?? new Set();
    watchers.add(onChange);
    this.#watchers.set(path, watchers);
    return { isSilent: false, close: () => void watchers.delete(onChange) };
  }

  list(directory: string): Promise<string[]> {
    return this.#later(() =>
      [...this.entries.keys()].filter((path) => path.slice(0, path.lastIndexOf("/")) === directory)
        .map((path) => path.slice(directory.length + 1)).sort()
    );
  }

  makeDirectory = (): Promise<void> => Promise.resolve();
  syncDirectory = (): Promise<void> => Promise.resolve();
  removeDirectory = unsupported;
  setOwner = unsupported;
  lock = unsupported;
  freeSpace = unsupported;

  #set(path: string, bytes: Uint8Array<ArrayBuffer>, mode: number): void {
    this.#changes++;
    this.entries.set(path, { bytes, mode, modifiedAtMs: this.#changes, fileId: this.#changes });
  }

  #append(path: string, data: Uint8Array): void {
    const entry = this.#get(path);
    entry.bytes = new Uint8Array([...entry.bytes, ...data]);
  }

  #get(path: string): Entry {
    const entry = this.entries.get(path);
    if (entry === undefined) throw missing(path);
    return entry;
  }

  #tell(path: string): void {
    for (const onChange of this.#watchers.get(path) ?? []) onChange();
  }

  async #later<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    return act();
  }
}
