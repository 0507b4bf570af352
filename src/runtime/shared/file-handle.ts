/** An open file on `node:fs`, for Node and Bun. @module */
import type { FileHandle as NodeFileHandle } from "node:fs/promises";
import { Turns } from "../../turns.ts";
import type { FileHandle, FileStat, OpenMode } from "../port.ts";
import { failure, fromPlatform } from "./errno.ts";
import { toFileStat } from "./file-stat.ts";
import { SyncPace } from "./sync-pace.ts";

/** `OpenMode` as the flags of fopen(3). */
export const OPEN_FLAGS: Readonly<Record<OpenMode, string>> = {
  read: "r",
  append: "a+",
  create: "w+",
  createNew: "wx+",
  modify: "r+",
};

/**
 * Writes up to this size are made at once: the kernel takes them into its cache in microseconds, and the way to another
 * thread and back costs ten times as much.
 */
const AT_ONCE_BYTES_MAX = 64 * 1024;

/** Keeps writes in order and turns short reads and writes into whole ones. */
export class NodeFile implements FileHandle {
  readonly #path: string;
  readonly #appends: boolean;
  readonly #turns = new Turns();
  readonly #syncPace = new SyncPace();
  readonly #fs = process.getBuiltinModule("node:fs");
  #handle: NodeFileHandle | undefined;
  #writeOffset = 0;

  constructor(handle: NodeFileHandle, path: string, openMode: OpenMode) {
    this.#handle = handle;
    this.#path = path;
    this.#appends = openMode === "append";
  }

  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#use("Read", async (handle) => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled === length ? bytes : bytes.slice(0, filled);
    });
  }

  write(data: Uint8Array): Promise<void> {
    return this.#turns.take(() =>
      this.#use("Write", async (handle) => {
        for (let written = 0; written < data.length;) {
          const position = this.#appends ? null : this.#writeOffset;
          const bytesWritten = await this.#writeSome(handle, data.subarray(written), position);
          written += bytesWritten;
          this.#writeOffset += bytesWritten;
        }
      })
    );
  }

  syncData({ isAlone = false }: { readonly isAlone?: boolean } = {}): Promise<void> {
    return this.#use("Sync", async (handle) => {
      const startedMs = performance.now();
      if (isAlone && this.#syncPace.isQuick) this.#fs.fdatasyncSync(handle.fd);
      else await handle.datasync();
      this.#syncPace.note(performance.now() - startedMs);
    });
  }

  sync(): Promise<void> {
    return this.#use("Sync", (handle) => handle.sync());
  }

  truncate(lengthBytes: number): Promise<void> {
    return this.#use("Truncate", (handle) => handle.truncate(lengthBytes));
  }

  stat(): Promise<FileStat> {
    return this.#use("Inspect", async (handle) => toFileStat(await handle.stat()));
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    try {
      await handle?.close();
    } catch (error) {
      throw fromPlatform(error, `Close ${this.#path}`);
    }
  }

  async #writeSome(handle: NodeFileHandle, data: Uint8Array, position: number | null): Promise<number> {
    if (data.length <= AT_ONCE_BYTES_MAX) return this.#fs.writeSync(handle.fd, data, 0, data.length, position);
    return (await handle.write(data, 0, data.length, position)).bytesWritten;
  }

  async #use<T>(verb: string, work: (handle: NodeFileHandle) => Promise<T>): Promise<T> {
    const action = `${verb} ${this.#path}`;
    if (this.#handle === undefined) throw failure("IO_ERROR", action, undefined, "a closed file");
    try {
      return await work(this.#handle);
    } catch (error) {
      throw fromPlatform(error, action);
    }
  }
}
