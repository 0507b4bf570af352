/**
 * Where the readers have their figures from: files and commands, by the modules that all three runtimes carry.
 *
 * @module
 */
import { fromPlatform } from "../errno.ts";

/** Use of one file system, in bytes. */
export interface DiskUse {
  readonly usedBytes: number;
  readonly availableBytes: number;
}

/** What Linux is read from. */
export interface HostFiles {
  /** The beginning of a file: at most `bytesMax` of it. */
  readStart(path: string, bytesMax: number): Promise<string>;
  diskUse(path: string): Promise<DiskUse>;
}

/** What other platforms are asked. */
export interface HostSystem {
  /** Milliseconds of each processor, by what it did. */
  processorTimes(): readonly Readonly<Record<"user" | "nice" | "sys" | "idle" | "irq", number>>[];
  memory(): { readonly totalBytes: number; readonly freeBytes: number };
  load(): readonly number[];
  uptimeSeconds(): number;
  diskUse(path: string): Promise<DiskUse>;
  /** What a command of the platform's prints. @throws when it fails, is not there, or takes too long */
  run(command: string, commandArguments: readonly string[]): Promise<string>;
}

const COMMAND_TIMEOUT_MS = 10_000;
const COMMAND_BYTES_MAX = 64 * 1024;

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw fromPlatform(thrown, action);
  }
}

async function diskUse(path: string): Promise<DiskUse> {
  return await attempt(`Ask for the use of ${path}`, async () => {
    const { blocks, bfree, bavail, bsize } = await process.getBuiltinModule("node:fs").promises.statfs(path);
    return { usedBytes: (blocks - bfree) * bsize, availableBytes: bavail * bsize };
  });
}

/** Files of this host. Not read at once: one on a file system that does not answer must not stop the process. */
export function hostFiles(): HostFiles {
  return {
    readStart: (path, bytesMax) =>
      attempt(`Read ${path}`, async () => {
        const handle = await process.getBuiltinModule("node:fs").promises.open(path, "r");
        try {
          const { bytesRead, buffer } = await handle.read(new Uint8Array(bytesMax), 0, bytesMax, 0);
          return new TextDecoder().decode(buffer.subarray(0, bytesRead));
        } finally {
          await handle.close();
        }
      }),
    diskUse,
  };
}

/** The platform's own answers. */
export function hostSystem(): HostSystem {
  const os = process.getBuiltinModule("node:os");
  return {
    processorTimes: () => os.cpus().map(({ times }) => times),
    memory: () => ({ totalBytes: os.totalmem(), freeBytes: os.freemem() }),
    load: () => os.loadavg(),
    uptimeSeconds: () => os.uptime(),
    diskUse,
    run: (command, commandArguments) =>
      attempt(`Run ${command}`, () =>
        new Promise((resolve, reject) => {
          const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: COMMAND_BYTES_MAX, windowsHide: true };
          process.getBuiltinModule("node:child_process").execFile(
            command,
            commandArguments,
            options,
            (error, output) => error === null ? resolve(output) : reject(error),
          );
        })),
  };
}
