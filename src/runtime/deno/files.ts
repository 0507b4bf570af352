/** Files by Deno's own functions and `@std/fs`. @module */
import { ensureDir } from "@std/fs";
import type { FileHandle, Files, FileWatcher, OpenMode } from "../port.ts";
import { failure, fromPlatform, platformCode } from "../shared/errno.ts";
import { freeSpace } from "../shared/files.ts";
import { takeLock } from "../shared/lock.ts";
import { readWhole } from "../shared/read-whole.ts";
import { watchPlace } from "../shared/watch.ts";
import { deno, type DenoFsWatcher } from "./deno.ts";
import { DenoFileHandle, OPEN_OPTIONS, toFileStat } from "./file-handle.ts";

const FILE_MODE_DEFAULT = 0o644;

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromPlatform(error, action);
  }
}

function open(path: string, openMode: OpenMode, options?: { readonly mode?: number }): Promise<FileHandle> {
  const mode = options?.mode ?? FILE_MODE_DEFAULT;
  const creates = openMode !== "read" && openMode !== "modify";
  return attempt(`Open ${path}`, async () => {
    const file = await deno.open(path, { ...OPEN_OPTIONS[openMode], ...(creates ? { mode } : {}) });
    return new DenoFileHandle(file, path, openMode);
  });
}

async function makeDirectory(path: string, options?: { readonly mode?: number }): Promise<void> {
  const mode = options?.mode;
  await attempt(`Make the directory ${path}`, async () => {
    try {
      if (mode === undefined) await ensureDir(path);
      else await deno.mkdir(path, { recursive: true, mode });
    } catch (error) {
      // `ensureDir` finds a file in the directory's place and says so in words only.
      if (platformCode(error) === undefined) throw failure("FILE_EXISTS", `Make the directory ${path}`, error);
      throw error;
    }
  });
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await attempt(`Sync the directory ${path}`, async () => {
    const directory = await deno.open(path, { read: true });
    try {
      await directory.sync();
    } finally {
      directory.close();
    }
  });
}

async function list(path: string): Promise<string[]> {
  return await attempt(`List ${path}`, async () => {
    const names: string[] = [];
    for await (const { name } of deno.readDir(path)) names.push(name);
    return names.sort();
  });
}

async function remove(path: string): Promise<void> {
  await attempt(`Remove ${path}`, async () => {
    // Deno's `remove` takes empty directories along, the port's does not.
    if ((await deno.lstat(path)).isDirectory) throw failure("IS_A_DIRECTORY", `Remove ${path}`);
    await deno.remove(path);
  });
}

async function removeDirectory(path: string): Promise<void> {
  const action = `Remove the directory ${path}`;
  await attempt(action, async () => {
    if (!(await deno.lstat(path)).isDirectory) throw failure("NOT_A_DIRECTORY", action);
    await deno.remove(path);
  });
}

function watch(path: string, onChange: () => void): FileWatcher {
  let watcher: DenoFsWatcher;
  const { directory, name } = watchPlace(path);
  try {
    watcher = deno.watchFs(directory, { recursive: false });
  } catch {
    // No directory yet, or no watches left to this user: the port allows a watch that stays silent.
    return { isSilent: true, close: () => undefined };
  }
  void follow(watcher, name, onChange);
  let open = true;
  const close = () => {
    if (open) watcher.close();
    open = false;
  };
  return { isSilent: false, close };
}

async function follow(watcher: DenoFsWatcher, name: string | undefined, onChange: () => void): Promise<void> {
  const { basename } = process.getBuiltinModule("node:path");
  for await (const { paths } of watcher) {
    if (name === undefined || paths.some((path) => basename(path) === name)) onChange();
  }
}

/** Files for Deno. */
export function createFiles(): Files {
  return {
    read: async (path, maxBytes) => readWhole(await open(path, "read"), path, maxBytes),
    open,
    rename: (from, to) => attempt(`Rename ${from} to ${to}`, () => deno.rename(from, to)),
    syncDirectory,
    stat: (path) => attempt(`Inspect ${path}`, async () => toFileStat(await deno.stat(path))),
    makeDirectory,
    list,
    remove,
    removeDirectory,
    setMode: (path, mode) => attempt(`Set the mode of ${path}`, () => deno.chmod(path, mode)),
    setOwner: (path, userId, groupId) => attempt(`Set the owner of ${path}`, () => deno.chown(path, userId, groupId)),
    watch,
    lock: takeLock,
    freeSpace,
  };
}
