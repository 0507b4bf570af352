/** An open file of Deno's. @module */
import { Turns } from "../../turns.ts";
import type { FileHandle, FileStat, OpenMode } from "../port.ts";
import { failure, fromPlatform } from "../shared/errno.ts";
import { promiseOf } from "../shared/promise-of.ts";
import type { DenoFile, DenoFileInfo, DenoOpenOptions } from "./deno.ts";

/** `OpenMode` as Deno's options. */
export const OPEN_OPTIONS: Readonly<Record<OpenMode, DenoOpenOptions>> = {
  read: { read: true },
  append: { read: true, append: true, create: true },
  create: { read: true, write: true, create: true, truncate: true },
  createNew: { read: true, write: true, createNew: true },
  modify: { read: true, write: true },
};

const PERMISSION_BITS = 0o7777;
/** `SEEK_SET` of lseek(2). */
const FROM_START = 0;

/** What Deno tells of a file, as the port tells it. */
export function toFileStat(info: DenoFileInfo): FileStat {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "directory" : "other",
    sizeBytes: info.size,
    modifiedAtMs: info.mtime?.getTime() ?? 0,
    fileId: info.ino ?? 0,
    mode: info.mode === null ? undefined : info.mode & PERMISSION_BITS,
    userId: info.uid ?? undefined,
    groupId: info.gid ?? undefined,
  };
}

/** A file has one position in Deno, so reads and writes take turns, each after its own seek. */
export class DenoFileHandle implements FileHandle {
  readonly #path: string;
  readonly #appends: boolean;
  readonly #turns = new Turns();
  #file: DenoFile | undefined;
  #writeOffset = 0;

  constructor(file: DenoFile, path: string, openMode: OpenMode) {
    this.#file = file;
    this.#path = path;
    this.#appends = openMode === "append";
  }

  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#use("Read", async (file) => {
      await file.seek(offset, FROM_START);
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return filled === length ? bytes : bytes.slice(0, filled);
    });
  }

  write(data: Uint8Array): Promise<void> {
    return this.#use("Write", async (file) => {
      if (!this.#appends) await file.seek(this.#writeOffset, FROM_START);
      for (let written = 0; written < data.length;) {
        const count = await file.write(data.subarray(written));
        written += count;
        this.#writeOffset += count;
      }
    });
  }

  syncData(): Promise<void> {
    return this.#use("Sync", (file) => file.syncData());
  }

  sync(): Promise<void> {
    return this.#use("Sync", (file) => file.sync());
  }

  truncate(lengthBytes: number): Promise<void> {
    return this.#use("Truncate", (file) => file.truncate(lengthBytes));
  }

  stat(): Promise<FileStat> {
    return this.#use("Inspect", async (file) => toFileStat(await file.stat()));
  }

  async close(): Promise<void> {
    await this.#turns.take(() => promiseOf(() => this.#file?.close()));
    this.#file = undefined;
  }

  #use<T>(verb: string, work: (file: DenoFile) => Promise<T>): Promise<T> {
    const action = `${verb} ${this.#path}`;
    return this.#turns.take(async () => {
      if (this.#file === undefined) throw failure("IO_ERROR", action, undefined, "a closed file");
      try {
        return await work(this.#file);
      } catch (error) {
        throw fromPlatform(error, action);
      }
    });
  }
}
