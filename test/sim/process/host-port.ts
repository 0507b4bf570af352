/**
 * The port's `Host` for a simulated process: Linux's own reader over a `/proc` that the host makes up, of which a scenario may put any
 * file on the disk in place of the made-up one.
 *
 * @module
 */
import type { Host } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { createLinuxHost } from "../../../src/runtime/shared/host/linux.ts";
import { SimFiles } from "../disk/files-port.ts";
import type { SimHost } from "../host.ts";
import type { SimProcess } from "./sim-process.ts";

const READ_MS = 0.02;
const TICKS_PER_SECOND = 100;
const PROCESSORS = 4;
/** Of all processors together; what a scenario does not set is a tenth. */
const BUSY_SHARE = 0.1;
const BOOTED_BEFORE_SECONDS = 3_600;

export function createHostPort(process: SimProcess): Host {
  const files = new SimFiles(process);
  const { disk } = process.host;
  return createLinuxHost({
    async readStart(path, bytesMax) {
      if (disk.tree.look(path) !== undefined) {
        // What is larger than asked for is cut, as by the real reader.
        const bytes = await files.read(path, Number.MAX_SAFE_INTEGER);
        return new TextDecoder().decode(bytes.subarray(0, bytesMax));
      }
      return await process.operation(READ_MS, () => {
        const text = madeUp(process.host, path);
        if (text === undefined) throw failure("FILE_NOT_FOUND", `Read ${path}`);
        return text.slice(0, bytesMax);
      });
    },
    async diskUse(path) {
      const { freeBytes, totalBytes } = await files.freeSpace(path);
      return { usedBytes: totalBytes - freeBytes, availableBytes: freeBytes };
    },
  });
}

function madeUp(host: SimHost, path: string): string | undefined {
  const seconds = BOOTED_BEFORE_SECONDS + host.monotonicMs() / 1_000;
  const ticks = Math.round(seconds * TICKS_PER_SECOND * PROCESSORS);
  const busy = Math.round(ticks * BUSY_SHARE);
  switch (path) {
    case "/proc/stat":
      return `cpu  ${busy} 0 0 ${ticks - busy} 0 0 0 0 0 0\ncpu0 1 2 3 4 0 0 0 0 0 0\nctxt 1\n`;
    case "/proc/meminfo":
      return "MemTotal:        8000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\n" +
        "SwapTotal:       2000000 kB\nSwapFree:        1500000 kB\n";
    case "/proc/loadavg":
      return "0.40 0.30 0.20 1/100 4242\n";
    case "/proc/uptime":
      return `${seconds.toFixed(2)} ${(seconds * PROCESSORS * (1 - BUSY_SHARE)).toFixed(2)}\n`;
    default:
      return undefined;
  }
}
