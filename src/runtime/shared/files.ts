/** Files on `node:fs`, for Node and Bun. The module is loaded on the first use: it costs about 3 ms at start. @module */
import type { FileHandle, Files, FileStat, OpenMode } from "../port.ts";
import { fromPlatform } from "./errno.ts";
import { NodeFile, OPEN_FLAGS } from "./file-handle.ts";
import { toFileStat } from "./file-stat.ts";
import { takeLock } from "./lock.ts";
import { readWhole } from "./read-whole.ts";
import { watchByNode } from "./watch.ts";

const FILE_MODE_DEFAULT = 0o644;
const DIRECTORY_MODE_DEFAULT = 0o755;

type NodePromises = typeof import("node:fs/promises");

async function attempt<T>(action: string, work: (fs: NodePromises) => Promise<T>): Promise<T> {
  try {
    return await work(process.getBuiltinModule("node:fs").promises);
  } catch (error) {
    throw fromPlatform(error, action);
  }
}

function open(path: string, openMode: OpenMode, options?: { readonly mode?: number }): Promise<FileHandle> {
  const mode = options?.mode ?? FILE_MODE_DEFAULT;
  return attempt(
    `Open ${path}`,
    async (fs) => new NodeFile(await fs.open(path, OPEN_FLAGS[openMode], mode), path, openMode),
  );
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no handle on a directory that could be flushed.
  if (process.platform === "win32") return;
  await attempt(`Sync the directory ${path}`, async (fs) => {
    const handle = await fs.open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Bytes left to this process, and in all, on the filesystem of `path`. */
export function freeSpace(path: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
  return attempt(`Ask for the free space of ${path}`, async (fs) => {
    const { bavail, blocks, bsize } = await fs.statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  });
}

/** At once: the kernel answers in microseconds, and the way to another thread and back costs ten times as much. */
function stat(path: string): Promise<FileStat> {
  const { statSync } = process.getBuiltinModule("node:fs");
  return attempt(`Inspect ${path}`, () => Promise.resolve(toFileStat(statSync(path))));
}

/** The platform's files. */
export function createFiles(): Files {
  return {
    read: async (path, maxBytes) => readWhole(await open(path, "read"), path, maxBytes),
    open,
    rename: (from, to) => attempt(`Rename ${from} to ${to}`, (fs) => fs.rename(from, to)),
    syncDirectory,
    stat,
    async makeDirectory(path, options) {
      const mode = options?.mode ?? DIRECTORY_MODE_DEFAULT;
      await attempt(`Make the directory ${path}`, (fs) => fs.mkdir(path, { recursive: true, mode }));
    },
    list: (path) => attempt(`List ${path}`, async (fs) => (await fs.readdir(path)).sort()),
    remove: (path) => attempt(`Remove ${path}`, (fs) => fs.unlink(path)),
    removeDirectory: (path) => attempt(`Remove the directory ${path}`, (fs) => fs.rmdir(path)),
    setMode: (path, mode) => attempt(`Set the mode of ${path}`, (fs) => fs.chmod(path, mode)),
    setOwner: (path, userId, groupId) => attempt(`Set the owner of ${path}`, (fs) => fs.chown(path, userId, groupId)),
    watch: watchByNode,
    lock: takeLock,
    freeSpace,
  };
}
