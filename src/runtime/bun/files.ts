/**
 * Files by `node:fs`, but for looking at a file and reading a whole one: those two are all that an agent does with files before it answers
 * its first request, and Bun's own calls spare it loading `node:fs` until then (3 ms, 4 MiB). Once it is
 * loaded, its look at a file is the faster one.
 *
 * @module
 */
import type { Files, FileStat } from "../port.ts";
import { failure, fromPlatform } from "../shared/errno.ts";
import { toFileStat } from "../shared/file-stat.ts";
import { createFiles as createNodeFiles } from "../shared/files.ts";
import { tooLarge } from "../shared/read-whole.ts";
import { bun } from "./bun.ts";

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromPlatform(error, action);
  }
}

function statByBun(path: string): Promise<FileStat> {
  return attempt(`Inspect ${path}`, async () => toFileStat(await bun.file(path).stat()));
}

/** The platform's files. */
export function createFiles(): Files {
  const byNode = createNodeFiles();
  let isNodeLoaded = false;
  return {
    ...byNode,
    open(path, openMode, options) {
      isNodeLoaded = true;
      return byNode.open(path, openMode, options);
    },
    stat: (path) => isNodeLoaded ? byNode.stat(path) : statByBun(path),
    async read(path, maxBytes) {
      const action = `Read ${path}`;
      const { kind, sizeBytes } = await attempt(action, async () => toFileStat(await bun.file(path).stat()));
      if (kind === "directory") throw failure("IS_A_DIRECTORY", action);
      if (sizeBytes > maxBytes) throw tooLarge(action, maxBytes, sizeBytes);
      // Pipes, and files of /proc, say 0 and have content: they are read to their end, wherever that is.
      if (kind !== "file" || sizeBytes === 0) return await byNode.read(path, maxBytes);
      const bytes = await attempt(action, () => bun.file(path).slice(0, maxBytes + 1).bytes());
      if (bytes.length > maxBytes) throw tooLarge(action, maxBytes);
      return bytes;
    },
  };
}
